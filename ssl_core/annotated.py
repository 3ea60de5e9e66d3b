"""Photographs with a class at every pixel, or with boxes around things, as tasks: decoded once per process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from ssl_core.annotation_file import (
    ANNOTATIONS,
    IGNORE,
    AnnotationError,
    classes_of,
    listed,
    read_boxes,
    read_mask,
    stamp_of,
)
from ssl_core.photo import PhotoError, read_photo

__all__ = [
    "IGNORE",
    "AnnotationError",
    "Boxed",
    "Boxes",
    "Scenes",
    "Segmented",
    "letterbox",
    "open_boxed",
    "open_segmented",
]

# 4:3 as cameras take it, and multiples of the 16 px that the coarsest stage of an encoder steps. A picture costs 4 ms a pass on
# one CPU core and 13 ms a training step, so that fifteen rounds through the 367 of CamVid take about a minute.
SCENE = (144, 192)
# Two in three photographs are 4:3 or 3:2: in a square of 160 px they keep the size of their things and a fine-tuning step costs 12 ms
# a picture on a CPU; at 128 px the smallest tenth of the boxes would be under 7 px, less than one cell of the finest stage.
SQUARE = 160
MARGIN = 128  # mid-grey: what a network that maps RGB to [-1, 1] takes for nothing
SPLITS = {"train": "train", "val": "choice", "test": "test"}


@dataclass(frozen=True, eq=False)
class Scenes:
    """One split: pictures (N, h, w, 3) uint8, and at every pixel a class, masks (N, h, w) uint8, 255 where nobody says."""

    pictures: np.ndarray
    masks: np.ndarray


@dataclass(frozen=True, eq=False)
class Segmented:
    """A segmentation task. `choice` is for choices; `skipped` counts pictures that could not be read."""

    name: str
    classes: tuple[str, ...]
    train: Scenes
    choice: Scenes
    test: Scenes
    skipped: int = 0

    def for_choices(self) -> Segmented:
        """The same task with `choice` in the place of `test`, so that nothing is ever tuned on the test split."""
        return replace(self, test=_some(self.choice, self.name))


@dataclass(frozen=True, eq=False)
class Boxes:
    """One split: pictures (N, S, S, 3) uint8; of each its boxes (n, 4) float32 px, left, top, right, bottom, and labels (n,) int64."""

    pictures: np.ndarray
    boxes: tuple[np.ndarray, ...]
    labels: tuple[np.ndarray, ...]


@dataclass(frozen=True, eq=False)
class Boxed:
    """A detection task. `choice` is for choices; `skipped` counts pictures that could not be read."""

    name: str
    classes: tuple[str, ...]
    train: Boxes
    choice: Boxes
    test: Boxes
    skipped: int = 0

    def for_choices(self) -> Boxed:
        """The same task with `choice` in the place of `test`, so that nothing is ever tuned on the test split."""
        return replace(self, test=_some(self.choice, self.name))


def _some(split: Scenes | Boxes, name: str) -> Scenes | Boxes:
    if not len(split.pictures):
        raise AnnotationError(f'{name} has no pictures for choices; mark some of those of train with "split": "val".')
    return split


def open_segmented(path: str | Path, name: str = "camvid", size: tuple[int, int] = SCENE) -> Segmented:
    """The set `name` of a zip as a segmentation task, pictures and masks at `size` (height, width).

    Pictures are resized with antialiasing, masks by the nearest pixel. A picture or mask that cannot be read is left out and counted.
    Raises AnnotationError.
    """
    stamp = stamp_of(Path(path))
    return _segmented(Path(path), stamp, name, tuple(size))


@lru_cache(maxsize=2)
def _segmented(path: Path, stamp: tuple[int, int], name: str, size: tuple[int, int]) -> Segmented:
    about, images, read = listed(path, name)
    classes = classes_of(about, name)
    if len(classes) < 2:
        raise AnnotationError(f"{name} names one class; a segmentation needs at least two to tell apart.")
    images = [image for image in images if image.get("seg")]
    if not images:
        raise AnnotationError(
            f'No picture of {name} in {path.name} has a mask; name one for each as "seg" in {ANNOTATIONS}.'
        )
    ignore = int(about.get("ignore", IGNORE))

    def one(image: dict) -> tuple[np.ndarray, np.ndarray]:
        picture = Image.fromarray(read_photo(read(image["file"])))
        mask = read_mask(read(image["seg"]), image["seg"], len(classes), ignore)
        resized = picture.resize(size[::-1], Image.Resampling.LANCZOS)
        return np.asarray(resized), np.asarray(Image.fromarray(mask).resize(size[::-1], Image.Resampling.NEAREST))

    found, skipped = _splits(images, one, f"{name} in {path.name}")
    empty = (np.zeros((0, *size, 3), np.uint8), np.zeros((0, *size), np.uint8))
    parts = {
        part: Scenes(*(np.stack(kind) for kind in zip(*rows, strict=True))) if rows else Scenes(*empty)
        for part, rows in found.items()
    }
    for split in ("train", "test"):
        if len(set(np.unique(parts[split].masks)) - {IGNORE}) < 2:
            raise AnnotationError(
                f"The {split} masks of {name} show fewer than two classes; there is nothing to tell apart."
            )
    return Segmented(name, classes, **parts, skipped=skipped)


def open_boxed(path: str | Path, name: str = "voc5", side: int = SQUARE) -> Boxed:
    """The set `name` of a zip as a detection task: each picture whole in a square of `side` px, on grey where it does not reach.

    A picture is never squashed, so that the overlap of two boxes is what it was. A picture that cannot be read is left out and counted.
    Raises AnnotationError.
    """
    stamp = stamp_of(Path(path))
    return _boxed(Path(path), stamp, name, side)


@lru_cache(maxsize=2)
def _boxed(path: Path, stamp: tuple[int, int], name: str, side: int) -> Boxed:
    about, images, read = listed(path, name)
    classes = classes_of(about, name)

    def one(image: dict) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        photo = read_photo(read(image["file"]))
        boxes, labels = read_boxes(image, classes, photo.shape[:2])
        square, boxes = letterbox(photo, boxes, side)
        return square, boxes, labels

    found, skipped = _splits(images, one, f"{name} in {path.name}")
    parts = {}
    for part, rows in found.items():
        pictures, boxes, labels = zip(*rows, strict=True) if rows else ((), (), ())
        empty = np.zeros((0, side, side, 3), np.uint8)
        parts[part] = Boxes(np.stack(pictures) if rows else empty, tuple(boxes), tuple(labels))
    for split in ("train", "test"):
        if not any(map(len, parts[split].boxes)):
            raise AnnotationError(
                f"No {split} picture of {name} in {path.name} has boxes; give each a list of [class, left, top, right, bottom] "
                'as "boxes".'
            )
    return Boxed(name, classes, **parts, skipped=skipped)


def letterbox(photo: np.ndarray, boxes: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """A photograph (H, W, 3) uint8 whole in the middle of a grey square of `side` px, and its boxes (n, 4) px moved along.

    >>> square, boxes = letterbox(np.zeros((2, 4, 3), np.uint8), np.array([[0.0, 0.0, 4.0, 2.0]]), 8)
    >>> square[:, 0, 0].tolist(), boxes.tolist()
    ([128, 128, 0, 0, 0, 0, 128, 128], [[0.0, 2.0, 8.0, 6.0]])
    """
    height, width = photo.shape[:2]
    scale = side / max(height, width)
    high, wide = (max(1, round(length * scale)) for length in (height, width))
    top, left = (side - high) // 2, (side - wide) // 2
    square = np.full((side, side, 3), MARGIN, np.uint8)
    resized = Image.fromarray(photo).resize((wide, high), Image.Resampling.LANCZOS)
    square[top : top + high, left : left + wide] = np.asarray(resized)
    stretch = np.array([wide / width, high / height] * 2)
    return square, (boxes * stretch + np.array([left, top] * 2)).astype(np.float32)


def _splits(images: list[dict], one: Callable, where: str) -> tuple[dict[str, list], int]:
    """What `one` makes of each picture, by part of the task, and how many cannot be read."""
    found: dict[str, list] = {part: [] for part in SPLITS.values()}
    skipped = 0
    for image in images:
        if image["split"] not in SPLITS:
            raise AnnotationError(f"{where} has a split {image['split']!r}; those of a task are {', '.join(SPLITS)}.")
        try:
            found[SPLITS[image["split"]]].append(one(image))
        except PhotoError:
            skipped += 1
    missing = [split for split, part in SPLITS.items() if not found[part] and split != "val"]
    if missing:
        raise AnnotationError(
            f"{where} has no readable {' and no '.join(missing)} pictures ({skipped} cannot be read)."
        )
    return found, skipped
