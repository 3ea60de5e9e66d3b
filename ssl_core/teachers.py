"""Who is in the race: every shipped network, between an untrained encoder and one that was trained on labels."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ssl_core import checkpoint, zoo

if TYPE_CHECKING:
    from ssl_core.networks import Encoder

UNTRAINED = "untrained"
SUPERVISED = "supervised-labels"


@dataclass(frozen=True)
class Teacher:
    """A teacher and what its pre-training cost: minutes on a CPU and pictures seen, with those of the network it started from."""

    name: str
    minutes: float
    images: int

    @property
    def kind(self) -> str:
        """ "untrained", "self-supervised" or "supervised"."""
        return {UNTRAINED: "untrained", SUPERVISED: "supervised"}.get(self.name, "self-supervised")


def teachers() -> tuple[Teacher, ...]:
    """All teachers: the untrained encoder first, then the shipped networks in the order of the story, labels last.

    A checkpoint that cannot be read is left out here; opening it anywhere else says what is the matter.
    """
    found = [UNTRAINED, *(name for name in zoo.names() if name != SUPERVISED), SUPERVISED]
    return tuple(teacher for teacher in map(_teacher, found) if teacher)


def _teacher(name: str) -> Teacher | None:
    if name == UNTRAINED:
        return Teacher(name, 0, 0)
    try:
        return Teacher(name, **cost(zoo.folder() / name))
    except checkpoint.CheckpointError:
        return None


def cost(folder: Path) -> dict[str, float]:
    """{"minutes", "images"} of the training of the network in `folder`, with those of the network that it started from, as it was then.

    CheckpointError if its config.json cannot be read.
    """
    return cost_of(checkpoint.read_config(folder)["training"])


def cost_of(training: dict) -> dict[str, float]:
    """The same from the "training" of a config.json that has been read."""
    before = training.get("trunk_run", {})
    return {key: round(training.get(key, 0) + before.get(key, 0), 1) for key in ("minutes", "images")}


def encoder_of(name: str, seed: int = 0) -> Encoder:
    """A fresh copy of a teacher's encoder in evaluation mode, float32, which may be trained.

    "untrained" is the encoder of the shipped networks with random weights, drawn by `seed`. CheckpointError for an unknown name.
    """
    if name == UNTRAINED:
        return untrained(seed)
    return copy.deepcopy(zoo.load(name).encoder).float().eval()


def untrained(seed: int) -> Encoder:
    """The encoder of the shipped networks with the random weights of `seed`, in evaluation mode."""
    import torch

    from ssl_core.networks import SMALL, Encoder, SignedRgb

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Encoder(SMALL, SignedRgb()).eval()
