"""A race: two or three teachers learn one task side by side, on equal seconds of processor time, before one's eyes.

They take turns of a tenth of a second, always the one that has had the least, so that their curves grow together. Where each stands is
kept every few seconds: a race that was closed, or killed, goes on there.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ssl_core import teachers as shipped
from ssl_core.pack import disk_problem
from ssl_core.transfer_budget import SCORED, Point, TransferError

if TYPE_CHECKING:
    from torch import nn

    from ssl_core.transfer_learner import Learner
    from ssl_core.transfer_tasks import TransferTask

PROTOCOLS = ("linear probe", "fine-tune")
FEWEST, MOST = 2, 3
TURN = 0.1  # seconds of processor time: how long the others wait at least
SCORES = 12  # on the way, besides one after the first turn and one at the end
SAVE_EVERY = 5.0  # seconds: what a killed race loses at most
CALIBRATED = 128  # pictures, about: a fraction of a second


@dataclass(frozen=True)
class Lap:
    """What a teacher did in its turn, and in `note` a sentence if there is something to tell a person."""

    name: str
    point: Point
    note: str = ""


@dataclass(frozen=True)
class Race:
    """Who races on what, for how long. `laps()` runs it; TransferError says what cannot be raced.

    teachers : two or three names of `ssl_core.teachers`; protocol : one of PROTOCOLS
    seconds : of processor time for each teacher, scores not counted; folder : where states are kept, a file for each teacher
    encoder_of(name, seed) gives a teacher's encoder, RGB (B, 3, H, W) in [0, 1] -> {stage: (B, C, h, w)}; clock() the seconds so far
    """

    teachers: Sequence[str]
    task: TransferTask = field(repr=False)
    protocol: str
    seconds: float
    seed: int
    folder: Path
    encoder_of: Callable = shipped.encoder_of
    clock: Callable[[], float] = time.thread_time

    def __post_init__(self) -> None:
        if not FEWEST <= len(self.teachers) <= MOST or len(set(self.teachers)) < len(self.teachers):
            raise TransferError(f"A race is between {FEWEST} or {MOST} different teachers. Choose that many.")
        if self.protocol not in PROTOCOLS:
            raise TransferError(f"There is no protocol {self.protocol!r}. There are: {', '.join(PROTOCOLS)}.")
        if not (math.isfinite(self.seconds) and self.seconds > 0):
            raise TransferError(f"A race lasts more than 0 seconds for each teacher, not {self.seconds}.")

    def laps(self) -> Generator[Lap, None, dict[str, float]]:
        """Run the race, or go on with it: yields a Lap for every turn, returns {name: score in [0, 1] on all of test}.

        Laps of a race that goes on begin with the points that its curves have already; one that is over is told again, whole. Scores
        on the way are measured on 256 pictures of test (all, if there are fewer), evenly spread; the last one of each on all. Closing
        the generator keeps where everybody stands.
        """
        racers = [Racer(name, self._learner(name), self.folder) for name in self.teachers]
        for racer in racers:
            yield from racer.resume()
        saved = time.monotonic()
        try:
            while waiting := [racer for racer in racers if not racer.over]:
                yield min(waiting, key=lambda racer: racer.learner.seconds).turn()
                if time.monotonic() - saved > SAVE_EVERY:
                    for racer in racers:
                        racer.save()
                    saved = time.monotonic()
        finally:
            for racer in racers:
                racer.save()
        yield from (racer.lap() for racer in racers if racer.note)
        return {racer.name: racer.curve[-1].score for racer in racers}

    def _learner(self, name: str) -> Learner:
        encoder = self.encoder_of(name, self.seed)
        return learner_of(name, encoder, self.task, self.protocol, self.seconds, self.seed, self.clock)


def learner_of(
    name: str, encoder: nn.Module, task: TransferTask, protocol: str, seconds: float, seed: int, clock=time.thread_time
) -> Learner:
    """What a teacher starts a race with: its encoder below a new head, all labels, and `seconds` of processor time."""
    from ssl_core.transfer import budget_for
    from ssl_core.transfer_learner import Learner
    from ssl_core.transfer_networks import FineTuned, Probed

    endless = 10**9
    budget = budget_for(protocol, 1.0, steps=endless, seconds=float(seconds))
    last = (len(task.classes), budget.side, seed)
    if protocol == Probed.protocol:
        network = Probed(_frozen(name, encoder, task), *last)
    else:
        network = FineTuned(encoder, *last)
    return Learner(network, task, task.share(1.0, seed), budget, seed, clock)


def _frozen(name: str, encoder: nn.Module, task: TransferTask) -> nn.Module:
    """An encoder that will not be trained. Without training it has no statistics of pictures either: they are measured."""
    from ssl_core.probe_features import calibrate

    pictures = task.train.pictures
    if name == shipped.UNTRAINED:
        calibrate(encoder, pictures[:: max(1, len(pictures) // CALIBRATED)])
    return encoder


def record(learner: Learner) -> list[Point]:
    """Run one racer to its end, without company and without keeping it: the points at which a score was measured."""
    racer = Racer("", learner, Path())
    while not racer.over:
        racer.turn()
    return [point for point in racer.curve if point.score is not None]


class Racer:
    """One teacher in a race: its learner, its curve so far, and the file that both are kept in."""

    def __init__(self, name: str, learner: Learner, folder: Path) -> None:
        self.name, self.learner, self.curve = name, learner, []
        self.path = folder / f"{name}-{learner.key}.safetensors"
        self.kept, self.note = 0, ""  # steps; what the next lap tells

    @property
    def over(self) -> bool:
        """Whether its budget is spent, and its last score measured."""
        return self.learner.progress >= 1 and bool(self.curve) and self.curve[-1].score is not None

    def turn(self) -> Lap:
        """A tenth of a second, at least one step: the mean loss over it, and now and then a score."""
        began, losses, learner = self.learner.seconds, [], self.learner
        before = math.floor(learner.progress * SCORES)
        try:
            while learner.progress < 1 and (not losses or learner.seconds - began < TURN):
                losses.append(learner.step().loss)
        except TransferError:
            self.kept = learner.done  # going on from here would fail for ever
            raise
        point = dataclasses.replace(learner.point(), loss=sum(losses) / len(losses) if losses else learner.loss)
        if learner.progress >= 1:
            point = dataclasses.replace(point, score=learner.score())
        elif not self.curve or math.floor(learner.progress * SCORES) > before:
            point = dataclasses.replace(point, score=learner.score(SCORED))
        self.curve.append(point)
        return self.lap()

    def lap(self) -> Lap:
        """Where it stands, with what is to be told, which is told once."""
        note, self.note = self.note, ""
        return Lap(self.name, self.curve[-1], note)

    def resume(self) -> Generator[Lap, None, None]:
        """Go on from the file, if there is one: its points. One that cannot be used is told, and left behind."""
        if not self.path.exists():
            return
        try:
            self.curve = [Point(**point) for point in self.learner.restore(self.path)]
        except TransferError:
            self.note = f"What was kept of {self.name} in this race is damaged. It starts anew."
            return
        self.kept = self.learner.done
        for point in self.curve:
            yield Lap(self.name, point)

    def save(self) -> None:
        """Keep where it stands, if it has moved. What the disk refuses is told with the next lap, and tried again later."""
        if self.learner.done > self.kept:
            try:
                self.learner.save(self.path, [dataclasses.asdict(point) for point in self.curve])
                self.kept = self.learner.done
            except OSError as problem:
                self.note = disk_problem(problem, "The race", self.path.parent)
