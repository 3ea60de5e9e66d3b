"""A folder whose first file is no picture: the page opens with the next one, and tabs that need no photo go on without."""

import numpy as np
import pytest
from PIL import Image

from tests.browser.conftest import App
from tests.browser.map_page import READY, state

DAMAGED, CHOSEN = "damaged or cut off", ".strip-photo[aria-checked=true]"


@pytest.fixture(scope="module")
def folder_address(browser, tmp_path_factory):
    """Where an app answers that shows such a folder and has not looked through it yet."""
    home, rng = tmp_path_factory.mktemp("broken"), np.random.default_rng(0)
    for index in range(48):
        path = home / "photos" / ("cats", "dogs")[index % 2] / f"{index}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (9, 12, 3), np.uint8)).resize((160, 120)).save(path)
    first = home / "photos" / "cats" / "0.jpg"
    first.write_bytes(first.read_bytes()[:700])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRETEXT_LAB_CACHE", str(home / "cache"))
        app = App(home, "--photos", str(home / "photos"))
    try:
        app.wait()
        yield app.address
    finally:
        app.stop()


def test_the_page_opens_with_the_first_photo_that_can_be_read(page, folder_address):
    page.goto(folder_address)
    page.wait_for_selector(CHOSEN)
    chosen = page.locator(CHOSEN)
    assert chosen.locator("img").count() == 1 and chosen.get_attribute("data-key") == "folder-10"
    page.wait_for_selector(".strip-photo.broken[data-key=folder-0]")


def test_neurons_looks_through_the_bank_whatever_photo_is_chosen(page, folder_address):
    page.goto(f"{folder_address}?tab=neurons&photo=folder-0")
    page.wait_for_selector(".neurons .wall button")
    assert DAMAGED in page.inner_text(".neurons .message")
    page.wait_for_function("document.querySelector('.neurons').dataset.over === 'bank'", timeout=120_000)
    assert "47 photographs" in page.inner_text(".wall-bank") and page.locator(".mine .patch").count() > 0
    assert DAMAGED in page.inner_text("[data-panel=photo] figcaption")


def test_the_feature_map_is_drawn_whatever_photo_is_chosen(page, folder_address):
    page.goto(f"{folder_address}?tab=feature_map&photo=folder-0")
    page.wait_for_function(READY, timeout=120_000)
    assert state(page, "m.count") == 47 and DAMAGED in page.inner_text(".map-rows")
    with page.expect_download() as got:
        page.click("[data-save=csv]")
    header = got.value.path().read_text().splitlines()[0].split(",")
    assert "label" in header and len(set(header)) == len(header)
