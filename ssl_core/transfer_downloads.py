"""Labelled data sets that torchvision downloads, on request, into the cache folder, and opens itself from there."""

from __future__ import annotations

import zlib
from collections.abc import Generator
from pathlib import Path
from urllib.error import URLError

import numpy as np

from ssl_core.bank import Progress
from ssl_core.downloads import DATASETS, import_torchvision, remove_unpacked
from ssl_core.pack import cache_folder
from ssl_core.sources import Source, SourceError, open_source
from ssl_core.transfer_packs import SqueezedSource, decoded, folders_task
from ssl_core.transfer_splits import Called, Labelled, labelled_task, several_task
from ssl_core.transfer_tasks import TaskError, TransferTask

# name -> size of the download. Those of `ssl_core.downloads` unpack to a folder for each class; these two do not.
OWN = {"caltech101": "137 MB", "voc2007": "868 MB"}
DOWNLOADED = {**DATASETS, **OWN}
TITLES = {
    "caltech101": "Caltech-101, whole",
    "voc2007": "PASCAL VOC 2007",
    "imagenette": "Imagenette",
    "stl10": "STL-10",
}


def downloaded_task(name: str) -> Generator[Progress, None, TransferTask]:
    """A data set by its name in `DOWNLOADED`, downloaded on the first call. Raises TaskError without a network."""
    called = Called(name, TITLES[name])
    if name == "caltech101":
        return (yield from _caltech101(called))
    if name == "voc2007":
        return (yield from _voc2007(called))
    try:
        source = open_source(name, "all")
    except SourceError as problem:
        raise TaskError(str(problem)) from None
    return (yield from folders_task(called, source, name))


def fetched(name: str, opened, folder: Path | None = None):
    """What `opened(folder, download)` gives, data sets of torchvision, downloaded unless that was done before. Raises TaskError."""
    folder = folder or cache_folder() / "datasets" / f"{name}-whole"
    done = folder / ".complete"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        found = opened(folder, not done.is_file())
    except (URLError, OSError, RuntimeError, ValueError) as error:
        raise TaskError(
            f"{name} ({OWN[name]}) could not be downloaded or read ({error}); connect to the internet and delete {folder}, "
            "or take starter, a folder or a zip."
        ) from None
    done.touch()
    return found


def _caltech101(called: Called, folder: Path | None = None) -> Generator[Progress, None, TransferTask]:
    """All 101 classes, without the clutter of the background. No split is declared: every fifth picture of a class is judged by."""
    datasets = import_torchvision().datasets

    def opened(place: Path, download: bool):
        if download:
            remove_unpacked(place / "caltech101" / "101_ObjectCategories")
        return datasets.Caltech101(place, download=download)

    found = fetched(called.name, opened, folder)
    root = Path(found.root) / "101_ObjectCategories"
    names = tuple(f"{found.categories[y]}/image_{index:04d}.jpg" for index, y in zip(found.index, found.y, strict=True))
    source = Source(f"caltech101 whole, {len(names)} photographs", names, lambda name: root / name, _sizes(root, names))
    rows = yield from decoded(source)
    labels = np.array([names[index].split("/")[0] for index in source.kept])
    return labelled_task(called, Labelled(rows, labels, np.array([""] * len(rows)), source.skipped))


def _voc2007(called: Called, folder: Path | None = None) -> Generator[Progress, None, TransferTask]:
    """Twenty classes, several in a photograph; val is for choices. Squeezed, as voc5 is. A class holds if one object of it is not
    marked difficult; the official score leaves photographs with only difficult ones of a class out for that class.
    """
    datasets = import_torchvision().datasets
    found = fetched(
        called.name,
        lambda place, download: {
            part: datasets.VOCDetection(place, year="2007", image_set=part, download=download)
            for part in ("train", "val", "test")
        },
        folder,
    )
    paths, parts, shown = [], [], []
    for part, pictures in found.items():
        paths += [Path(path) for path in pictures.images]
        parts += [{"val": "choice"}.get(part, part)] * len(pictures)
        shown += [_objects(datasets.VOCDetection, path) for path in pictures.annotations]
    root = paths[0].parent
    names = tuple(path.name for path in paths)
    described = f"voc2007 squeezed, {len(names)} photographs"
    source = SqueezedSource(described, names, lambda name: root / name, _sizes(root, names))
    rows = yield from decoded(source)
    classes = tuple(sorted(set().union(*shown)))
    labels = np.array([[name in shown[index] for name in classes] for index in source.kept], dtype=bool)
    return several_task(called, classes, Labelled(rows, labels, np.array(parts)[source.kept], source.skipped))


def _objects(loader, path: str) -> set[str]:
    """The classes of the objects in an annotation of VOC that are not marked difficult."""
    from xml.etree.ElementTree import parse

    objects = loader.parse_voc_xml(parse(path).getroot())["annotation"]["object"]
    return {found["name"] for found in objects if found.get("difficult", "0") != "1"}


def _sizes(root: Path, names: tuple[str, ...]) -> str:
    """A checksum over names and sizes of files, which changes with nearly any change of them."""
    return f"{zlib.crc32(';'.join(f'{name}={_size(root / name)}' for name in names).encode()):08x}"


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else -1
