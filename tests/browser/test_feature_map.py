"""Tab Feature map as a person meets it: moved, zoomed, lassoed, morphed, with clicks that fly back, and saved."""

import csv
import re

import numpy as np
import pytest
from PIL import Image

MAP = "#feature-map .linked-map"
CANVAS = f"{MAP} .map-stage canvas"
READY = """() => { const box = document.querySelector('.map-controls');
  return box && box.dataset.done && document.querySelector('#feature-map .linked-map').map.sheets.length > 0; }"""
QUERY = "?tab=feature_map&photo=coffee&map_layout=pca"
STILL = """() => { const m = document.querySelector('#feature-map .linked-map').map, was = window.was;
  window.was = JSON.stringify([m.camera, m.t, ...m.now.slice(0, 40)]);
  return was === window.was; }"""


def show(page, address: str, query: str = QUERY, wait: int = 240_000):
    """Open the tab and wait until all of it is there; the networks look through the pictures once."""
    page.goto(address + query)
    page.wait_for_function(READY, timeout=wait)
    settle(page)
    return page


def settle(page) -> None:
    """Until nothing moves."""
    page.wait_for_timeout(100)
    page.wait_for_function(STILL, polling=150)


def state(page, expression: str):
    """Something of the map's state, as JavaScript in which `m` is the map."""
    return page.evaluate(f"() => {{ const m = document.querySelector('{MAP}').map; return {expression}; }}")


def on_screen(page, index: int) -> tuple[float, float]:
    """Where a point is on the page."""
    box = page.locator(CANVAS).bounding_box()
    x, y, ratio = state(page, f"[m.screen[{2 * index}], m.screen[{2 * index + 1}], m.ratio]")
    return box["x"] + x / ratio, box["y"] + y / ratio


def lasso(page, low: float, high: float) -> None:
    """Draw a square around the middle of the map, from `low` to `high` of its width and height."""
    box = page.locator(CANVAS).bounding_box()
    corners = [(low, low), (high, low), (high, high), (low, high), (low, low)]
    places = [(box["x"] + u * box["width"], box["y"] + v * box["height"]) for u, v in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=6)
    page.mouse.up()


@pytest.fixture
def tab(page, address):
    return show(page, address)


def test_the_first_paint_is_a_map_with_neighbors_and_its_faith(tab):
    assert state(tab, "m.count") >= 600
    assert tab.locator(f"{MAP} .map-rows section").count() == 3
    assert len(state(tab, "m.marks")) == 8
    assert re.search(r"\d\.\d of 10", tab.locator(".map-controls .faith").inner_text())
    assert tab.locator(".map-key").count() == 16
    assert tab.locator(f"{MAP} .map-selection").is_hidden()


def test_a_lasso_shows_a_gallery_at_once_and_greys_the_rest(tab):
    tab.click("[data-tool=lasso]")
    tab.evaluate(
        """selector => { const panel = document.querySelector(selector);
        document.querySelector('#feature-map canvas').addEventListener('pointerup', () => { window.began = performance.now(); }, true);
        new MutationObserver(() => { window.took ??= performance.now() - window.began; }).observe(panel, { childList: true }); }""",
        f"{MAP} .map-selection .map-cells",
    )
    lasso(tab, 0.35, 0.65)
    tab.wait_for_selector(f"{MAP} .map-selection:not([hidden])")
    assert tab.evaluate("window.took") < 500
    chosen = state(tab, "m.list")
    assert 0 < len(chosen) < state(tab, "m.count")
    assert f"{len(chosen)} of" in tab.locator(f"{MAP} .map-selection h3").inner_text()
    assert tab.locator(f"{MAP} .map-selection .map-cell").count() == min(len(chosen), 96)
    inside = state(
        tab,
        "m.list.every((i) => Math.abs(m.screen[2*i]/m.width - .5) < .17 && Math.abs(m.screen[2*i+1]/m.height - .5) < .17)",
    )
    assert inside
    tab.wait_for_function("location.search.includes('map_lasso=')")
    tab.reload()
    tab.wait_for_function(READY, timeout=120_000)
    assert state(tab, "m.list") == chosen
    tab.focus(CANVAS)
    tab.keyboard.press("Escape")
    assert tab.locator(f"{MAP} .map-selection").is_hidden() and "map_lasso" not in tab.url


def test_a_click_in_the_gallery_flies_back_and_asks_for_neighbors(tab):
    tab.click("[data-tool=lasso]")
    lasso(tab, 0.3, 0.7)
    cell = tab.locator(f"{MAP} .map-selection .map-cell").nth(2)
    index = int(cell.get_attribute("data-index"))
    cell.click()
    settle(tab)
    box = tab.locator(CANVAS).bounding_box()
    x, y = on_screen(tab, index)
    assert x == pytest.approx(box["x"] + box["width"] / 2, abs=2) and y == pytest.approx(
        box["y"] + box["height"] / 2, abs=2
    )
    assert state(tab, "m.picked") == index and state(tab, "m.camera.zoom") > 1
    tab.wait_for_function(f"document.querySelector('{MAP} .map-rows h3').textContent.startsWith('The picked picture')")
    assert f"map_point={index}" in tab.url


