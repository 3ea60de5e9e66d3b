"""The loop, once for all papers: a generator of steps that can be stopped anywhere and goes on where it stopped."""

from __future__ import annotations

import copy
import json
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ssl_core import checkpoint
from ssl_core.pretext import Pretext, Recipe
from ssl_core.sampling import Crops, Notes

STATE = "resume.safetensors"
SAVE_EVERY = 60.0  # seconds: what a killed run loses at most
PREPARED = 32  # batches that a task's `prepare` sees


@dataclass(frozen=True)
class Step:
    """What one step did. Losses are by "player/term"; seconds and images count from the run's first start."""

    index: int
    losses: dict[str, float]
    images: int
    seconds: float
    waiting: float  # seconds of these in which the loop waited for data
    progress: float  # 0 to 1
    side: int  # pixels of the training images now


@dataclass(frozen=True)
class Plan:
    """How long and how: bounded by `minutes` of wall time, `steps`, or both, whichever ends first."""

    recipe: Recipe
    minutes: float | None = None
    steps: int | None = None
    seed: int = 0

    def progress(self, step: int, seconds: float) -> float:
        """Share of the run that is behind, in [0, 1]."""
        bounds = [step / self.steps] if self.steps else []
        bounds += [seconds / 60 / self.minutes] if self.minutes else []
        return min(1.0, max(bounds or [seconds / 60 / self.recipe.minutes]))

    def learning_rate(self, progress: float) -> float:
        """Linear warm-up, then half a cosine down to zero."""
        if progress < self.recipe.warm_up:
            return self.recipe.learning_rate * max(progress / self.recipe.warm_up, 0.01)
        return self.recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * progress))


class Run:
    """The state of one training: networks, optimisers, running average of the weights, step and clock."""

    def __init__(self, task: Pretext, plan: Plan, accelerator: Any) -> None:
        self.task, self.plan, self.accelerator = (
            task.to(accelerator.device, memory_format=torch.channels_last),
            plan,
            accelerator,
        )
        self.average = copy.deepcopy(task).requires_grad_(False)
        recipe = plan.recipe
        self.players = task.players()
        self.optimizers = [
            torch.optim.AdamW(p.parameters, recipe.learning_rate, (0.9, 0.99), weight_decay=recipe.weight_decay)
            for p in self.players
        ]
        self.step, self.images, self.seconds, self.waiting = 0, 0, 0.0, 0.0

    def learn(self, raw: dict[str, Any], rng: np.random.Generator) -> dict[str, float]:
        """One step of every player on one batch; returns the losses. FloatingPointError if one is not finite."""
        inputs, targets = self.task.make_batch(raw, rng)
        rate, losses = self.plan.learning_rate(self.plan.progress(self.step, self.seconds)), {}
        with self.accelerator.autocast():
            outputs = self.task(inputs)
        for player, optimizer in zip(self.players, self.optimizers, strict=True):
            with self.accelerator.autocast():
                terms = player.loss(outputs, targets)
            total = sum(terms.values())
            if not torch.isfinite(total):
                raise FloatingPointError(
                    f"{self.task.name}: the loss of the {player.name} is {total.item()} at step {self.step}. The last good "
                    "state is kept; train again from there with a lower learning rate or another seed."
                )
            total.backward(inputs=player.parameters, retain_graph=player is not self.players[-1])
            self._share_gradients(player.parameters)
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.step()
            optimizer.zero_grad()
            losses |= {f"{player.name}/{term}": value.item() for term, value in terms.items()}
        self._update_average()
        return losses

    def _share_gradients(self, parameters: Sequence[torch.nn.Parameter]) -> None:
        """Averages gradients over processes, all in one message; a task may have several players, which DDP cannot wrap."""
        if self.accelerator.num_processes == 1:
            return
        gradients = [parameter.grad for parameter in parameters]
        flat = self.accelerator.reduce(torch.cat([gradient.flatten() for gradient in gradients]), "mean")
        for gradient, part in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))

    def _update_average(self) -> None:
        keep = min(self.plan.recipe.averaging, (1 + self.step) / (10 + self.step))
        for mine, theirs in zip(self.average.state_dict().values(), self.task.state_dict().values(), strict=True):
            mine.lerp_(theirs, 1 - keep) if mine.is_floating_point() else mine.copy_(theirs)

    def clock(self) -> float:
        """Seconds as all processes agree on them, so that they stop together."""
        if self.accelerator.num_processes == 1:
            return self.seconds
        return self.accelerator.reduce(torch.tensor([self.seconds], device=self.accelerator.device), "mean").item()

    def save(self, path: Path) -> None:
        """Everything that is needed to go on, in one file that is replaced whole."""
        tensors = {f"task/{key}": value for key, value in self.task.state_dict().items()}
        tensors |= {f"average/{key}": value for key, value in self.average.state_dict().items()}
        for player, optimizer in zip(self.players, self.optimizers, strict=True):
            for index, moments in optimizer.state_dict()["state"].items():
                tensors |= {f"optimizer/{player.name}/{index}/{key}": value for key, value in moments.items()}
        note = {"step": self.step, "images": self.images, "seconds": self.seconds, "waiting": self.waiting}
        tensors = {key: value.detach().cpu().contiguous().clone() for key, value in tensors.items()}
        checkpoint.write_tensors(path, tensors, {"run": json.dumps(note), "model": self.task.name})

    def restore(self, path: Path) -> None:
        """Go on from a saved state. CheckpointError if it is damaged or of another model."""
        tensors, note = checkpoint.read_tensors(path)
        if note.get("model") != self.task.name:
            raise checkpoint.CheckpointError(
                f"{path} is the state of {note.get('model')}, not of {self.task.name}. Use another folder, or --fresh."
            )
        self.task.load_state_dict(_under("task/", tensors))
        self.average.load_state_dict(_under("average/", tensors))
        for player, optimizer in zip(self.players, self.optimizers, strict=True):
            state: dict[int, dict[str, torch.Tensor]] = {}
            for key, value in _under(f"optimizer/{player.name}/", tensors).items():
                index, moment = key.split("/")
                state.setdefault(int(index), {})[moment] = value
            optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
        for key, value in json.loads(note["run"]).items():
            setattr(self, key, value)


