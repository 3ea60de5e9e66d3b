"""The tab "Inpaint" on a page: how tests open it, wait for it and look into its pictures."""

import numpy as np

from visualize.tabs.inpaint import preset_mask
from visualize.widgets.mask_pad import read_code

PAD, ANSWERS = ".mask-pad canvas", ".answers"
PIXELS = """([selector, x, y]) => {
  const canvas = document.querySelector(selector);
  const at = (part, length) => Math.min(length - 1, Math.round(part * length));
  return [...canvas.getContext("2d").getImageData(at(x, canvas.width), at(y, canvas.height), 1, 1).data].slice(0, 3);
}"""


def pixel(page, selector, x, y):
    """Colour of a canvas at a place given in parts of its width and height."""
    return np.array(page.evaluate(PIXELS, [selector, x, y]), int)


def tile(name):
    return f".tile[data-id={name}] canvas"


def show(page, address, query=""):
    page.goto(f"{address}?tab=inpaint&photo=coffee{query}")
    page.wait_for_selector(".answers[data-photo=coffee][data-later]", timeout=90_000)


def code(page):
    return page.evaluate("new URLSearchParams(location.search).get('mask')")


def hidden_share(page):
    return read_code(code(page), preset_mask).mean()


def settle(page):
    """Until the answers are those to the mask of the link."""
    wanted = "document.querySelector('.answers').dataset.mask === new URLSearchParams(location.search).get('mask')"
    page.wait_for_function(wanted, timeout=90_000)


def change(page, do, *given):
    """Do something that changes the mask; then wait for the link, which is written a little later, and for the answers."""
    before = code(page)
    do(*given)
    page.wait_for_function("before => new URLSearchParams(location.search).get('mask') !== before", arg=before)
    settle(page)
