"""`bench transfer`: cells measured once and kept, means and spreads, and sentences that follow from figures."""

import json

import pytest
import torch
from PIL import Image

from ssl_core import bench_transfer, checkpoint, transfer_cells
from ssl_core.__main__ import main
from ssl_core.bench_transfer import (
    claims,
    ensembles_report,
    layers_report,
    probe_report,
    protocols_report,
    published_report,
)
from ssl_core.pretexts import build
from ssl_core.teachers import SUPERVISED, UNTRAINED, Teacher
from ssl_core.transfer_board import board
from ssl_core.transfer_cells import PROBE, TUNE, Cell, Outcome
from ssl_core.transfer_published import ROWS
from ssl_core.transfer_runs import run

SPLIT, COLOR = "split-brain-lab", "colorization-classification"
NAMES = [
    Teacher(UNTRAINED, 0, 0),
    Teacher(COLOR, 74.0, 258_688),
    Teacher(SPLIT, 18.0, 55_520),
    Teacher(SUPERVISED, 30.0, 400_000),
]
SCORES = {UNTRAINED: 0.20, COLOR: 0.40, SPLIT: 0.38, SUPERVISED: 0.50}


@pytest.fixture
def table():
    """What a bench of one task came to, without measuring anything."""
    found = {}
    for name, score in SCORES.items():
        found[Cell(name, "caltech101", PROBE)] = Outcome(score, "conv4", {"conv1": score / 2, "conv4": score})
        for seed, moved in enumerate((-0.01, 0.0, 0.01)):
            found[Cell(name, "caltech101", PROBE, 0.1, seed)] = Outcome(score / 2 + moved, "conv4")
            found[Cell(name, "caltech101", TUNE, 0.01, seed)] = Outcome(score / 4 + moved)
    return found


def test_a_probe_row_has_means_spreads_shares_and_cost(table):
    report = probe_report(table, NAMES, {"caltech101": "Caltech-101"}, "Measured.")
    color = next(row for row in report.rows if row["answer"] == COLOR)
    assert color["caltech101_1"] == pytest.approx(40) and color["share"] == pytest.approx(0.8)
    assert color["few_0.1"] == "20.0 ± 1.0" and color["few_0.01"] is None
    assert (color["minutes"], color["images"]) == (74.0, 258_688)
    assert report.scores(COLOR) == {key: color[key] for key in color if key not in ("answer", "model")}
    assert "model" not in report.rows[0]
    assert "| 20.0 ± 1.0 |" in report.markdown()


def test_claims_follow_from_the_figures(table):
    said = " ".join(claims(table, NAMES, ["caltech101"]))
    assert "Every self-supervised teacher beats the untrained encoder" in said
    assert "the best, colorization-classification, reaches 0.80 of the supervised" in said
    assert (
        "on 0 of 1 tasks (caltech101 -2.0 points; the paper: above), after 18 minutes of pre-training against 74."
        in said
    )
    assert (
        "fine-tuning from colorization-classification reaches 10.0 ± 1.0 %, learning from scratch 5.0 ± 1.0 %" in said
    )


def test_claims_turn_when_the_figures_do(table):
    table[Cell(SPLIT, "caltech101", PROBE)] = Outcome(0.45, "conv5")
    table[Cell(COLOR, "caltech101", PROBE)] = Outcome(0.19, "conv5")
    said = " ".join(claims(table, NAMES, ["caltech101"]))
    assert "Not better than the untrained encoder: colorization-classification on caltech101." in said
    assert "on 1 of 1 tasks (caltech101 +26.0 points" in said and "the best, split-brain-lab, reaches 0.90" in said


def test_a_teacher_that_read_sentences_is_told_apart(table):
    table[Cell("noisy-words-1k", "caltech101", PROBE)] = Outcome(0.49, "conv5")
    said = " ".join(claims(table, [*NAMES, Teacher("noisy-words-1k", 24.0, 268_320)], ["caltech101"]))
    assert "the best, noisy-words-1k, reaches 0.98" in said
    assert "the best of those that saw photographs alone, colorization-classification: 0.80." in said


def test_no_claim_without_the_ends():
    assert claims({Cell(COLOR, "starter", PROBE): Outcome(0.4)}, NAMES[1:2], ["starter"]) == []


def test_layers_are_told_stage_by_stage(table):
    report = layers_report(table, NAMES, "caltech101", "Caltech-101")
    assert report.cells()[0] == ["Caltech-101, %", "conv1", "conv4", "taken"]
    assert report.cells()[2] == [COLOR, "20.0", "40.0", "conv4"]