def _under(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}


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
    interrupted goes on; `facts` are further lines for the card. Under `accelerate launch` the batch is divided among
    the processes. The chance of each step depends on the seed, the step and the process alone.
    """
    from accelerate import Accelerator

    cuda = torch.cuda.is_available()
    accelerator = Accelerator(cpu=not cuda, mixed_precision="bf16" if cuda else "no")
    crops = Crops(packs, accelerator.device, notes)
    _read_notes(task, crops.notes)
    share = max(1, plan.recipe.batch // accelerator.num_processes)
    resumed = folder is not None and (folder / STATE).exists()
    if not resumed:
        _prepare(task, crops, plan)
    run = Run(task, plan, accelerator)
    if resumed:
        run.restore(folder / STATE)
    last_saved = time.monotonic()
    while (progress := plan.progress(run.step, run.clock())) < 1:
        started = time.monotonic()
        rng = np.random.default_rng((plan.seed, run.step, accelerator.process_index))
        side = plan.recipe.side(progress, task.config.side)
        raw = crops.raw(rng, task.choose(rng, len(crops), share), side, plan.recipe.crop)
        waited = time.monotonic() - started
        losses = run.learn(raw, rng)
        run.step, run.images = run.step + 1, run.images + share * accelerator.num_processes
        run.seconds, run.waiting = run.seconds + time.monotonic() - started, run.waiting + waited
        if folder is not None and accelerator.is_main_process and time.monotonic() - last_saved > SAVE_EVERY:
            _keep(run, folder, facts)
            last_saved = time.monotonic()
        yield Step(run.step, losses, run.images, run.seconds, run.waiting, progress, side)
    if folder is not None and accelerator.is_main_process:
        _keep(run, folder, facts)
    task.load_state_dict(run.average.state_dict())
    task.eval()


def _read_notes(task: Pretext, notes: dict[str, list]) -> None:
    for key, read in (("words", task.read_words), ("label", task.read_labels)):
        if key in notes:
            read(notes[key])


def _prepare(task: Pretext, crops: Crops, plan: Plan) -> None:
    rng = np.random.default_rng(plan.seed)
    draws = ({"image": crops.draw(rng, 64, task.config.side, plan.recipe.crop).cpu()} for _ in range(PREPARED))
    task.prepare(draws)
    task.train()


def _keep(run: Run, folder: Path, facts: dict[str, Any] | None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    run.save(folder / STATE)
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
    }
    checkpoint.save(run.average, folder, {**(facts or {}), **measured})
