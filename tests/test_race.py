"""The race: equal budgets in turn, curves, and going on after a cancel, a kill or a damaged file."""

import itertools
import math

import numpy as np
import pytest
import torch

from ssl_core import networks
from ssl_core.race import PROTOCOLS, Race, learner_of, record
from ssl_core.transfer_budget import TransferError
from ssl_core.transfer_tasks import Split, TransferTask

SIDE = 32
TEACHERS = ("untrained", "sharp", "soft")


def task(seed=0):
    """Dark pictures with a light bar that lies or stands."""
    rng = np.random.default_rng(seed)
    splits = []
    for count in (40, 8, 24):
        labels = np.arange(count) % 2
        pictures = rng.integers(0, 60, (count, SIDE, SIDE, 3), dtype=np.uint8)
        for picture, label in zip(pictures, labels, strict=True):
            start = rng.integers(4, 22)
            bar = (slice(start, start + 6), slice(None))
            picture[bar[::-1] if label else bar] = rng.integers(180, 255, 3)
        splits.append(Split(pictures, labels))
    return TransferTask("bars", "Bars", "40 pictures", ("lies", "stands"), *splits)


def encoder_of(name, seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(100 * seed + (TEACHERS.index(name) if name in TEACHERS else 50))
        return networks.Encoder(networks.TINY, networks.SignedRgb()).eval()


def ticking():
    """A clock that says one second later whenever it is asked: each step then takes one second."""
    ticks = itertools.count()
    return lambda: float(next(ticks))


def race(folder, **more):
    usual = {
        "teachers": TEACHERS[:2],
        "task": task(),
        "protocol": "fine-tune",
        "seconds": 6,
        "seed": 0,
        "folder": folder,
    }
    return Race(**usual | {"clock": ticking(), "encoder_of": encoder_of} | more)


def finish(laps):
    found = []
    while True:
        try:
            found.append(next(laps))
        except StopIteration as over:
            return found, over.value


def told(laps):
    """Laps without the notes, to compare."""
    return [(lap.name, lap.point) for lap in laps]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_everybody_gets_the_same_in_turn(tmp_path, protocol):
    laps, scores = finish(race(tmp_path, teachers=TEACHERS, protocol=protocol).laps())
    assert set(scores) == set(TEACHERS) and not any(lap.note for lap in laps)
    spent = dict.fromkeys(TEACHERS, 0.0)
    for lap in laps:
        assert spent[lap.name] == min(spent.values()), "who has had the least is next"
        assert lap.point.seconds > spent[lap.name] and math.isfinite(lap.point.loss)
        spent[lap.name] = lap.point.seconds
    assert set(spent.values()) == {6.0}
    for name in TEACHERS:
        curve = [lap.point for lap in laps if lap.name == name]
        assert curve[0].score is not None and curve[-1].score == scores[name]


def test_a_race_of_some_length_is_won_by_learning(tmp_path):
    laps, scores = finish(race(tmp_path, seconds=60).laps())
    assert min(scores.values()) > 0.9, "chance is a half"
    assert sum(lap.point.score is not None for lap in laps) == 2 * (1 + 12 + 1 - 1)


def test_teachers_differ_but_seeds_do_not(tmp_path):
    one, _ = finish(race(tmp_path / "a").laps())
    two, _ = finish(race(tmp_path / "b").laps())
    other, _ = finish(race(tmp_path / "c", seed=1).laps())
    assert told(one) == told(two) != told(other)
    losses = {name: [lap.point.loss for lap in one if lap.name == name] for name in TEACHERS[:2]}
    assert losses["untrained"] != losses["sharp"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_closed_race_goes_on_where_it_stopped(tmp_path, protocol):
    through, scores = finish(race(tmp_path / "through", protocol=protocol).laps())
    laps = race(tmp_path / "stopped", protocol=protocol).laps()
    first = [next(laps) for _ in range(5)]
    laps.close()
    again, others = finish(race(tmp_path / "stopped", protocol=protocol).laps())
    assert sorted(map(str, told(again[:5]))) == sorted(map(str, told(first))), "the curves so far come first"
    for name in TEACHERS[:2]:
        one, two = ([lap.point for lap in found if lap.name == name] for found in (through, again))
        assert [p.step for p in one] == [p.step for p in two]
        assert [p.loss for p in two] == pytest.approx([p.loss for p in one], rel=1e-4)
    assert others == pytest.approx(scores, abs=0.05)


def test_a_race_that_is_over_is_told_again(tmp_path):
    laps, scores = finish(race(tmp_path).laps())
    calls = []

    def clock():
        calls.append(1)
        return 0.0

    again, others = finish(race(tmp_path, clock=clock).laps())
    assert sorted(map(str, told(again))) == sorted(map(str, told(laps))) and others == scores and not calls


def test_a_killed_race_loses_little(tmp_path, monkeypatch):
    monkeypatch.setattr("ssl_core.race.SAVE_EVERY", 0.0)
    laps = race(tmp_path).laps()
    first = [next(laps) for _ in range(6)]
    copies = {path.name: path.read_bytes() for path in tmp_path.iterdir()}  # what a kill would leave
    laps.close()
    other = tmp_path / "other"
    other.mkdir()
    for name, content in copies.items():
        (other / name).write_bytes(content)
    again = race(other).laps()
    assert sorted(map(str, told([next(again) for _ in range(5)]))) == sorted(map(str, told(first[:5])))
    again.close()


def test_another_race_does_not_take_the_state(tmp_path):
    finish(race(tmp_path).laps())
    for other in (
        {"seed": 1},
        {"seconds": 7},
        {"protocol": "linear probe"},
        {"task": task(seed=1)},
        {"encoder_of": lambda name, seed: encoder_of(name, seed + 9)},
    ):
        laps = race(tmp_path, **other).laps()
        assert next(laps).point.step == 1, other
        laps.close()
        assert len(list(tmp_path.iterdir())) == 3, "one of the two had a turn"
        for path in sorted(tmp_path.iterdir(), key=lambda path: path.stat().st_mtime_ns)[2:]:
            path.unlink()


def test_a_damaged_state_is_told_and_starts_anew(tmp_path):
    laps = race(tmp_path).laps()
    for _ in range(6):
        next(laps)
    laps.close()
    (file,) = tmp_path.glob("sharp-*")
    file.write_bytes(file.read_bytes()[:-50])
    again, scores = finish(race(tmp_path).laps())
    notes = [(lap.name, lap.note) for lap in again if lap.note]
    assert [name for name, _ in notes] == ["sharp"] and "damaged" in notes[0][1] and "anew" in notes[0][1]
    steps = {name: [lap.point.step for lap in again if lap.name == name] for name in TEACHERS[:2]}
    assert steps["sharp"] == steps["untrained"] == [1, 2, 3, 4, 5, 6]
    assert [lap.name for lap in again[3:6]] == ["sharp"] * 3, "it catches up before the other goes on"
    assert set(scores) == set(TEACHERS[:2])


def test_a_disk_that_refuses_does_not_stop_the_race(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    laps, scores = finish(race(blocked / "folder").laps())
    assert set(scores) == set(TEACHERS[:2])
    assert any("could not be kept" in lap.note for lap in laps)


def test_a_loss_that_is_not_finite_is_not_kept(tmp_path):
    def broken(name, seed):
        found = encoder_of(name, seed)
        if name == "sharp":
            with torch.no_grad():
                next(found.parameters()).fill_(math.inf)
        return found

    with pytest.raises(TransferError, match="is nan at step 0"):
        finish(race(tmp_path, encoder_of=broken).laps())
    assert [path.name.split("-")[0] for path in tmp_path.iterdir()] == ["untrained"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"teachers": ("sharp",)}, "2 or 3 different teachers"),
        ({"teachers": ("sharp", "sharp")}, "2 or 3 different teachers"),
        ({"teachers": (*TEACHERS, "fourth")}, "2 or 3 different teachers"),
        ({"protocol": "guessing"}, "There is no protocol 'guessing'. There are: linear probe"),
        ({"seconds": 0}, "more than 0 seconds"),
        ({"seconds": math.inf}, "more than 0 seconds"),
    ],
)
def test_what_cannot_be_raced_is_said(tmp_path, wrong, said):
    with pytest.raises(TransferError, match=said):
        race(tmp_path, **wrong)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_run_alone_has_the_scores_of_the_same_run_in_a_race(tmp_path, protocol):
    laps, _ = finish(race(tmp_path, protocol=protocol).laps())
    raced = [lap.point for lap in laps if lap.name == "sharp" and lap.point.score is not None]
    encoder = encoder_of("sharp")
    assert record(learner_of("sharp", encoder, task(), protocol, 6, 0, ticking())) == raced
    assert raced[-1].seconds >= 6 and len(raced) > 2
