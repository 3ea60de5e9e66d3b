"""The races of the tab "Transfer" without a browser: run, cancelled, gone on with, queued, refused; and what is raced."""

import shutil
import threading
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from ssl_core.race import Lap
from ssl_core.transfer_tasks import Split, TaskError, TransferTask
from tests.tiny_models import save_tiny
from visualize.lab import Lab
from visualize.tabs import transfer_asked, transfer_race
from visualize.tabs.asked import AskedError, named

MINE, YOURS = "visitor1", "visitor2"


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("checkpoints"), ("split-brain-lab", "context-encoder-l2"))


@pytest.fixture
def lab(models, monkeypatch) -> Lab:
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(models))
    return Lab()


@dataclass(frozen=True)
class Spot:
    """A point of a curve, as far as the tab reads it."""

    step: int
    seconds: float
    loss: float
    score: float | None


@dataclass(frozen=True)
class Walk:
    """A race in which nobody learns: teachers take turns of a second, the first one scores most. Its state is a file."""

    teachers: tuple
    task: TransferTask = field(repr=False)
    protocol: str = "linear probe"
    seconds: float = 20.0
    seed: int = 0
    folder: Path | None = None

    def laps(self):
        stand = self.folder / "stand"
        begun = int(stand.read_text()) if stand.exists() else 0
        turn = 0
        try:
            for turn in range(1, int(self.seconds) + 1):
                if turn > begun:
                    time.sleep(0.03)
                for rank, name in enumerate(self.teachers):
                    yield Lap(name, Spot(turn, float(turn), 1 / turn, (0.9 - 0.2 * rank) * turn / self.seconds))
        finally:
            self.folder.mkdir(parents=True, exist_ok=True)
            stand.write_text(str(turn - 1))


@pytest.fixture
def races(lab, monkeypatch) -> transfer_race.Races:
    """Races of `Walk` on a task of six grey pictures."""
    grey = Split(np.zeros((6, 8, 8, 3), np.uint8), np.arange(6) % 2)
    task = TransferTask("starter", "Starter", "6 pictures", ("a", "b"), grey, grey, grey, "Grey tells nothing.")
    monkeypatch.setattr("ssl_core.race.Race", Walk)
    races = transfer_race.Races(lab)
    lab.standing.keep(("transfer task", "starter"), lambda: task)
    return races


START = {"do": "start", "teachers": ["split-brain-lab", "untrained"], "task": "starter", "protocol": "linear probe"}


def asked(races: transfer_race.Races, visitor: str = MINE, **query) -> dict:
    return transfer_asked.race(races, {"visitor": visitor, **query})


def until(races: transfer_race.Races, key: str, visitor: str = MINE) -> dict:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        told = asked(races, visitor)
        if told[key]:
            return told
        time.sleep(0.02)
    raise AssertionError(f"not {key} in time: {told}")


