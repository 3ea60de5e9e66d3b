"""Tab Failures as a person meets it: cells are chosen, maps looked at, and a picture opens in the tab where it went wrong."""

import re

import pytest

READY = """() => {
  const told = document.querySelector('.failures')?.dataset || {};
  return (told.gallery || '').endsWith('ready') && (told.photo || '').endsWith('ready');
}"""
GALLERY = "([model, mode]) => document.querySelector('.failures')?.dataset.gallery === `${model} ${mode} ready`"


@pytest.fixture(scope="module", autouse=True)
def judged(app, browser):
    """The bank judged by every network, once for all tests here."""
    page = browser.new_page()
    page.goto(f"{app.address}?tab=failures")
    page.wait_for_function(
        "document.querySelectorAll('.failures td b').length > 20 && document.querySelector('.failures .judging').hidden",
        timeout=580_000,
    )
    page.close()


def show(page, address: str, **link):
    page.goto(f"{address}?tab=failures" + "".join(f"&{name}={value}" for name, value in link.items()))
    page.wait_for_function(READY, timeout=180_000)
    return page


def cell(page, model: str, mode: str):
    return page.locator(f".failures td button[data-model={model}][data-mode={mode}]")


def scores(page) -> list[float]:
    return [
        float(score)
        for score in page.locator(".failures .tile").evaluate_all("all => all.map((one) => one.dataset.score)")
    ]


def opacity(page, face: str) -> float:
    image = page.locator(f".failures .tile >> nth=0 >> img.{face}")
    return float(image.evaluate("image => getComputedStyle(image).opacity"))


def test_the_first_picture_is_a_finished_example(page, address):
    show(page, address)
    assert page.locator(".failures td button[aria-pressed=true]").count() == 1
    found = scores(page)
    assert len(found) >= 3 and found == sorted(found, reverse=True) and found[-1] > 0
    assert page.locator(".failures .verdict").inner_text().startswith("Shows ")
    page.wait_for_function(
        "[...document.querySelectorAll('.failures .tile img.result')].every((one) => one.naturalWidth >= 100)"
    )


def test_the_table_has_a_row_for_each_network_and_a_column_for_each_mode(page, address):
    show(page, address)
    colors, fills = (page.locator(".failures table").nth(number) for number in (0, 1))
    assert colors.locator("thead th").count() == 1 + 8 and fills.locator("thead th").count() == 1 + 2
    assert {"colorization-regression", "colorization-rebalanced"} <= set(
        colors.locator("td button").evaluate_all("all => all.map((one) => one.dataset.model)")
    )
    for name in colors.locator("td button").evaluate_all("all => all.map((one) => one.getAttribute('aria-label'))"):
        assert re.search(r"on (< )?\d+\s% of \d+ pictures, mean score [\d.]+", name), name


def test_choosing_a_cell_shows_its_gallery_and_stands_in_the_link(page, address):
    show(page, address)
    cell(page, "colorization-regression", "desaturated").click()
    page.wait_for_function(GALLERY, arg=["colorization-regression", "desaturated"])
    assert page.locator(".gallery-side h3").inner_text().startswith("Too desaturated")
    assert page.evaluate("new URLSearchParams(location.search).get('mode')") == "desaturated"
    page.reload()
    page.wait_for_function(GALLERY, arg=["colorization-regression", "desaturated"], timeout=60_000)
    assert cell(page, "colorization-regression", "desaturated").get_attribute("aria-pressed") == "true"


def test_the_gallery_is_headed_by_the_number_of_its_cell(page, address):
    show(page, address, mode="red-blue", network="colorization-rebalanced")
    told = cell(page, "colorization-rebalanced", "red-blue").get_attribute("aria-label")
    share, judged = (int(figure) for figure in re.search(r"on (\d+)\s% of (\d+) pictures", told).groups())
    over, of = (
        int(figure)
        for figure in re.search(r"(\d+) of (\d+) pictures", page.locator(".gallery-side h3").inner_text()).groups()
    )
    assert of == judged and round(100 * over / of) == share
    assert f"Judged: {judged} of" in page.locator(".failures .scale .bank").inner_text()


def test_arrow_keys_go_from_cell_to_cell_and_over_to_the_other_table(page, address):
    show(page, address, mode="inconsistent-hue", network="colorization-regression")
    cell(page, "colorization-regression", "inconsistent-hue").focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    chosen = page.locator(".failures td button[aria-pressed=true]")
    assert chosen.get_attribute("data-mode") == "blur"
    assert chosen.evaluate("one => one === document.activeElement")
    page.keyboard.press("ArrowLeft")
    assert page.locator(".failures td button[aria-pressed=true]").get_attribute("data-mode") == "bleeding"


