"""Who is in the race: every shipped network, between an untrained encoder and one that was trained on labels."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass
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
    runs = {name: _runs(name) for name in found}
    return tuple(
        Teacher(
            name,
            round(sum(run.get("minutes", 0) for run in past), 1),
            sum(run.get("images", 0) for run in past),
        )
        for name, past in runs.items()
        if past is not None
    )


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


def _runs(name: str) -> list[dict] | None:
    """The notes on every training that led to a network, its own and those of its trunk; None if they cannot be read."""
    if name == UNTRAINED:
        return []
    try:
        training = checkpoint.read_config(zoo.folder() / name)["training"]
    except (checkpoint.CheckpointError, KeyError):
        return None
    return [training, *((_runs(training["trunk"]) or []) if training.get("trunk") else [])]


def self_supervised(found: Iterable[Teacher]) -> tuple[Teacher, ...]:
    """Those of `found` that learned without labels."""
    return tuple(teacher for teacher in found if teacher.kind == "self-supervised")