class TestRace:
    def test_it_runs_to_its_end_and_names_the_winner(self, races):
        assert asked(races) == {"none": True}
        assert asked(races, **START, seconds=5)["running"]
        told = until(races, "finished")
        assert len(told["laps"]) == 10 and told["done"] == 1 and not told["running"]
        assert told["told"] == (
            "Split brain wins by 20.0 points: accuracy 90.0\u00a0%, ahead of Untrained (70.0\u00a0%)."
        )
        assert not any(races.heat(MINE).folder.parent.iterdir())  # nobody needs its state any more

    def test_the_page_is_sent_only_what_it_has_not(self, races):
        asked(races, **START, seconds=5)
        told = until(races, "finished")
        assert asked(races, since=7, edition=told["edition"])["laps"] == told["laps"][7:]
        assert asked(races, since=7, edition="another")["laps"] == told["laps"]
        for since in (99, -1, "x", None):
            assert asked(races, since=since, edition=told["edition"])["laps"] == told["laps"]

    def test_a_cancelled_race_answers_at_once_and_goes_on(self, races):
        asked(races, **START, seconds=60)
        until(races, "laps")
        began = time.monotonic()
        told = asked(races, do="stop")
        assert time.monotonic() - began < 1 and not told["running"] and not told["finished"]
        assert told["told"].startswith("Split brain")
        stood = asked(races)["done"]
        assert 0 < stood < 1
        told = asked(races, do="go")
        assert told["running"] and told["done"] >= stood
        told = until(races, "finished")
        for name in START["teachers"]:
            steps = [lap[1] for lap in told["laps"] if lap[0] == name]
            assert steps == list(range(1, 61))  # no lap twice, none lost

    def test_starting_anew_forgets_the_former_race(self, races):
        asked(races, **START, seconds=60)
        until(races, "laps")
        with pytest.raises(AskedError, match="running"):
            asked(races, **START, seconds=5)
        before = asked(races, do="stop")["edition"]
        assert asked(races, **START | {"teachers": ["untrained", "context-encoder-l2"]}, seconds=5)["edition"] != before
        told = until(races, "finished")
        assert told["setting"]["seconds"] == 5 and {lap[0] for lap in told["laps"]} == {
            "untrained",
            "context-encoder-l2",
        }

    def test_what_a_forgotten_race_still_puts_away_is_removed(self, races):
        asked(races, **START, seconds=60)
        until(races, "laps")
        former = races.heat(MINE)
        former.job.stopping.set()  # as `stop` does, which would wait for its end
        assert asked(races, **START, seconds=5)["running"]
        assert former.job.ended.wait(10) and not former.folder.exists()

    def test_a_second_visitor_waits_and_is_told(self, races):
        asked(races, **START, seconds=60)
        until(races, "laps")
        asked(races, YOURS, **START, seconds=5)
        told = until(races, "doing", YOURS)
        assert told["running"] and not told["laps"] and "another race" in told["doing"]
        assert asked(races)["running"] and asked(races)["setting"]["seconds"] == 60
        asked(races, do="stop")
        assert until(races, "finished", YOURS)["laps"]

    def test_who_waits_can_cancel(self, races):
        asked(races, **START, seconds=60)
        until(races, "laps")
        asked(races, YOURS, **START, seconds=5)
        assert not asked(races, YOURS, do="stop")["running"]
        assert races.heat(YOURS).job.ended.wait(5) and not races.heat(YOURS).laps
        assert asked(races)["running"]
        asked(races, do="stop")

    def test_a_race_that_fails_says_why_and_frees_the_track(self, races, monkeypatch):
        def fall(self):
            raise TaskError("A teacher stumbled. Take another one.")
            yield

        monkeypatch.setattr(Walk, "laps", fall)
        asked(races, **START, seconds=5)
        races.heat(MINE).job.ended.wait(10)
        told = asked(races)
        assert told["error"] == "A teacher stumbled. Take another one." and not told["running"]
        assert not races.track.locked()

    @pytest.mark.parametrize(
        ("wrong", "sentence"),
        [
            ({"teachers": ["untrained"]}, "two or three"),
            ({"teachers": ["untrained", "untrained"]}, "two or three"),
            ({"teachers": "untrained"}, "two or three"),
            ({"teachers": None}, "two or three"),
            ({"teachers": ["untrained", "<b>"]}, "Choose one of"),
            ({"task": "/etc"}, "Choose one of"),
            ({"task": None}, "Choose one of"),
            ({"protocol": "joint learning"}, "Choose one of"),
            ({"seconds": 4}, "5 to 120"),
            ({"seconds": 1e9}, "5 to 120"),
            ({"seconds": float("nan")}, "5 to 120"),
            ({"seconds": "20"}, "5 to 120"),
            ({"visitor": "../x"}, "reload"),
            ({"visitor": None}, "reload"),
        ],
    )
    def test_nonsense_is_a_sentence(self, races, wrong, sentence):
        query = {"visitor": MINE, **START, "seconds": 5} | wrong
        answer = named("transfer_race", lambda query: transfer_asked.race(races, query))(query)
        assert sentence in answer["error"] and answer["error"].endswith((".", "seconds"))
        assert races.heat(MINE) is None and threading.active_count() < 50

    def test_the_caveat_is_told_before_the_race(self, races):
        told = transfer_asked.about_task(races, {"task": "starter"})
        assert told["caveat"] == "Grey tells nothing." and told["chance"] == 50
        with pytest.raises(AskedError, match="Choose one of"):
            transfer_asked.about_task(races, {"task": "/"})

    def test_photographs_in_folders_are_a_task(self, models, tmp_path, monkeypatch):
        from PIL import Image

        monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(models))
        folder = tmp_path / "pets"
        for number, name in enumerate(("cats", "dogs")):
            (folder / name).mkdir(parents=True)
            for index in range(12):
                Image.new("RGB", (40, 40), (20 * index, 90 * number, 99)).save(folder / name / f"{index}.png")
        packed = shutil.make_archive(str(folder), "zip", folder)
        for photos in (folder, packed):
            races = transfer_race.Races(Lab(str(photos)))
            assert [one["name"] for one in races.tracks()] == ["mine", "starter"]
            assert transfer_asked.about_task(races, {"task": "mine"})["chance"] == 50

    def test_a_pack_brings_its_own_tasks(self, tmp_path):
        with zipfile.ZipFile(tmp_path / "photos.zip", "w") as pack:
            pack.writestr("caltech101/ant/1.jpg", b"")
            pack.writestr("intel_scene/sea/1.jpg", b"")
        races = transfer_race.Races(Lab(str(tmp_path / "photos.zip")))
        assert [one["name"] for one in races.tracks()] == ["caltech101", "intel_scene", "starter"]
