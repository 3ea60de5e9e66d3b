"""Tab Feature map as a person meets it: lassoed, picked, laid out anew, stopped, opened from a link."""

import csv
import re

import pytest

from tests.browser.map_page import CANVAS, MAP, QUERY, READY, lasso, on_screen, settle, show, state


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


def test_what_a_hand_selected_stays_selected_on_another_map(tab):
    tab.click("[data-tool=lasso]")
    lasso(tab, 0.35, 0.65)
    tab.wait_for_function("location.search.includes('map_lasso=')")
    chosen, before = state(tab, "m.list"), state(tab, "m.layoutKey")
    tab.get_by_role("button", name="t-SNE").click()
    tab.wait_for_function(f"document.querySelector('{MAP}').map.layoutKey !== '{before}'")
    settle(tab)
    assert state(tab, "m.list") == chosen and "map_lasso" not in tab.url


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


def test_a_link_to_a_point_opens_with_its_neighbors(page, address):
    tab = show(page, address, f"{QUERY}&map_point=496")
    assert state(tab, "m.picked") == 496
    assert tab.locator(f"{MAP} .map-rows h3").first.inner_text().startswith("The picked picture")


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


def test_the_map_grows_before_the_eyes_and_stops(tab):
    tab.get_by_role("button", name="t-SNE").click()
    tab.wait_for_function(READY, timeout=60_000)
    tab.get_by_label("Random start").check()
    tab.wait_for_selector(".map-controls .work:not([hidden])", timeout=60_000)
    tab.click(".map-controls [data-do=stop]")
    assert "Stopped" in tab.locator(".map-controls .note").inner_text()
    tab.wait_for_timeout(2000)
    assert tab.locator(".map-controls .work").is_hidden()
    tab.get_by_role("button", name="PCA").click()
    tab.wait_for_function(READY, timeout=60_000)


def test_programs_get_coordinates(app, address, tmp_path):
    from gradio_client import Client

    client = Client(address, verbose=False, download_files=str(tmp_path))
    path, figures = client.predict("", "", "pca", "", 0, api_name="/feature_map")
    with open(path) as file:
        assert len(list(csv.DictReader(file))) == figures["pictures"] >= 600
    with pytest.raises(Exception, match="There is no layout"):
        client.predict("", "", "none", "", 0, api_name="/feature_map")
