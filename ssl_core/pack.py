"""A source decoded once: every photograph as a square of one size in a memory-mapped array, kept in the cache folder."""

import errno
import json
import os
import re
import sys
import threading
import zlib
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np

from ssl_core.photo import ENDINGS, PhotoError

WORKERS = 2
SAMPLED_ROWS = 64


def cache_folder() -> Path:
    """Where decoded photographs and downloads are kept: $PRETEXT_LAB_CACHE, or the user's cache folder."""
    from platformdirs import user_cache_dir

    return Path(os.environ.get("PRETEXT_LAB_CACHE") or user_cache_dir("pretext-lab"))


def disk_problem(problem: OSError, what: str, temporary: Path | None = None) -> str:
    """A sentence for an error of the disk: what could not be kept, where, and what to do. In the cache folder, or a `temporary` one."""
    reason = "the disk is full" if problem.errno in (errno.ENOSPC, errno.EDQUOT) else "the disk refused it"
    setting = "TMPDIR" if temporary else "PRETEXT_LAB_CACHE"
    return f"{what} could not be kept in {temporary or cache_folder()}: {reason}. Make room there, or point {setting} elsewhere."


def pack(source, side: int = 128, cache: str | Path | None = None) -> np.memmap:
    """All photographs of a Source as a read-only (N, side, side, 3) uint8 memory map: central squares, antialiased.

    Decoded on the first call and kept as .npy under `cache` (default `cache_folder()`), keyed by names and content, split and side;
    a damaged file is made again. Photographs that cannot be read are left out: `source.skipped` counts them and `source.kept`
    holds the indices that stayed, and a line on standard error tells of it. Raises PhotoError if none can be read or kept.
    """
    from tqdm import tqdm

    bar, steps = None, pack_steps(source, side, cache)
    while True:
        try:
            done = next(steps)
        except StopIteration as finished:
            if bar is not None:
                bar.close()
            if source.skipped:
                first = source.names[min({*range(len(source))} - {*source.kept.tolist()})]
                of = f"{len(source):,} pictures in {source.described.split(',')[0]}"
                print(f"Unreadable and left out: {source.skipped:,} of {of}; the first is {first}.", file=sys.stderr)
            return finished.value
        bar = bar or tqdm(total=len(source), unit="photo", desc="decode")
        bar.update(done - bar.n)


def pack_steps(source, side: int = 128, cache: str | Path | None = None) -> Generator[int, None, np.memmap]:
    """`pack` one photograph at a time: yields how many are decoded, returns the memory map. Closing it leaves nothing behind."""
    path = pack_path(source, side, cache)
    folder, kept = path.parent, _kept(path, source, side)
    if kept is None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            yield from _write(path, source, side)
        except OSError as problem:
            raise PhotoError(disk_problem(problem, "The decoded photographs")) from None
        kept = _kept(path, source, side)
        if kept is None:
            raise PhotoError(f"The decoded photographs could not be kept in {folder}; check that the disk has room.")
    source.kept, source.skipped = kept, len(source) - len(kept)
    return np.load(path, mmap_mode="r")


def pack_path(source, side: int, cache: str | Path | None = None) -> Path:
    """The file that holds, or will hold, the decoded photographs of a Source."""
    stem = re.sub(r"[^A-Za-z0-9]+", "-", source.described.split(",")[0]).strip("-")[:40]
    return Path(cache or cache_folder()) / "packs" / f"{stem}-{source.split}-{side}-{source.fingerprint}.npy"


def _kept(path: Path, source, side: int) -> np.ndarray | None:
    """The indices that a finished, undamaged pack holds, or None."""
    try:
        note = json.loads(path.with_suffix(".json").read_text())
        rows = np.load(path, mmap_mode="r")
        gone = set(note["skipped"])
        kept = np.array([index for index in range(len(source)) if index not in gone], dtype=np.int64)
        if rows.shape != (len(kept), side, side, 3) or rows.dtype != np.uint8 or _sample_crc(rows) != note["crc"]:
            return None
        return kept
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _sample_crc(rows: np.ndarray) -> int:
    """A checksum over some evenly spread rows: finds a cut or blanked file without reading gigabytes."""
    crc = 0
    for index in np.linspace(0, len(rows) - 1, min(SAMPLED_ROWS, len(rows))).astype(int):
        crc = zlib.crc32(np.ascontiguousarray(rows[index]), crc)
    return crc


def _write(path: Path, source, side: int) -> Generator[int, None, None]:
    """Decode into a file beside the final one, then rename: another process sees the whole pack or none."""
    # A thread that has been told to stop may still be closing its file when the next one begins.
    partial = path.with_name(f"{path.stem}.{os.getpid()}-{threading.get_ident()}.partial.npy")
    skipped = []
    try:
        with partial.open("wb") as file:
            start = _write_header(file, len(source), side)
            for index, rows in enumerate(_decoded(source, side)):
                skipped.append(index) if rows is None else file.write(rows.tobytes())
                yield index + 1
            if len(skipped) == len(source):
                raise PhotoError(
                    f"None of the pictures in {source.described} can be read; take others ({', '.join(sorted(ENDINGS))}) or copy them anew."
                )
            if _write_header(file, len(source) - len(skipped), side) != start:
                raise AssertionError("the .npy header changed its length")
        crc = _sample_crc(np.load(partial, mmap_mode="r"))
        note = partial.with_suffix(".json")
        note.write_text(json.dumps({"source": source.described, "skipped": skipped, "crc": crc}))
        os.replace(partial, path)
        os.replace(note, path.with_suffix(".json"))
    finally:
        partial.unlink(missing_ok=True)
        partial.with_suffix(".json").unlink(missing_ok=True)


def _write_header(file, count: int, side: int) -> int:
    """The .npy header at the front. numpy leaves room for the first axis to grow, so its length does not depend on `count`."""
    file.seek(0)
    shape = (count, side, side, 3)
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return file.tell()


def _decoded(source, side: int):
    """(side, side, 3) per photograph in order, None for a broken one. Pillow decodes outside Python's lock, so threads do."""

    def decode(index: int) -> np.ndarray | None:
        try:
            return source.square(index, side)
        except PhotoError:
            return None

    with ThreadPoolExecutor(WORKERS) as workers:
        indices = iter(range(len(source)))
        # Batches bound what waits in memory when one photograph takes long.
        while batch := list(islice(indices, 256)):
            yield from workers.map(decode, batch)
