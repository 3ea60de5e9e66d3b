"""Tab Transfer as a person meets it: the table sorted and turned over, charts with ink, and a real race of shipped teachers.

The page is handed the figures of tests/transfer_figures.py where it asks for measured ones, so that these tests stand on no bench run; the
race, its teachers and its pictures are the app's own.
"""

import csv
import io
import json
import re

import pytest

from tests.transfer_figures import TASKS, TEACHERS, figures
from visualize.tabs.transfer_results import read_results

READY = "document.querySelector('.transfer')?.dataset.ready"
STATE = "state => document.querySelector('.transfer')?.dataset.race === state"
OVERLAPS = """() => {
  const boxes = [...document.querySelectorAll('[data-chart=cost] text.label')].map((one) => one.getBoundingClientRect());
  const apart = (a, b) => a.left >= b.right - 1 || b.left >= a.right - 1 || a.top >= b.bottom - 3 || b.top >= a.bottom - 3;
  return boxes.flatMap((a, i) => boxes.slice(i + 1).filter((b) => !apart(a, b))).length;
}"""
CUT = """all => all.flatMap((svg) => {
  const box = svg.getBoundingClientRect();
  const out = (at) => at.width && (at.left < box.left - 2 || at.right > box.right + 2 || at.bottom > box.bottom + 2);
  return [...svg.querySelectorAll('text')].filter((one) => out(one.getBoundingClientRect())).map((one) => one.textContent);
})"""


def show(page, address: str, folder=None, told: dict | None = None, **link):
    """Open the tab; `told` stands for the measured results, and `folder` for where they lie. Without `told` they are missing."""
    path = folder / "transfer.json"
    path.unlink(missing_ok=True)
    if told is not None:
        path.write_text(json.dumps(told))

    def answer(route) -> None:
        if (route.request.post_data_json or {}).get("fn_name") != "transfer_results":
            return route.continue_()
        real = {key: value for key, value in route.fetch().json().items() if key in ("entrants", "tracks")}
        missing = "Nothing has been measured here yet: python -m ssl_core bench transfer --write"
        return route.fulfill(
            json=real | ({"results": read_results(path)} if told is not None else {"missing": missing})
        )

    page.route(re.compile("component_server"), answer)
    page.goto(f"{address}?tab=transfer" + "".join(f"&{name}={value}" for name, value in link.items()))
    page.wait_for_function(READY, timeout=90_000)
    return page


def link(page, name: str) -> str | None:
    return page.evaluate("name => new URLSearchParams(location.search).get(name)", name)


def names(page) -> list[str]:
    return page.locator(".board tbody th button").evaluate_all("all => all.map((one) => one.dataset.teacher)")


def saved(page, button: str) -> bytes:
    with page.expect_download() as download:
        page.locator(f"[data-save='{button}']").click()
    with open(download.value.path(), "rb") as file:
        return file.read()


def test_the_first_paint_is_a_finished_table_with_its_ends_apart(page, address, tmp_path):
    show(page, address, tmp_path, figures())
    assert page.locator(".board tbody tr").count() == len(TEACHERS)
    assert names(page)[0] == "supervised-labels" and names(page)[-1] == "untrained"
    verdict = page.locator(".verdict").inner_text()
    assert "“Colorization, rebalanced” teaches best" in verdict and "All 11 beat the untrained network" in verdict
    best = page.locator(".board td button.best")
    assert best.count() == len(TASKS) and "the best free teacher here" in best.first.get_attribute("aria-label")
    assert page.locator(".board").bounding_box()["y"] < 400
    for chart, marks in {"cost": 12, "bars": 4, "layers": 13, "pairs": 2}.items():
        assert page.locator(f"[data-chart={chart}] .canvas svg :is(path, rect)").count() >= marks, chart
        ink = page.locator(f"[data-chart={chart}] .canvas svg").evaluate("svg => svg.getBoundingClientRect().toJSON()")
        assert ink["width"] > 300 and ink["height"] > 100, chart


