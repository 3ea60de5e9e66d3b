"""What all tabs of the page share: the photographs, the models, and the work already done on a photograph."""

import contextlib
import hashlib
import re
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from ssl_core.bank import PHOTO_SIDE, Bank, Place, Progress, open_bank_steps, quick_to_open
from ssl_core.photo import PhotoError, has_color, read_photo
from ssl_core.sources import Source, SourceError, name_of, open_source, starter
from ssl_core.steps import drained
from visualize.recent import Recent
from visualize.shared_work import SharedWork

if TYPE_CHECKING:
    from ssl_core.features import Index
    from ssl_core.pretext import Pretext

T = TypeVar("T")

# pixels of a photograph on the page: enough for a projector, small enough to send for each change
LONGEST_SIDE = PHOTO_SIDE
SHORTEST_SIDE = 16  # of an upload: with less there is nothing to hide, to colour or to cut patches from
FIRST = "china"  # the starter photograph that a page opens with: sky, trees, a building, something for every teacher
MOST_UPLOADS = 64  # about 80 MB of pixels at most
MOST_RESULTS = 96  # on a photograph: a posterior takes about 2 MB
MOST_STANDING = 64  # on the bank and the models: word vectors, clusters, tasks
MOST_OF_FOLDER = 60  # thumbnails of one's own folder in the strip
MOST_INDEXES = 6  # of 10,000 pictures, about 40 MB each


@dataclass(frozen=True)
class Shown:
    """A photograph as every tab shows it: `pixels` (H,W,3) uint8 sRGB, longest side at most 640."""

    key: str
    name: str
    credit: str
    terms: str
    pixels: np.ndarray
    has_color: bool


@dataclass(frozen=True)
class OnShelf:
    """A photograph of the strip, not read yet; `load()` gives (H,W,3) uint8."""

    name: str
    credit: str
    terms: str
    load: Callable[[], np.ndarray]