def test_a_click_on_the_map_picks_what_is_under_it(tab):
    index = state(tab, "m.marks[0]")
    camera = f"{{ x: m.now[{2 * index}], y: m.now[{2 * index + 1}], zoom: 60 }}"
    state(tab, f"m.camera = {camera}")
    tab.keyboard.press("Tab")
    tab.evaluate("window.dispatchEvent(new Event('resize'))")
    settle(tab)
    tab.mouse.click(*on_screen(tab, index))
    tab.wait_for_function(f"document.querySelector('{MAP} .map-rows h3').textContent.startsWith('The picked picture')")
    picked = state(tab, "m.picked")
    assert picked == index
    assert picked not in [
        int(cell.get_attribute("data-index")) for cell in tab.locator(f"{MAP} .map-rows button.map-cell").all()
    ]


def test_another_photo_of_the_strip_takes_the_place_of_what_was_picked(tab):
    tab.locator(f"{MAP} .map-rows button.map-cell").first.click()
    tab.wait_for_function(f"document.querySelector('{MAP} .map-rows h3').textContent.startsWith('The picked picture')")
    tab.click(".strip-photo[data-key=lion]")
    tab.wait_for_function(f"document.querySelector('{MAP} .map-rows h3').textContent.startsWith('Lion')")
    assert state(tab, "m.picked") == -1


def test_the_morph_moves_every_point_from_one_map_to_the_other(tab):
    slider = tab.get_by_role("slider", name="Morph")
    first = np.array(state(tab, "[...m.now]"))
    slider.fill("1")
    settle(tab)
    last = np.array(state(tab, "[...m.now]"))
    slider.fill("0.5")
    settle(tab)
    middle = np.array(state(tab, "[...m.now]"))
    assert np.abs(first - last).max() > 0.1
    np.testing.assert_allclose(middle, (first + last) / 2, atol=1e-3)
    tab.wait_for_function("location.search.includes('map_morph=0.50')")
    tab.click("[data-do=morph]")
    settle(tab)
    np.testing.assert_allclose(np.array(state(tab, "[...m.now]")), first, atol=1e-6)


def test_points_become_pictures_as_one_zooms_in(tab):
    before = state(tab, "m.drawn")
    box = tab.locator(CANVAS).bounding_box()
    tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for _ in range(8):
        tab.mouse.wheel(0, -200)
    settle(tab)
    assert state(tab, "m.camera.zoom") > 10 and state(tab, "m.drawn") > max(before, 60)
    tab.click("[data-do=pictures]")
    settle(tab)
    assert state(tab, "m.drawn") == 0
    tab.click("[data-do=fit]")
    settle(tab)
    assert state(tab, "m.camera") == {"x": 0, "y": 0, "zoom": 1}


def test_a_drag_and_the_keys_move_the_map(tab):
    box = tab.locator(CANVAS).bounding_box()
    x, y = on_screen(tab, 7)
    tab.mouse.move(box["x"] + 30, box["y"] + 30)
    tab.mouse.down()
    tab.mouse.move(box["x"] + 90, box["y"] + 70, steps=5)
    tab.mouse.up()
    settle(tab)
    assert on_screen(tab, 7) == pytest.approx((x + 60, y + 40), abs=1.5)
    assert state(tab, "m.picked") == -1  # a drag is no click
    tab.focus(CANVAS)
    tab.keyboard.press("ArrowLeft")
    tab.keyboard.press("+")
    settle(tab)
    assert state(tab, "m.camera.zoom") == pytest.approx(1.4)
    tab.keyboard.press("Enter")
    assert state(tab, "m.picked") >= 0
    assert tab.locator(".lab-tabs [data-tab=feature_map][aria-selected=true]").count() == 1


def test_the_legend_greys_out_a_group(tab):
    shown = "[...Array(m.count).keys()].filter((i) => !m.muted.has(m.group[i])).length"
    whole = state(tab, shown)
    tab.locator(".map-key").first.click()
    assert state(tab, shown) < whole
    assert tab.locator(".map-key").first.get_attribute("aria-pressed") == "false"


def test_layout_colors_and_seed_stand_in_the_link_and_come_back(tab, new_page, address):
    tab.get_by_label("Colour by").select_option("cluster")
    tab.wait_for_function("document.querySelector('.map-color-title')?.textContent.startsWith('Cluster')")
    tab.get_by_label("Seed").fill("7")
    tab.get_by_label("Seed").press("Tab")
    tab.wait_for_function("location.search.includes('map_seed=7')")
    tab.wait_for_function(READY, timeout=120_000)
    groups = state(tab, "[...m.group]")
    other = show(new_page(), address, tab.url.removeprefix(address))
    assert state(other, "[...m.group]") == groups
    assert other.get_by_label("Seed").input_value() == "7"


