"""UMAP (McInnes, Healy, Melville 2018) as a generator: its epochs run in a thread, the caller sees the map grow and may stop it.

`umap.UMAP.fit` returns only when it is done; this takes the same steps through the package's own functions. Neighbours come from
`ssl_core.neighbors`, which spares compiling an approximate search, and the start from PCA, as in t-SNE.
"""

import threading
import time
from collections.abc import Iterator

import numpy as np

from ssl_core.layouts import Step, fit, principal
from ssl_core.neighbors import nearest_others

EPOCHS, EPOCHS_OF_MANY, MANY = 500, 200, 10_000  # the package's own choice
LOOK = 0.25  # seconds between two looks at the growing map
COMPILING = 20.0  # seconds that the first map of a process spends compiling, roughly
ONE_AT_A_TIME = threading.Lock()  # numba's parallel loops abort the process when two threads enter them at once


class Stopped(Exception):
    """The caller has lost interest."""


class Progress:
    """What the thread tells and hears. As `file` of the package's progress bar it is written to in each epoch."""

    def __init__(self):
        self.began, self.saying, self.share = time.monotonic(), "loading UMAP", 0.0
        self.stopped, self.growing, self.error = threading.Event(), None, None

    def write(self, text: str) -> int:
        """Called by the progress bar with "123/500" or with nothing to say."""
        if self.stopped.is_set():
            raise Stopped
        done, _, total = text.strip().partition("/")
        if total:
            self.share, self.saying = 0.3 + 0.7 * int(done) / int(total), f"epoch {done} of {total}"
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""

    def say(self, saying: str) -> None:
        """Name what comes next. Errors: Stopped."""
        if self.stopped.is_set():
            raise Stopped
        self.saying = saying

    def step(self, note: str = "") -> Step:
        """The layout as it is now."""
        share = self.share or min(0.28, 0.28 * (time.monotonic() - self.began) / COMPILING)
        seen = self.growing
        xy = fit(seen.copy()) if seen is not None and np.isfinite(seen).all() else None
        return Step(share, self.saying, xy, note)


def umap_steps(unit: np.ndarray, knobs: dict, seed: int) -> Iterator[Step]:
    """Lay out (N, C) features of length 1. The last step is the finished map; closing the generator ends the thread."""
    progress = Progress()
    thread = threading.Thread(target=_run, args=(progress, unit, knobs, seed), name="umap", daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            yield progress.step()
            thread.join(LOOK)
    finally:
        progress.stopped.set()
    if progress.error is not None:
        raise progress.error
    progress.share, progress.saying = 1.0, ""
    neighbors = min(int(knobs["neighbors"]), len(unit) - 1)
    yield progress.step("" if neighbors == knobs["neighbors"] else f"{neighbors} neighbours: there are no more")


def _run(progress: Progress, unit: np.ndarray, knobs: dict, seed: int) -> None:
    try:
        while not ONE_AT_A_TIME.acquire(timeout=LOOK):
            progress.say("waiting for another UMAP to finish")
        try:
            _grow(progress, unit, knobs, seed)
        finally:
            ONE_AT_A_TIME.release()
    except Stopped:
        pass
    except Exception as error:  # noqa: BLE001 - handed to the caller's thread, which raises it
        progress.error = error


def _grow(progress: Progress, unit: np.ndarray, knobs: dict, seed: int) -> None:
    """The steps of `UMAP.fit`: neighbours, fuzzy graph (section 3.1), start, gradient descent (section 3.2)."""
    progress.say("loading UMAP")
    from umap.layouts import optimize_layout_euclidean
    from umap.umap_ import find_ab_params, fuzzy_simplicial_set, make_epochs_per_sample

    progress.say("finding neighbours")
    k = min(int(knobs["neighbors"]), len(unit) - 1)
    indices, cosines = nearest_others(unit, k - 1)
    # the package counts a point as its own first neighbour
    indices = np.hstack([np.arange(len(unit), dtype=np.int32)[:, None], indices])
    distances = np.hstack([np.zeros((len(unit), 1), np.float32), np.maximum(1 - cosines, 0)])
    progress.say("compiling UMAP: once for each start of the lab")
    state = np.random.RandomState(seed)
    graph = fuzzy_simplicial_set(unit, k, state, "cosine", knn_indices=indices, knn_dists=distances)[0].tocoo()
    graph.sum_duplicates()
    epochs = EPOCHS if len(unit) <= MANY else EPOCHS_OF_MANY
    graph.data[graph.data < graph.data.max() / epochs] = 0.0
    graph.eliminate_zeros()
    a, b = find_ab_params(1.0, knobs["spread"])
    start = fit(principal(unit, 2)[0])
    start = 5 + 5 * start + state.normal(scale=1e-3, size=start.shape)  # twins must come apart
    progress.growing = np.ascontiguousarray(start, np.float32)
    bar = {"file": progress, "disable": False, "bar_format": "{n_fmt}/{total_fmt}", "mininterval": LOOK, "leave": False}
    optimize_layout_euclidean(
        progress.growing,
        progress.growing,
        graph.row,
        graph.col,
        epochs,
        len(unit),
        make_epochs_per_sample(graph.data, epochs),
        a,
        b,
        state.randint(np.iinfo(np.int32).min + 1, np.iinfo(np.int32).max - 1, 3).astype(np.int64),
        tqdm_kwds=bar,
        move_other=True,
    )
