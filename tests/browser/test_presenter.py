"""What somebody in front of a class does: hides the truth once, presses keys wherever the hand was last, clears a mask by mistake."""

import numpy as np

from tests.browser.inpaint_page import ANSWERS, PAD, change, hidden_share, pixel, show, tile

TRUE_COLORS = ".posterior-lens figure[data-name=truth] canvas"


def test_the_truth_is_hidden_in_every_tab_at_once(page, address):
    page.goto(f"{address}?tab=teachers&photo=coffee")
    page.click("[data-truth]")
    page.click(".lab-tabs [data-tab=colorize]")
    page.wait_for_selector(".posterior-lens[data-ready=coffee]", timeout=90_000)
    assert "What they saw" in page.inner_text(".posterior-lens figure[data-name=truth]")
    page.click(".truth-toggle")
    page.click(".lab-tabs [data-tab=inpaint]")
    page.wait_for_selector(".answers[data-photo=coffee]", timeout=90_000)
    assert page.inner_text(f"{ANSWERS} [data-do=truth]") == "Hide the truth"
    page.click(f"{ANSWERS} [data-do=truth]")
    page.click(".lab-tabs [data-tab=colorize]")
    page.wait_for_function("document.querySelector('.truth-toggle').textContent === 'Show the truth'")
    page.click(".lab-tabs [data-tab=teachers]")
    assert page.get_attribute("[data-truth]", "aria-pressed") == "true"
    assert "truth=hidden" in page.url


def test_a_photo_that_is_hidden_whole_shows_in_no_answer(page, address):
    show(page, address, "&truth=hidden")
    change(page, page.click, "[data-do=clear]")
    assert np.ptp(pixel(page, tile("telea"), 0.5, 0.2)) > 20  # the cup: nothing is hidden, so it may be seen
    change(page, page.click, "[data-do=invert]")
    assert "whole photo is hidden" in page.inner_text(f"{ANSWERS} .message")
    for place in ((0.5, 0.2), (0.1, 0.9), (0.5, 0.5)):
        for name in ("context-encoder-l2", "telea", "border_mean"):
            assert list(pixel(page, tile(name), *place)) == [0x76] * 3


def test_keys_work_after_a_button_or_a_slider(page, address):
    show(page, address)
    change(page, page.click, "[data-do=clear]")
    change(page, page.keyboard.press, "Control+z")
    assert hidden_share(page) == 0.25
    page.click(".wipe input")
    change(page, page.keyboard.press, "x")
    assert hidden_share(page) == 0
    page.keyboard.press("s")
    assert page.get_attribute("[data-switch=stage]", "aria-pressed") == "true"
    page.click(".mask-pad .seed input")
    page.keyboard.press("s")
    assert page.get_attribute("[data-switch=stage]", "aria-pressed") == "true"
    page.keyboard.press("Tab")
    page.click(f"{ANSWERS} .wipe input")
    page.keyboard.press("3")
    page.wait_for_selector(PAD, state="hidden")


def test_a_broken_mask_leaves_pad_and_answers_with_the_same_hole(page, address):
    page.goto(f"{address}?tab=inpaint&photo=coffee&mask=zzz")
    page.wait_for_selector(".answers[data-mask=central-region]", timeout=90_000)
    page.wait_for_function("location.search.includes('mask=central-region')")
    assert "cannot be read" in page.inner_text(".mask-pad .state")
    r, g, b = pixel(page, PAD, 0.5, 0.5)
    assert r == g == b