class Lab:
    """The photographs of the strip, uploads, models and kept results of one running page.

    `photos`: a folder or a zip of one's own photographs; they come first in the strip.
    Errors: SourceError when `photos` cannot be opened.
    """

    def __init__(self, photos: str | None = None):
        self.shelf: dict[str, OnShelf] = {}
        self.namesakes = Counter()  # by key: names without a Latin letter all come to one
        self.photos, self.file_keys = photos or "starter", {}
        self.source = open_source(photos, "all") if photos else None
        mine = self._put_folder(self.source, name_of(photos)) if photos else []
        for photo in sorted(starter(), key=lambda photo: photo.name != FIRST):
            name = photo.name[:1].upper() + photo.name[1:]
            key = self._put(slug(name), OnShelf(name, photo.credit, photo.terms, partial(photo.load, LONGEST_SIDE)))
            mine.append(key)
        self.keys: tuple[str, ...] = tuple(mine)
        self.uploads, self.results, self.indexes = Recent(MOST_UPLOADS), Recent(MOST_RESULTS), Recent(MOST_INDEXES)
        self.standing = Recent(MOST_STANDING)  # what no photograph that a class clicks through may push out
        self.opened, self.work = Recent(2), SharedWork()  # the bank, and its patches
        self.salt = secrets.token_bytes(16)
        self.warmed = threading.Event()

    def _put_folder(self, source: Source, called: str) -> list[str]:
        """All photographs of one's own folder can be asked for; the keys of some, spread evenly over it, are for the strip."""
        keys = []
        for index, path in enumerate(source.names):
            photo = OnShelf(Path(path).name, f"from {called}", "", partial(source.read, index, LONGEST_SIDE))
            keys.append(self._put(f"folder-{slug(Path(path).stem)}", photo))
        self.file_keys = dict(zip(source.names, keys, strict=True))
        return [keys[i] for i in np.linspace(0, len(keys) - 1, min(len(keys), MOST_OF_FOLDER)).astype(int).tolist()]

    def _put(self, key: str, photo: OnShelf) -> str:
        free = key
        while free in self.shelf:
            self.namesakes[key] += 1
            free = f"{key}-{self.namesakes[key] + 1}"
        self.shelf[free] = photo
        return free

    def about(self, key: str) -> dict[str, str]:
        """Name, credit and terms of a photograph of the strip, without reading its pixels."""
        photo = self.shelf[key]
        return {"key": key, "name": photo.name, "credit": photo.credit, "terms": photo.terms}

    def photo(self, key: str) -> Shown:
        """The photograph of a key of the strip or of an upload. Errors: PhotoError for an unknown key."""
        if key in self.shelf:
            photo = self.shelf[key]
            return self.keep(("photo", key), lambda: shown(key, photo.name, photo.credit, photo.terms, photo.load()))
        found = self.uploads.get(key)
        if found is None:
            raise PhotoError("This photo is no longer here: choose one from the strip, or upload it again.")
        return found

    def add(self, source: str | Path | bytes) -> Shown:
        """Take in an uploaded photograph. It is in nobody's strip; its key, which nobody can guess, is the way to it.

        The file's name is not kept: who uploads the same photograph need not learn what others call it.
        Errors: PhotoError whose text is a sentence for the person.
        """
        data = source if isinstance(source, bytes) else Path(source).read_bytes()
        key = f"upload-{hashlib.sha256(self.salt + data).hexdigest()[:24]}"
        return self.uploads.keep(
            key, lambda: shown(key, "An uploaded photo", "", "", read_photo(data, LONGEST_SIDE, SHORTEST_SIDE))
        )

    def model_names(self) -> tuple[str, ...]:
        """Names of all shipped models, in the order of the story; needs no torch."""
        from ssl_core import zoo

        return zoo.names()

    def models(self, method: str) -> tuple[str, ...]:
        """Names of the shipped models of a method ("context-encoder"), in the order of the story."""
        return tuple(name for name in self.model_names() if name.rpartition("-")[0] == method)

    def model(self, name: str) -> "Pretext":
        """The shipped model, loaded once. Errors: CheckpointError whose text says what to do."""
        from ssl_core import zoo

        return zoo.load(name)

    def bank(self) -> Bank:
        """The pictures that all tabs look through: patches of the starter photographs, or the whole `photos`; opened once.

        The first opening of a large folder takes minutes: `bank_steps` tells how far it is. Errors: BankError, PhotoError.
        """
        return drained(self.bank_steps())

    def bank_steps(self) -> Generator[Progress, None, Bank]:
        """`bank`, telling how far it is. Closing the generator stops, unless another tab waits for the same."""
        bank = self.opened.get("bank")
        if bank is None:
            bank = yield from self.work.watch("bank", lambda: open_bank_steps(self.photos, source=self.source))
            bank = self.opened.keep("bank", lambda: bank)
        return bank

    def bank_at_hand(self) -> Bank | None:
        """`bank` if it can be had within about a second, else None: then `bank_steps` is the way."""
        return self.opened.get("bank") or (self.bank() if quick_to_open(self.source) else None)

    def bank_changed(self) -> str:
        """A sentence when the photographs on disk are no longer those of the open bank, else "". Reads a folder's list."""
        bank = self.opened.get("bank")
        return bank.changed() if bank else ""

    def strip_key(self, place: Place) -> str:
        """The key by which a tab shows the photograph that a picture of the bank comes from: `photo(key)` gives it."""
        return self.file_keys.get(place.photo) or slug(place.photo)

    def index(self, model_name: str) -> "Index | None":
        """What a model's units answer to the bank, if that has been computed; None means: run `index_steps`.

        Errors: CheckpointError, BankError, PhotoError.
        """
        from ssl_core.features import load_index

        bank = self.bank_at_hand()
        if bank is None:
            return None
        key = (model_name, bank.key)
        found = self.indexes.get(key) or load_index(self.model(model_name), bank)
        return found and self.indexes.keep(key, lambda: found)

    def index_steps(self, model_name: str) -> "Generator[Progress, None, Index]":
        """Compute `index(model_name)`, and before it the bank; for a tab's progress bar. Yields 5 to 8 times a second.

        Closing the generator stops the work unless another tab waits for it too; finished chunks stay, and a later call goes on.
        Errors: CheckpointError, BankError, PhotoError.
        """
        from ssl_core.features import index_steps

        bank = yield from self.bank_steps()
        found = self.indexes.get((model_name, bank.key))
        if found is None:
            model = self.model(model_name)
            found = yield from self.work.watch(("index", model_name, bank.key), lambda: index_steps(model, bank))
            found = self.indexes.keep((model_name, bank.key), lambda: found)
        return found

    def keep(self, key: tuple, make: Callable[[], T]) -> T:
        """A result of work on a photograph, computed once per key and kept while it is among the recent ones."""
        return self.results.keep(key, make)

    def warm(self) -> None:
        """Import torch, load each model and run it once, in a thread; a second call does nothing."""
        if not self.warmed.is_set():
            self.warmed.set()
            threading.Thread(target=self._warm, name="warm", daemon=True).start()

    def _warm(self) -> None:
        import torch

        from ssl_core.checkpoint import CheckpointError

        for name in self.model_names():
            try:
                model = self.model(name)
                with torch.inference_mode():
                    model.panels({"image": torch.rand(1, 3, 64, 64)}, np.random.default_rng(0))
            except CheckpointError:
                continue  # the tab that needs it says so
        with contextlib.suppress(PhotoError, SourceError):
            self.bank_at_hand()


def slug(name: str) -> str:
    """A name as it stands in a link.

    >>> slug("Grace Hopper (1984)")
    'grace-hopper-1984'
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "photo"


def shown(key: str, name: str, credit: str, terms: str, pixels: np.ndarray) -> Shown:
    """A photograph (H,W,3) uint8 reduced to at most 640 pixels on its longest side."""
    from PIL import Image

    if max(pixels.shape[:2]) > LONGEST_SIDE:
        picture = Image.fromarray(pixels)
        picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
        pixels = np.asarray(picture)
    return Shown(key, name, credit, terms, pixels, bool(has_color(pixels)))
