"""Where photographs come from: the starter set, a folder, a zip, a torchvision dataset. Listed at once, read on demand."""

import csv
import json
import os
import threading
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path, PurePosixPath

import numpy as np

from ssl_core.captions import CAPTIONS, match_captions
from ssl_core.pack import cache_folder, pack
from ssl_core.photo import ENDINGS, PhotoError, read_photo, read_square
from ssl_core.starter import Photo, starter

__all__ = ["Photo", "Source", "SourceError", "open_source", "pack", "starter"]

# What data sets call their parts. A "test" part stands in for "val" where a set has no "val".
PARTS = {"training": "train", "train": "train", "test": "test"} | dict.fromkeys(
    ("val", "valid", "validation", "dev"), "val"
)
CLASS_NAMES = "classes.json"
WITH_MARK = "utf-8-sig"  # UTF-8, with or without the byte order mark that Excel writes first
MAX_FILE_BYTES = 512 * 2**20


class SourceError(ValueError):
    """A source that cannot be opened. Its text is one sentence that says what to do next."""


@dataclass
class Source:
    """Photographs of one split, by index. `read(i)` raises PhotoError for a broken picture; `pack` skips and counts those."""

    described: str
    names: tuple[str, ...]
    read_bytes: Callable[[str], bytes | Path]
    fingerprint: str
    labels: tuple[str, ...] | None = None
    split: str = "train"
    skipped: int = 0
    kept: np.ndarray | None = field(default=None, repr=False)
    """After `pack`: the indices (int64) of the photographs that its rows hold."""
    sentences: tuple[tuple[str, ...], ...] | None = field(default=None, repr=False)
    """What people wrote under each photograph, where captions.json says so; () for one without."""
    class_names: dict[str, str] = field(default_factory=dict, repr=False)
    """What people call a class, where classes.json says so: {"n01443537": "goldfish"}."""

    def __len__(self) -> int:
        return len(self.names)

    def read(self, index: int, max_side: int | None = None) -> np.ndarray:
        """The photograph at `index` as (H, W, 3) uint8 sRGB. Raises PhotoError."""
        return read_photo(self.read_bytes(self.names[index]), max_side)

    def square(self, index: int, side: int) -> np.ndarray:
        """Its central square, resized to (side, side, 3) uint8. Raises PhotoError."""
        return read_square(self.read_bytes(self.names[index]), side)

    def kept_labels(self) -> list[str]:
        """After `pack`: "set/class" for each of its rows, the class as people call it. SourceError if there are no classes.

        The set is the first of several folders in which a photograph lies, those that name a split aside, else the source.
        """
        called = self.described.rsplit(", ", 2)[0]
        if self.labels is None or self.kept is None:
            raise SourceError(f"There are no classes in {called}. Sort the photographs into one folder for each class.")
        paths = (PurePosixPath(self.names[index]).parts for index in self.kept)
        folders = [[part for part in path[:-1] if part.lower() not in PARTS] for path in paths]
        sets = [path[0] if len(path) > 1 else called for path in folders]
        spoken = [self.class_names.get(label := self.labels[index], label) for index in self.kept]
        return [f"{one}/{name}" for one, name in zip(sets, spoken, strict=True)]

    def kept_sentences(self) -> list[tuple[str, ...]]:
        """After `pack`: the sentences of each of its rows. SourceError if there is none under any photograph."""
        if self.sentences is None or self.kept is None or not any(self.sentences[index] for index in self.kept):
            raise SourceError(
                f"There are no sentences under the photographs of {self.described.rsplit(', ', 2)[0]}. Put a {CAPTIONS} beside "
                'them that says {"file": ["sentence", ...]}, or take captions.zip.'
            )
        return [self.sentences[index] for index in self.kept]


def open_source(spec: str | Path, split: str = "train") -> Source:
    """The photographs that `spec` names, of `split` "train", "val" or "all".

    `spec` is "starter", a folder, a zip file, or one of the torchvision names in `ssl_core.downloads.DATASETS`.
    A folder or zip may say which photograph belongs to which split: manifest.csv (columns path, split and perhaps class),
    split.json ({file: split}), annotations.json ({"images": {id: {"file", "split"}}}), or folders train/ and val/.
    Without that everything is "train". Raises SourceError.
    """
    if split not in ("train", "val", "all"):
        raise SourceError(f"There is no split {split!r}; ask for train, val or all.")
    path = Path(spec)
    if str(spec) == "starter":
        return _starter_source(split)
    if str(spec) and path.is_dir():  # Path("") would be the folder where the command runs
        return _folder_source(path, split)
    if path.is_file():
        return _zip_source(path, split)
    from ssl_core.downloads import DATASETS, download  # here, because it needs SourceError

    if str(spec) in DATASETS:
        return _folder_source(download(str(spec), cache_folder() / "datasets"), split, str(spec))
    raise SourceError(
        f"There is no folder, zip file or data set {str(spec)!r}; check the path, or take one of starter, {', '.join(DATASETS)}."
    )


def name_of(path: str | Path) -> str:
    """What a folder or file is called, also where the path is a dot or two; a link keeps its own name."""
    return Path(os.path.abspath(path)).name or str(path)


def _starter_source(split: str) -> Source:
    photos = {photo.name: photo for photo in starter() if photo.in_color}
    if split == "val":
        raise SourceError("The starter photographs have no val split; ask for train or all.")
    crc = zlib.crc32("".join(f"{name}:{photo.path.stat().st_size};" for name, photo in photos.items()).encode())
    names = tuple(photos)
    return Source(
        f"the {len(names)} starter photographs", names, lambda name: photos[name].path, f"{crc:08x}", None, split
    )


