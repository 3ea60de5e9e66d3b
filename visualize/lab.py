"""What all tabs of the page share: the photographs, the models, and the work already done on a photograph."""

import hashlib
import os
import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from ssl_core.photo import PhotoError, has_color, read_photo
from ssl_core.sources import Source, open_source, starter

if TYPE_CHECKING:
    from ssl_core.pretext import Pretext

T = TypeVar("T")

LONGEST_SIDE = 640  # pixels of a photograph on the page: enough for a projector, small enough to send for each change
MOST_UPLOADS = 64  # about 80 MB of pixels at most
MOST_RESULTS = 96  # a posterior takes about 2 MB
MOST_OF_FOLDER = 60  # thumbnails of one's own folder in the strip


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


class Recent:
    """A thread-safe dictionary of at most `size` entries that forgets the one unused for longest.

    Each entry is made once: who asks for a key while another thread makes it waits for that result.
    """

    def __init__(self, size: int):
        self.size, self.entries, self.lock = size, OrderedDict(), threading.Lock()

    def get(self, key) -> object | None:
        """The finished entry, or None."""
        with self.lock:
            entry = self.entries.get(key)
            if entry is not None:
                self.entries.move_to_end(key)
        return entry.result() if entry is not None else None

    def keep(self, key, make: Callable[[], T]) -> T:
        """The entry of `key`, made by `make()` when it is not there. An error of `make` is raised and not kept."""
        with self.lock:
            entry = self.entries.get(key)
            mine = entry is None
            if mine:
                entry = self.entries[key] = Future()
                while len(self.entries) > self.size:
                    self.entries.popitem(last=False)
            self.entries.move_to_end(key)
        if mine:
            try:
                entry.set_result(make())
            except BaseException as error:
                with self.lock:
                    if self.entries.get(key) is entry:
                        del self.entries[key]
                entry.set_exception(error)
                raise
        return entry.result()


class Lab:
    """The photographs of the strip, uploads, models and kept results of one running page.

    `photos`: a folder or a zip of one's own photographs; they come first in the strip.
    Errors: SourceError when `photos` cannot be opened.
    """

    def __init__(self, photos: str | None = None):
        self.shelf: dict[str, OnShelf] = {}
        if photos:
            self._put_folder(open_source(photos, "all"), Path(photos).name)
        for photo in starter():
            name = photo.name[:1].upper() + photo.name[1:]
            self._put(slug(name), OnShelf(name, photo.credit, photo.terms, partial(photo.load, LONGEST_SIDE)))
        self.keys: tuple[str, ...] = tuple(self.shelf)
        self.uploads, self.results = Recent(MOST_UPLOADS), Recent(MOST_RESULTS)
        self.salt = secrets.token_bytes(16)
        self.model_lock, self.warmed = threading.Lock(), threading.Event()

    def _put_folder(self, source: Source, called: str) -> None:
        """Photographs of one's own folder, spread evenly over it: the strip is no place for thousands."""
        for index in np.linspace(0, len(source) - 1, min(len(source), MOST_OF_FOLDER)).astype(int).tolist():
            path = source.names[index]
            photo = OnShelf(Path(path).name, f"from {called}", "", partial(source.read, index, LONGEST_SIDE))
            self._put(f"folder-{slug(Path(path).stem)}", photo)

    def _put(self, key: str, photo: OnShelf) -> None:
        number, free = 1, key
        while free in self.shelf:
            number, free = number + 1, f"{key}-{number + 1}"
        self.shelf[free] = photo

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
        return self.uploads.keep(key, lambda: shown(key, "Your photo", "", "", read_photo(data, LONGEST_SIDE)))

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

        with self.model_lock:
            return zoo.load(name)

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


def use_threads(count: int | None) -> None:
    """Let torch use `count` threads; to be called before torch is imported."""
    if count:
        os.environ["OMP_NUM_THREADS"] = str(count)