def test_protocols_that_nobody_measured_have_no_column(table):
    report = protocols_report(table, [UNTRAINED, COLOR], "caltech101", "Caltech-101")
    assert [column.key for column in report.columns] == ["answer", "tune_0.01"]
    assert report.rows[1]["tune_0.01"] == "10.0 ± 1.0"


def test_ensembles_say_what_the_second_teacher_adds(table):
    pair, both = f"{COLOR} + {SPLIT}", f"{COLOR} + {SPLIT} + {SUPERVISED}"
    table |= {Cell(pair, "caltech101", PROBE): Outcome(0.43), Cell(both, "caltech101", PROBE): Outcome(0.52)}
    cells = [Cell(both, "caltech101", PROBE), Cell(pair, "caltech101", PROBE)]
    rows = ensembles_report(table, cells, "Caltech-101").rows
    assert [row["answer"] for row in rows] == [pair, "all 3"]
    assert rows[0]["gain"] == pytest.approx(3.0) and rows[1]["gain"] == pytest.approx(2.0)


def test_one_pair_is_not_the_best_of_several(table):
    cells = transfer_cells.ensembles([COLOR, SPLIT], "caltech101")
    told = ensembles_report(table | {cells[0]: Outcome(0.43)}, cells, "Caltech-101")
    assert len(told.rows) == len(cells) == 1
    assert told.measured_on == "One pair of teachers, their features side by side under one linear probe."
    cells = transfer_cells.ensembles([COLOR, SPLIT, SUPERVISED], "caltech101")
    told = ensembles_report(table | dict.fromkeys(cells, Outcome(0.43)), cells, "Caltech-101")
    assert len(told.rows) == 4 and told.measured_on.startswith("The best of 3 pairs of teachers, and all of them, ")


def test_published_figures_are_shares_of_the_supervised_one():
    rows = {row["answer"]: row for row in published_report().rows}
    assert rows["motion (Wang and Gupta)"]["classification_share"] == pytest.approx(58.7 / 78.2)
    assert (
        rows["ImageNet labels"]["segmentation_share"] == 1
        and "segmentation_share" not in rows["motion (Wang and Gupta)"]
    )
    assert {row["pretraining"] for row in ROWS} == {"3 days", "1 week", "4 weeks", "14 hours"}


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """Two tiny networks as the only shipped ones, and a cache of its own."""
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("PRETEXT_LAB_CACHE", str(tmp_path / "cache"))
    for rank, name in enumerate((COLOR, SPLIT)):
        torch.manual_seed(rank)
        facts = {"minutes": 1.0, "images": 32, "rank": rank, "trunk": None}
        checkpoint.save(build(name, "tiny"), tmp_path / "checkpoints" / name, facts)
    return tmp_path


def test_a_cell_is_measured_once_and_again_when_its_file_is_damaged(lab, monkeypatch):
    measured = []
    monkeypatch.setattr(transfer_cells, "_probe", lambda cell, packs: measured.append(cell) or Outcome(0.5, "conv4"))
    cell = Cell(COLOR, "starter", PROBE)
    assert transfer_cells.measure(cell, None).score == transfer_cells.measure(cell, None).score == 0.5
    assert measured == [cell]
    (kept,) = (lab / "cache").rglob("cells/*.json")
    kept.write_text("{")
    assert transfer_cells.measure(cell, None).score == 0.5 and len(measured) == 2
    transfer_cells.measure(Cell(COLOR, "starter", PROBE, 0.1), None)
    transfer_cells.measure(Cell(SPLIT, "starter", PROBE), None)
    assert len(measured) == 4


def test_what_was_measured_before_a_failure_is_kept(lab):
    good, bad = Cell(COLOR, "starter", PROBE, 0.1), Cell("nobody", "starter", PROBE)
    with pytest.raises(checkpoint.CheckpointError, match="no model called 'nobody'"):
        run([good, bad], None, 1, lambda these, **_: these)
    (kept,) = (lab / "cache").rglob("cells/*.json")
    assert 0 < json.loads(kept.read_text())["score"] <= 1


