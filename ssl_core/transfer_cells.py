"""The cells of the transfer table: which teacher, task, protocol, share of the labels and seed; and how one of them is measured.

Each cell is measured once and kept, keyed by what it depends on, so that a bench that was stopped goes on where it stopped, and a
teacher that is trained anew costs its own cells only.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from ssl_core import teachers
from ssl_core.pack import disk_problem
from ssl_core.steps import drained
from ssl_core.transfer_budget import TransferError

PROBE, TUNE, AUGMENT, JOINT = "linear probe", "fine-tune", "feature augmentation", "joint learning"
SEGMENTATION, DETECTION = "camvid", "voc5-boxes"
RACE = "race, "  # before the protocol of a run that is recorded for the page
RACE_SECONDS = 20.0  # of processor time, as the page's race has at first
DENSE = {SEGMENTATION: "CamVid", DETECTION: "VOC-5 boxes"}
SHARES, SEEDS = (0.01, 0.1, 1.0), (0, 1, 2)
MAIN = "caltech101"  # the task on which the protocols that train an encoder are compared
JOINT_WEIGHT = 0.1
STAGES = {"tiny": ("conv2", "conv3")}  # 200 classes of 8,600 pictures: a stage more costs 12 s for each teacher
VERSION = 1  # of the protocols: raise it when a change of theirs makes kept cells wrong


@dataclass(frozen=True)
class Cell:
    """One measurement. `teacher` is a name, or several joined by " + " for an ensemble."""

    teacher: str
    task: str
    protocol: str
    share: float = 1.0
    seed: int = 0


@dataclass(frozen=True)
class Outcome:
    """What a cell came to: score in [0, 1], on which stage (probes), by stage, the seconds that it took, and a race's scores on the way.

    `curve`: pairs of the seconds of training behind and the score in [0, 1].
    """

    score: float
    stage: str = ""
    by_stage: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    curve: Sequence[tuple[float, float]] = ()


def probes(names: Sequence[str], tasks: Sequence[str]) -> list[Cell]:
    """Linear probes: every teacher on every task, and on the first one also with few labels, drawn three times.

    With all labels there is no chance in a convex fit.
    """
    few = [Cell(name, tasks[0], PROBE, share, seed) for name in names for share in SHARES[:-1] for seed in SEEDS]
    return [Cell(name, task, PROBE) for name in names for task in tasks] + few


def trained(names: Sequence[str], alone: Sequence[str], task: str) -> list[Cell]:
    """The protocols that train an encoder on a task: fine-tuning with every share, augmentation and joint learning with a tenth.

    `alone` are the names whose pretext task needs pictures alone, so that it can be learned beside the labels.
    """
    few = [Cell(name, task, TUNE, share, seed) for name in names for share in SHARES[:-1] for seed in SEEDS]
    tuned = few + [Cell(name, task, TUNE) for name in names]
    beside = [Cell(name, task, AUGMENT, 0.1) for name in names]
    return tuned + beside + [Cell(name, task, JOINT, 0.1) for name in alone]


def dense(names: Sequence[str]) -> list[Cell]:
    """Segmentation and detection on the frozen and on the fine-tuned encoder."""
    return [Cell(name, task, protocol) for name in names for task in DENSE for protocol in (PROBE, TUNE)]


def races(names: Sequence[str], task: str) -> list[Cell]:
    """Every teacher's run in a race of either protocol, for the page to show until somebody starts one."""
    return [Cell(name, task, RACE + protocol) for name in names for protocol in (PROBE, TUNE)]


def ensembles(names: Sequence[str], task: str) -> list[Cell]:
    """Every two of `names` side by side, and all of them where they are more than two."""
    found = [f"{one} + {other}" for index, one in enumerate(names) for other in names[index + 1 :]]
    if len(names) > 2:
        found.append(" + ".join(names))
    return [Cell(together, task, PROBE) for together in found]


def measure(cell: Cell, packs: str | None) -> Outcome:
    """The outcome of a cell, kept from before or measured now. `packs` is the folder of the packs, None without.

    TaskError, TransferError, AnnotationError and CheckpointError say what cannot be measured.
    """
    path = _path(cell, packs)
    try:
        return Outcome(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        pass  # not measured yet, or damaged
    began = time.perf_counter()
    outcome = replace(_how(cell)(cell, packs), seconds=round(time.perf_counter() - began, 2))
    partial = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(asdict(outcome)), encoding="utf-8")
        partial.replace(path)
    except OSError as problem:
        raise TransferError(disk_problem(problem, "What was measured")) from None
    return outcome


