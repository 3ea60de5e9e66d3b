"""Who is chosen in the tab Transfer keeps its colour, and the page says who made room and what was not measured."""

from tests.browser.test_transfer import READY, link, show
from tests.transfer_figures import figures

SEATS = """() => Object.fromEntries([...document.querySelectorAll('.racers .chip[aria-pressed=true]')]
  .map((one) => [one.dataset.racer, one.style.getPropertyValue('--seat').match(/\\d/)[0]]))"""
ABOVE = """() => {
  const all = [...document.querySelectorAll('[data-chart=cost] .canvas svg *')], labels = all.filter((one) => one.matches('text.label'));
  const marks = all.filter((one) => one.matches('line, g[data-teacher]'));
  return labels.length > 0 && marks.every((one) => all.indexOf(one) < all.indexOf(labels[0]));
}"""


def press(page, *racers: str) -> None:
    for name in racers:
        page.locator(f".racers [data-racer={name}]").click()


def test_a_fourth_teacher_takes_the_seat_of_the_oldest(page, address, tmp_path):
    show(page, address, tmp_path, figures(), teachers="colorization-rebalanced,untrained")
    press(page, "split-brain-lab", "supervised-labels")
    assert page.evaluate(SEATS) == {"supervised-labels": "0", "untrained": "1", "split-brain-lab": "2"}
    told = "Three at most: Colorization, rebalanced made room"
    assert page.locator(".race legend").inner_text() == told and told in page.locator(".board-note").inner_text()
    assert link(page, "teachers") == "supervised-labels,untrained,split-brain-lab"
    press(page, "context-encoder-l2")  # now untrained is the oldest
    assert page.evaluate(SEATS) == {"supervised-labels": "0", "context-encoder-l2": "1", "split-brain-lab": "2"}
    seats = page.evaluate(SEATS)
    page.reload()
    page.wait_for_function(READY, timeout=90_000)
    assert page.evaluate(SEATS) == seats


def test_who_is_let_go_leaves_the_colours_of_the_others(page, address, tmp_path):
    show(page, address, tmp_path, figures(), teachers="untrained,split-brain-lab,supervised-labels")
    press(page, "untrained")
    assert page.evaluate(SEATS) == {"split-brain-lab": "1", "supervised-labels": "2"}
    page.reload()
    page.wait_for_function(READY, timeout=90_000)
    assert page.evaluate(SEATS) == {"split-brain-lab": "1", "supervised-labels": "2"}
    assert "made room" not in page.locator(".race").inner_text()
    press(page, "context-encoder-l2")
    assert page.evaluate(SEATS)["context-encoder-l2"] == "0"


def test_what_was_not_measured_looks_so(page, address, tmp_path):
    told = figures()
    told["cells"] = [
        cell
        for cell in told["cells"]
        if cell["protocol"] != "joint learning" or cell["teacher"] not in ("untrained", "supervised-labels")
    ]
    show(page, address, tmp_path, told)
    caption, note = page.locator("[data-chart=cost] figcaption"), page.locator(".board-note")
    assert caption.inner_text().startswith("Dashed: supervised by labels; dotted: untrained. Minutes")
    page.get_by_role("radio", name="Joint learning").click()
    assert "Dashed" not in caption.inner_text() and "dotted" not in caption.inner_text()
    assert "\u2013: not measured" in note.inner_text()
    share = page.get_by_role("radio", name="1\u00a0%", exact=True)
    assert share.get_attribute("title") == "not measured with this protocol"
    other = page.get_by_role("radio", name="10\u00a0%", exact=True)
    assert share.evaluate("one => getComputedStyle(one).color") != other.evaluate("one => getComputedStyle(one).color")


def test_the_order_of_the_field_is_named_where_it_is_one(page, address, tmp_path):
    show(page, address, tmp_path, figures())
    corner = page.locator(".board thead .corner")
    assert "order of the field" not in corner.inner_text()
    corner.locator("button").click()
    assert "order of the field" in corner.inner_text()


def test_labels_stand_above_all_lines(page, address, tmp_path):
    show(page, address, tmp_path, figures())
    assert page.evaluate(ABOVE)
    style = "one => { const { paintOrder, stroke } = getComputedStyle(one); return [paintOrder, stroke]; }"
    order, ground = page.locator("[data-chart=cost] text.label").first.evaluate(style)
    assert order.startswith("stroke") and ground == "rgb(244, 244, 242)"


def test_before_a_race_stands_how_the_chosen_ones_did_beforehand(page, address, tmp_path):
    runs = [
        {"teacher": name, "protocol": protocol, "points": [[0.2, start], [10.0, end - 5], [20.1, end]]}
        for protocol, start, end in (("linear probe", 2.0, 40.0), ("fine-tune", 1.0, 30.0))
        for name in ("colorization-rebalanced", "split-brain-lab")
    ]
    told = figures() | {"races": {"task": "caltech101", "seconds": 20.0, "curves": runs}}
    show(page, address, tmp_path, told, teachers="colorization-rebalanced,split-brain-lab", task="starter")
    chart = page.locator("[data-chart=race]")
    assert chart.locator(".curve").count() == 2 and chart.locator("h3").inner_text() == "Caltech-101, raced beforehand"
    assert "20 s of one processor core" in chart.inner_text() and not page.locator("[data-save=race-csv]").is_enabled()
    drawn = chart.locator(".curve").first.get_attribute("d")
    page.locator(".race").get_by_role("radio", name="Fine-tune").click()
    assert chart.locator(".curve").first.get_attribute("d") != drawn
    press(page, "split-brain-lab", "context-encoder-l2")  # of which nothing was recorded
    assert chart.locator(".curve").evaluate_all("all => all.map((one) => one.dataset.teacher)") == [
        "colorization-rebalanced"
    ]