def test_the_map_is_seen_on_hover_and_on_demand(page, address):
    show(page, address, mode="desaturated", network="colorization-regression")
    assert (opacity(page, "result"), opacity(page, "map")) == (1, 0)
    page.locator(".failures .tile .picture").first.hover()
    page.wait_for_timeout(300)
    assert (opacity(page, "result"), opacity(page, "map")) == (0, 1)
    page.mouse.move(0, 0)
    page.get_by_role("radio", name="Where").click()
    page.wait_for_timeout(300)
    assert (opacity(page, "result"), opacity(page, "map")) == (0, 1)
    page.get_by_role("radio", name="Truth").click()
    page.wait_for_timeout(300)
    assert (opacity(page, "truth"), opacity(page, "map")) == (1, 0)
    assert page.evaluate("new URLSearchParams(location.search).get('seen')") == "truth"


def test_a_colouring_opens_in_its_tab(page, address):
    show(page, address, mode="desaturated", network="colorization-regression", photo="camera")
    tile = page.locator(".failures .tile").first
    photo = tile.get_attribute("data-photo")
    tile.locator(".picture").click()
    page.wait_for_function(
        "key => document.querySelector('.posterior-lens')?.dataset.ready === key", arg=photo, timeout=90_000
    )
    assert page.evaluate("new URLSearchParams(location.search).get('tab')") == "colorize"
    assert page.locator(".strip-photo[aria-checked=true]").get_attribute("data-key") == photo != "camera"


HOLE = """([photo, mask]) => {
  const link = new URLSearchParams(location.search), answers = document.querySelector('.answers');
  return link.get('tab') === 'inpaint' && link.get('mask') === mask && link.get('photo') === photo
    && answers && answers.dataset.mask === mask && answers.dataset.photo === photo && answers.querySelector('.message').hidden;
}"""


def test_a_fill_opens_with_the_hole_that_was_judged(page, address):
    """Also when that tab has been open before, with another hole."""
    show(page, address, mode="seam", network="context-encoder-l2", photo="camera")
    for number in (0, 1):
        tile = page.locator(".failures .tile").nth(number)
        photo, mask = (tile.get_attribute(name) for name in ("data-photo", "data-mask"))
        assert mask.startswith("z")
        tile.locator(".picture").click()
        page.wait_for_function(HOLE, arg=[photo, mask], timeout=120_000)
        assert re.match(r"[\d.]+ % of the photo is hidden", page.locator("#mask-pad .state").inner_text())
        page.get_by_role("tab", name="Failures").first.click()
        page.wait_for_function(READY, timeout=120_000)


def test_another_photo_is_judged_by_every_network(page, address):
    show(page, address, mode="desaturated", network="colorization-regression", photo="coffee")
    page.locator(".strip-photo[data-key=camera]").click()
    page.wait_for_function("document.querySelector('.failures').dataset.photo === 'camera ready'", timeout=180_000)
    assert "no colours of its own" in page.locator(".failures .verdict").inner_text()
    assert page.locator(".failures .bar").count() == 4


def test_an_uploaded_photo_says_which_modes_it_triggers(page, address, tmp_path):
    import numpy as np
    from PIL import Image

    vivid = np.zeros((120, 160, 3), np.uint8)
    vivid[:, :80], vivid[:, 80:] = (230, 30, 160), (20, 200, 60)
    Image.fromarray(vivid).save(tmp_path / "vivid.png")
    show(page, address, mode="desaturated", network="colorization-regression")
    page.locator(".strip-file").set_input_files(tmp_path / "vivid.png")
    page.wait_for_function(
        "/^upload.* ready$/.test(document.querySelector('.failures').dataset.photo)", timeout=180_000
    )
    bar = page.locator(".failures .bar.over[data-mode=desaturated]")
    assert "over the threshold" in bar.get_attribute("aria-label")
    assert page.locator(".failures td button[data-mode=desaturated] .here").count() >= 1


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 768), (390, 844)])
def test_nothing_is_cut(new_page, address, width, height):
    page = show(new_page(viewport={"width": width, "height": height}), address)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for part in (".gallery-side", ".photo-side", ".asks", ".gallery .tile"):
        box = page.locator(f".failures {part}").first.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width, part
    chosen = page.locator(".failures td button[aria-pressed=true]").bounding_box()
    assert chosen["x"] >= 0 and chosen["x"] + chosen["width"] <= width
    assert min(page.locator(".failures .bar i").evaluate_all("all => all.map((one) => one.clientWidth)")) >= 48
    tiles = [page.locator(".failures .tile").nth(number).bounding_box() for number in (0, 1)]
    assert tiles[0]["y"] == tiles[1]["y"]
    if width == 1440:
        assert tiles[0]["y"] + tiles[0]["height"] <= height
