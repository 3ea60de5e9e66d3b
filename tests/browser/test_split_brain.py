"""Tab Split-brain as a person meets it: pixels are pointed at, hues are turned, the truth is hidden."""

import re

import numpy as np
import pytest
from PIL import Image

from visualize.lab import Lab

READY = "told => document.querySelector('.split-view')?.dataset.ready === told"
PIXELS = """async name => {
  const image = document.querySelector(`.split-view figure[data-name="${name}"] img`);
  await image.decode();
  const context = new OffscreenCanvas(48, 48).getContext('2d');
  context.drawImage(image, 0, 0, 48, 48);
  return [...context.getImageData(0, 0, 48, 48).data];
}"""
NAMES = ("lightness-seen", "colours-said", "true-colours", "colours-seen", "lightness-said", "true-lightness")
NAME, PHOTO = "split-brain-lab", "coffee"


@pytest.fixture(scope="module")
def lab() -> Lab:
    return Lab()


def show(page, address: str, photo: str = PHOTO, turn: int = 0, **link):
    """Open the tab on a photo and wait for what both halves say."""
    query = "".join(f"&{name}={value}" for name, value in (link | ({"turn": turn} if turn else {})).items())
    page.goto(f"{address}?tab=split_brain&photo={photo}{query}")
    page.wait_for_function(READY, arg=f"{photo} {turn}", timeout=120_000)
    return page


def shown(page, name: str) -> np.ndarray:
    """A picture of the tab, reduced to 48 x 48, (2304, 3)."""
    return np.array(page.evaluate(PIXELS, name), int).reshape(-1, 4)[:, :3]


def told(page, half: str) -> str:
    return page.locator(f".split-view [data-half={half}] .probe p").inner_text()


def is_grey(pixels: np.ndarray) -> bool:
    return bool((pixels.max(1) - pixels.min(1)).max() <= 6)  # JPEG


def test_each_picture_is_what_its_name_says(page, address, lab):
    show(page, address)
    grey = {name: is_grey(shown(page, name)) for name in NAMES}
    assert grey == {name: "lightness" in name for name in NAMES}
    expected = lab.model(NAME).predict(lab.photo(PHOTO).pixels).pictures()
    for name in ("colours-said", "lightness-said", "colours-seen"):
        picture = Image.fromarray((expected[name.replace("-", " ")] * 255).round().astype(np.uint8))
        small = np.asarray(picture.resize((48, 48), Image.Resampling.BOX), int).reshape(-1, 3)
        assert np.abs(small - shown(page, name)).mean() < 4


def test_pointing_tells_what_each_half_says_of_the_pixel(page, address, lab):
    show(page, address, pixel="0.3,0.6")
    said = lab.model(NAME).predict(lab.photo(PHOTO).pixels)
    _, height, width = said.ab_log_probabilities.shape
    row, column = int(0.6 * height), int(0.3 * width)
    a, b = map(float, re.search(r"said a (\S+), b (\S+)", told(page, "color").replace("−", "-")).groups())
    assert (a, b) == pytest.approx(tuple(said.ab()[:, row, column]), abs=0.6)
    level = float(re.search(r"says L ([0-9.]+)", told(page, "lightness"))[1])
    assert level == pytest.approx(said.lightness()[row, column], abs=0.2)


def test_hovering_follows_the_hand_and_a_click_holds(page, address):
    show(page, address)
    picture = page.locator(".split-view figure[data-name=lightness-said] .stage")
    picture.hover(position={"x": 30, "y": 30})
    first = told(page, "color"), told(page, "lightness")
    picture.hover(position={"x": 120, "y": 90})
    assert (told(page, "color"), told(page, "lightness")) != first
    picture.click(position={"x": 30, "y": 30})
    picture.hover(position={"x": 120, "y": 90})
    assert (told(page, "color"), told(page, "lightness")) == first
    assert "pixel=" in page.url


def test_turning_the_hues_changes_the_second_half_alone(page, address):
    show(page, address)
    before = {name: shown(page, name) for name in NAMES}
    page.get_by_role("slider", name="Turn the hues").fill("120")
    page.wait_for_function(READY, arg=f"{PHOTO} 120", timeout=60_000)
    changed = {name for name in NAMES if (shown(page, name) != before[name]).any()}
    assert changed == {"colours-seen", "lightness-said"}
    assert "turn=120" in page.url


def test_a_link_brings_back_what_was_set(page, address):
    show(page, address, turn=-60, truth="hidden", pixel="0.250,0.500")
    assert page.get_by_role("slider", name="Turn the hues").input_value() == "-60"
    assert "true" not in told(page, "color")
    page.get_by_role("button", name="Show the truth").click()
    assert "true" in told(page, "color") and "truth=" not in page.url


def test_a_hidden_truth_is_nowhere_in_the_tab(page, address):
    show(page, address)
    page.get_by_role("button", name="Hide the truth").click()
    for name in ("true-colours", "colours-seen"):
        assert not page.locator(f".split-view figure[data-name={name}] img").is_visible()
    assert "AuC" not in page.locator("#split-view").inner_text()
    assert "true a" not in told(page, "color")


def test_a_grey_photo_says_that_there_is_nothing_to_see(page, address):
    show(page, address, "camera")
    assert page.get_by_text("This photo has no colours of its own").is_visible()
    assert not page.get_by_role("slider", name="Turn the hues").is_visible()
    assert "AuC" not in page.locator("#split-view").inner_text()


def test_arrow_keys_move_the_pixel(page, address):
    show(page, address, pixel="0.5,0.5")
    pictures = page.locator(".split-view .pictures")
    pictures.focus()
    before = page.evaluate("document.querySelector('.split-view .cell').style.left")
    pictures.press("ArrowRight")
    assert page.evaluate("document.querySelector('.split-view .cell').style.left") != before


def test_a_phone_shows_everything(new_page, address):
    page = new_page(viewport={"width": 390, "height": 844}, has_touch=True, device_scale_factor=2)
    show(page, address)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    before = told(page, "lightness")
    page.locator(".split-view figure[data-name=true-colours] .stage").tap(position={"x": 12, "y": 12})
    assert told(page, "lightness") != before


def test_a_picture_is_saved_under_its_name(page, address):
    show(page, address)
    with page.expect_download() as download:
        page.get_by_role("button", name='Save the picture "Lightness said"').click()
    assert download.value.suggested_filename == f"{PHOTO}-lightness-said.jpg"


def test_the_endpoint_answers_programs(address, lab, tmp_path):
    from gradio_client import Client, handle_file
    from gradio_client.exceptions import AppError

    Image.fromarray(lab.photo(PHOTO).pixels).save(tmp_path / "photo.png")
    client = Client(address, verbose=False, download_files=str(tmp_path))
    photo = handle_file(str(tmp_path / "photo.png"))
    colors, lightness, figures = client.predict(photo, "", api_name="/split_brain")
    assert Image.open(colors).size == Image.open(lightness).size == lab.photo(PHOTO).pixels.shape[1::-1]
    assert figures["model"] == NAME and figures["off"] < figures["off_middle"]
    with pytest.raises(AppError, match="no model"):
        client.predict(photo, "split-brain-rgb", api_name="/split_brain")
