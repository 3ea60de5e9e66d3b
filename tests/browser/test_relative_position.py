"""The tab "Position" as a hand meets it: an example, a drag, a click, the arrow keys, both scores, links, a phone."""

import io

import numpy as np
import pytest
from PIL import Image

from visualize.widgets.position_board import EXAMPLE

BOARD = ".position-board"
PHOTO = "chelsea"
COLORS = """(canvas) => {
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data, seen = new Set();
  for (let i = 0; i < pixels.length; i += 4) seen.add((pixels[i] << 16) | (pixels[i + 1] << 8) | pixels[i + 2]);
  return seen.size;
}"""


def show(page, address, query=""):
    page.goto(f"{address}?tab=relative_position&photo={PHOTO}{query}")
    ready(page)


def ready(page, photo=PHOTO):
    page.wait_for_selector(f"{BOARD}[data-photo={photo}]:not(.waiting)", timeout=120_000)


def wait_for_round(page, number):
    page.wait_for_selector(f"{BOARD}[data-round='{number}']:not(.waiting)", timeout=120_000)


def colors(page, selector) -> int:
    """How many colours a canvas shows: one when it is empty."""
    return page.eval_on_selector(f"{BOARD} {selector} canvas", COLORS)


def slot(page, direction):
    return page.locator(f"{BOARD} .mine .slot").nth(direction)


def score(page) -> dict[str, str]:
    heads = page.locator(f"{BOARD} .score thead th").all_inner_texts()[1:]
    return dict(zip(heads, page.locator(f"{BOARD} .score td").all_inner_texts(), strict=True))


def truth(page) -> int:
    """The direction that the board calls the true one, once answers are shown."""
    return page.eval_on_selector(f"{BOARD} .mine .slot.true", "slot => Number(slot.dataset.direction)")


def test_first_paint_is_a_solved_example(page, address):
    show(page, address)
    assert "An example, solved" in page.inner_text(f"{BOARD} .says")
    assert colors(page, ".mine") > 50 and colors(page, ".tile[data-name=truth]") > 50
    tiles = page.eval_on_selector_all(f"{BOARD} .tile", "tiles => tiles.map((tile) => tile.dataset.name)")
    assert tiles[-1] == "truth" and len(tiles) >= 2
    for name in tiles[:-1]:
        told = page.inner_text(f"{BOARD} .tile[data-name={name}] figcaption")
        assert "% sure" in told and ("correct" in told or "wrong" in told)
        shares = page.locator(f"{BOARD} .tile[data-name={name}] .slot").all_inner_texts()
        assert sum(float(share.split()[0]) for share in shares) == pytest.approx(100, abs=4)
    assert set(score(page).values()) == {"–"} and "round=" not in page.url
    bottom = page.evaluate("document.querySelector('.position-board .bench').getBoundingClientRect().bottom")
    assert bottom <= 900, "question, board and answers fit the screen"


def test_a_new_patch_hides_every_answer_until_the_hand_has_answered(page, address):
    show(page, address)
    page.get_by_role("button", name="Play").click()
    wait_for_round(page, EXAMPLE + 3)
    assert colors(page, ".mine") > 20 and page.locator(f"{BOARD} .mine .true").count() == 0
    for tile in page.locator(f"{BOARD} .tile").all():
        assert tile.locator(".veil").is_visible() and tile.locator(".slot:visible").count() == 0
        assert "sure" not in tile.inner_text()
    assert colors(page, ".tile[data-name=truth]") == 1
    assert f"round={EXAMPLE + 3}" in page.url and "said=" not in page.url


def test_dragging_the_patch_answers_and_counts_once_for_everyone(page, address):
    show(page, address, "&round=5")
    piece, place = page.locator(f"{BOARD} .piece").bounding_box(), slot(page, 4).bounding_box()
    page.mouse.move(piece["x"] + 20, piece["y"] + 20)
    page.mouse.down()
    page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2, steps=8)
    assert page.locator(f"{BOARD} .ghost").is_visible()
    assert "over" in slot(page, 4).get_attribute("class")
    page.mouse.up()
    assert page.locator(f"{BOARD} .ghost").count() == 0
    assert "said=right" in page.url
    right = truth(page) == 4
    counted = score(page)
    assert counted["You"] == ("1 of 1, 100 %" if right else "0 of 1, 0 %") and counted["Chance"] == "0.1 of 1"
    assert all("of 1" in told for told in counted.values())
    show(page, address, "&round=5")
    slot(page, 0).click()
    assert score(page) == counted, "the same patch counts once"
    page.get_by_role("button", name="Start again").click()
    assert set(score(page).values()) == {"–"}


def test_a_patch_dropped_beside_the_places_is_no_answer(page, address):
    show(page, address, "&round=6")
    piece = page.locator(f"{BOARD} .piece").bounding_box()
    page.mouse.move(piece["x"] + 20, piece["y"] + 20)
    page.mouse.down()
    page.mouse.move(piece["x"] + 30, piece["y"] + 300, steps=4)
    page.mouse.up()
    assert "said=" not in page.url and page.locator(f"{BOARD} .ghost").count() == 0


