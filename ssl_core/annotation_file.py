"""Photographs with a class at every pixel, or with boxes around things: how a zip says so.

The zip holds pictures and an annotations.json:

    {"sets": {"camvid": {"classes": ["sky", ...], "ignore": 255}, "voc5": {"classes": ["bus", ...]}},
     "images": {"any id": {"set": "camvid", "file": "a.jpg", "split": "train", "seg": "a.png"},
                "another": {"set": "voc5", "file": "b.jpg", "split": "test", "size": [width, height],
                            "boxes": [["bus", left, top, right, bottom], ...]}}}

"seg" is a PNG of one channel that holds the number of the class at each pixel, "boxes" are pixels of a picture of "size".
Splits are train, val and test; val is for choices, test for the numbers that are told.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from ssl_core.photo import PhotoError

ANNOTATIONS = "annotations.json"
IGNORE = 255  # at a pixel of which nobody says what it is


class AnnotationError(ValueError):
    """Annotations that cannot be used. Its text is one sentence that says what to do next."""


def stamp_of(path: Path) -> tuple[int, int]:
    """What changes when the file does: a zip that was packed again is read again."""
    if not path.is_file():
        raise AnnotationError(f"There is no file {path.name}; name a zip that holds pictures and {ANNOTATIONS}.")
    return path.stat().st_mtime_ns, path.stat().st_size


def listed(path: Path, name: str) -> tuple[dict, list[dict], Callable[[str], bytes]]:
    """What annotations.json says of a set, of its pictures, and a reader of the zip's files that raises PhotoError."""
    try:
        archive = zipfile.ZipFile(path)
        about = json.loads(archive.read(ANNOTATIONS))
        sets, images = dict(about["sets"]), list(about["images"].values())
        there = [image for image in images if image["set"] == name and image["file"] and image["split"]]
    except (zipfile.BadZipFile, OSError):
        raise AnnotationError(f"{path.name} is not a whole zip file; download or pack it again.") from None
    except (KeyError, ValueError, TypeError, AttributeError):
        raise AnnotationError(
            f'{path.name} needs an {ANNOTATIONS} with "sets" and, for each of its "images", "set", "file" and "split".'
        ) from None
    if name not in sets or not there:
        raise AnnotationError(f"{path.name} holds no set {name!r} with pictures; it names {', '.join(sets) or 'none'}.")

    def read(file: str) -> bytes:
        try:
            return archive.read(file)
        except (KeyError, zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError):
            raise PhotoError(f"{file} is missing from {path.name} or damaged.") from None

    return sets[name], there, read


def classes_of(about: dict, name: str) -> tuple[str, ...]:
    """The names of the classes of a set, in the order of their numbers."""
    classes = about.get("classes") if isinstance(about, dict) else None
    if not isinstance(classes, list) or not classes or len({*map(str, classes)}) < len(classes):
        raise AnnotationError(f'{name} needs a list "classes" in {ANNOTATIONS}, each of them named once.')
    return tuple(map(str, classes))


def read_mask(data: bytes, file: str, classes: int, ignore: int) -> np.ndarray:
    """(H, W) uint8 class numbers, 255 where nobody says; PhotoError if the file is damaged, AnnotationError if it is no mask."""
    try:
        with Image.open(BytesIO(data), formats=("PNG",)) as image:
            mask = np.array(image)
    except Exception:  # noqa: BLE001 - damaged data makes the decoder raise anything from struct.error to SyntaxError
        raise PhotoError(f"{file} is not a readable PNG.") from None
    if mask.ndim != 2 or mask.dtype == bool:
        raise AnnotationError(
            f"{file} is a picture, not a mask; save it with one channel that holds the number of the class."
        )
    known = mask != ignore
    if known.any() and int(mask[known].max()) >= classes:
        raise AnnotationError(
            f"{file} holds the number {int(mask[known].max())}, but classes end at {classes - 1} and {ignore} is the one to ignore."
        )
    return np.where(known, mask, IGNORE).astype(np.uint8)


def read_boxes(image: dict, classes: tuple[str, ...], shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Boxes (n, 4) in pixels of the decoded picture of `shape`, cut at its border, and their labels; empty ones are left out."""
    try:
        width, height = image.get("size") or shape[::-1]
        rows = [(classes.index(str(label)), *map(float, corners)) for label, *corners in image.get("boxes") or ()]
        found = np.array(rows, dtype=np.float64).reshape(-1, 5)
        if not np.isfinite(found).all():
            raise ValueError
    except (ValueError, TypeError):
        raise AnnotationError(
            f"The boxes of {image['file']} cannot be read; each is [class, left, top, right, bottom] with one of the classes of the set."
        ) from None
    corners = found[:, 1:] * np.array([shape[1] / width, shape[0] / height] * 2)
    corners = corners.clip(0, np.array([shape[1], shape[0]] * 2))
    whole = (corners[:, 2] > corners[:, 0]) & (corners[:, 3] > corners[:, 1])
    return corners[whole], found[whole, 0].astype(np.int64)
