"""Labelled pictures divided into three splits, and cleared of what nothing can be learned from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ssl_core.transfer_tasks import Split, TaskError, TransferTask

# Where no splits are declared, of every class each fifth picture is judged by; where no choices are, each seventh of the rest is for these.
# With 133 pictures of Caltech-101 the stage of an untrained network was chosen 7 points off.
TEST_ONE_IN, CHOICE_ONE_IN = 5, 7
NAMED = 5  # classes that a sentence lists before it stops


class Called(NamedTuple):
    """How a task is asked for, what people call it, and what it cannot show."""

    name: str
    title: str
    caveat: str = ""


class Labelled(NamedTuple):
    """Decoded pictures before they are divided.

    rows : (N, 128, 128, 3) uint8; labels : (N,) str, "" where there is none; parts : (N,) str, "train", "choice", "test", or "" for
    a set that declares none; broken : pictures that could not be read; names : what people call a label, where that differs
    """

    rows: np.ndarray
    labels: np.ndarray
    parts: np.ndarray
    broken: int = 0
    names: dict[str, str] = {}


def labelled_task(called: Called, found: Labelled) -> TransferTask:
    """A task of one class for each picture. Classes with a single picture and pictures without a label are left out. Raises TaskError."""
    parts = divided(found)
    names, counts = np.unique(found.labels[found.labels != ""], return_counts=True)
    learned = np.isin(names, found.labels[parts == "train"])
    lone, unlearned = names[counts == 1], names[(counts > 1) & ~learned]
    classes = names[(counts > 1) & learned]
    if len(classes) < 2:
        raise TaskError(
            f"{called.title} has {len(classes) or 'no'} class with two pictures or more; "
            "put more pictures into the folders of two classes at least."
        )
    usable = np.isin(found.labels, classes)
    said = [
        _count(found.broken, "picture that cannot be read", "pictures that cannot be read"),
        _count(int((found.labels == "").sum()), "picture in no folder", "pictures in no folder"),
        _listed(lone, "class with a single picture", "classes with a single picture"),
        _listed(unlearned, "class with nothing to learn from", "classes with nothing to learn from"),
    ]
    labels = np.searchsorted(classes, found.labels).astype(np.int64)
    spoken = tuple(found.names.get(name, name) for name in classes.tolist())
    return _task(called, spoken, found.rows, labels, np.where(usable, parts, ""), said)


def several_task(called: Called, classes: tuple[str, ...], found: Labelled) -> TransferTask:
    """A task where several classes may hold: `found.labels` is (N, C) bool, and every split is declared. Raises TaskError."""
    said = [_count(found.broken, "picture that cannot be read", "pictures that cannot be read")]
    return _task(called, classes, found.rows, found.labels, found.parts, said)


def _task(
    called: Called, classes: tuple[str, ...], rows: np.ndarray, labels: np.ndarray, parts: np.ndarray, said: list[str]
) -> TransferTask:
    splits = {}
    for part, purpose in (("train", "to learn from"), ("choice", "for choices"), ("test", "to be judged by")):
        places = np.flatnonzero(parts == part)
        if not len(places):
            raise TaskError(f"{called.title} has no pictures {purpose}; add some, five or more of each class.")
        splits[part] = Split(rows_at(rows, places), labels[places])
    left = "; ".join(sentence for sentence in said if sentence)
    described = (
        f"{len(splits['train']):,} pictures to learn from, {len(splits['choice']):,} for choices, {len(splits['test']):,} to be judged by, "
        f"of {len(classes)} classes" + (f"; left out: {left}" if left else "")
    )
    return TransferTask(called.name, called.title, described, classes, caveat=called.caveat, **splits)


def divided(found: Labelled) -> np.ndarray:
    """(N,) "train", "choice" or "test" for each picture, as declared or by its place among those of its class.

    Pictures for choices that are not declared are set aside from train; no class loses its last one to them.
    """
    parts = np.array(found.parts, dtype="<U6")
    if "choice" in parts:
        return parts
    if not parts.any():
        parts = np.where(_every(found.labels, parts == "", 0, TEST_ONE_IN), "test", "train")
    aside = _every(found.labels, parts == "train", CHOICE_ONE_IN // 2, CHOICE_ONE_IN)
    if not aside.any():  # few pictures: the second of every class that has two to learn from
        aside = _every(found.labels, parts == "train", 1, CHOICE_ONE_IN)
    return np.where(aside, "choice", parts)


def _every(labels: np.ndarray, among: np.ndarray, first: int, step: int) -> np.ndarray:
    """(N,) bool: of the pictures of each class that are `among` (N,) bool, the one at position `first` and each `step` after it."""
    chosen = np.zeros(len(labels), dtype=bool)
    for name in np.unique(labels):
        chosen[np.flatnonzero(among & (labels == name))[first::step]] = True
    return chosen


def rows_at(rows: np.ndarray, places: np.ndarray) -> np.ndarray:
    """`rows[places]` for sorted places (n,); a view, and so still a memory map, where they lie side by side."""
    if len(places) and places[-1] - places[0] == len(places) - 1:
        return rows[places[0] : places[-1] + 1]
    return rows[places]


def _count(count: int, one: str, many: str) -> str:
    """What was left out, as a phrase, or "".

    >>> _count(0, "file", "files"), _count(1, "file", "files"), _count(1200, "file", "files")
    ('', '1 file', '1,200 files')
    """
    return f"{count:,} {one if count == 1 else many}" if count else ""


def _listed(names: np.ndarray, one: str, many: str) -> str:
    """The same for classes, with the names of the first few."""
    some = ", ".join(names[:NAMED].tolist()) + (", ..." if len(names) > NAMED else "")
    return f"{_count(len(names), one, many)} ({some})" if len(names) else ""
