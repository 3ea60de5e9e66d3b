"""The race of the tab "Transfer": two or three teachers learn one task side by side, in a thread, for whoever started it.

One race runs at a time, for all visitors together: two at once would slow each other down, and their seconds would say nothing.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
import zipfile
from collections import OrderedDict
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ssl_core.sources import name_of
from visualize.jobs import Job
from visualize.lab import Lab
from visualize.tabs.asked import AskedError, known

if TYPE_CHECKING:
    from ssl_core.race import Lap
    from ssl_core.transfer_tasks import TransferTask

MOST_HEATS = 16  # visitors whose latest race is remembered; one that was cancelled keeps up to 45 MB on disk
MINE = "mine"  # the task that the photographs of --photos make
SEED = 0


@dataclass(frozen=True)
class Setting:
    """What a race is about: names of teachers, a task, a protocol, and the seconds that each teacher may train."""

    teachers: tuple[str, ...]
    task: str
    protocol: str
    seconds: int


@dataclass(eq=False)
class Heat:
    """One visitor's race: what it is about, all laps so far, and the thread that runs it."""

    setting: Setting
    folder: Path
    laps: list[Lap] = field(default_factory=list)
    doing: str = ""
    note: str = ""
    finished: bool = False
    edition: int = 0  # counts how often laps were taken back
    pictures: int = 0
    metric: str = "accuracy"
    job: Job | None = None

    def add(self, lap: Lap) -> None:
        """Take a lap in. A race that goes on tells its former laps again; what was not kept of it, a teacher runs anew."""
        self.note = lap.note or self.note
        former = [one.point for one in self.laps if one.name == lap.name]
        if lap.point in former:
            return
        if former and lap.point.step <= former[-1].step:
            self.laps = [one for one in self.laps if one.name != lap.name or one.point.step < lap.point.step]
            self.edition += 1
        self.laps.append(lap)

    @property
    def running(self) -> bool:
        """Whether it runs or waits for its turn, and nobody has cancelled it."""
        return (
            not self.finished and self.job is not None and not (self.job.ended.is_set() or self.job.stopping.is_set())
        )

    def left(self) -> float:
        """About how many seconds it will still take."""
        return sum(self.setting.seconds - seconds for seconds in self.spent().values())

    def spent(self) -> dict[str, float]:
        """The seconds that each teacher has trained, at most those of the setting."""
        last = dict.fromkeys(self.setting.teachers, 0.0) | {lap.name: lap.point.seconds for lap in self.laps}
        return {name: min(seconds, float(self.setting.seconds)) for name, seconds in last.items()}


