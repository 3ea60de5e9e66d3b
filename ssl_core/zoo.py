"""The trained models that come with the project: which there are, and each of them loaded once, on demand."""

from __future__ import annotations

import os
import threading
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ssl_core import checkpoint

if TYPE_CHECKING:
    from ssl_core.pretext import Pretext

_LOCKS: dict[Path, threading.Lock] = {}  # one for each model: who asks for one need not wait for another


def folder() -> Path:
    """Where the models lie: $PRETEXT_LAB_CHECKPOINTS, or where they ship."""
    return Path(os.environ.get("PRETEXT_LAB_CHECKPOINTS") or checkpoint.SHIPPED)


def ships() -> bool:
    """Whether the models are those that ship with the project."""
    return folder().resolve() == checkpoint.SHIPPED.resolve()


def check_shipped(about: Path) -> None:
    """CheckpointError unless the models are those that ship with the project: what lies in `about` is of them alone."""
    if not ships():
        raise checkpoint.CheckpointError(
            f"--write renews {about}, which ships with the models in {checkpoint.SHIPPED}; those in {folder()} are others. "
            "Put them there, and leave out --checkpoints and $PRETEXT_LAB_CHECKPOINTS."
        )


def names() -> tuple[str, ...]:
    """Names of all models in the folder, without loading any: methods as they came into the field, then by name.

    Folders that cannot be read are named too, so that somebody is told when they are opened. What a first training has begun is no
    model yet. CheckpointError if that of all may not be read.
    """
    try:
        there = folder().iterdir() if folder().is_dir() else ()
        found = [path.name for path in there if path.is_dir() and not _begun(path)]
    except PermissionError:
        raise checkpoint.forbidden(folder()) from None
    return tuple(sorted(found, key=_rank))


def _begun(path: Path) -> bool:
    """Whether a folder holds the state of a training, and no network yet."""
    return os.path.exists(path / checkpoint.STATE) and not os.path.exists(path / checkpoint.CONFIG)


def _rank(name: str) -> tuple[int, str]:
    try:
        rank = checkpoint.read_config(folder() / name)["training"].get("rank", 0)
    except checkpoint.CheckpointError:
        rank = None
    return rank if isinstance(rank, int) else len(name), name


def load(name: str) -> Pretext:
    """A model by name, in evaluation mode; the same object for the same name. CheckpointError says what to do."""
    path = folder() / name
    if not name or not path.is_dir():
        there = ", ".join(names()) or "none"
        raise checkpoint.CheckpointError(f"There is no model called {name!r} in {folder()}. There are: {there}.")
    with _LOCKS.setdefault(path, threading.Lock()):
        return _load(path)


_load = lru_cache(maxsize=32)(checkpoint.load)
