"""What a learner is given: crops of labelled pictures, or features that a frozen encoder has of them, each computed once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ssl_core.sampling import Crops
from ssl_core.transfer_budget import TransferError
from ssl_core.transfer_networks import device_of, pooled

if TYPE_CHECKING:
    from ssl_core.transfer_tasks import Split, TransferTask

LEAST = 0.7  # of a picture's side that a training crop keeps
AT_ONCE = 32  # pictures in the network when nothing is trained


class LabelledCrops(Crops):
    """Crops of the pictures at `places` of one array, (N, S, S, 3) uint8, and of no others.

    A task has set its own choice split aside, so none is set aside here; row i is the picture places[i].
    """

    def __init__(self, pictures: np.ndarray, places: np.ndarray) -> None:
        self.packs, self.side, self.device = [pictures], pictures.shape[1], torch.device("cpu")
        self.places = np.stack((np.zeros_like(places), places), axis=1)
        self.notes, self.resident = {}, None


def turns(seed: int, step: int, batch: int, count: int) -> np.ndarray:
    """Which of `count` pictures make the batch of a step, (batch,): each comes once before any comes again, in an order that
    changes from pass to pass and depends on the seed alone.

    >>> both = np.concatenate([turns(0, step, 4, 6) for step in range(3)])
    >>> sorted(both[:6].tolist()), sorted(both[6:].tolist())
    ([0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5])
    """
    places = step * batch + np.arange(batch)
    passes = places // count
    orders = {number: np.random.default_rng((seed, number)).permutation(count) for number in np.unique(passes).tolist()}
    return np.array([orders[number][place % count] for number, place in zip(passes.tolist(), places, strict=True)])


def whole(pictures: np.ndarray, side: int) -> Tensor:
    """Pictures (n, S, S, 3) uint8 uncropped, scaled to `side` px: (n, 3, side, side) float32 in [0, 1]."""
    image = torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2).float() / 255
    if image.shape[2] != side:
        image = F.interpolate(image, size=(side, side), mode="bilinear", antialias=True)
    return image.contiguous(memory_format=torch.channels_last)


class Pictures:
    """Crops and mirror images of the chosen pictures of train, and all of test uncropped, at `side` px."""

    def __init__(self, task: TransferTask, chosen: np.ndarray, side: int, device: torch.device) -> None:
        self.chosen, self.side, self.device = chosen, side, device
        self.labels, self.test = torch.from_numpy(np.array(task.train.labels)), task.test
        self.crops = LabelledCrops(task.train.pictures, chosen)

    def draw(self, turn: np.ndarray, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """A training batch: images (B, 3, side, side), labels."""
        images = self.crops.crop(rng, turn, self.side, LEAST)
        return images.to(self.device), self.labels[self.chosen[turn]].to(self.device)

    def shown(self, places: np.ndarray) -> Iterator[Tensor]:
        """The pictures of test at `places`, in batches."""
        for start in range(0, len(places), AT_ONCE):
            part = np.sort(places)[start : start + AT_ONCE]
            yield whole(self.test.pictures[part], self.side).to(self.device)


class Features:
    """The features of the chosen pictures of train and of all of test, uncropped, computed when they are first asked for.

    So the first step of a probe waits for one batch, not for all pictures.
    """

    def __init__(self, task: TransferTask, chosen: np.ndarray, side: int, encoder: torch.nn.Module) -> None:
        self.chosen, self.side, self.encoder = chosen, side, encoder
        self.labels = torch.from_numpy(np.array(task.train.labels))
        self.train, self.test = _Remembered(task.train, self), _Remembered(task.test, self)

    def draw(self, turn: np.ndarray, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """A training batch: features (B, D), labels."""
        chosen = self.chosen[turn]
        return self.train.of(chosen), self.labels[chosen].to(device_of(self.encoder))

    def shown(self, places: np.ndarray) -> Iterator[Tensor]:
        """The features of test at `places`, in batches."""
        for start in range(0, len(places), AT_ONCE):
            yield self.test.of(np.sort(places)[start : start + AT_ONCE])


class _Remembered:
    """The features of a split, as far as they were asked for."""

    def __init__(self, split: Split, of: Features) -> None:
        self.pictures, self.encoder, self.side = split.pictures, of.encoder, of.side
        self.known: Tensor | None = None
        self.there = np.zeros(len(split.pictures), dtype=bool)

    def of(self, places: np.ndarray) -> Tensor:
        missing = np.unique(places[~self.there[places]])
        for start in range(0, len(missing), AT_ONCE):
            part = missing[start : start + AT_ONCE]
            with torch.no_grad():
                found = pooled(self.encoder, whole(self.pictures[part], self.side).to(device_of(self.encoder)))
            if self.known is None:
                self.known = found.new_zeros((len(self.there), found.shape[1]))
            self.known[torch.from_numpy(part)] = found
            self.there[part] = True
        return self.known[torch.from_numpy(places)]


def check_chosen(task: TransferTask, chosen: np.ndarray) -> np.ndarray:
    """The indices as (n,) int64. TransferError if there are fewer than two, or some beyond train."""
    chosen = np.asarray(chosen, dtype=np.int64).reshape(-1)
    if len(chosen) < 2:
        raise TransferError(
            f"{len(chosen)} labelled pictures are too few to learn from: take at least two, by a larger share of the labels."
        )
    if chosen.min() < 0 or chosen.max() >= len(task.train.labels):
        raise TransferError(
            f"A picture is chosen that {task.title} does not have: it has {len(task.train.labels):,} to learn from. Draw the share "
            "anew with task.share."
        )
    return chosen