class Races:
    """The races of one running page: one of each visitor is remembered, and one at a time runs."""

    def __init__(self, lab: Lab):
        self.lab, self.heats, self.lock = lab, OrderedDict(), threading.Lock()
        self.track, self.on_track = threading.Lock(), None
        self.kept = tempfile.TemporaryDirectory(prefix="pretext-lab-races-")

    def heat(self, visitor: str) -> Heat | None:
        """The latest race of a visitor."""
        with self.lock:
            return self.heats.get(visitor)

    def begin(self, visitor: str, setting: Setting) -> Heat:
        """A new race of a visitor; the former one is forgotten. Errors: AskedError while that one still runs."""
        with self.lock:
            former = self.heats.get(visitor)
            if former is not None and former.running:
                raise AskedError("A race of yours is running: stop it first, or wait for its end.")
            if former is not None:
                shutil.rmtree(former.folder, ignore_errors=True)
            heat = self.heats[visitor] = Heat(setting, Path(tempfile.mkdtemp(dir=self.kept.name)))
            self.heats.move_to_end(visitor)
            while len(self.heats) > MOST_HEATS and not next(iter(self.heats.values())).running:
                shutil.rmtree(self.heats.popitem(last=False)[1].folder, ignore_errors=True)
            heat.job = Job(self._steps(heat))
        return heat

    def go_on(self, heat: Heat) -> None:
        """Let a cancelled race run on from where it stopped; nothing happens to one that runs or is over. Errors: AskedError."""
        if heat.running or heat.finished:
            return
        if not heat.job.ended.wait(10.0):
            raise AskedError("The stopped race is still putting its things away: press Go on again in a moment.")
        with self.lock:
            if heat.job.ended.is_set() and not heat.finished:
                heat.job = Job(self._steps(heat))

    def _steps(self, heat: Heat) -> Generator[None, None, None]:
        """Wait for the track, open the task, and race; the laps are in `heat.laps`."""
        while not self.track.acquire(timeout=0.1):
            heat.doing = self._ahead()
            yield
        try:
            self.on_track = heat
            yield from self._run(heat)
        finally:
            self.on_track = None
            self.track.release()
            with self.lock:
                if heat not in self.heats.values():  # forgotten while it was still putting its things away
                    shutil.rmtree(heat.folder, ignore_errors=True)

    def _ahead(self) -> str:
        running = self.on_track
        wait = f", in about {max(1, round(running.left()))} s of training" if running is not None else ""
        return f"another race is on the track; this one starts when that ends{wait}"

    def _run(self, heat: Heat) -> Generator[None, None, None]:
        from ssl_core.race import Race

        heat.doing = "opening the pictures"
        yield
        task = yield from self.task_steps(heat.setting.task)
        heat.pictures, heat.metric = len(task.test), "mean average precision" if task.several else "accuracy"
        heat.doing = "getting the teachers ready"
        yield
        setting = heat.setting
        race = Race(setting.teachers, task, setting.protocol, float(setting.seconds), SEED, heat.folder)
        for lap in race.laps():
            heat.doing = ""
            heat.add(lap)
            yield
        heat.finished = True
        shutil.rmtree(heat.folder, ignore_errors=True)

    def tracks(self) -> list[dict]:
        """What can be raced here: [{"name", "title"}]; first what the photographs of --photos make."""
        from ssl_core.transfer_packs import TITLES
        from ssl_core.transfer_tasks import STARTER

        photos = Path(self.lab.photos)
        found = [{"name": name, "title": TITLES[name]} for name in self._of_pack()]
        if not found and has_classes(photos):
            found = [{"name": MINE, "title": f"Your photographs: {name_of(photos)}"}]
        return [*found, {"name": STARTER, "title": "Starter photos, in patches"}]

    def _of_pack(self) -> list[str]:
        """The tasks that --photos holds where it is one of the packs."""
        from ssl_core.transfer_packs import PACK_OF

        photos = Path(self.lab.photos)
        return [name for name, file in PACK_OF.items() if photos.name == file and photos.is_file()]

    def task_steps(self, name: str) -> Generator[object, None, TransferTask]:
        """Open one of `tracks`, once. Errors: AskedError, TaskError."""
        from ssl_core.transfer_tasks import open_task_steps

        known(name, tuple(one["name"] for one in self.tracks()), "task")
        found = self.lab.standing.get(("transfer task", name))
        if found is None:
            photos = self.lab.photos
            place, packs = (str(photos), None) if name == MINE else (name, Path(photos).parent)
            found = yield from self.lab.work.watch(("transfer task", name), lambda: open_task_steps(place, packs))
        return self.lab.standing.keep(("transfer task", name), lambda: found)


def has_classes(photos: Path) -> bool:
    """Whether a folder or a zip of photographs has at least two folders at its top: they are taken for classes."""
    if photos.is_dir():
        tops = {one.name for one in photos.iterdir() if one.is_dir()}
    elif zipfile.is_zipfile(photos):
        with zipfile.ZipFile(photos) as pack:
            tops = {name.split("/")[0] for name in pack.namelist() if "/" in name}
    else:
        return False
    return sum(not top.startswith((".", "__MACOSX")) for top in tops) > 1
