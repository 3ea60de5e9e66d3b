"""How long a person waits in the tabs that look through the bank: measured in a Chromium, at the page itself."""

ASKED = 12  # units, and lassoes
WAIT_FOR_INDEX = 600_000  # ms: where the bank has not been indexed yet, the tab does it first

# Milliseconds from the end of the lasso until the frame in which its gallery stands has been drawn.
LASSO = """() => document.addEventListener("pointerup", () => {
  const began = performance.now();
  requestAnimationFrame(() => requestAnimationFrame(() => {
    const panel = document.querySelector(".linked-map .map-selection");
    if (!panel.hidden && panel.querySelector(".map-cell")) (window.lassoed = window.lassoed || []).push(performance.now() - began);
  }));
}, true)"""


def use(page, address: str) -> dict:
    """{"units": ms from the click to a unit's page, "lasso": ms from the end of a lasso to its gallery}; lists, possibly empty."""
    return {"units": units(page, address), "lasso": lassoes(page, address)}


def units(page, address: str) -> list[float]:
    """Milliseconds that the tab "Neurons" itself counts for one unit's page after another, the bank being indexed."""
    page.goto(f"{address}?tab=neurons")
    page.wait_for_selector(".neurons[data-shown]", timeout=WAIT_FOR_INDEX)
    page.wait_for_selector(".neurons .indexing", state="hidden", timeout=WAIT_FOR_INDEX)
    page.wait_for_timeout(1000)
    found = []
    for _ in range(ASKED):
        before = page.get_attribute(".neurons", "data-shown")
        page.click(".neurons .unit.mine [data-step='1']")
        page.wait_for_function("before => document.querySelector('.neurons').dataset.shown !== before", arg=before)
        found.append(float(page.get_attribute(".neurons", "data-milliseconds")))
    return found


def lassoes(page, address: str) -> list[float]:
    """Milliseconds from the end of a lasso around the middle of the map until its gallery is drawn."""
    page.goto(f"{address}?tab=feature_map")
    page.wait_for_selector(".linked-map canvas")
    page.wait_for_function("document.querySelectorAll('.linked-map .map-key').length > 1", timeout=WAIT_FOR_INDEX)
    page.wait_for_timeout(2000)
    page.evaluate(LASSO)
    page.click(".linked-map [data-tool=lasso]")
    box = page.locator(".linked-map .map-stage canvas").bounding_box()
    x, y, wide, high = box["x"], box["y"], box["width"], box["height"]
    for number in range(ASKED):
        margin = 0.1 + 0.02 * number
        corners = [(margin, margin), (1 - margin, margin), (1 - margin, 1 - margin), (margin, 1 - margin)]
        points = [(x + wide * across, y + high * down) for across, down in corners]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=6)
        page.mouse.up()
        page.wait_for_timeout(300)
    return page.evaluate("window.lassoed || []")
