"""How long it takes to look through a bank with a network, whether the cost grows in proportion, and what can be drawn from it then."""

import tempfile
import time
from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np

from ssl_core.bank import Bank, Place, starter_bank
from ssl_core.steps import drained

MANY = 10_000
STAGE = -1  # the last one
REPEATS = 20


def measure(model) -> dict:
    """Seconds, megabytes and milliseconds, by what was measured, for one model with the starter bank and one of 10,000 pictures.

    Keys: "pictures", "index", "index_many", "ratio" (processor time of a picture among 10,000 against one among a few), "memory"
    (MB, resident, after 10,000), "again" (ms, index from the cache), "unit" (ms, list), "pca" (ms, list), "umap" and "umap_first" (s).
    """
    import psutil

    from ssl_core.features import index_steps, load_index

    bank = starter_bank()
    with tempfile.TemporaryDirectory() as folder:
        few, many, cache = bank, repeated(bank, MANY, Path(folder) / "pictures.npy"), Path(folder) / "cache"
        drained(index_steps(model, first(few, 64), cache))  # the first pass of a process is slower
        index, seconds, work = timed(index_steps(model, few, cache))
        _, seconds_many, work_many = timed(index_steps(model, many, cache))
        found = {"pictures": len(few), "index": seconds, "index_many": seconds_many}
        found["ratio"] = (work_many / len(many)) / (work / len(few))
        found["memory"] = psutil.Process().memory_info().rss / 2**20
        found["again"] = _milliseconds(lambda _: load_index(model, few, cache), 5)
    return found | _drawn(model, index, few)


def _drawn(model, index, bank: Bank) -> dict:
    from ssl_core import units
    from ssl_core.layouts import layout_steps
    from ssl_core.receptive_field import receptive_field

    stage = index.stages[STAGE]

    def unit(number: int) -> None:
        chosen = number % index.widths[stage]
        units.top_k(index, stage, chosen, 25, bank, receptive_field(model.encoder, stage))
        units.histogram(index, stage, chosen)
        units.sparsity(index, stage)

    found = {"unit": _milliseconds(unit, REPEATS)}
    found["pca"] = _milliseconds(lambda _: list(layout_steps("pca", index.mean(stage))), 5)
    began, steps = time.perf_counter(), layout_steps("umap", index.mean(stage))
    next(steps)
    found["umap_first"] = time.perf_counter() - began
    for _ in steps:
        pass
    return found | {"umap": time.perf_counter() - began}


def first(bank: Bank, count: int) -> Bank:
    """The first `count` pictures of a bank as a bank of their own."""
    return _bank(f"first-{count}-of-{bank.key}", bank.rows[:count])


def repeated(bank: Bank, count: int, path: Path) -> Bank:
    """A bank of `count` pictures in a file at `path`, as a folder of photographs is kept: those of `bank`, shifted each time round."""
    rows = np.lib.format.open_memmap(path, "w+", np.uint8, (count, *bank.rows.shape[1:]))
    for start in range(0, count, len(bank)):
        part = rows[start : start + len(bank)]
        part[:] = np.roll(bank.rows[: len(part)], start // len(bank), axis=2)
    rows.flush()
    return _bank(f"{count}-of-{bank.key}", np.load(path, mmap_mode="r"))


def _bank(key: str, rows: np.ndarray) -> Bank:
    names = tuple(map(str, range(len(rows))))
    return Bank(key, key, names, None, 0, rows, tuple(Place(name, None) for name in names), str)


def timed(steps: Generator) -> tuple[object, float, float]:
    """What a generator returns after its last step, the seconds until then, and those that the processor spent on this program."""
    began, worked = time.perf_counter(), time.process_time()
    found = drained(steps)
    return found, time.perf_counter() - began, time.process_time() - worked


def _milliseconds(work: Callable[[int], object], repeats: int) -> list[float]:
    found = []
    for number in range(repeats + 1):
        began = time.perf_counter()
        work(number)
        found.append(1000 * (time.perf_counter() - began))
    return found[1:]
