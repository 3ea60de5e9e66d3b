"""The photo bank: the pictures that neurons, maps and failure galleries look through, each knowing where it comes from."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ssl_core.array_cache import folder_of, read_arrays, write_arrays
from ssl_core.photo import PhotoError
from ssl_core.sources import Source, SourceError, name_of, open_source
from ssl_core.starter import Photo, starter
from ssl_core.steps import drained

SIDE = 128  # px of a bank picture: the side that the shipped networks were trained on
LOOK_AGAIN = 5.0  # s between two looks at a folder: listing 10,000 files takes a part of a second
PHOTO_SIDE = 640  # px of the longest side of a photograph as the page shows it; boxes are in its pixels
# Squares cut from a starter photograph: side as a share of its shorter side, and how many along its longer and shorter side.
CUTS = ((1.0, 3, 1), (0.7, 3, 2), (0.5, 4, 3), (0.35, 5, 4))


class BankError(SourceError):
    """Photographs that cannot be looked through. Its text is one sentence that says what to do next."""


class Place(NamedTuple):
    """Where a bank picture comes from: the starter photograph's key, or the name of a file, and the square cut from it.

    `box` is (left, top, width, height) in pixels of the photograph at its size on the page (longest side 640 px at most);
    None stands for the central square of a whole photograph.
    """

    photo: str
    box: tuple[int, int, int, int] | None


class Progress(NamedTuple):
    """How far a long work is: `done` of `total` pictures after `seconds`; `doing` says at what, `note` what went wrong."""

    done: int
    total: int
    seconds: float
    doing: str = ""
    note: str = ""


@dataclass(frozen=True, eq=False)
class Bank:
    """Pictures of one size, (side, side, 3) uint8 sRGB each, by index.

    described : a phrase for people; key : a hash of the content; skipped : pictures that could not be read
    names : file or photo name of each; labels : the class of each (its folder, or its manifest's), or None
    rows : (N, side, side, 3) uint8, memory-mapped for a folder or a zip
    """

    described: str
    key: str
    names: tuple[str, ...]
    labels: tuple[str, ...] | None
    skipped: int
    rows: np.ndarray = field(repr=False)
    places: tuple[Place, ...] = field(repr=False)
    listing: Callable[[], str] = field(repr=False)
    listed: str = ""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def called(self) -> str:
        """The name of the folder or zip, in short."""
        return self.described.rsplit(", ", 1)[0]

    @property
    def side(self) -> int:
        """Pixels of a side of each picture."""
        return self.rows.shape[1]

    def pixels(self, index: int) -> np.ndarray:
        """The picture at `index`, (side, side, 3) uint8, a copy."""
        return np.array(self.rows[index])

    def pixels_of(self, indices: Sequence[int] | slice) -> np.ndarray:
        """Several pictures, (n, side, side, 3) uint8; only these are read into memory."""
        return np.array(self.rows[indices if isinstance(indices, slice) else np.asarray(indices, dtype=np.int64)])

    def place(self, index: int) -> Place:
        """Which photograph, and which part of it, the picture at `index` shows."""
        return self.places[index]

    def changed(self) -> str:
        """One sentence if the photographs on disk are no longer those that were read, else ""."""
        try:
            same = self.listing() == self.listed
        except SourceError:
            return f"{self.called} can no longer be opened; what was read of it is still shown."
        return (
            "" if same else f"The photographs in {self.called} have changed: start the lab again to look through them."
        )


def starter_bank() -> Bank:
    """Patches of the starter photographs: squares of four sizes at regular places, 600 or more. Raises PhotoError.

    Cut once and kept in the cache (32 MB), if there is room: decoding the photographs takes seconds on a busy machine.
    """
    photos, digest = starter(), hashlib.sha256(repr((CUTS, SIDE, PHOTO_SIDE)).encode())
    for photo in photos:
        digest.update(photo.path.read_bytes())
    key = digest.hexdigest()[:16]
    path = folder_of("banks") / f"starter-{key}.safetensors"
    arrays = read_arrays(path)
    if arrays is None:
        arrays = _cut_starter(photos)
        with contextlib.suppress(OSError):
            write_arrays(path, arrays)
    names = tuple(photos[index].name for index in arrays["photo"].tolist())
    places = tuple(Place(name, tuple(box)) for name, box in zip(names, arrays["box"].tolist(), strict=True))
    described = f"{len(names)} patches of the {len(photos)} starter photographs"
    return Bank(described, key, names, None, 0, arrays["rows"], places, str)


def _cut_starter(photos: Sequence[Photo]) -> dict[str, np.ndarray]:
    """ "rows" (N, side, side, 3) uint8, "box" (N, 4) and "photo" (N,), the number of the photograph."""
    rows, boxes, numbers = [], [], []
    for number, photo in enumerate(photos):
        pixels = photo.load(PHOTO_SIDE)
        found = squares(*pixels.shape[:2])
        rows.append(cut(pixels, found))
        boxes += found
        numbers += [number] * len(found)
    return {"rows": np.concatenate(rows), "box": np.array(boxes), "photo": np.array(numbers)}


def squares(height: int, width: int) -> list[tuple[int, int, int, int]]:
    """The squares of `CUTS` in a photograph, each as (left, top, side, side), spread evenly from edge to edge.

    >>> squares(100, 100)[:3], len(squares(100, 100)), len(squares(100, 150))
    ([(0, 0, 100, 100), (0, 0, 70, 70), (15, 0, 70, 70)], 39, 41)
    """
    found, short = {}, min(height, width)
    for share, along, across in CUTS:
        side = max(1, round(share * short))
        rows, columns = (across, along) if width >= height else (along, across)
        for top in np.linspace(0, height - side, rows).round().astype(int).tolist():
            for left in np.linspace(0, width - side, columns).round().astype(int).tolist():
                found[(left, top, side, side)] = None  # in a square photograph the largest ones coincide
    return list(found)


def cut(photo: np.ndarray, boxes: Sequence[tuple[int, int, int, int]], side: int = SIDE) -> np.ndarray:
    """Parts (left, top, width, height) of a photograph (H, W, 3) uint8, resized to (n, side, side, 3) uint8, antialiased."""
    from PIL import Image

    picture = Image.fromarray(photo)
    parts = [
        picture.resize((side, side), Image.Resampling.LANCZOS, box=(left, top, left + width, top + height))
        for left, top, width, height in boxes
    ]
    return np.stack([np.asarray(part) for part in parts])


def open_bank(spec: str | Path, side: int = SIDE) -> Bank:
    """The bank of "starter", or of the whole photographs in a folder or a zip (their central squares, labelled by folder).

    Pictures that cannot be read are left out and counted. Raises BankError when there is nothing to look through.
    """
    return drained(open_bank_steps(spec, side))


def open_bank_steps(
    spec: str | Path, side: int = SIDE, source: Source | None = None
) -> Generator[Progress, None, Bank]:
    """The same, telling how far reading the photographs is. The first time each is decoded; later they come from the cache.

    `source` is what `open_source(spec, "all")` gave, for who has listed the photographs already.
    """
    if str(spec) == "starter":
        return starter_bank()
    from ssl_core.pack import pack_steps

    source, began = source or open_source(spec, "all"), time.monotonic()
    steps = pack_steps(source, side)
    try:
        while True:
            yield Progress(next(steps), len(source), time.monotonic() - began, "reading photographs")
    except StopIteration as finished:
        rows = finished.value
    except PhotoError as problem:
        raise BankError(str(problem)) from None
    kept = source.kept.tolist()
    names = tuple(source.names[index] for index in kept)
    labels = tuple(source.labels[index] for index in kept) if source.labels else None
    key = hashlib.sha256(f"{source.fingerprint} {len(kept)} {source.skipped} {side}".encode()).hexdigest()[:16]
    described = f"{name_of(spec)}, {len(kept):,} photographs"
    places = tuple(Place(name, None) for name in names)
    listing = Listing(spec, source.fingerprint)
    return Bank(described, key, names, labels, source.skipped, rows, places, listing, source.fingerprint)


def quick_to_open(source: Source | None, side: int = SIDE) -> bool:
    """Whether `open_bank` has no photographs to decode first: true for the starter bank (None) and for what it has opened before."""
    from ssl_core.pack import pack_path

    return source is None or pack_path(source, side).exists()


class Listing:
    """The fingerprint of the photographs at `spec` as they are on disk now; asked often, it looks at most every few seconds."""

    def __init__(self, spec: str | Path, known: str):
        self.spec, self.known, self.looked, self.stamp = spec, known, time.monotonic(), None

    def __call__(self) -> str:
        """Raises SourceError when there is nothing to open any more."""
        if time.monotonic() - self.looked >= LOOK_AGAIN:
            stamp = _stamp(Path(self.spec))
            if stamp is None or stamp != self.stamp:  # an untouched zip need not be opened
                self.known = open_source(self.spec, "all").fingerprint
            self.looked, self.stamp = time.monotonic(), stamp
        return self.known


def _stamp(path: Path) -> tuple[int, int] | None:
    """Size and time of a file; None for a folder, whose own time says nothing of the files below, and for what is gone."""
    return (path.stat().st_size, path.stat().st_mtime_ns) if path.is_file() else None