def _folder_source(folder: Path, split: str, called: str = "") -> Source:
    files = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if _is_listed(name) and path.is_file():
            files[name] = f"{path.stat().st_size}:{path.stat().st_mtime_ns}"

    def read_text(name: str) -> str | None:
        return (folder / name).read_text(encoding=WITH_MARK) if (folder / name).is_file() else None

    return _source(called or name_of(folder), files, read_text, lambda name: folder / name, split)


def _zip_source(path: Path, split: str) -> Source:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError):
        raise SourceError(f"{path.name} is not a whole zip file; download or pack it again.") from None
    infos = {info.filename: info for info in archive.infolist() if not info.is_dir()}
    files = {name: f"{info.file_size}:{info.CRC}" for name, info in sorted(infos.items()) if _is_listed(name)}
    lock = threading.Lock()

    def read_bytes(name: str) -> bytes:
        if infos[name].file_size > MAX_FILE_BYTES:
            raise PhotoError(f"{name} unpacks to more than {MAX_FILE_BYTES // 2**20} MB; leave it out of the zip.")
        try:
            with lock:
                return archive.read(name)
        except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError):
            raise PhotoError(f"{name} cannot be unpacked: the zip is damaged or locked with a password.") from None

    def read_text(name: str) -> str | None:
        return read_bytes(name).decode(WITH_MARK) if name in infos else None

    return _source(path.name, files, read_text, read_bytes, split)


def _source(called: str, files: dict[str, str], read_text: Callable, read_bytes: Callable, split: str) -> Source:
    """One split of the listed files; `files` maps each name to what changes when its content does."""
    try:
        parts, classes = _declared(read_text, files)
    except (ValueError, KeyError, TypeError, AttributeError, OSError, PhotoError):
        raise SourceError(f"The list of splits in {called} cannot be read; repair it or take it away.") from None
    chosen = tuple(name for name in files if name in parts)
    part = split
    if split != "all":
        part = "test" if split == "val" and "val" not in parts.values() else split
        chosen = tuple(name for name in chosen if parts[name] == part)
    if not files:
        raise SourceError(f"{called} holds no pictures ({', '.join(sorted(ENDINGS))}); add some or take another.")
    if not parts:
        told = f"names none of its pictures; write them as they lie there, like {next(iter(files))}, or take it away."
        raise SourceError(f"The list of splits in {called} {told}")
    if not chosen:
        have = ", ".join(sorted(set(parts.values())))
        raise SourceError(f"{called} has no {split} split, only {have}; put pictures into a folder {split}/.")
    crc = zlib.crc32(";".join(f"{name}={files[name]}" for name in chosen).encode())
    labels = tuple(classes[name] for name in chosen)
    described = f"{called}, {'all splits' if split == 'all' else 'split ' + part}, {len(chosen)} photographs"
    source = Source(described, chosen, read_bytes, f"{crc:08x}", labels if len(set(labels)) > 1 else None, split)
    _add_sentences(source, called, read_text, list(files))
    _add_class_names(source, called, read_text)
    return source


def _add_class_names(source: Source, called: str, read_text: Callable) -> None:
    try:
        if text := read_text(CLASS_NAMES):
            source.class_names = {label: spoken.split(",")[0] for label, spoken in json.loads(text).items()}
    except (ValueError, AttributeError, OSError, PhotoError):
        raise SourceError(
            f'The {CLASS_NAMES} in {called} cannot be read; it must say {{"folder": "name", ...}}. Repair it or take it away.'
        ) from None


def _add_sentences(source: Source, called: str, read_text: Callable, files: list[str]) -> None:
    try:
        if not (captions := read_text(CAPTIONS)):
            return
        source.sentences, _ = match_captions(captions, source.names)
        gone = match_captions(captions, files)[1]
    except (ValueError, OSError, PhotoError):
        raise SourceError(
            f'The {CAPTIONS} in {called} cannot be read; it must say {{"file": ["sentence", ...]}}. Repair it or take it away.'
        ) from None
    if gone:
        source.described += f" ({gone} captions name photographs that are not there)"


def _declared(read_text: Callable[[str], str | None], files: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """{file: part} and {file: class}, from the first of the declarations that is there."""
    classes = {name: PurePosixPath(name).parent.name for name in files}
    if manifest := read_text("manifest.csv"):
        rows = list(csv.DictReader(StringIO(manifest)))
        classes |= {row["path"]: row["class"] for row in rows if row.get("class")}
        pairs = [(row["path"], row["split"]) for row in rows]
    elif listed := read_text("split.json"):
        pairs = list(json.loads(listed).items())
    elif annotations := read_text("annotations.json"):
        pairs = [(image["file"], image["split"]) for image in json.loads(annotations)["images"].values()]
    else:
        return {name: _part_of_folder(name) for name in files}, classes
    in_images = {PurePosixPath(name).name: name for name in files}
    found = {
        name if name in files else in_images.get(name, ""): PARTS.get(part.lower(), part.lower())
        for name, part in pairs
    }
    return {name: part for name, part in found.items() if name in files}, classes


def _part_of_folder(name: str) -> str:
    """train/dog/1.jpg and set/train/dog/1.jpg are of "train"; a file under no such folder is, too."""
    return next(
        (PARTS[folder.lower()] for folder in PurePosixPath(name).parts[:-1][:2] if folder.lower() in PARTS), "train"
    )


def _is_listed(name: str) -> bool:
    path = PurePosixPath(name)
    return path.suffix.lower() in ENDINGS and not any(part.startswith((".", "__MACOSX")) for part in path.parts)
