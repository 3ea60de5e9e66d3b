"""The loop, once for all papers: a generator of steps that can be stopped anywhere and goes on where it stopped."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ssl_core import checkpoint
from ssl_core.interrupts import held_back
from ssl_core.pretext import Batch, Pretext
from ssl_core.provenance import origin
from ssl_core.sampling import Crops, Notes
from ssl_core.training_run import Plan, Run, new_accelerator

SAVE_EVERY = 60.0  # seconds: what a killed run loses at most
PREPARED = 32  # batches that a task's `prepare` sees


@dataclass(frozen=True)
class Step:
    """What one step did. Losses are by "player/term"; seconds and images count from the run's first start."""

    index: int
    losses: dict[str, float]
    images: int
    seconds: float
    waiting: float  # seconds of these in which the loop waited for its next batch
    progress: float  # 0 to 1
    side: int  # pixels of the training images now


def train(
    task: Pretext,
    packs: Sequence[np.ndarray],
    plan: Plan,
    folder: Path | None = None,
    facts: dict[str, Any] | None = None,
    notes: Notes | None = None,
) -> Iterator[Step]:
    """Train `task` on packed photographs, (N, S, S, 3) uint8 arrays; yields after every step.

    `notes`, for a task that needs more than photographs, say it of every photograph of every pack.

    With a `folder`, the state is saved there every minute and the averaged weights as a checkpoint, and a run that was
    interrupted goes on; one that is closed or stopped by Ctrl-C saves its state, one that is finished writes nothing.
    `facts` are further lines for the card. Under `accelerate launch` the batch is divided among the processes. The
    chance of each step depends on the seed, the step and the process alone.
    """
    accelerator = new_accelerator()
    crops = Crops(packs, accelerator.device, notes)
    read_notes(task, crops.notes)
    facts = facts or {}
    began = origin(facts, task, plan)
    resumed = folder is not None and (folder / checkpoint.STATE).exists()
    if not resumed:
        _prepare(task, crops, plan)
    run = Run(task, plan, accelerator)
    if resumed:
        run.restore(folder / checkpoint.STATE, began)
    ahead = BatchesAhead(run, crops)
    keeps, first, last_saved = folder is not None and accelerator.is_main_process, run.step, time.monotonic()
    try:
        while (progress := plan.progress(run.step, run.clock())) < 1:
            with held_back() as interrupt:
                step = _step(run, ahead, progress)
            if keeps and time.monotonic() - last_saved > SAVE_EVERY:
                _keep(run, folder, facts, began)
                last_saved = time.monotonic()
            if interrupt.is_set():
                raise KeyboardInterrupt
            yield step
    except (GeneratorExit, KeyboardInterrupt):
        if keeps and run.whole:  # the state alone: what was begun a moment ago should not replace a trained network
            run.save(folder / checkpoint.STATE, began)
        raise
    finally:
        ahead.close()
    if keeps and (run.step > first or not _is_kept(run, folder)):
        _keep(run, folder, facts, began)
    task.eval().load_state_dict(run.average.state_dict())


class BatchesAhead:
    """Makes batches in a thread of its own, each while the network learns from the one before."""

    def __init__(self, run: Run, crops: Crops) -> None:
        self.run, self.crops = run, crops
        self.share = max(1, run.plan.recipe.batch // run.accelerator.num_processes)
        self.thread = ThreadPoolExecutor(1, "batches")
        self.next: tuple[tuple[int, int], Future] | None = None

    def take(self, progress: float) -> tuple[Batch, int]:
        """The batch of the run's next step, and a seed for what is left to chance in the network itself."""
        run, plan = self.run, self.run.plan
        wanted = run.step, self.side(progress)
        made = self.next[1] if self.next and self.next[0] == wanted else self.thread.submit(self._make, *wanted)
        found = made.result()
        # the clock tells only roughly when pictures grow; what turns out to be of the wrong size is made again
        following = run.step + 1, self.side(min(plan.progress(run.step + 1, run.seconds), 1 - 1e-9))
        self.next = following, self.thread.submit(self._make, *following)
        return found

    def close(self) -> None:
        """Waits for what is being made; nobody will ask for it."""
        self.thread.shutdown()

    def side(self, progress: float) -> int:
        """Pixels of a training image at `progress` in [0, 1)."""
        task = self.run.task
        return self.run.plan.recipe.side(progress, task.config.side, task.least_side)

    def _make(self, step: int, side: int) -> tuple[Batch, int]:
        plan, task = self.run.plan, self.run.task
        rng = np.random.default_rng((plan.seed, step, self.run.accelerator.process_index))
        raw = self.crops.raw(rng, task.choose(rng, len(self.crops), self.share), side, plan.recipe.crop)
        return task.make_batch(raw, rng), int(rng.integers(2**63))


def _step(run: Run, ahead: BatchesAhead, progress: float) -> Step:
    started = time.monotonic()
    batch, chance = ahead.take(progress)
    waited = time.monotonic() - started
    torch.manual_seed(chance)  # for dropout
    run.whole = False
    losses = run.learn(batch, progress)
    run.step, run.images = run.step + 1, run.images + ahead.share * run.accelerator.num_processes
    run.seconds, run.waiting = run.seconds + time.monotonic() - started, run.waiting + waited
    run.whole = True
    return Step(run.step, losses, run.images, run.seconds, run.waiting, progress, ahead.side(progress))


def read_notes(task: Pretext, notes: dict[str, list]) -> None:
    """Give a task what is said of its training photographs, one value for each. SourceError if it cannot learn from that."""
    for key, read in (("words", task.read_words), ("label", task.read_labels)):
        if key in notes:
            read(notes[key])


def _prepare(task: Pretext, crops: Crops, plan: Plan) -> None:
    rng = np.random.default_rng(plan.seed)
    draws = ({"image": crops.draw(rng, 64, task.config.side, plan.recipe.crop).cpu()} for _ in range(PREPARED))
    task.prepare(draws)
    task.train()


def _keep(run: Run, folder: Path, facts: dict[str, Any], began: dict[str, Any]) -> None:
    run.save(folder / checkpoint.STATE, began)
    measured = {
        "steps": run.step,
        "images": run.images,
        "minutes": round(run.seconds / 60, 1),
        "images_per_second": round(run.images / max(run.seconds, 1e-9), 1),
        "waiting_share": round(run.waiting / max(run.seconds, 1e-9), 3),
        "seed": run.plan.seed,
        "batch": run.plan.recipe.batch,
        "learning_rate": run.plan.recipe.learning_rate,
        "processes": run.accelerator.num_processes,
        "precision": ", then ".join(run.precisions),
    }
    checkpoint.save(run.average, folder, {**facts, **measured})


def _is_kept(run: Run, folder: Path) -> bool:
    """Whether the checkpoint beside the state is whole and as far: a run may be killed between the two."""
    try:
        checkpoint.load(folder)
        return checkpoint.read_config(folder)["training"].get("steps") == run.step
    except checkpoint.CheckpointError:
        return False
