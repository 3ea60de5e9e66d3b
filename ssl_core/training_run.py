"""One training: how long and how it goes (Plan), and where it stands (Run), which can be saved and gone on from."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ssl_core import checkpoint
from ssl_core.pretext import Pretext, Recipe
from ssl_core.provenance import refuse_another


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
        self.whole = True  # False amid a step, which a second Ctrl-C cuts off: nothing could go on from half of one

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

    def save(self, path: Path, began: dict[str, Any]) -> None:
        """Everything that is needed to go on, in one file that is replaced whole; `began` is its `provenance.origin`."""
        tensors = {f"task/{key}": value for key, value in self.task.state_dict().items()}
        tensors |= {f"average/{key}": value for key, value in self.average.state_dict().items()}
        for player, optimizer in zip(self.players, self.optimizers, strict=True):
            for index, moments in optimizer.state_dict()["state"].items():
                tensors |= {f"optimizer/{player.name}/{index}/{key}": value for key, value in moments.items()}
        note = {"step": self.step, "images": self.images, "seconds": self.seconds, "waiting": self.waiting}
        tensors = {key: value.detach().cpu().contiguous().clone() for key, value in tensors.items()}
        about = {"run": json.dumps(note), "model": self.task.name, "origin": json.dumps(began)}
        checkpoint.write_tensors(path, tensors, about)

    def restore(self, path: Path, began: dict[str, Any]) -> None:
        """Go on from a saved state. CheckpointError if it is damaged, of another model or of a run that began otherwise."""
        tensors, note = checkpoint.read_tensors(path, "Start anew with --fresh.")
        if note.get("model") != self.task.name:
            raise checkpoint.CheckpointError(
                f"{path} is the state of {note.get('model')}, not of {self.task.name}. Use another folder, or --fresh."
            )
        refuse_another(path, json.loads(note.get("origin", "{}")), began)
        try:
            self._take(tensors, json.loads(note["run"]))
        except (KeyError, RuntimeError, ValueError):  # what torch says of it is a page of shapes
            raise checkpoint.CheckpointError(
                f"{path} does not fit this {self.task.name}: it was made at another --size or by another version. "
                "Use --fresh to start anew, or another --folder."
            ) from None

    def _take(self, tensors: dict[str, torch.Tensor], note: dict[str, float]) -> None:
        self.task.load_state_dict(_under("task/", tensors))
        self.average.load_state_dict(_under("average/", tensors))
        for player, optimizer in zip(self.players, self.optimizers, strict=True):
            state: dict[int, dict[str, torch.Tensor]] = {}
            for key, value in _under(f"optimizer/{player.name}/", tensors).items():
                index, moment = key.split("/")
                state.setdefault(int(index), {})[moment] = value
            optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
        for key, value in note.items():
            setattr(self, key, value)


def _under(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
