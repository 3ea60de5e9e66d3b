"""The page as a person meets it: the strip, the tabs, the link, uploads, the first tab, and the look at four sizes."""

import io
import re

import numpy as np
import pytest
from PIL import Image

LOOKS = {"desk": (1440, 900, "light"), "projector": (1024, 768, "dark"), "phone": (390, 844, "light")}
PAINTED = """() => {
  const panels = [...document.querySelectorAll(".cards .mat img")];
  return panels.length > 0 && panels.every((one) => one.complete && one.naturalWidth > 0) && !document.querySelector(".card.waiting");
}"""


def show(page, address: str, query: str = "") -> None:
    """Open the page; wait until the strip and the cards are there."""
    page.goto(address + query)
    page.wait_for_selector(".strip-photo[aria-checked=true]")


def wait_for_cards(page) -> None:
    page.wait_for_function(PAINTED, timeout=90_000)


def picture(color: tuple[int, int, int]) -> bytes:
    """A PNG file of one colour, its left half darker, so that it is no grey photograph."""
    pixels = np.full((120, 160, 3), color, np.uint8)
    pixels[:, :80] //= 2
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "PNG")
    return data.getvalue()


def upload(page, name: str, data: bytes) -> None:
    file = {"name": name, "mimeType": "image/png", "buffer": data}
    page.set_input_files(".strip-file", file)


def chosen(page) -> str:
    return page.locator(".strip-photo[aria-checked=true]").get_attribute("data-key")


def color_at(page, selector: str) -> list[int]:
    """The colour in the middle of the right half of a picture."""
    return page.eval_on_selector(
        selector,
        """(img) => {
          const canvas = document.createElement("canvas");
          [canvas.width, canvas.height] = [img.naturalWidth, img.naturalHeight];
          const pen = canvas.getContext("2d");
          pen.drawImage(img, 0, 0);
          return [...pen.getImageData(canvas.width * 0.75, canvas.height / 2, 1, 1).data].slice(0, 3);
        }""",
    )


def test_the_first_paint_shows_the_strip_the_question_and_an_example(page, address):
    show(page, address)
    assert page.locator(".strip-photo img").count() >= 14
    assert page.locator("h2.question").first.inner_text().endswith("?")
    assert "·" in page.locator(".strip-credit").inner_text()
    wait_for_cards(page)
    captions = page.locator(".card:has(figure)").first.locator("figcaption span").all_inner_texts()
    assert len(captions) >= 2 and captions[-1] == "the truth"
    assert page.locator("footer:visible:not(.card-foot)").count() == 0


@pytest.mark.parametrize("look", LOOKS)
def test_nothing_is_cut_at_any_size(new_page, address, look):
    width, height, scheme = LOOKS[look]
    page = new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    show(page, address)
    for tab in page.locator(".lab-tabs button").all():
        tab.click()
        page.wait_for_timeout(500)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        question = page.locator("h2.question:visible").bounding_box()
        assert question["y"] + question["height"] < height / 2
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).every((one) => one < 80)")
    assert dark == (scheme == "dark")


def test_the_link_opens_the_tab_with_the_photo_and_follows_both(page, address):
    show(page, address, "?tab=colorize&photo=lion")
    page.wait_for_selector(".lab-tabs [data-tab=colorize][aria-selected=true]")
    assert chosen(page) == "lion"
    page.click("[data-key=china]")
    page.click(".lab-tabs [data-tab=teachers]")
    assert "photo=china" in page.url and "tab=teachers" in page.url
    wait_for_cards(page)
    page.reload()
    page.wait_for_selector(".lab-tabs [data-tab=teachers][aria-selected=true]")
    page.wait_for_selector("[data-key=china][aria-checked=true]")


def test_back_and_forward_go_from_tab_to_tab_and_keep_the_rest(page, address):
    show(page, address, "?photo=lion")
    page.wait_for_function("window.lab.tab === 'teachers'")
    for tab in ("colorize", "inpaint"):
        page.click(f".lab-tabs [data-tab={tab}]")
        page.wait_for_function("tab => window.lab.tab === tab", arg=tab)
    page.click("[data-key=china]")
    for step, tab in ((page.go_back, "colorize"), (page.go_back, "teachers"), (page.go_forward, "colorize")):
        step()
        page.wait_for_selector(f".lab-tabs [data-tab={tab}][aria-selected=true]")
        page.wait_for_function("tab => window.lab.tab === tab", arg=tab)
        assert f"tab={tab}" in page.url and "photo=china" in page.url and chosen(page) == "china"


def test_a_link_wins_over_the_first_tab_however_late_gradio_goes_there(page, address):
    show(page, address, "?tab=colorize&photo=coffee")
    page.wait_for_function("window.lab.tab === 'colorize'")
    # what Gradio does when it mounts its tabs late
    page.evaluate("document.getElementById('tab-teachers-button').click()")
    page.wait_for_function("document.getElementById('tab-colorize-button').getAttribute('aria-selected') === 'true'")
    assert "tab=colorize" in page.url and page.evaluate("window.lab.tab") == "colorize"
    assert page.locator("#tab-colorize").is_visible() and page.locator("#tab-teachers").is_hidden()
    # the same without an event of which the page would hear
    gone = page.evaluate(
        """async () => {
          window.lab.opened = () => {};
          const button = document.getElementById("tab-teachers-button");
          button.click();
          const selected = () => button.getAttribute("aria-selected");
          for (let k = 0; k < 250 && selected() !== "true"; k += 1) await new Promise((done) => setTimeout(done, 1));
          return selected();
        }"""
    )
    assert gone == "true"
    page.wait_for_function("document.getElementById('tab-colorize-button').getAttribute('aria-selected') === 'true'")
    page.locator("#tab-teachers").wait_for(state="hidden")


