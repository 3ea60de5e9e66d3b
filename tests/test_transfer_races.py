"""Races run beforehand: measured as cells of the table, kept, told to the page, and left out where they are damaged."""

import json

import pytest

from ssl_core import teachers, transfer_board, transfer_cells
from ssl_core.teachers import UNTRAINED, Teacher
from ssl_core.transfer_board import board
from ssl_core.transfer_cells import PROBE, RACE, TUNE, Cell, Outcome, measure, races
from tests.test_race import encoder_of, task
from tests.transfer_figures import figures
from visualize.tabs.transfer_results import read_results


@pytest.fixture
def bars(tmp_path, monkeypatch):
    """Teachers and a task of a second, and a cache of its own."""
    monkeypatch.setenv("PRETEXT_LAB_CACHE", str(tmp_path))
    monkeypatch.setattr(teachers, "encoder_of", encoder_of)
    for module in (transfer_cells, transfer_board):
        monkeypatch.setattr(module, "task_of", lambda name, packs: task())
    monkeypatch.setattr(transfer_cells, "RACE_SECONDS", 0.3)


@pytest.mark.parametrize("protocol", [PROBE, TUNE])
def test_a_run_has_its_scores_on_the_way_and_is_kept(bars, monkeypatch, protocol):
    cell = Cell("sharp", "bars", RACE + protocol)
    found = measure(cell, None)
    seconds, scores = zip(*found.curve, strict=True)
    assert list(seconds) == sorted(seconds) and seconds[-1] >= 0.3 and len(seconds) > 1
    assert scores[-1] == found.score and all(0 <= score <= 1 for score in scores)
    monkeypatch.setattr(transfer_cells, "_race", None)
    assert [tuple(point) for point in measure(cell, None).curve] == list(found.curve)


def test_the_page_gets_every_run_beside_the_table(bars):
    names = (Teacher(UNTRAINED, 0, 0), Teacher("sharp", 1, 32))
    ran = {cell: Outcome(0.5, curve=((0.1, 0.25), (0.3, 0.5))) for cell in races([one.name for one in names], "bars")}
    probes = {Cell(one.name, "bars", PROBE): Outcome(0.5, "conv1", {"conv1": 0.5}) for one in names}
    told = json.loads(json.dumps(board(ran | probes, names, None, "Measured.", ())))
    assert {cell["protocol"] for cell in told["cells"]} == {PROBE}
    assert told["races"]["task"] == "bars" and told["races"]["seconds"] == 20
    assert {(one["teacher"], one["protocol"]) for one in told["races"]["curves"]} == {
        (one.name, protocol) for one in names for protocol in (PROBE, TUNE)
    }
    assert all(one["points"] == [[0.1, 25.0], [0.3, 50.0]] for one in told["races"]["curves"])
    assert board(probes, names, None, "Measured.", ())["races"] is None


def test_what_is_damaged_is_left_out(tmp_path):
    curve = {"teacher": "split-brain-lab", "protocol": "linear probe", "points": [[0.2, 3.0], [20.1, 41.5]]}
    bad = [curve | {"teacher": "nobody"}, curve | {"protocol": "fine-tune", "points": []}]
    bad.append(curve | {"teacher": "untrained", "points": [[0.2, None]]})
    path = tmp_path / "transfer.json"
    path.write_text(json.dumps(figures() | {"races": {"task": "caltech101", "seconds": 20.0, "curves": [curve, *bad]}}))
    shown = read_results(path)["races"]
    assert shown["curves"] == {"linear probe": {"split-brain-lab": curve["points"]}} and shown["seconds"] == 20
    path.write_text(json.dumps(figures() | {"races": {"task": "nothing", "seconds": 20.0, "curves": [curve]}}))
    assert read_results(path)["races"] is None
    path.write_text(json.dumps(figures()))
    assert read_results(path)["races"] is None
