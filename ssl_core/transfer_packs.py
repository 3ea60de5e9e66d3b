"""Labelled pictures out of packs, folders and zips: decoded once, cleared of what cannot be used, and divided into three splits.

Pictures are the central squares that every other part of the project sees, from the same cached array. Only voc5 is squeezed to a square
instead: its labels say what is anywhere in a photograph, and a central square of one of 240 x 160 px loses a third of it, objects included.
"""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Generator
from pathlib import Path

import numpy as np

from ssl_core.bank import Progress
from ssl_core.pack import pack_steps
from ssl_core.photo import PhotoError, read_photo
from ssl_core.sources import Source, SourceError, name_of, open_source
from ssl_core.transfer_splits import Called, Labelled, labelled_task, rows_at, several_task
from ssl_core.transfer_tasks import SIDE, TaskError, TransferTask

PACK_OF = {"caltech101": "photos.zip", "intel_scene": "photos.zip", "tiny": "tiny.zip", "voc5": "voc.zip"}
TITLES = {
    "caltech101": "Caltech-101",
    "intel_scene": "Intel scenes",
    "tiny": "Tiny ImageNet, 200 classes",
    "voc5": "Five classes of VOC",
}
CAVEATS = {
    "caltech101": "Objects in the middle of the picture, about 34 of a class to learn from: 1 % of the labels means one of each, or 3 %.",
    "intel_scene": "Six kinds of scenes, which colour and texture alone go far to tell apart.",
    "tiny": "Pictures of 64 px, enlarged to 128: nothing finer than that can help.",
    "voc5": "Whole photographs squeezed to a square; several classes may be in one, and small objects count as much as large ones.",
}


class SqueezedSource(Source):
    """A Source whose photographs are squeezed to a square, whole, instead of cut to their central square."""

    def square(self, index: int, side: int) -> np.ndarray:
        """The whole photograph, resized to (side, side, 3) uint8, antialiased. Raises PhotoError."""
        from PIL import Image

        photo = Image.fromarray(read_photo(self.read_bytes(self.names[index])))
        return np.array(photo.resize((side, side), Image.Resampling.LANCZOS))


def pack_task(name: str, path: Path) -> Generator[Progress, None, TransferTask]:
    """A task out of the pack `path`, a zip. The val split of a pack is judged by; each seventh of train is for choices."""
    called, source = Called(name, TITLES[name], CAVEATS[name]), _opened(path)
    if name == "voc5":
        return (yield from _voc5_task(called, source, path))
    return (yield from folders_task(called, source, path, f"{name}/"))


def folder_task(path: str | Path) -> Generator[Progress, None, TransferTask]:
    """A task out of a folder or a zip with a sub-folder for each class; splits as `open_source` finds them declared."""
    return (yield from folders_task(Called(str(path), name_of(path)), _opened(path), path, ""))


def folders_task(
    called: Called, source: Source, path: str | Path, within: str
) -> Generator[Progress, None, TransferTask]:
    """The pictures of `source` in the folder `within`, labelled by folder or manifest."""
    wanted = np.array([name.startswith(within) for name in source.names])
    if not wanted.any():
        raise TaskError(
            f"{Path(path).name} holds no folder {within}; README.md says under Train which pack holds {called.name}."
        )
    if source.labels is None:
        few = len({Path(name).parent for name in source.names}) == 1 and "/" in source.names[0]
        found = "only one class" if few else "no classes"
        raise TaskError(
            f"{Path(path).name} holds {found}; put the pictures of each of two classes or more into a folder of its own."
        )
    rows = yield from decoded(source)
    kept = source.kept[wanted[source.kept]]
    labels = np.array(source.labels)[kept]
    parts = _declared_parts(path, source)[kept]
    places = np.flatnonzero(wanted[source.kept])
    broken = int(wanted.sum()) - len(kept)
    return labelled_task(called, Labelled(rows_at(rows, places), labels, parts, broken, source.class_names))


def _declared_parts(path: str | Path, source: Source) -> np.ndarray:
    """(N,) str for the pictures of a source of all splits. What is neither train nor val there is test; without such val is test."""
    declared = {}
    for split in ("train", "val"):
        try:
            declared[split] = set(open_source(path, split).names)
        except SourceError:  # it has none
            declared[split] = set()
    train, val = declared["train"], declared["val"]
    if not val:
        return np.array([""] * len(source))
    rest = set(source.names) - train - val
    of_val = "choice" if rest else "test"
    return np.array(["train" if name in train else of_val if name in val else "test" for name in source.names])


def _voc5_task(called: Called, source: Source, path: Path) -> Generator[Progress, None, TransferTask]:
    """Which of five classes a photograph shows, by its boxes; splits are those of annotations.json."""
    try:
        annotations = json.loads(source.read_bytes("annotations.json"))
        classes = tuple(annotations["sets"]["voc5"]["classes"])
        images = {image["file"]: image for image in annotations["images"].values() if image["set"] == "voc5"}
        shown = {file: {box[0] for box in image["boxes"]} for file, image in images.items()}
        part = {file: {"val": "choice"}.get(image["split"], image["split"]) for file, image in images.items()}
    except (KeyError, ValueError, TypeError, PhotoError):
        raise TaskError(f"{path.name} has no annotations.json with the boxes of voc5; take the pack again.") from None
    source = squeezed(source, tuple(name for name in source.names if name in images))
    rows = yield from decoded(source)
    files = [source.names[index] for index in source.kept]
    labels = np.array([[name in shown[file] for name in classes] for file in files])
    return several_task(
        called, classes, Labelled(rows, labels, np.array([part[file] for file in files]), source.skipped)
    )


def squeezed(source: Source, names: tuple[str, ...]) -> SqueezedSource:
    """The photographs `names` of a source, whole. What is decoded of it is kept apart from the central squares."""
    crc = zlib.crc32(f"squeezed {source.fingerprint} {' '.join(names)}".encode())
    described = f"{source.described.split(',')[0]} squeezed, {len(names)} photographs"
    return SqueezedSource(described, names, source.read_bytes, f"{crc:08x}", None, source.split)


def _opened(path: str | Path) -> Source:
    try:
        return open_source(path, "all")
    except SourceError as problem:
        raise TaskError(str(problem)) from None


def decoded(source: Source) -> Generator[Progress, None, np.ndarray]:
    """Its pictures as (N, 128, 128, 3) uint8, decoded or from the cache. Raises TaskError."""
    began, steps = time.monotonic(), pack_steps(source, SIDE)
    try:
        while True:
            yield Progress(next(steps), len(source), time.monotonic() - began, "reading photographs")
    except StopIteration as finished:
        return finished.value
    except PhotoError as problem:
        raise TaskError(str(problem)) from None
    finally:
        steps.close()
