"""One learner of a transfer task: networks, optimiser, step and clock, which can be saved at any step and goes on from there."""

from __future__ import annotations

import dataclasses
import json
import math
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ssl_core.array_cache import read_arrays, write_arrays
from ssl_core.bank_measures import weights_hash
from ssl_core.pretext import Recipe
from ssl_core.trainer import Plan
from ssl_core.transfer_budget import Budget, Point, TransferError
from ssl_core.transfer_networks import FineTuned, Probed, device_of, task_loss
from ssl_core.transfer_pictures import Features, Pictures, check_chosen, turns

if TYPE_CHECKING:
    from ssl_core.transfer_tasks import TransferTask

WARM_UP = 0.05


class Learner:
    """The state of one run: what a protocol trains (see `transfer_networks`), the optimiser, the step and the clock.

    `chosen` (n,) are the pictures of train whose labels are given. The chance of a step depends on the seed and the step alone.
    """

    def __init__(
        self,
        network: FineTuned | Probed,
        task: TransferTask,
        chosen: np.ndarray,
        budget: Budget,
        seed: int,
        clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self.network, self.task, self.budget, self.seed, self.clock = network, task, budget, seed, clock
        self.chosen = check_chosen(task, chosen)
        if isinstance(network, Probed):
            self.material = Features(task, self.chosen, budget.side, network.encoder)
        else:
            self.material = Pictures(task, self.chosen, budget.side, device_of(network.head))
        groups = [{"params": parameters, "share": share} for parameters, share in network.groups() if parameters]
        self.optimizer = torch.optim.AdamW(groups, budget.learning_rate, weight_decay=budget.weight_decay)
        recipe = Recipe(0.0, learning_rate=budget.learning_rate, warm_up=WARM_UP)
        self.plan = Plan(recipe, None if budget.seconds is None else budget.seconds / 60, budget.steps, seed)
        self.done, self.seconds, self.loss = 0, 0.0, math.nan
        about = [network.protocol, weights_hash(network), task.key, dataclasses.asdict(budget), seed]
        # What a saved state must agree in.
        self.key = f"{zlib.crc32(json.dumps(about).encode() + self.chosen.tobytes()):08x}"

    @property
    def progress(self) -> float:
        """Share of the budget that is behind, in [0, 1]."""
        return self.plan.progress(self.done, self.seconds)

    def step(self) -> Point:
        """One batch. TransferError if a loss is not finite: the weights are then those of the step before."""
        began = self.clock()
        turn = turns(self.seed, self.done, min(self.budget.batch, len(self.chosen)), len(self.chosen))
        self.network.teach()
        inputs, labels = self.material.draw(turn, self._chance(0))
        loss = task_loss(self.network(inputs), labels)
        terms = {} if isinstance(self.network, Probed) else self.network.beside(self._chance(1))
        total = sum(terms.values(), loss)
        if not torch.isfinite(total):
            raise TransferError(
                f"The loss of {self.network.protocol} on {self.task.title} is {total.item()} at step {self.done}. Start again with a "
                "lower learning rate or another seed."
            )
        self.optimizer.zero_grad()
        total.backward()
        for group in self.optimizer.param_groups:
            group["lr"] = group["share"] * self.plan.learning_rate(self.progress)
        self.optimizer.step()
        self.done += 1
        self.loss = loss.item()
        self.seconds += self.clock() - began
        return self.point()

    def point(self, score: float | None = None) -> Point:
        """Where it stands."""
        return Point(self.done, self.budget.steps, self.seconds, self.loss, score)

    def _chance(self, stream: int) -> np.random.Generator:
        return np.random.default_rng((self.seed, self.done, stream))

    def score(self, most: int | None = None) -> float:
        """Accuracy or mean average precision in [0, 1] on test, or on `most` of its pictures, evenly spread. Nothing changes."""
        from ssl_core.transfer_scores import score

        count = len(self.task.test.labels)
        places = np.unique(np.linspace(0, count - 1, min(most or count, count)).astype(np.int64))
        self.network.eval()
        with torch.no_grad():
            logits = [self.network(inputs).float().cpu() for inputs in self.material.shown(places)]
        said = torch.cat(logits).numpy()
        return score(said, self.task.test.labels[places])

    def save(self, path: Path, note: Any = None) -> None:
        """Everything that is needed to go on, in one file that is replaced whole. OSError if it cannot be written.

        `note` is kept with it: whatever JSON can hold.
        """
        tensors = {f"network/{name}": value for name, value in self.network.taught().items()}
        for index, moments in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer/{index}/{name}": value for name, value in moments.items()}
        stand = {"key": self.key, "done": self.done, "seconds": self.seconds, "loss": self.loss}
        stand["note"] = note
        arrays = {name: value.detach().cpu().numpy() for name, value in tensors.items()}
        write_arrays(path, arrays | {"stand": np.frombuffer(json.dumps(stand).encode(), np.uint8)})

    def restore(self, path: Path) -> Any:
        """Go on from a saved state; returns the note kept with it. TransferError if it is damaged, or of another run."""
        arrays = read_arrays(path)
        if arrays is None or "stand" not in arrays:
            raise TransferError(f"The saved state {path.name} is missing or damaged. Delete it and start anew.")
        stand = json.loads(arrays.pop("stand").tobytes())
        mine, stored = self.network.taught(), _under("network/", arrays)
        for name in sorted(mine.keys() | stored.keys()):
            sizes = [tuple(part[name].shape) or (1,) if name in part else None for part in (mine, stored)]
            if sizes[0] != sizes[1]:
                raise TransferError(
                    f"The saved state {path.name} is of a network of another size: {name} has the shape {sizes[1]} there and {sizes[0]} "
                    "here. Take the teacher that it was saved with, or start anew."
                )
        if stand["key"] != self.key:
            raise TransferError(
                f"The saved state {path.name} is of another task, teacher, budget or seed. Delete it and start anew."
            )
        with torch.no_grad():
            for name, value in mine.items():
                value.copy_(stored[name].view(value.shape))
        moments: dict[int, dict[str, torch.Tensor]] = {}
        for name, value in _under("optimizer/", arrays).items():
            index, moment = name.split("/")
            moments.setdefault(int(index), {})[moment] = value.view(()) if moment == "step" else value
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": moments})
        self.done, self.seconds, self.loss = stand["done"], stand["seconds"], stand["loss"]
        return stand["note"]


def _under(prefix: str, arrays: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    found = {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
    return {name: torch.from_numpy(array) for name, array in found.items()}
