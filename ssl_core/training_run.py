"""One training: how long and how it goes (Plan), and where it stands (Run), which can be saved and gone on from."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from ssl_core import checkpoint
from ssl_core.pretext import Batch, Pretext, Recipe
from ssl_core.provenance import refuse_another

if TYPE_CHECKING:
    from accelerate import Accelerator


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


def new_accelerator() -> Accelerator:
    """For a GPU or the CPU; in bfloat16 where the hardware multiplies such numbers itself: GPUs from Ampere on, CPUs with AVX-512 BF16
    or AMX.
    """
    from accelerate import Accelerator

    cuda = torch.cuda.is_available()
    if cuda:
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        native = any(torch.cpu.get_capabilities().get(unit) for unit in ("avx512_bf16", "amx_bf16"))
    return Accelerator(cpu=not cuda, mixed_precision="bf16" if native else "no")


def precision(accelerator: Accelerator) -> str:
    """The kind of number that is multiplied: "fp32" or "bf16"."""
    return "fp32" if accelerator.mixed_precision == "no" else accelerator.mixed_precision


class Run:
    """The state of one training: networks, optimisers, running average of the weights, step and clock."""

    def __init__(self, task: Pretext, plan: Plan, accelerator: Accelerator) -> None:
        self.task = task.to(accelerator.device, memory_format=torch.channels_last)
        self.plan, self.accelerator = plan, accelerator
        self.average = copy.deepcopy(task).requires_grad_(False)
        recipe = plan.recipe
        self.players = task.players()
        self.optimizers = [
            torch.optim.AdamW(
                p.parameters, recipe.learning_rate, (0.9, 0.99), weight_decay=recipe.weight_decay, fused=True
            )
            for p in self.players
        ]
        self.step, self.images, self.seconds, self.waiting = 0, 0, 0.0, 0.0
        self.precisions = [precision(accelerator)]  # of all that went before, too
        self.whole = True  # False amid a step, which a second Ctrl-C cuts off: nothing could go on from half of one

    def learn(self, batch: Batch, progress: float) -> dict[str, float]:
        """One step of every player on one batch, `progress` of the run behind it, the same in all processes; returns the losses.
        FloatingPointError if one is not finite.
        """
        from accelerate.utils import convert_to_fp32

        inputs, targets = batch
        rate, losses = self.plan.learning_rate(progress), {}
        with self.accelerator.autocast():
            outputs = convert_to_fp32(self.task(inputs))  # losses add up many small differences
        for player, optimizer in zip(self.players, self.optimizers, strict=True):
            with self.accelerator.autocast():
                terms = player.loss(outputs, targets)
            sum(terms.values()).backward(inputs=player.parameters, retain_graph=player is not self.players[-1])
            self._share_gradients(player.parameters)
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.step()
            optimizer.zero_grad()
            losses |= {f"{player.name}/{term}": value.detach() for term, value in terms.items()}
        self._update_average()
        return self._finite(losses)

    def _finite(self, losses: dict[str, torch.Tensor]) -> dict[str, float]:
        """The losses as numbers, for which alone a step waits for its device. FloatingPointError if one is not finite."""
        told = dict(zip(losses, torch.stack(list(losses.values())).tolist(), strict=True))
        for term, value in told.items():
            if not math.isfinite(value):
                raise FloatingPointError(
                    f"{self.task.name}: the loss {term} is {value} at step {self.step}. Train it again with --fresh and another --seed."
                )
        return told

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
        pairs = list(zip(self.average.state_dict().values(), self.task.state_dict().values(), strict=True))
        floats = [pair for pair in pairs if pair[0].is_floating_point()]
        torch._foreach_lerp_([mine for mine, _ in floats], [theirs for _, theirs in floats], 1 - keep)
        for mine, theirs in pairs:
            if not mine.is_floating_point():
                mine.copy_(theirs)

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
        note = {key: getattr(self, key) for key in ("step", "images", "seconds", "waiting", "precisions")}
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
                weight = player.parameters[int(index)]
                # in memory as the weight is, or the step on all weights at once falls apart into one on each
                fitted = torch.empty_like(weight).copy_(value) if value.shape == weight.shape else value
                state.setdefault(int(index), {})[moment] = fitted
            optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
        now = self.precisions[-1]
        for key, value in note.items():
            setattr(self, key, value)
        if now != self.precisions[-1]:
            self.precisions.append(now)


def _under(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