def test_a_column_sorts_and_is_drawn_in_the_charts(page, address, tmp_path):
    show(page, address, tmp_path, figures())
    page.locator(".board thead [data-column=camvid]").click()
    cells = page.locator(".board tbody td:nth-child(6) b").all_inner_texts()
    scores = [float(text) for text in cells][1:-1]
    assert scores == sorted(scores, reverse=True)
    assert page.locator("[data-chart=cost] h3").inner_text().startswith("CamVid")
    page.locator(".board thead [data-column=camvid]").click()
    again = [float(text) for text in page.locator(".board tbody td:nth-child(6) b").all_inner_texts()][1:-1]
    assert again == sorted(scores) and names(page)[0] == "supervised-labels"
    page.locator(".board thead [data-column=minutes]").click()
    minutes = [float(text) for text in page.locator(".board tbody tr:not(.end) td:nth-child(8)").all_inner_texts()]
    assert minutes == sorted(minutes)


def test_the_choices_stand_in_the_link_and_survive_a_reload(page, address, tmp_path):
    show(page, address, tmp_path, figures())
    page.get_by_role("radio", name="Feature augmentation").click()
    page.get_by_role("radio", name="10\u00a0%", exact=True).click()
    page.get_by_role("radio", name="Gain over untrained").click()
    page.locator(".board thead [data-column=tiny]").click()
    page.locator(".board tbody [data-teacher=split-brain-lab]").click()
    page.locator("[data-race=seconds]").evaluate(
        "one => { one.value = 35; for (const kind of ['input', 'change']) one.dispatchEvent(new Event(kind, {bubbles: true})); }"
    )
    page.locator(".race").get_by_role("radio", name="Fine-tune").click()
    assert link(page, "protocol") == "feature augmentation" and link(page, "share") == "0.1"
    assert link(page, "column") == "tiny" and link(page, "figure") == "gain"
    chosen = link(page, "teachers")
    assert chosen.split(",")[-1] == "split-brain-lab"
    table = page.locator(".board").inner_text()
    assert re.search(r"\+\d", table)
    page.reload()
    page.wait_for_function(READY, timeout=90_000)
    assert page.locator(".board").inner_text() == table
    assert link(page, "teachers") == chosen and link(page, "seconds") == "35" and link(page, "race") == "fine-tune"
    for name in chosen.split(","):
        assert page.locator(f".racers [data-racer={name}]").get_attribute("aria-pressed") == "true"
    assert page.locator(".race output").inner_text() == "35 s"


def test_what_was_not_measured_is_said(page, address, tmp_path):
    show(page, address, tmp_path, figures(), share=0.01)
    page.get_by_role("radio", name="Joint learning").click()
    assert page.get_by_role("radio", name="1\u00a0%", exact=True).is_disabled()
    assert page.get_by_role("radio", name="100\u00a0%").get_attribute("aria-checked") == "true"
    assert "share=" not in page.url and "protocol=joint" in page.url
    page.goto(page.url + "&share=0.01")
    page.wait_for_function(READY)
    assert page.get_by_role("radio", name="100\u00a0%").get_attribute("aria-checked") == "true"
    page.get_by_role("radio", name="Fine-tune").first.click()
    page.get_by_role("radio", name="1\u00a0%", exact=True).click()
    assert (
        "joint learning was measured with 10\u00a0% and 100\u00a0%"
        in page.locator("[data-chart=bars] figcaption").inner_text()
    )
    page.locator(".board thead [data-column=camvid]").click()
    assert "not probed for this task" in page.locator("[data-chart=layers] .nothing").inner_text()


def test_the_table_and_the_charts_are_saved(page, address, tmp_path):
    show(page, address, tmp_path, figures())
    rows = list(csv.DictReader(io.StringIO(saved(page, "csv").decode())))
    assert len(rows) == len(TEACHERS) * len(TASKS)
    best = next(row for row in rows if (row["teacher"], row["task"]) == ("colorization-rebalanced", "caltech101"))
    told = [cell for cell in figures()["cells"] if (cell["protocol"], cell["share"]) == ("linear probe", 1.0)]
    score = next(one["score"] for one in told if (one["teacher"], one["task"]) == (best["teacher"], best["task"]))
    whole = next(one["score"] for one in told if (one["teacher"], one["task"]) == ("supervised-labels", best["task"]))
    assert float(best["score"]) == score and abs(float(best["share of supervised"]) - 100 * score / whole) < 1e-2
    picture = saved(page, "cost-svg").decode()
    assert picture.startswith("<svg") and "var(" not in picture and "Colorization, rebalanced" in picture
    assert saved(page, "layers-png").startswith(b"\x89PNG")
    assert b"ImageNet labels" in saved(page, "worlds")


