"""The tab "Inpaint" as a hand meets it: paint, undo, presets, links, wipe, files, touch, keyboard, and the endpoint for programs."""

import numpy as np
import pytest
from PIL import Image

from tests.browser.inpaint_page import ANSWERS, PAD, change, code, hidden_share, pixel, settle, show, tile
from visualize.tabs.inpaint import preset_mask
from visualize.widgets.mask_pad import read_code


def drag(page, start, end):
    """Draw on the pad between two places given in parts of its width and height; then wait for the answers."""
    box = page.locator(PAD).bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, end)]
    page.mouse.move(*places[0])
    page.mouse.down()
    page.mouse.move(*places[1], steps=6)
    change(page, page.mouse.up)


@pytest.fixture
def tab(page, address):
    show(page, address)
    return page


def test_first_paint_is_a_finished_example(tab):
    names = tab.eval_on_selector_all(".tile", "tiles => tiles.map((tile) => tile.dataset.id)")
    assert names[-1] == "truth" and {"border_mean", "telea", "biharmonic"} < set(names) and len(names) >= 6
    truth = pixel(tab, tile("truth"), 0.5, 0.5)
    for name in names[:-1]:
        assert np.abs(pixel(tab, tile(name), 0.5, 0.5) - truth).max() > 6, f"{name} shows the truth in the hole"
        assert np.abs(pixel(tab, tile(name), 0.1, 0.1) - pixel(tab, tile("truth"), 0.1, 0.1)).max() < 12, name
        assert "dB" in tab.inner_text(f".tile[data-id={name}]")


def test_the_bench_fits_the_screen(tab):
    assert tab.evaluate("document.querySelector('.answers').getBoundingClientRect().bottom") <= 900
    assert tab.evaluate("document.querySelector('.mask-pad').getBoundingClientRect().bottom") <= 900


def test_a_stroke_hides_and_is_answered(tab):
    before = pixel(tab, tile("context-encoder-l2"), 0.12, 0.8)
    drag(tab, (0.08, 0.8), (0.16, 0.8))
    assert 0.25 < hidden_share(tab) < 0.4
    r, g, b = pixel(tab, PAD, 0.12, 0.8)
    assert r == g == b, "the pad shows the hole in grey"
    assert np.abs(pixel(tab, tile("context-encoder-l2"), 0.12, 0.8) - before).max() > 3
    assert int(tab.get_attribute(ANSWERS, "data-stroke-to-picture")) > 0
    change(tab, tab.click, "[data-do=undo]")
    assert hidden_share(tab) == 0.25
    assert np.abs(pixel(tab, tile("context-encoder-l2"), 0.12, 0.8) - before).max() <= 3
    change(tab, tab.click, "[data-do=redo]")
    assert hidden_share(tab) > 0.25


def test_box_eraser_clear_and_invert(tab):
    tab.click("[data-do=clear]")
    tab.wait_for_selector(".answers .message:not([hidden])")
    assert "Nothing is hidden" in tab.inner_text(".answers .message")
    tab.click("[data-tool=box]")
    drag(tab, (0.25, 0.25), (0.5, 0.75))
    assert hidden_share(tab) == pytest.approx(0.125, abs=0.005)
    change(tab, tab.click, "[data-do=invert]")
    assert hidden_share(tab) == pytest.approx(0.875, abs=0.005)
    tab.click("[data-tool=eraser]")
    drag(tab, (0.1, 0.5), (0.2, 0.5))
    assert hidden_share(tab) < 0.865


def test_presets_are_those_of_python_and_the_mask_stays_when_the_photo_changes(tab):
    tab.click("[data-preset=random-region]")
    tab.wait_for_function("location.search.includes('random-region')")
    settle(tab)
    change(tab, tab.click, "[data-preset=random-region]")
    mask = read_code(code(tab), preset_mask)
    tab.click(".strip-photo[data-key=chelsea]")
    tab.wait_for_selector(".answers[data-photo=chelsea]")
    settle(tab)
    rows, columns = np.nonzero(mask)
    inside = np.argmin(np.hypot(rows - rows.mean(), columns - columns.mean()))
    r, g, b = pixel(tab, PAD, columns[inside] / 256, rows[inside] / 256)
    assert r == g == b


@pytest.mark.parametrize(("typed", "used"), [("-5", "0"), ("1000000", "999999")])
def test_a_seed_out_of_range_is_brought_into_it(tab, typed, used):
    tab.fill(".mask-pad .seed input", typed)
    change(tab, tab.click, "[data-preset=random-blocks]")
    assert code(tab) == f"random-blocks-{used}" and tab.input_value(".mask-pad .seed input") == used
    assert "cannot be read" not in tab.inner_text(".mask-pad .state")


def test_another_tool_in_the_middle_of_a_stroke_keeps_what_is_painted(tab):
    box = tab.locator(PAD).bounding_box()
    tab.mouse.move(box["x"] + 0.08 * box["width"], box["y"] + 0.8 * box["height"])
    tab.mouse.down()
    tab.mouse.move(box["x"] + 0.16 * box["width"], box["y"] + 0.8 * box["height"], steps=4)
    change(tab, tab.keyboard.press, "r")
    painted = hidden_share(tab)
    tab.mouse.up()
    assert painted > 0.25 and hidden_share(tab) == painted


def test_a_link_opens_with_its_mask_and_the_truth_hidden(page, address):
    page.goto(f"{address}?tab=inpaint&photo=coffee&mask=random-blocks-5&truth=hidden")
    page.wait_for_selector(".answers[data-mask=random-blocks-5]", timeout=90_000)
    text = page.inner_text(".tiles")
    assert "dB" not in text and "Guess" in text
    page.click("[data-do=truth]")
    page.wait_for_function("document.querySelector('.tiles').textContent.includes('dB')")
    assert "truth" not in page.evaluate("location.search")