def test_picture_table_and_selection_are_saved(tab, tmp_path):
    tab.click("[data-tool=lasso]")
    lasso(tab, 0.3, 0.7)
    chosen = state(tab, "m.list")
    for name, file in (("png", "map.png"), ("csv", "map.csv"), ("list", "selection.txt")):
        with tab.expect_download() as got:
            tab.click(f"{MAP} [data-save={name}]")
        got.value.save_as(tmp_path / file)
    picture = np.asarray(Image.open(tmp_path / "map.png").convert("RGB")).astype(int)
    assert picture.shape[0] > 400 and len(np.unique(picture.reshape(-1, 3), axis=0)) > 500
    rows = list(csv.DictReader((tmp_path / "map.csv").read_text().splitlines()))
    assert (
        len(rows) == state(tab, "m.count") and [int(row["index"]) for row in rows if row["selected"] == "1"] == chosen
    )
    x, y = state(tab, f"[m.a[{2 * chosen[0]}], m.a[{2 * chosen[0] + 1}]]")
    assert (float(rows[chosen[0]]["x"]), float(rows[chosen[0]]["y"])) == pytest.approx((x, y), abs=1e-4)
    assert rows[0]["x_other"] and rows[0]["group"] and rows[0]["box"]
    assert len((tmp_path / "selection.txt").read_text().splitlines()) == len(chosen)


def test_the_map_grows_before_the_eyes_and_stops(tab):
    tab.get_by_role("button", name="t-SNE").click()
    tab.get_by_label("Random start").check()
    tab.wait_for_selector(".map-controls .work:not([hidden])", timeout=60_000)
    tab.click(".map-controls [data-do=stop]")
    assert "Stopped" in tab.locator(".map-controls .note").inner_text()
    tab.wait_for_timeout(2000)
    assert tab.locator(".map-controls .work").is_hidden()
    tab.get_by_role("button", name="PCA").click()
    tab.wait_for_function(READY, timeout=60_000)


def test_ten_thousand_points_are_drawn_in_a_few_milliseconds(tab):
    tab.evaluate(
        f"""() => {{ const m = document.querySelector('{MAP}').map, n = 10000;
        Object.assign(m, {{ count: n, a: Float32Array.from({{ length: 2 * n }}, () => 1.6 * Math.random() - 0.8), b: null,
          screen: new Float32Array(2 * n), group: Uint8Array.from({{ length: n }}, (_, i) => i % 16),
          thumbs: null, labels: [], list: [], chosen: null, picked: -1, marks: [] }});
        m.now = Float32Array.from(m.a); m.frames.length = 0; }}"""
    )
    box = tab.locator(CANVAS).bounding_box()
    tab.mouse.move(box["x"] + 200, box["y"] + 200)
    tab.mouse.down()
    for step in range(40):
        tab.mouse.move(box["x"] + 200 + 3 * step, box["y"] + 200 + step)
    tab.mouse.up()
    frames = state(tab, "m.frames")
    assert len(frames) > 10 and np.percentile(frames, 10) < 20  # ms; the rest is what else the machine does


@pytest.mark.parametrize(
    ("width", "height", "scheme"), [(1440, 900, "light"), (1024, 768, "dark"), (390, 844, "light")]
)
def test_the_map_fits_and_is_touched_at_any_size(new_page, address, width, height, scheme):
    page = show(
        new_page(viewport={"width": width, "height": height}, color_scheme=scheme, has_touch=width < 400), address
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    canvas = page.locator(CANVAS).bounding_box()
    assert canvas["width"] >= min(500, 0.9 * width) and canvas["height"] >= 280
    if width == 1440:
        legend = page.locator(f"{MAP} .map-legend").bounding_box()
        assert legend["y"] + legend["height"] <= height
    if width < 400:
        page.locator(CANVAS).scroll_into_view_if_needed()
        x, y = on_screen(page, state(page, "m.marks[0]"))
        page.touchscreen.tap(x, y)
        page.wait_for_function(f"document.querySelector('{MAP}').map.picked >= 0")


def test_programs_get_coordinates(app, address, tmp_path):
    from gradio_client import Client

    client = Client(address, verbose=False, download_files=str(tmp_path))
    path, figures = client.predict("", "", "pca", "", 0, api_name="/feature_map")
    with open(path) as file:
        assert len(list(csv.DictReader(file))) == figures["pictures"] >= 600
    with pytest.raises(Exception, match="There is no layout"):
        client.predict("", "", "none", "", 0, api_name="/feature_map")
