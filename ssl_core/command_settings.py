"""What the commands share: how they refuse, and the settings that hold for a whole run."""

import ctypes
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile

from ssl_core import zoo


class CommandError(ValueError):
    """A command that cannot be carried out as asked. Its text says what to do instead."""


def use_threads(count: int | None) -> None:
    """Let torch use `count` threads; None leaves its choice. CommandError for more than the machine has cores."""
    cores = os.cpu_count() or 1
    if count and count > cores:
        raise CommandError(
            f"{count} threads would wait for one another. Give --threads {cores} at most, one for each core."
        )
    if count:
        import torch

        torch.set_num_threads(count)


def keep_freed_memory() -> None:
    """Let this process keep what it frees, up to 2 GiB, for its next large tensors.

    glibc gives blocks of more than 32 MiB back and asks for them anew, empty pages each time: for the colouring networks a fifth of
    a training step. With another C library nothing happens.
    """
    _set_allocator((-1, 2**31 - 1), (-4, 0))  # M_TRIM_THRESHOLD and M_MMAP_MAX of glibc's malloc.h


def share_freed_memory() -> None:
    """Let the threads of this process share what they free; to be called before there are any.

    glibc gives each thread a store of its own, eight for each core, and what is freed in one helps no other: a page that answers from
    forty threads would grow by half a gigabyte in an hour of clicks. With another C library nothing happens.
    """
    _set_allocator((-8, 2))  # M_ARENA_MAX


def _set_allocator(*options: tuple[int, int]) -> None:
    with suppress(AttributeError, OSError, TypeError):  # no such function; no C library by this name
        allocator = ctypes.CDLL(None)
        for option, value in options:
            allocator.mallopt(option, value)


def check_writable(folder: Path, otherwise: str) -> None:
    """Make `folder` if need be; CommandError, which ends with what to do `otherwise`, if nothing can be written to it.

    To be called before the work whose result goes there, which should not be lost.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=folder).close()
    except OSError as problem:
        raise CommandError(f"Nothing can be written to {folder}: {problem.strerror}. {otherwise}") from None


def check_renewal(shipped: Path, folder: Path) -> None:
    """Before --write renews what is `shipped`, in `folder`: CheckpointError if the models are others, CommandError as `check_writable`."""
    zoo.check_shipped(shipped)
    check_writable(folder, "Allow writing there, or leave out --write.")


def chosen_models(chosen: Sequence[str] | None, *methods: str) -> tuple[str, ...]:
    """The shipped models in the order of the story: of `methods` alone if any are named, those of `chosen` alone if it is given.

    CommandError if a name is unknown, or no model is left.
    """
    there = zoo.names()
    if unknown := sorted(set(chosen or ()) - set(there)):
        raise CommandError(
            f"There is no {', '.join(unknown)} in {zoo.folder()}. There are: {', '.join(there) or 'none'}."
        )
    able = [name for name in there if not methods or name.startswith(tuple(f"{one}-" for one in methods))]
    if not able:
        kind = f" of {' or '.join(methods)}" if methods else ""
        raise CommandError(
            f"There is no model{kind} in {zoo.folder()}. `pretext-lab train` makes them; --checkpoints says where they lie."
        )
    found = tuple(name for name in able if not chosen or name in chosen)
    if not found:
        raise CommandError(f"{', '.join(chosen)} cannot do this. These can: {', '.join(able)}.")
    return found


def use_checkpoints(folder: Path | None) -> None:
    """Take the models from `folder`; None leaves the zoo's choice."""
    if folder:
        os.environ["PRETEXT_LAB_CHECKPOINTS"] = str(folder)