def test_the_toy_is_raced_with_neither_packs_nor_network(lab, capsys, monkeypatch):
    monkeypatch.setattr(transfer_cells, "SEEDS", (0,))
    asked = ["bench", "transfer", "--parts", "probes", "ensembles", "--workers", "1", "--json"]
    assert main(asked) == 0
    probe, layers, together, published = json.loads(capsys.readouterr().out)
    assert [row["answer"] for row in probe["rows"]] == [UNTRAINED, COLOR, SPLIT]
    assert all(row["starter_1"] > 100 / 16 for row in probe["rows"])
    assert "toy" in probe["measured_on"] or "starter" in probe["measured_on"]
    assert {row["taken"] for row in layers["rows"]} <= {"conv1", "conv2", "conv3", "conv4", "conv5"}
    assert together["rows"][0]["answer"] == f"{COLOR} + {SPLIT}" and len(published["rows"]) == 4


def test_the_page_gets_everything_that_was_measured(lab, table):
    pair = Cell(f"{COLOR} + {SPLIT}", "starter", PROBE)
    table = {Cell(one.teacher, "starter", one.protocol, one.share, one.seed): found for one, found in table.items()}
    found = board(table | {pair: Outcome(0.43)}, NAMES, None, "Measured.", ["A claim."])
    found = json.loads(json.dumps(found))
    assert [one["kind"] for one in found["teachers"]] == [
        "untrained",
        "self-supervised",
        "self-supervised",
        "supervised",
    ]
    tuned = [one for one in found["cells"] if one["protocol"] == TUNE and one["teacher"] == COLOR]
    assert [(one["score"], one["spread"], one["seeds"]) for one in tuned] == [(10.0, 1.0, 3)]
    assert {"teacher": COLOR, "task": "starter", "stage": "conv1", "score": 20.0} in found["layers"]
    assert found["ensembles"] == [{"teachers": [COLOR, SPLIT], "task": "starter", "score": 43.0, "parts": [40.0, 38.0]}]
    assert found["tasks"][0]["classes"] >= 15 and found["tasks"][0]["caveat"]


@pytest.mark.parametrize("asked", [["--models", COLOR], ["--parts", "probes"], ["--tasks", "starter"]])
def test_a_part_is_never_written_as_the_whole(lab, asked, capsys):
    assert main(["bench", "transfer", "--write", *asked]) == 1
    assert "figures of all teachers on all tasks" in capsys.readouterr().err


@pytest.mark.parametrize("packs", [[], ["photos.zip", "tiny.zip"]])
def test_the_toy_and_a_part_of_the_packs_are_not_written(lab, packs, monkeypatch, capsys):
    monkeypatch.setattr("ssl_core.bench_transfer_command.reports", None)
    for file in packs:
        (lab / file).touch()
    assert main(["bench", "transfer", "--write", *(["--packs", str(lab)] if packs else [])]) == 1
    assert "Give by --packs a folder with photos.zip, tiny.zip, voc.zip." in capsys.readouterr().err


def test_the_page_is_told_of_the_shipped_teachers_alone(lab, monkeypatch, capsys):
    monkeypatch.setattr("ssl_core.bench_transfer_command.run", None)  # nothing is measured before that
    for file in ("photos.zip", "tiny.zip", "voc.zip"):
        (lab / file).touch()
    assert main(["bench", "transfer", "--write", "--packs", str(lab)]) == 1
    assert f"those in {lab / 'checkpoints'} are others" in capsys.readouterr().err


def test_an_unknown_teacher_is_told(lab, capsys):
    assert main(["bench", "transfer", "--models", "nobody"]) == 1
    assert "There is no nobody. There are: untrained," in capsys.readouterr().err


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["--tasks", "nope"], "There is no task, folder or zip file 'nope'"),
        (["--tasks", "flat"], "flat holds no classes; put the pictures of each"),
        (["--packs", "nowhere"], "nowhere holds none of photos.zip, tiny.zip, voc.zip."),
        (["--packs", "flat", "--tasks", "starter"], "flat holds none of photos.zip, tiny.zip, voc.zip."),
    ],
)
def test_tasks_that_are_not_there_get_one_sentence(lab, asked, told, monkeypatch, capsys):
    (lab / "flat").mkdir()
    Image.new("RGB", (8, 8)).save(lab / "flat" / "a.png")
    monkeypatch.chdir(lab)
    monkeypatch.setattr("ssl_core.bench_transfer_command.run", None)  # nothing is measured before that
    assert main(["bench", "transfer", *asked]) == 1
    assert capsys.readouterr().err.startswith(f"pretext-lab: {told}")


def test_the_headings_of_cards_are_those_of_the_bench():
    keys = {column.key for column in bench_transfer.COLUMNS}
    report = probe_report(
        {Cell(COLOR, "caltech101", PROBE): Outcome(0.4)}, NAMES[1:2], {"caltech101": "Caltech-101"}, "Measured."
    )
    assert keys <= set(report.scores(COLOR))