def test_an_answer_that_is_still_computed_does_not_show_the_truth(page, address):
    show(page, address, "&truth=hidden")
    page.route("**/queue/join*", lambda route: None)  # the slow answers never come
    drag(page, (0.08, 0.8), (0.16, 0.8))
    r, g, b = pixel(page, tile("telea"), 0.12, 0.8)
    assert r == g == b
    assert "follows" not in page.inner_text(".tile[data-id=border_mean]")


def test_a_link_with_a_broken_mask_says_so(page, address):
    page.goto(f"{address}?tab=inpaint&photo=coffee&mask=zzz")
    page.wait_for_function(
        "document.querySelector('.mask-pad .state')?.textContent.includes('cannot be read')", timeout=90_000
    )
    page.click("[data-preset=central-region]")
    page.wait_for_selector(".answers[data-mask=central-region]")


def test_the_wipe_brings_the_truth_into_every_picture(tab):
    for share in (0, 80):
        tab.evaluate(
            "v => { const s = document.querySelector('.wipe input'); s.value = v; s.dispatchEvent(new Event('input')); }",
            share,
        )
        gap = np.abs(pixel(tab, tile("border_mean"), 0.5, 0.5) - pixel(tab, tile("truth"), 0.5, 0.5)).max()
        assert gap < 8 if share else gap > 20


def test_error_maps_replace_the_pictures(tab):
    before = pixel(tab, tile("telea"), 0.5, 0.5)
    tab.click("[data-view=error]")
    assert np.abs(pixel(tab, tile("telea"), 0.5, 0.5) - before).max() > 20
    assert tab.is_visible(".scale") and "view=error" in tab.url


def test_masks_and_pictures_travel_as_files(tab, tmp_path):
    with tab.expect_download() as got:
        tab.click("[data-do=save]")
    got.value.save_as(tmp_path / "mask.png")
    saved = np.asarray(Image.open(tmp_path / "mask.png").convert("L")) > 127
    assert saved.shape == (400, 600) and saved.mean() == pytest.approx(0.25, abs=0.01)
    with tab.expect_download() as got:
        tab.click(".tile[data-id=border_mean] .save")
    got.value.save_as(tmp_path / "filled.png")
    assert Image.open(tmp_path / "filled.png").size == (600, 400)
    saved[:, :300] = False
    Image.fromarray(saved.astype(np.uint8) * 255).save(tmp_path / "half.png")
    tab.set_input_files(".mask-pad .file", tmp_path / "half.png")
    tab.wait_for_function("!location.search.includes('central-region') && location.search.includes('mask=z')")
    settle(tab)
    assert hidden_share(tab) == pytest.approx(0.125, abs=0.01)
    (tmp_path / "text.png").write_text("not a picture")
    tab.set_input_files(".mask-pad .file", tmp_path / "text.png")
    tab.wait_for_function("document.querySelector('.mask-pad .state').textContent.includes('not a picture')")


def test_the_keyboard_paints(tab):
    tab.focus(PAD)
    change(tab, tab.keyboard.press, "x")
    for key in ("ArrowLeft", "ArrowUp", "]"):
        tab.keyboard.press(key)
    change(tab, tab.keyboard.press, " ")
    assert 0.005 < hidden_share(tab) < 0.1
    tab.keyboard.press("Control+z")
    tab.wait_for_function("document.querySelector('.mask-pad .state').textContent.includes('Nothing is hidden')")


def test_a_finger_paints_at_phone_width(new_page, address):
    phone = new_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, device_scale_factor=2)
    show(phone, address)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    box = phone.locator(PAD).bounding_box()
    assert box["width"] > 300
    phone.locator(PAD).scroll_into_view_if_needed()
    box = phone.locator(PAD).bounding_box()
    phone.touchscreen.tap(box["x"] + 0.1 * box["width"], box["y"] + 0.15 * box["height"])
    phone.wait_for_function("location.search.includes('mask=z')")
    settle(phone)
    assert hidden_share(phone) > 0.25


def test_programs_get_the_filled_photo_or_a_sentence(app, address, tmp_path):
    from gradio_client import Client, handle_file

    client = Client(address, verbose=False, download_files=str(tmp_path))
    photo = np.random.default_rng(0).integers(0, 255, (90, 120, 3), np.uint8)
    mask = np.zeros((90, 120), np.uint8)
    mask[30:60, 40:80] = 255
    for name, array in (("photo", photo), ("mask", mask), ("empty", mask * 0), ("full", mask * 0 + 255)):
        Image.fromarray(array).save(tmp_path / f"{name}.png")
    (tmp_path / "text.jpg").write_text("not a picture")

    def ask(photo, mask, model=""):
        sent = [handle_file(str(tmp_path / name)) for name in (photo, mask)]
        return client.predict(*sent, model, api_name="/inpaint")

    filled, figures = ask("photo.png", "mask.png", "context-encoder-l2")
    answer = np.asarray(Image.open(filled))
    assert (answer[mask == 0] == photo[mask == 0]).all() and (answer[mask == 255] != photo[mask == 255]).any()
    assert figures["model"] == "context-encoder-l2" and figures["psnr"] > 5
    for files, sentence in (
        (("text.jpg", "mask.png"), "."),
        (("photo.png", "text.jpg"), "The mask cannot be read"),
        (("photo.png", "empty.png"), "hides nothing"),
        (("photo.png", "full.png"), "whole photo"),
        (("photo.png", "mask.png", "no-such-model"), "There is no model"),
    ):
        with pytest.raises(Exception, match=sentence) as raised:
            ask(*files)
        assert "Traceback" not in str(raised.value) and str(raised.value).rstrip().endswith(".")