def test_what_gradio_says_before_the_router_runs_does_not_change_the_link(page, address):
    page.add_init_script(
        """new MutationObserver((_, watch) => {
          if (!window.lab?.opened) return;
          watch.disconnect();
          window.lab.opened("teachers");
        }).observe(document, { childList: true, subtree: true });"""
    )
    show(page, address, "?tab=colorize&photo=coffee")
    page.wait_for_function("window.lab.tab === 'colorize'")
    assert "tab=colorize" in page.url
    show(page, address, "?tab=nonsense&photo=coffee")
    page.wait_for_function("window.lab.tab === 'teachers'")
    wait_for_cards(page)


def test_a_card_opens_its_tab_with_the_same_photo(page, address):
    show(page, address, "?photo=lion")
    wait_for_cards(page)
    page.locator(".card-go", has_text="Colorize").first.click()
    page.wait_for_selector(".lab-tabs [data-tab=colorize][aria-selected=true]")
    assert chosen(page) == "lion"


def test_an_uploaded_photo_is_shown_by_every_card_and_a_bad_one_named(page, address):
    show(page, address)
    wait_for_cards(page)
    upload(page, "orange.png", picture((230, 120, 20)))
    page.wait_for_selector(".strip-photo[data-key^=upload-][aria-checked=true]")
    page.wait_for_timeout(200)
    wait_for_cards(page)
    assert np.abs(np.subtract(color_at(page, ".card .mat.truth img"), (230, 120, 20))).max() < 12
    assert re.search(r"photo=upload-[0-9a-f]{24}", page.url)
    upload(page, "letter.jpg", b"Dear all, this is no photograph.")
    page.wait_for_selector(".strip.failed")
    assert page.locator(".strip-error").inner_text().endswith(".")
    assert chosen(page).startswith("upload-")
    page.click("[data-key=flower]")
    assert page.locator(".strip.failed").count() == 0


def test_a_photo_can_be_dropped_anywhere(page, address):
    show(page, address)
    transfer = page.evaluate_handle(
        """(bytes) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([new Uint8Array(bytes)], "dropped.png", { type: "image/png" }));
          return transfer;
        }""",
        list(picture((30, 90, 200))),
    )
    page.dispatch_event("h2.question >> nth=0", "dragenter", {"dataTransfer": transfer})
    assert page.locator(".drop-here.on").count() == 1
    page.dispatch_event("h2.question >> nth=0", "drop", {"dataTransfer": transfer})
    page.wait_for_selector(".strip-photo[data-key^=upload-][aria-checked=true]")
    assert page.locator(".drop-here.on").count() == 0
    assert "dropped.png" in page.locator(".strip-credit").inner_text()


def test_two_visitors_do_not_see_each_others_photos(new_page, address):
    mine, theirs = new_page(), new_page()
    show(mine, address)
    upload(mine, "mine.png", picture((10, 160, 90)))
    mine.wait_for_selector(".strip-photo[data-key^=upload-][aria-checked=true]")
    show(theirs, address)
    assert theirs.locator("[data-key^=upload-]").count() == 0
    assert "mine.png" not in theirs.content()


def test_a_link_to_a_photo_that_is_gone_says_so_and_shows_another(page, address):
    show(page, address, "?photo=upload-" + "0" * 24)
    page.wait_for_selector(".strip.failed")
    assert "upload it again" in page.locator(".strip-error").inner_text()
    assert chosen(page)


def test_without_a_camera_the_webcam_says_what_to_do(page, address):
    show(page, address)
    page.click("[data-do=webcam]")
    page.wait_for_selector(".webcam-error:not(:empty)")
    assert "upload a photo instead" in page.locator(".webcam-error").inner_text()
    page.click("[data-do=close]")
    assert not page.locator("dialog.webcam").is_visible()


def test_the_keyboard_reaches_the_strip_and_the_tabs(page, address):
    show(page, address)
    first = chosen(page)
    page.focus(".strip-photo[aria-checked=true]")
    page.keyboard.press("ArrowRight")
    assert chosen(page) != first
    page.keyboard.press("ArrowLeft")
    assert chosen(page) == first
    page.keyboard.press("2")
    page.wait_for_selector(".lab-tabs button:nth-child(2)[aria-selected=true]")
    page.keyboard.press("ArrowRight")
    assert page.locator(".lab-tabs button:nth-child(2)[aria-selected=true]").count() == 1


def test_the_stage_raises_the_type_by_half_and_hides_the_fold(page, address):
    show(page, address)
    page.wait_for_selector("h2.question")
    size = "parseFloat(getComputedStyle(document.querySelector('h2.question')).fontSize)"
    plain = page.evaluate(size)
    assert page.locator(".going-on").first.is_visible()
    page.keyboard.press("s")
    assert page.evaluate(size) == pytest.approx(1.5 * plain)
    assert not page.locator(".going-on").first.is_visible()
    assert "stage=on" in page.url
    page.reload()
    page.wait_for_selector("h2.question")
    assert page.evaluate(size) == pytest.approx(1.5 * plain)
