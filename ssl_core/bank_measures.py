"""Whatever is computed for every picture of a bank: in chunks that are kept, so that it can stop, go on, and be had at once later."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ssl_core.array_cache import folder_of, read_arrays, write_arrays
from ssl_core.bank import Bank, Progress
from ssl_core.pack import disk_problem

if TYPE_CHECKING:
    from torch import nn

BATCH = 32  # pictures that are in memory, and in the network, at once
CHUNK = 8  # batches that are kept together: what an interruption costs at most

Arrays = dict[str, np.ndarray]
Measure = Callable[[np.ndarray], Arrays]


def weights_hash(module: nn.Module) -> str:
    """16 hexadecimal digits that change with the layers of a network and with any of its weights."""
    digest = hashlib.sha256(str(module).encode())
    for name, tensor in module.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def kept(bank: Bank, kind: str, key: str, folder: Path | None = None) -> Arrays | None:
    """What `measure_steps` once finished for this bank, kind and key; None when it is not there or damaged."""
    arrays = read_arrays(_file(bank, kind, key, folder))
    return arrays if arrays and all(len(array) == len(bank) for array in arrays.values()) else None


def measure_steps(
    bank: Bank, kind: str, key: str, measure: Measure, folder: Path | None = None
) -> Generator[Progress, None, Arrays]:
    """Apply `measure` to every picture of a bank, in batches; yields Progress, returns {name: (N, ...)} in the order of the bank.

    kind : what is measured ("index", "failures"), the name of a folder; key : of what it depends on besides the bank (model and its
    hash); measure : (n, side, side, 3) uint8 -> {name: (n, ...)}, always the same names.
    Chunks are kept in the cache as they are done: closing the generator loses a few seconds of work. Damaged files are made again.
    A full disk does not stop the work: the result is returned all the same, and `Progress.note` says why it is not kept.
    """
    began, note, parts = time.monotonic(), "", {}
    done = kept(bank, kind, key, folder)
    if done is not None:
        yield Progress(len(bank), len(bank), 0.0, "computing")
        return done
    starts = range(0, len(bank), BATCH * CHUNK)
    yield Progress(0, len(bank), 0.0, "computing")
    for start in starts:
        stop = min(start + BATCH * CHUNK, len(bank))
        path = _file(bank, kind, key, folder, start)
        part = read_arrays(path)
        if part is None or any(len(array) != stop - start for array in part.values()):
            batches = []
            for first in range(start, stop, BATCH):
                batches.append(measure(bank.pixels_of(slice(first, min(first + BATCH, stop)))))
                seconds = time.monotonic() - began
                yield Progress(min(first + BATCH, stop), len(bank), seconds, "computing", note)
            part = {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}
            note = note or _keep(path, part)
        parts[start] = part
    whole = {name: np.concatenate([parts[start][name] for start in starts]) for name in parts[0]}
    note = note or _keep(_file(bank, kind, key, folder), whole)
    if not note:
        for start in starts:
            _file(bank, kind, key, folder, start).unlink(missing_ok=True)
    yield Progress(len(bank), len(bank), time.monotonic() - began, "computing", note)
    return whole


def _keep(path: Path, arrays: Arrays) -> str:
    """Write; the sentence that says why it could not be done, or ""."""
    try:
        write_arrays(path, arrays)
    except OSError as problem:
        return disk_problem(problem, "What was computed")
    return ""


def _file(bank: Bank, kind: str, key: str, folder: Path | None, start: int | None = None) -> Path:
    name = f"{bank.key}-{key}" + ("" if start is None else f"-from-{start:06d}")
    return (folder or folder_of("banks")) / kind / f"{name}.safetensors"
