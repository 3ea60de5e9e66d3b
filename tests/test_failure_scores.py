"""The scores of a bank: made once for each model, kept, shipped, summed up; and the bench that states them."""

import json
from pathlib import Path

import numpy as np
import pytest

from ssl_core import bench_failures, failure_scores, shipped_failures
from ssl_core.bank import Bank, Place
from ssl_core.failure_scores import (
    CODE,
    Scores,
    bare_code,
    judged_positions,
    load_scores,
    overlap,
    score_key,
    score_steps,
    starter_photo,
)
from ssl_core.failures import MODES, judge_color, tasks_of
from ssl_core.pretexts import PRETEXTS, build
from ssl_core.steps import drained
from tests.test_house import imports

CORE = Path(failure_scores.__file__).parent
MODE = {mode.id: mode for mode in MODES}


class Still:
    """A model that answers without learning: grey for colours, mid-grey for holes."""

    name = "still-life"

    def __init__(self, **tasks):
        self.asked = 0
        for task, answer in tasks.items():
            setattr(self, task, self.counted(answer))

    def counted(self, answer):
        def do(*given):
            self.asked += 1
            return answer(*given)

        return do


def grey(photo: np.ndarray) -> np.ndarray:
    return np.repeat(photo.mean(-1, keepdims=True) / 255, 3, axis=-1).astype(np.float32)


