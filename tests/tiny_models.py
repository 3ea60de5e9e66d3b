"""Untrained networks of the tiny size, in a folder as the project ships its own: quick to build, and right in every shape."""

from collections.abc import Generator, Iterable
from pathlib import Path

import pytest
import torch

from ssl_core import checkpoint, networks
from ssl_core.pretexts import build, model_names
from visualize.lab import Lab


def save_tiny(folder: Path, names: Iterable[str]) -> Path:
    """The networks of these names, in their order; the folder."""
    for rank, name in enumerate(names):
        checkpoint.save(build(name, "tiny"), folder / name, {"rank": rank, "minutes": 2.0, "images": 1000})
    return folder


def tiny_lab(folder: Path, *methods: str) -> Generator[Lab, None, None]:
    """A lab whose networks are those of these methods; the body of a fixture."""
    save_tiny(folder, (name for name in model_names() if name.startswith(methods)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRETEXT_LAB_CHECKPOINTS", str(folder))
        yield Lab()


def tiny_encoder(seed: int = 0) -> networks.Encoder:
    """An encoder that has learned nothing, the same for the same seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return networks.Encoder(networks.TINY, networks.SignedRgb())


def finished(steps: Generator) -> tuple[list, object]:
    """The points of a run and what it returns."""
    points = []
    while True:
        try:
            points.append(next(steps))
        except StopIteration as end:
            return points, end.value
