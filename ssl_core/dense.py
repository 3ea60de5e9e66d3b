"""Answers at every place of a picture from the stages of an encoder: what segmentation and detection have in common.

A head sees conv3, conv4 and conv5 at once, the hypercolumns of Hariharan and others (CVPR 2015). It is trained alone, on
features that a frozen encoder gives, or together with a copy of the encoder, all weights at one learning rate.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ssl_core.probe_features import calibrate
from ssl_core.transfer_budget import Point

STAGES = ("conv3", "conv4", "conv5")
EVALUATED = 32  # pictures at once
LARGEST = float(np.finfo(np.float16).max)

Features = dict[str, Tensor]
# (indices (B,), mirrored (B,) bool) -> features of these pictures, or of their mirror images
Read = Callable[[np.ndarray, np.ndarray], Features]
# (what the head answers, indices (B,), mirrored (B,) bool) -> the loss
Loss = Callable[[Tensor, np.ndarray, np.ndarray], Tensor]


@dataclass(frozen=True)
class Budget:
    """How long and how fast to learn: AdamW at `learning_rate`, after a short warm-up falling to zero by half a cosine."""

    steps: int
    batch: int
    learning_rate: float
    weight_decay: float = 0.01

    def rate(self, step: int) -> float:
        """The learning rate of a step, counted from 0.

        >>> [round(Budget(100, 8, 1.0).rate(step), 2) for step in (0, 4, 5, 50, 99)]
        [0.2, 1.0, 0.99, 0.5, 0.0]
        """
        warm_up = max(1, self.steps // 20)
        return self.learning_rate * min((step + 1) / warm_up, 0.5 * (1 + math.cos(math.pi * step / self.steps)))


def choose(count: int, share: float, seed: int) -> np.ndarray:
    """Indices of a share of `count` pictures, at least one of them, in order; which ones, the seed says.

    >>> choose(10, 0.3, 0).tolist(), choose(3, 1.0, 7).tolist(), len(choose(10, 0.01, 0))
    ([1, 3, 9], [0, 1, 2], 1)
    """
    if not 0 < share <= 1:
        raise ValueError(f"A share of the labels lies above 0 and is at most 1 (all of them); {share} does not.")
    kept = np.random.default_rng([seed, 1]).permutation(count)[: max(1, round(share * count))]
    return np.sort(kept)


def pixels(pictures: np.ndarray, mirrored: np.ndarray, device: torch.device) -> Tensor:
    """Pictures (B, h, w, 3) uint8 as RGB in [0, 1], (B, 3, h, w); where `mirrored` (B,) bool is true left and right are swapped."""
    turned = np.where(mirrored[:, None, None, None], pictures[:, :, ::-1], pictures)
    # As they lie in memory, which is the order of channels_last: the convolutions of a CPU are quicker by a tenth.
    return torch.from_numpy(np.ascontiguousarray(turned)).to(device).permute(0, 3, 1, 2).float() / 255


def stages_of(encoder: nn.Module, images: Tensor) -> Features:
    """The stages that a head sees, of RGB (B, 3, h, w) in [0, 1]. ValueError if the encoder lacks one of them."""
    found = encoder(images)
    if missing := [name for name in STAGES if name not in found]:
        raise ValueError(f"A head on {', '.join(STAGES)} cannot read this encoder: it has no {', '.join(missing)}.")
    return {name: found[name] for name in STAGES}


def measured(encoder: nn.Module, pictures: np.ndarray) -> nn.Module:
    """The encoder, or if it never saw a picture a copy whose batch-norm statistics are those of pictures (N, h, w, 3) uint8.

    With the means and variances that it is made with (0 and 1), the features of an untrained encoder fade stage by stage.
    """
    norms = [layer for layer in encoder.modules() if isinstance(layer, nn.BatchNorm2d) and layer.track_running_stats]
    if not norms or any(layer.num_batches_tracked for layer in norms) or len(pictures) < 2:
        return encoder
    encoder = copy.deepcopy(encoder)
    calibrate(encoder, pictures)
    return encoder


class Kept:
    """What a frozen encoder makes of each picture (N, h, w, 3) and of its mirror image, found at first use and kept in half precision."""

    def __init__(self, encoder: nn.Module, pictures: np.ndarray) -> None:
        self.encoder, self.pictures = encoder.eval(), pictures
        self.device = next(encoder.parameters()).device
        self.known = np.zeros(2 * len(pictures), bool)
        self.maps: Features = {}

    @torch.no_grad()
    def __call__(self, indices: np.ndarray, mirrored: np.ndarray) -> Features:
        """Features (B, C, h', w') of these pictures by stage."""
        rows = indices + len(self.pictures) * mirrored
        if new := sorted({*rows[~self.known[rows]].tolist()}):
            which, turned = np.array(new) % len(self.pictures), np.array(new) >= len(self.pictures)
            found = stages_of(self.encoder, pixels(self.pictures[which], turned, self.device))
            for name, maps in found.items():
                maps = maps.permute(0, 2, 3, 1)  # as channels_last: a head is twice as quick on it
                if name not in self.maps:
                    self.maps[name] = maps.new_empty(len(self.known), *maps.shape[1:], dtype=torch.float16)
                self.maps[name][new] = maps.clamp(-LARGEST, LARGEST).half()
            self.known[new] = True
        return {name: maps[rows].float().permute(0, 3, 1, 2) for name, maps in self.maps.items()}


def live(encoder: nn.Module, pictures: np.ndarray) -> Read:
    """A reader of pictures (N, h, w, 3) through the encoder as it is now, with gradients where they are asked for."""
    device = next(encoder.parameters()).device
    return lambda indices, mirrored: stages_of(encoder, pixels(pictures[indices], mirrored, device))


def rounds(count: int, batch: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Batches without end in which all of `count` come before one comes again: each (batch,) indices.

    >>> drawn = rounds(3, 4, np.random.default_rng(0))
    >>> sorted(next(drawn).tolist()[:3])
    [0, 1, 2]
    """
    waiting = np.zeros(0, np.int64)
    while True:
        while len(waiting) < batch:
            waiting = np.concatenate([waiting, rng.permutation(count)])
        yield waiting[:batch]
        waiting = waiting[batch:]


