"""Arrays kept in the user's cache folder: written whole or not at all, and trusted only while their checksum holds."""

import os
import threading
import zlib
from pathlib import Path

import numpy as np

from ssl_core.pack import cache_folder

CHECKSUM = "crc32"


def folder_of(*parts: str) -> Path:
    """A folder inside the cache ($PRETEXT_LAB_CACHE, or the user's cache folder); nothing is made."""
    return cache_folder().joinpath(*parts)


def write_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Keep named arrays in one .safetensors file; a reader finds the old file or the new one, never half of one.

    Raises OSError when the disk is full or cannot be written; what was there before stays.
    """
    from safetensors.numpy import save

    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    data = save(contiguous, {CHECKSUM: str(_checksum(contiguous))})
    partial = path.with_name(f"{path.stem}.{os.getpid()}-{threading.get_ident()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(data)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def read_arrays(path: Path) -> dict[str, np.ndarray] | None:
    """The arrays of a file, or None when it is missing, cut, or holds other bytes than were written."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            noted = (file.metadata() or {}).get(CHECKSUM)
    except (OSError, SafetensorError, ValueError, TypeError):
        return None
    return arrays if noted == str(_checksum(arrays)) else None


def _checksum(arrays: dict[str, np.ndarray]) -> int:
    """CRC-32 over names, shapes, types and bytes, in the order of the names."""
    crc = 0
    for name in sorted(arrays):
        array = arrays[name]
        crc = zlib.crc32(f"{name} {array.shape} {array.dtype};".encode(), crc)
        crc = zlib.crc32(np.ascontiguousarray(array).view(np.uint8).reshape(-1) if array.size else b"", crc)
    return crc