def test_hover_and_focus_tell_exact_figures(page, address, tmp_path):
    show(page, address, tmp_path, figures())
    point = page.locator("[data-chart=cost] g[data-teacher=split-brain-lab]")
    point.hover()
    assert re.search(r"Split brain, Caltech-101: accuracy [\d.]+ ± [\d.]+\s%", page.locator(".tip").inner_text())
    page.locator("[data-chart=cost] g.tells[tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    assert "Context encoder, L2" in page.locator(".tip").inner_text()
    page.keyboard.press("Enter")
    assert "context-encoder-l2" in link(page, "teachers")
    cell = page.locator(".board td button").nth(7)
    cell.focus()
    page.keyboard.press("ArrowDown")
    assert (
        page.evaluate("document.activeElement.closest('.board') !== null && document.activeElement.tagName") == "BUTTON"
    )


def test_the_two_worlds_stand_side_by_side_in_shares_of_labels(page, address, tmp_path):
    show(page, address, tmp_path, figures())
    papers, here = (page.locator(".world").nth(number) for number in (0, 1))
    assert "78\u00a0%" in papers.locator("tr", has_text="Context encoder").first.inner_text()  # 56.5 of 72.8
    assert here.locator("tbody tr").count() == len(TEACHERS)
    assert "far smaller network" in page.locator(".worlds-note").inner_text()


def test_without_results_the_tab_says_what_to_do_and_the_race_is_there(page, address, tmp_path):
    show(page, address, tmp_path)
    assert "bench transfer --write" in page.locator(".transfer .message").inner_text()
    assert not page.locator(".board").is_visible()
    assert page.locator(".racers .chip").count() >= 3
    page.wait_for_function("document.querySelector('.transfer').dataset.task", timeout=90_000)
    assert len(page.locator(".caveat").inner_text()) > 40 and page.locator("[data-do=start]").is_enabled()


def test_a_race_starts_is_cancelled_goes_on_and_ends(page, address, tmp_path):
    teachers = "untrained,colorization-rebalanced"
    show(page, address, tmp_path, figures(), teachers=teachers, seconds=5)
    page.wait_for_function("document.querySelector('.transfer').dataset.task", timeout=90_000)
    page.locator("[data-do=start]").click()
    page.wait_for_function("document.querySelectorAll('[data-chart=race] .curve').length === 2", timeout=240_000)
    assert page.locator(".track progress").is_visible()
    page.locator("[data-do=stop]").click()
    page.wait_for_function(STATE, arg="stopped", timeout=1_500)
    told = page.locator(".race-told").inner_text()
    assert told.startswith("Stopped after") and page.locator("[data-do=go]").is_visible()
    page.reload()
    page.wait_for_function(STATE, arg="stopped", timeout=90_000)  # a reload finds it again
    page.locator("[data-do=go]").click()
    page.wait_for_function(STATE, arg="finished", timeout=280_000)
    assert re.search(r"wins by [\d.]+ points?: accuracy|are level: accuracy", page.locator(".race-told").inner_text())
    rows = list(csv.DictReader(io.StringIO(saved(page, "race-csv").decode())))
    assert {row["teacher"] for row in rows} == set(teachers.split(","))
    for name in teachers.split(","):
        seconds = [float(row["seconds"]) for row in rows if row["teacher"] == name]
        assert seconds == sorted(seconds) and seconds[-1] >= 5
    assert saved(page, "race-svg").startswith(b"<svg")


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 768), (390, 844)])
@pytest.mark.parametrize("look", [{}, {"stage": "on", "__theme": "dark"}])
def test_nothing_is_cut(new_page, address, tmp_path, width, height, look):
    page = show(new_page(viewport={"width": width, "height": height}), address, tmp_path, figures(), **look)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for part in (".verdict", ".board", "[data-chart=cost]", ".racers", "[data-chart=race]", ".worlds", ".measured-on"):
        box = page.locator(f".transfer {part}").first.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width + 1, part
    cut = page.locator(".transfer .canvas svg").evaluate_all(CUT)
    assert cut == []
    assert page.evaluate(OVERLAPS) == 0
    if width > 1250 and not look:
        table = page.locator(".board")
        assert table.evaluate("box => box.scrollWidth <= box.clientWidth + 1")