def seeded(make: Callable[[], nn.Module], seed: int) -> nn.Module:
    """A module whose random weights are those of a seed; the chance of everything else is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()


class Learner:
    """An encoder and a head that learn together, or the head alone on a frozen encoder; the encoder given is never changed."""

    def __init__(self, encoder: nn.Module, head: nn.Module, frozen: bool) -> None:
        self.device = next(encoder.parameters()).device
        self.frozen = frozen
        self.encoder = encoder.eval()
        if not frozen:
            copied = copy.deepcopy(encoder).requires_grad_(True)
            self.encoder = copied.to(memory_format=torch.channels_last)
        self.head = head.to(self.device, memory_format=torch.channels_last)

    def learn(self, pictures: np.ndarray, loss: Loss, budget: Budget, seed: int) -> Generator[Point, None, None]:
        """Train on pictures (N, h, w, 3) uint8, half of them mirrored; a Point after every step.

        FloatingPointError if the loss is not finite.
        """
        began, rng = time.process_time(), np.random.default_rng([seed, 2])
        read = Kept(self.encoder, pictures) if self.frozen else live(self.encoder.train(), pictures)
        learning = [*self.head.train().parameters(), *([] if self.frozen else self.encoder.parameters())]
        optimizer = torch.optim.AdamW(learning, budget.learning_rate, (0.9, 0.99), weight_decay=budget.weight_decay)
        for step, indices in zip(range(budget.steps), rounds(len(pictures), budget.batch, rng), strict=False):
            mirrored = rng.random(len(indices)) < 0.5
            value = loss(self.head(read(indices, mirrored)), indices, mirrored)
            if not torch.isfinite(value):
                raise FloatingPointError(
                    f"The loss is {value.item()} at step {step}; take a lower learning rate than {budget.learning_rate}."
                )
            optimizer.zero_grad()
            value.backward()
            for group in optimizer.param_groups:
                group["lr"] = budget.rate(step)
            optimizer.step()
            yield Point(step + 1, budget.steps, time.process_time() - began, value.item())

    @torch.inference_mode()
    def answers(self, pictures: np.ndarray) -> Iterator[tuple[int, Tensor]]:
        """The head's answers to pictures (N, h, w, 3) uint8, some at a time, each with the index of its first picture."""
        read = live(self.encoder.eval(), pictures)
        self.head.eval()
        for start in range(0, len(pictures), EVALUATED):
            indices = np.arange(start, min(start + EVALUATED, len(pictures)))
            yield start, self.head(read(indices, np.zeros(len(indices), bool)))