def flat(photo: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    return np.where(hidden[..., None], np.float32(0.5), photo / np.float32(255))


def bank_of(rows: np.ndarray, places: list[Place]) -> Bank:
    return Bank("a bank", "0123456789abcdef", tuple(place.photo for place in places), None, 0, rows, tuple(places), str)


@pytest.fixture
def whole() -> Bank:
    """Three whole photographs: a red, a grey and a noisy one."""
    rows = np.zeros((3, 64, 64, 3), np.uint8)
    rows[0], rows[1] = (200, 40, 40), 128
    rows[2] = np.random.default_rng(0).integers(0, 256, (64, 64, 3))
    return bank_of(rows, [Place(name, None) for name in ("red.png", "grey.png", "noise.png")])


@pytest.fixture(autouse=True)
def hashes(monkeypatch):
    monkeypatch.setattr(failure_scores, "weights_hash", lambda model: "f" * 16)


def scored(model, bank, folder) -> Scores:
    return drained(score_steps(model, bank, folder))


def test_a_model_is_judged_for_what_it_can_do(whole, tmp_path):
    assert tasks_of(Still()) == () and tasks_of(build("context-encoder-l2", "tiny")) == ("inpaint",)
    assert tasks_of(build("colorization-regression", "tiny")) == ("colorize",)
    painter = scored(Still(colorize=grey), whole, tmp_path)
    assert np.isnan(painter.of(MODE["blur"])).all() and painter.summary(MODE["blur"]) is None
    filler = scored(Still(inpaint=flat), whole, tmp_path / "other")
    assert np.isnan(filler.of(MODE["sepia"])).all() and filler.summary(MODE["blur"]).judged == 3
    both = scored(Still(colorize=grey, inpaint=flat), whole, tmp_path / "both")
    assert both.summary(MODE["blur"]) == filler.summary(MODE["blur"])
    np.testing.assert_array_equal(both.of(MODE["desaturated"]), painter.of(MODE["desaturated"]))


def test_a_grey_photo_is_not_judged_by_its_colours(whole, tmp_path):
    scores = scored(Still(colorize=grey), whole, tmp_path)
    assert scores.of(MODE["desaturated"])[0] == pytest.approx(100, abs=1)
    assert np.isnan(scores.of(MODE["desaturated"])[1]) and scores.of(MODE["sepia"])[1] == 0
    summary = scores.summary(MODE["desaturated"])
    assert summary.judged == 2 and summary.over == 1.0


def test_scores_are_made_once_and_kept(whole, tmp_path):
    model = Still(colorize=grey)
    assert load_scores(model, whole, tmp_path) is None
    first = scored(model, whole, tmp_path)
    asked = model.asked
    assert asked == 3
    again = load_scores(model, whole, tmp_path)
    np.testing.assert_array_equal(again.values, first.values)
    np.testing.assert_array_equal(scored(model, whole, tmp_path).values, first.values)
    assert model.asked == asked


def modules_of(path: Path) -> set[str]:
    """The files of ssl_core that a file imports, as they stand in `CODE`."""
    found = set()
    for name in (name for name, _ in imports(path) if name.startswith("ssl_core.")):
        _, *parts = name.split(".")
        found |= {place for end in (1, 2) if (CORE / f"{(place := '/'.join(parts[:end]))}.py").is_file()}
    return found


def test_the_key_names_all_the_code_that_scores_come_from():
    """The detectors, whatever paints, and what these import, from file to file. The pictures have a key of their own."""
    pictures_and_cache = {"bank", "bank_measures", "shipped_failures", "starter"}
    assert {path.stem for path in CORE.glob("failure*.py")} <= set(CODE)
    assert {f"pretexts/{task.__module__.split('.')[-1]}" for task in PRETEXTS.values() if tasks_of(task)} <= set(CODE)
    for name in CODE:
        found = modules_of(CORE / f"{name}.py") - (pictures_and_cache if name == "failure_scores" else set())
        assert found <= set(CODE), name


def test_only_what_is_run_makes_the_key():
    code = 'def f():\n    """Says."""\n    return "a" # one\n'
    assert bare_code(code) == bare_code('"""A file."""\ndef f():\n  return "a"')
    assert bare_code(code) != bare_code(code.replace('"a"', '"b"'))


def test_other_weights_and_other_code_have_other_scores(monkeypatch):
    model = Still(colorize=grey)
    key = score_key(model)
    monkeypatch.setattr(failure_scores, "weights_hash", lambda model: "e" * 16)
    assert score_key(model) != key
    monkeypatch.undo()
    monkeypatch.setattr(failure_scores, "weights_hash", lambda model: "f" * 16)
    monkeypatch.setattr(failure_scores, "_code", lambda: "changed")
    assert score_key(model) != key


def test_damaged_scores_are_made_again(whole, tmp_path):
    model = Still(colorize=grey)
    first = scored(model, whole, tmp_path)
    (file,) = tmp_path.rglob("*.safetensors")
    file.write_bytes(file.read_bytes()[:-4] + b"\0\1\2\3")
    assert load_scores(model, whole, tmp_path) is None
    np.testing.assert_array_equal(scored(model, whole, tmp_path).values, first.values)


def test_parts_are_cut_out_of_the_whole_photo_as_the_tab_colours_it(tmp_path):
    """The network sees the photograph once, not each of its parts, so that the tab shows what the gallery shows."""
    photo = starter_photo("chelsea")
    high = photo.shape[0]
    places = [
        Place("chelsea", (0, 0, high, high)),
        Place("chelsea", (20, 10, 280, 280)),
        Place("chelsea", (0, 0, 100, 100)),
    ]
    bank = bank_of(np.zeros((3, 128, 128, 3), np.uint8), places)
    assert judged_positions(bank).tolist() == [0, 1]
    shapes = []

    def red(picture: np.ndarray) -> np.ndarray:
        shapes.append(picture.shape)
        return (picture / 255 * (1, 0.5, 0.5)).astype(np.float32)

    scores = scored(Still(colorize=red), bank, tmp_path)
    assert shapes == [photo.shape]
    inside = photo[10:290, 20:300]
    painted = np.rint(inside / 255 * (1, 0.5, 0.5) * 255) / 255
    expected = judge_color(painted, inside)
    np.testing.assert_allclose(
        scores.values[1, :8], [expected[mode.id].score for mode in MODES[:8]], rtol=1e-3, atol=0.05
    )


def test_a_gallery_is_worst_first_without_the_same_twice():
    places = [
        Place("cat", (0, 0, 100, 100)),
        Place("cat", (10, 0, 100, 100)),
        Place("cat", (100, 0, 100, 100)),
        Place("dog", None),
    ]
    bank = bank_of(np.zeros((4, 8, 8, 3), np.uint8), [*places, Place("elk", None)])
    values = np.full((5, len(MODES)), np.nan, np.float32)
    values[:, 0] = (5, 9, 3, 7, 0)
    scores = Scores("x", np.arange(5), values)
    assert scores.worst(MODES[0], bank, 12) == [(1, 9.0), (3, 7.0), (2, 3.0)]
    assert scores.worst(MODES[0], bank, 2) == [(1, 9.0), (3, 7.0)]
    assert scores.worst(MODES[1], bank, 12) == []
    assert overlap(places[0], places[2]) == 0 and overlap(places[0], places[0]) == 1


class TestShipped:
    def test_what_is_shipped_is_what_was_measured(self, whole, tmp_path):
        model = Still(colorize=grey, inpaint=flat)
        scores = scored(model, whole, tmp_path / "cache")
        shipped_failures.write(scores, score_key(model), whole.key, tmp_path)
        found = shipped_failures.shipped(model, whole, tmp_path)
        np.testing.assert_allclose(found.values, scores.values, rtol=1e-3)
        assert [found.summary(mode).judged for mode in MODES] == [scores.summary(mode).judged for mode in MODES]

    def test_it_is_not_used_for_anything_else(self, whole, tmp_path, monkeypatch):
        model = Still(colorize=grey)
        path = shipped_failures.write(scored(model, whole, tmp_path / "cache"), score_key(model), whole.key, tmp_path)
        monkeypatch.setattr(failure_scores, "weights_hash", lambda model: "e" * 16)
        assert shipped_failures.shipped(model, whole, tmp_path) is None
        monkeypatch.setattr(failure_scores, "weights_hash", lambda model: "f" * 16)
        other = bank_of(whole.rows[:2], list(whole.places[:2]))
        assert shipped_failures.shipped(model, other, tmp_path) is None
        path.write_text(path.read_text()[:40])
        assert shipped_failures.shipped(model, whole, tmp_path) is None

    def test_the_files_of_the_project_hold_scores_of_every_mode_they_name(self):
        for path in shipped_failures.FOLDER.glob("*.json"):
            about = json.loads(path.read_text())
            assert path.stem == about["model"] and about["scores"] and set(about["scores"]) <= set(MODE)
            assert len({len(values) for values in about["scores"].values()}) == 1


def test_the_bench_states_shares_and_means(whole):
    photos = np.repeat(whole.rows, 8, axis=0)  # of which every eighth is measured
    models = {"still-life": Still(colorize=grey), "filler": Still(inpaint=flat), "other": Still()}
    report = bench_failures.report(photos, "three photographs", models, models.get)
    painter, filler = report.rows
    assert painter["desaturated_percent"] == 100 and painter["model"] == "still-life" and "blur_percent" not in painter
    assert filler["blur_percent"] == pytest.approx(33.33) and "sepia_percent" not in filler
    assert "still-life (100 %)" in report.remarks[0]
    assert "(3)" in report.measured_on and "desaturated" in report.markdown()
    assert {column.key for column in bench_failures.COLUMNS} >= set(painter) - {"model"}