def test_an_answer_that_was_shown_stays_shown_and_never_counts(page, address):
    show(page, address, "&round=6")
    page.get_by_role("button", name="Show the answer").click()
    assert "Not counted" in page.inner_text(f"{BOARD} .says") and score(page)["You"] == "–"
    page.reload()
    ready(page)
    assert "Not counted" in page.inner_text(f"{BOARD} .says") and slot(page, 0).is_disabled()
    show(page, address, "&round=6")
    slot(page, 0).click()
    assert score(page)["You"] == "–"


def test_the_keyboard_places_a_patch_and_asks_for_the_next(page, address):
    show(page, address, "&round=7")
    page.keyboard.press("ArrowUp")
    assert slot(page, 1).evaluate("slot => slot === document.activeElement")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    assert slot(page, 4).evaluate("slot => slot === document.activeElement"), "across the middle"
    page.keyboard.press("Enter")
    assert "said=right" in page.url
    page.keyboard.press("n")
    wait_for_round(page, 8)
    assert "said=" not in page.url


def test_a_link_brings_back_round_answer_and_looks(page, address):
    show(page, address, "&round=9&said=below-left&patches=sharp")
    assert page.get_by_role("button", name="Sharp patches").get_attribute("aria-pressed") == "true"
    said = slot(page, 5).inner_text()
    assert said in ("Correct", "Wrong") and (truth(page) == 5) == (said == "Correct")
    assert score(page)["You"] == "–", "what came by link is nobody's score"
    sharp = colors(page, ".mine")
    page.get_by_role("button", name="Sharp patches").click()
    assert "patches=" not in page.url and colors(page, ".mine") != sharp


def test_another_photo_is_another_question(page, address):
    show(page, address, "&round=9&said=above")
    page.locator(".strip-photo").nth(4).click()
    page.wait_for_function(
        "photo => document.querySelector('.position-board').dataset.photo !== photo", arg=PHOTO, timeout=120_000
    )
    assert "said=" not in page.url and page.locator(f"{BOARD} .mine .true").count() == 0


def test_another_photo_each_time(page, address):
    show(page, address, "&round=3")
    page.get_by_role("button", name="Another photo each time").click()
    page.get_by_role("button", name="Next patch").click()
    page.wait_for_function(
        "photo => document.querySelector('.position-board').dataset.photo !== photo", arg=PHOTO, timeout=120_000
    )
    wait_for_round(page, 4)
    assert "photos=mixed" in page.url and f"photo={PHOTO}" not in page.url


def test_a_small_photo_gets_a_sentence_and_the_next_photo_works(page, address, tmp_path):
    show(page, address, "&round=3")
    Image.effect_noise((90, 60), 60).save(tmp_path / "small.png")
    page.set_input_files(".strip-file", str(tmp_path / "small.png"))
    page.wait_for_selector(f"{BOARD} .message:not([hidden])", timeout=120_000)
    assert "90 x 60 pixels" in page.inner_text(f"{BOARD} .message")
    assert not page.locator(f"{BOARD} .piece").is_visible()
    page.locator(".strip-photo").nth(4).click()
    page.wait_for_selector(f"{BOARD} .message", state="hidden", timeout=120_000)
    assert page.locator(f"{BOARD} .piece").is_visible()


def test_a_flat_photo_keeps_the_scores_and_the_way_to_the_next_patch(page, address, tmp_path):
    show(page, address, "&round=3")
    columns = list(score(page))
    Image.new("RGB", (200, 200), (40, 90, 160)).save(tmp_path / "flat.png")
    page.set_input_files(".strip-file", str(tmp_path / "flat.png"))
    page.wait_for_selector(f"{BOARD} .message:not([hidden])", timeout=120_000)
    assert "one flat colour" in page.inner_text(f"{BOARD} .message") and list(score(page)) == columns
    page.get_by_role("button", name="Next patch").click()
    wait_for_round(page, 4)


def test_the_truth_can_be_saved(page, address):
    show(page, address, "&round=9&said=above")
    with page.expect_download() as download:
        page.get_by_role("button", name='Save the picture "The truth"').click()
    assert download.value.suggested_filename == f"{PHOTO}-round-9-truth.png"
    assert np.asarray(Image.open(io.BytesIO(download.value.path().read_bytes()))).std() > 5


def test_a_phone_shows_everything_and_a_tap_answers(new_page, address):
    page = new_page(viewport={"width": 390, "height": 844}, has_touch=True, device_scale_factor=2)
    show(page, address, "&round=5")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    slot(page, 3).tap()
    assert "said=left" in page.url and truth(page) >= 0


def test_the_endpoint_answers_programs(address, lab_photo):
    from gradio_client import Client, handle_file
    from gradio_client.exceptions import AppError

    client = Client(address, verbose=False)
    told = client.predict(handle_file(lab_photo), 4, "", api_name="/relative_position")
    assert told["said"] in told["likely"] and sum(told["likely"].values()) == pytest.approx(1, abs=1e-2)
    with pytest.raises(AppError, match="whole number"):
        client.predict(handle_file(lab_photo), -4, "", api_name="/relative_position")


@pytest.fixture
def lab_photo(tmp_path) -> str:
    """A starter photograph as a file."""
    from ssl_core.sources import starter

    path = tmp_path / "photo.png"
    Image.fromarray(next(photo for photo in starter() if photo.name.lower() == PHOTO).load(640)).save(path)
    return str(path)
