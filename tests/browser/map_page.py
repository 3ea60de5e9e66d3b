"""The feature map on a page: how tests open it, wait for it, look into it and draw on it."""

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
