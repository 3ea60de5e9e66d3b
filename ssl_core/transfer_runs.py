"""All cells of the transfer table, several at a time: one process for each core, each on one thread."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from ssl_core.transfer_cells import Cell, Outcome, measure

Table = dict[Cell, Outcome]


def run(cells: Sequence[Cell], packs: str | None, workers: int, progress: Callable) -> Table:
    """The outcomes of cells in their order; those that were measured before are read.

    `packs` is the folder of the packs, `progress` is tqdm or its like. What cannot be measured raises its sentence at once; what was
    measured until then is kept, as it is when somebody stops the run.
    """
    found: Table = {}
    with ProcessPoolExecutor(workers, get_context("spawn"), _one_thread) as pool:
        waiting = {pool.submit(measure, cell, packs): cell for cell in cells}
        try:
            for future in progress(as_completed(waiting), total=len(waiting), desc="transfer", unit="cell"):
                found[waiting[future]] = future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return {cell: found[cell] for cell in cells}


def cores() -> int:
    """How many processes this machine has cores for."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _one_thread() -> None:
    """PyTorch and the linear algebra under scikit-learn: several processes with several threads each wait for one another."""
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(1)
    threadpool_limits(1)
