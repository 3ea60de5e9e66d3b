"""Tab "Transfer" without a browser: what it says of measured results that are whole, partial, damaged or missing."""

import json
import re
from pathlib import Path

import pytest

from tests.tiny_models import save_tiny
from tests.transfer_figures import TASKS, TEACHERS, figures
from visualize.lab import Lab
from visualize.tabs import transfer, transfer_race, transfer_results
from visualize.tabs.transfer_results import ResultsError, read_results


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("checkpoints"), ("split-brain-lab", "context-encoder-l2"))


@pytest.fixture
def lab(models, monkeypatch) -> Lab:
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(models))
    return Lab()


def written(folder: Path, told) -> Path:
    path = folder / "transfer.json"
    path.write_text(told if isinstance(told, str) else json.dumps(told))
    return path


def verdict_of(results: dict, protocol: str = "linear probe", share: float = 1.0) -> str:
    return next(one["told"] for one in results["verdicts"] if (one["protocol"], one["share"]) == (protocol, share))


class TestResults:
    def test_a_whole_file_is_shown_whole(self, tmp_path):
        told = figures()
        results = read_results(written(tmp_path, told))
        assert [one["name"] for one in results["teachers"]] == [name for name, *_ in TEACHERS]
        assert [one["name"] for one in results["tasks"]] == [name for name, *_ in TASKS]
        assert len(results["cells"]) == len(told["cells"]) and len(results["layers"]) == len(told["layers"])
        assert results["protocols"] == list(transfer_results.PROTOCOLS) and results["shares"] == [0.01, 0.1, 1.0]
        assert len(results["ensembles"]) == 3 and results["published"]["rows"]

    def test_titles_tell_teachers_of_one_method_apart_and_are_short_otherwise(self, tmp_path):
        titles = {one["name"]: one["title"] for one in read_results(written(tmp_path, figures()))["teachers"]}
        assert titles["colorization-rebalanced"] == "Colorization, rebalanced"
        assert titles["context-encoder-l2"] == "Context encoder, L2"
        assert titles["split-brain-lab"] == "Split brain"
        assert len(set(titles.values())) == len(titles)

    def test_the_sentence_is_computed_from_the_cells(self, tmp_path):
        told = figures()
        sentence = verdict_of(read_results(written(tmp_path, told)))
        assert sentence.startswith("“Colorization, rebalanced” teaches best: first of the free signals in all 6 tasks")
        assert "All 11 beat the untrained network wherever measured." in sentence
        for cell in told["cells"]:
            if cell["teacher"] == "split-brain-lab" and cell["task"] != "caltech101":
                cell["score"] = 99.0
            if cell["teacher"] == "noisy-words-1k" and cell["task"] == "tiny":
                cell["score"] = 0.5
        sentence = verdict_of(read_results(written(tmp_path, told)))
        assert sentence.startswith("“Split brain” teaches best: first of the free signals in 5 of 6 tasks")
        assert "10 of 11 free teachers beat the untrained network" in sentence

    def test_equals_are_named_together(self, tmp_path):
        told = figures()
        for cell in told["cells"]:
            if cell["teacher"] == "split-brain-lab" and cell["task"] in [task["name"] for task in told["tasks"][:3]]:
                cell["score"] = 99.0
        sentence = verdict_of(read_results(written(tmp_path, told)))
        first = "“Split brain” and “Colorization, rebalanced” teach best: each is first of the free signals in 3 of 6 tasks, at "
        assert sentence.startswith(first)
        assert re.match(r"\d+ to \d+\s% and \d+ to \d+\s% of what labels teach", sentence.removeprefix(first))

    def test_the_share_is_that_of_the_supervised_network(self, tmp_path):
        told = figures(tasks=TASKS[:1])
        scores = {
            cell["teacher"]: cell["score"]
            for cell in told["cells"]
            if cell["protocol"] == "linear probe" and cell["share"] == 1
        }
        share = round(100 * scores["colorization-rebalanced"] / scores["supervised-labels"])
        assert f"at {share}\u00a0% of what labels teach" in verdict_of(read_results(written(tmp_path, told)))

    def test_a_lead_within_the_spread_is_told(self, tmp_path):
        told = figures(tasks=TASKS[:1])
        sentence = verdict_of(read_results(written(tmp_path, told)))
        assert "within the spread" not in sentence
        best, near, far = ("colorization-rebalanced", 80.0), ("split-brain-lab", 79.5), ("noisy-words-1k", 79.4)
        for cell in told["cells"]:
            cell["spread"] = 0.55
            cell["score"] = dict((best, near, far)).get(cell["teacher"], cell["score"] / 2)
        sentence = verdict_of(read_results(written(tmp_path, told)))
        assert "Its lead over “Split brain” is within the spread of the draws." in sentence
        for cell in told["cells"]:
            cell["spread"] = 0.65
        assert "over “Split brain” and 1 more is" in verdict_of(read_results(written(tmp_path, told)))

    def test_without_the_two_ends_nothing_is_said_of_them(self, tmp_path):
        told = figures(teachers=tuple(one for one in TEACHERS if one[3] == "self-supervised"))
        told["ensembles"] = []
        sentence = verdict_of(read_results(written(tmp_path, told)))
        assert "labels teach" not in sentence and "untrained" not in sentence and sentence.endswith(".")

    def test_missing_cells_stay_missing(self, tmp_path):
        told = figures()
        told["cells"] = [cell for cell in told["cells"] if cell["protocol"] == "fine-tune" and cell["task"] == "camvid"]
        told["cells"][0]["score"] = float("nan")
        del told["layers"], told["ensembles"], told["published"], told["remarks"]
        results = read_results(written(tmp_path, told))
        assert len(results["cells"]) == len(TEACHERS) - 1
        assert results["protocols"] == ["fine-tune"] and results["shares"] == [1.0]
        assert results["layers"] == results["ensembles"] == [] and results["published"] is None
        assert "the one task measured" in verdict_of(results, "fine-tune")

    @pytest.mark.parametrize(
        "told", ["", "{", "[]", "3", "{}", '{"teachers": []}', '{"teachers": [{}], "tasks": [], "cells": []}', "\0"]
    )
    def test_a_damaged_file_says_which_command_makes_a_whole_one(self, tmp_path, told):
        with pytest.raises(ResultsError, match="bench transfer --write"):
            read_results(written(tmp_path, told))

    def test_a_cut_file_too(self, tmp_path):
        text = json.dumps(figures())
        with pytest.raises(ResultsError, match="bench transfer --write"):
            read_results(written(tmp_path, text[: len(text) // 2]))

    def test_a_missing_file_leaves_the_race(self, lab, tmp_path, monkeypatch):
        monkeypatch.setattr(transfer_results, "RESULTS", tmp_path / "transfer.json")
        told = transfer.results(transfer_race.Races(lab), {})
        assert "bench transfer --write" in told["missing"] and "results" not in told
        assert [one["name"] for one in told["entrants"]] == ["untrained", "split-brain-lab", "context-encoder-l2"]
        assert [one["name"] for one in told["tracks"]] == ["starter"]

    def test_what_is_shipped_can_be_shown_or_says_what_to_do(self, lab):
        told = transfer.results(transfer_race.Races(lab), {})
        assert ("results" in told) == transfer_results.RESULTS.exists() != ("missing" in told)
