"""The page on a projector: with the stage switched on the pictures are no smaller, the tabs stand in one row, and nothing is bent."""

import pytest

WIDE = {"width": 1920, "height": 1080}
PICTURES = {
    "inpaint": (".answers[data-photo=coffee]", ".answers .frame canvas"),
    "denoising_autoencoder": (".denoise-bench", ".denoise-bench .stage canvas"),
}
ROWS = "all => new Set(all.map((one) => one.getBoundingClientRect().top)).size"
DRAWN = "all => all.length > 2 && all.every((one) => one.width > 4)"


def height(page, selector: str) -> float:
    page.wait_for_function("one => document.querySelector(one)?.getBoundingClientRect().height > 40", arg=selector)
    return page.locator(selector).first.bounding_box()["height"]


@pytest.mark.parametrize("tab", PICTURES)
def test_pictures_are_larger_on_a_stage(new_page, address, tab):
    page, (ready, picture) = new_page(viewport=WIDE), PICTURES[tab]
    page.goto(f"{address}?tab={tab}&photo=coffee")
    page.wait_for_selector(ready, timeout=90_000)
    before = height(page, picture)
    page.click("[data-switch=stage]")
    page.wait_for_timeout(300)
    assert height(page, picture) > 1.15 * before


@pytest.mark.parametrize("view", [(1920, "&stage=on"), (1440, ""), (1366, ""), (1280, "")])
def test_the_tabs_stand_in_one_row(new_page, address, view):
    width, stage = view
    page = new_page(viewport={"width": width, "height": 800})
    page.goto(f"{address}?tab=denoising_autoencoder{stage}")
    page.wait_for_selector(".lab-tabs [aria-selected=true]")
    assert page.locator(".lab-tabs button").evaluate_all(ROWS) == 1


def test_maps_and_roses_are_square_whatever_their_size(new_page, address):
    """300 px is what a canvas is wide, but not high, before anything is drawn."""
    page = new_page(viewport=WIDE)
    page.goto(f"{address}?tab=colorize&photo=coffee&stage=on")
    page.wait_for_selector(".posterior-lens[data-ready=coffee]", timeout=90_000)
    maps = page.locator(".posterior-lens .map canvas")
    page.wait_for_function(f"({DRAWN})([...document.querySelectorAll('.posterior-lens .map canvas')])")
    sizes = maps.evaluate_all("all => all.map((one) => [one.width, one.height, one.clientWidth])")
    assert [size[:2] for size in sizes] == [[300, 300]] * len(sizes), sizes
