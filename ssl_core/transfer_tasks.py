"""What a pre-trained encoder is handed on to: labelled pictures in three splits - to learn from, to make choices on, to be judged by.

A task is opened by its name: one of the packs of real photographs, a data set that torchvision downloads, a folder or a zip with a
sub-folder for each class, or `starter`, a toy that is always there. Pictures are decoded once, to squares of 128 px, the side that the
shipped networks were trained on, and come from the cache after that. Which weight decay and which stage of a network to take is decided on
the split `choice`, never on the one that is judged by.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Generator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from ssl_core.bank import Progress

__all__ = ["SIDE", "Progress", "Split", "TaskError", "TransferTask", "open_task", "open_task_steps", "task_names"]

SIDE = 128  # px: what the shipped networks were trained on
STARTER = "starter"


class TaskError(ValueError):
    """A task that cannot be opened. Its text is one sentence that says what to do next."""


@dataclass(frozen=True, eq=False)
class Split:
    """Pictures with their labels.

    pictures : (N, S, S, 3) uint8 sRGB, perhaps a read-only memory map
    labels : (N,) int64, positions in the classes of the task; or (N, C) bool where several classes may hold at once
    """

    pictures: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class TransferTask:
    """A classification task: `train` to learn from, `choice` to choose by (stage, weight decay), `test` to be judged by.

    name : how it was asked for; title : for people; described : how many pictures there are, and what was left out
    classes : the C names, in the order of the labels; caveat : what the task can and cannot show, "" where there is nothing to say
    """

    name: str
    title: str
    described: str
    classes: tuple[str, ...]
    train: Split
    choice: Split
    test: Split
    caveat: str = ""

    @cached_property
    def key(self) -> str:
        """16 hexadecimal digits that change with any picture, label or class: what caches are named by."""
        digest = hashlib.sha256("\0".join(self.classes).encode())
        for split in (self.train, self.choice, self.test):
            for array in (split.pictures, split.labels):
                crc = 0
                for start in range(0, len(array), 1024):  # a memory map is read piece by piece
                    crc = zlib.crc32(np.ascontiguousarray(array[start : start + 1024]), crc)
                digest.update(f"{array.shape} {array.dtype} {crc};".encode())
        return digest.hexdigest()[:16]

    @property
    def several(self) -> bool:
        """Whether several classes may hold for one picture: labels are (N, C) bool, and the score is mean average precision."""
        return self.train.labels.ndim == 2

    @property
    def chance(self) -> float:
        """What knowing nothing scores on the test split, in [0, 1]: one in C, or the mean share of the classes that occur."""
        if not self.several:
            return 1 / len(self.classes)
        shares = self.test.labels.mean(axis=0)
        return float(shares[shares > 0].mean())

    def share(self, share: float, seed: int) -> np.ndarray:
        """Indices into `train`, sorted (n,) int64: that share in (0, 1] of the pictures of every class, at least one of each.

        The seed draws one order of all pictures; of every class the first ones in it are taken, so that a smaller share of a seed lies
        within its larger ones. Where several classes may hold, a picture is taken if any of its classes takes it. Raises TaskError.
        """
        if not 0 < share <= 1:
            raise TaskError(f"A share of the labels lies above 0 and is at most 1; {share} does not.")
        labels = self.train.labels
        order = np.random.default_rng(seed).permutation(len(labels))
        columns = labels[order].T if self.several else labels[order] == np.arange(len(self.classes))[:, None]
        chosen = np.zeros(len(labels), dtype=bool)
        for column in [*columns, ~np.any(columns, axis=0)]:  # the last: pictures that show none of the classes
            places = np.flatnonzero(column)
            chosen[order[places[: max(1, round(share * len(places)))]]] = True
        return np.flatnonzero(chosen)


def task_names(packs: Path | None) -> tuple[str, ...]:
    """What can be raced with the packs in a folder: its tasks, and always the toy. Nothing is opened."""
    from ssl_core.transfer_packs import PACK_OF

    there = (name for name, file in PACK_OF.items() if packs is not None and (Path(packs) / file).is_file())
    return (*there, STARTER)


def open_task(name: str, packs: Path | None = None) -> TransferTask:
    """The task of that name: of a pack in the folder `packs`, "starter", a torchvision data set, or the path of a folder or a zip.

    The first time its pictures are decoded, under a progress bar. Raises TaskError.
    """
    from tqdm import tqdm

    bar, steps = None, open_task_steps(name, packs)
    while True:
        try:
            step = next(steps)
        except StopIteration as finished:
            if bar is not None:
                bar.close()
            return finished.value
        bar = bar or tqdm(total=step.total, unit="photo", desc="decode", delay=1)
        bar.update(step.done - bar.n)


def open_task_steps(name: str, packs: Path | None = None) -> Generator[Progress, None, TransferTask]:
    """The same, telling how far decoding is; closing the generator leaves nothing behind. Raises TaskError.

    Without a folder of packs `caltech101` stands for torchvision's.
    """
    from ssl_core import transfer_packs
    from ssl_core.transfer_downloads import DOWNLOADED, downloaded_task
    from ssl_core.transfer_toy import starter_task

    file = transfer_packs.PACK_OF.get(name)
    if file and packs is not None and (Path(packs) / file).is_file():
        return (yield from transfer_packs.pack_task(name, Path(packs) / file))
    if name == STARTER:
        return starter_task()
    if Path(name).exists():
        return (yield from transfer_packs.folder_task(name))
    if name in DOWNLOADED:
        return (yield from downloaded_task(name))
    if file:
        raise TaskError(f"The task {name} needs {file}; say in which folder it lies, or take {STARTER}.")
    known = ", ".join((*task_names(packs), *DOWNLOADED))
    raise TaskError(f"There is no task, folder or zip file {name!r}; known by name: {known}.")
