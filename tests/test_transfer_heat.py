"""What one visitor's race keeps of its laps, and what its end is called."""

from pathlib import Path

import pytest

from ssl_core.race import Lap
from ssl_core.transfer_budget import Point
from visualize.tabs import transfer_asked
from visualize.tabs.transfer_race import Heat, Setting


@pytest.fixture
def heat() -> Heat:
    return Heat(Setting(("a", "b"), "starter", "fine-tune", 5), Path("nowhere"), pictures=100)


def lap(name: str, step: int, score: float | None = None, note: str = "") -> Lap:
    return Lap(name, Point(step, 100, step / 10, 1 / step, score), note)


def test_a_damaged_state_begins_one_teacher_anew(heat):
    for name in "ab":
        heat.add(lap(name, 4))
    heat.add(lap("a", 4))  # told again
    assert len(heat.laps) == 2
    heat.add(lap("a", 1, note="What was kept of a in this race is damaged. It starts anew."))
    heat.add(lap("a", 2))
    assert [(one.name, one.point.step) for one in heat.laps] == [("b", 4), ("a", 1), ("a", 2)]
    assert heat.edition == 1 and "damaged" in heat.note


def test_who_goes_on_from_further_back_runs_that_part_anew(heat):
    for step in (2, 4, 6, 8):
        heat.add(lap("a", step, note="The race could not be kept." if step == 6 else ""))
    for step in (2, 4, 5, 7):  # kept until 4, and other turns from there
        heat.add(lap("a", step))
    assert [one.point.step for one in heat.laps] == [2, 4, 5, 7]
    assert heat.edition == 1 and heat.note == "The race could not be kept."


def test_a_tie_is_no_victory(heat):
    laps = [lap("a", 50, 0.505), lap("b", 50, 0.5)]
    assert "are level" in transfer_asked.outcome(heat, laps)
    assert transfer_asked.outcome(heat, laps[:1]) == ""