def _how(cell: Cell) -> Callable[[Cell, str | None], Outcome]:
    if cell.task in DENSE:
        return _dense
    if cell.protocol.startswith(RACE):
        return _race
    return _probe if cell.protocol == PROBE else _train


def _path(cell: Cell, packs: str | None) -> Path:
    """Where a cell is kept: keyed by itself, the pictures, the weights and the protocols' version."""
    from ssl_core.array_cache import folder_of
    from ssl_core.bank_measures import weights_hash

    hashes = [weights_hash(teachers.encoder_of(name, cell.seed)) for name in cell.teacher.split(" + ")]
    content = _stamp(packs) if cell.task in DENSE else task_of(cell.task, packs).key
    key = json.dumps([asdict(cell), hashes, content, VERSION])
    return folder_of("transfer") / "cells" / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.json"


@lru_cache(maxsize=8)
def task_of(name: str, packs: str | None):
    """A classification task, opened once per process. TaskError."""
    from ssl_core.transfer_tasks import open_task

    return open_task(name, None if packs is None else Path(packs))


def _stamp(packs: str | None) -> str:
    stat = (Path(packs or ".") / "voc.zip").stat()
    return f"{stat.st_size}"


@lru_cache(maxsize=2)
def _features(name: str, task_name: str, packs: str | None, seed: int):
    """The features of a teacher on a task, kept for the cells that follow on the same."""
    from ssl_core.probe_features import feature_steps

    task = task_of(task_name, packs)
    return drained(feature_steps(_frozen(name, task, seed), name, task))


def _frozen(name: str, task, seed: int):
    """An encoder that stays as it is; an untrained one with the batch-norm statistics of the task's pictures."""
    from ssl_core.probe_features import calibrate

    encoder = teachers.encoder_of(name, seed)
    if name == teachers.UNTRAINED:
        calibrate(encoder, task.train.pictures)
    return encoder


def _probe(cell: Cell, packs: str | None) -> Outcome:
    from ssl_core.linear_probe import probe, probe_together

    task = task_of(cell.task, packs)
    chosen = task.share(cell.share, cell.seed)
    names = cell.teacher.split(" + ")
    features = [_features(name, cell.task, packs, cell.seed) for name in names]
    if len(names) == 1:
        found = probe(features[0], task, chosen, STAGES.get(cell.task))
    else:
        stages = [measure(replace(cell, teacher=name), packs).stage for name in names]
        found = probe_together(features, task, chosen, stages)
    return Outcome(found.score, found.stage, dict(found.by_stage))


def _train(cell: Cell, packs: str | None) -> Outcome:
    from ssl_core import transfer, zoo

    task = task_of(cell.task, packs)
    chosen, budget = task.share(cell.share, cell.seed), transfer.budget_for(cell.protocol, cell.share, scores=1)
    if cell.protocol == JOINT:
        import copy

        model = copy.deepcopy(zoo.load(cell.teacher))
        return Outcome(drained(transfer.learn_jointly(model, task, chosen, budget, cell.seed, JOINT_WEIGHT)))
    if cell.protocol == AUGMENT:
        frozen, fresh = _frozen(cell.teacher, task, cell.seed), teachers.untrained(cell.seed + 1)
        return Outcome(drained(transfer.augment_features(frozen, fresh, task, chosen, budget, cell.seed)))
    encoder = teachers.encoder_of(cell.teacher, cell.seed)
    return Outcome(drained(transfer.fine_tune(encoder, task, chosen, budget, cell.seed)))


def _race(cell: Cell, packs: str | None) -> Outcome:
    from ssl_core.race import learner_of, record

    encoder, task = teachers.encoder_of(cell.teacher, cell.seed), task_of(cell.task, packs)
    protocol = cell.protocol.removeprefix(RACE)
    points = record(learner_of(cell.teacher, encoder, task, protocol, RACE_SECONDS, cell.seed))
    return Outcome(points[-1].score, curve=[(point.seconds, point.score) for point in points])


def _dense(cell: Cell, packs: str | None) -> Outcome:
    from ssl_core.annotated import open_boxed, open_segmented
    from ssl_core.detection import detect
    from ssl_core.segmentation import segment

    path, encoder = Path(packs or ".") / "voc.zip", teachers.encoder_of(cell.teacher, cell.seed)
    frozen = cell.protocol == PROBE
    if cell.task == SEGMENTATION:
        return Outcome(drained(segment(encoder, open_segmented(path), cell.seed, cell.share, frozen)))
    return Outcome(drained(detect(encoder, open_boxed(path), cell.seed, cell.share, frozen)))
