"""Do the patches of a cluster show the same thing? The share of neighbours whose photograph has the label of the patch's own.

The labels are those of the source (the folder, or its manifest); the method never sees them. For patches at random places of random
photographs: as many photographs at random, the nearest neighbours by HOG of the patch alone (small), of patch and context together (large),
and those of the small ones' candidates that pruning by context leaves; all lists are equally long. Parts of a source that label different
things (scenes, objects) are measured apart, since a patch of one part has no neighbour of its kind in another.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ssl_core.bank import Bank, Place
from ssl_core.bench import SIDE, Column, Report, open_split

SEEDS = 480
TOGETHER = 12
BEST = 4  # one in so many clusters, by consistency, is among the best
LEAST_LABELS, LEAST_PHOTOS = 5, 100  # of a part, to be measured
COLUMNS = (
    Column("part", "photographs"),
    Column("labels", "labels", "d"),
    Column("chance_percent", "at random, %", ".1f"),
    Column("small_percent", "small, %", ".1f"),
    Column("large_percent", "large, %", ".1f"),
    Column("pruned_percent", "small, pruned, %", ".1f"),
    Column("gain", "gained by pruning, points"),
    Column("best_small_percent", "best quarter: small, %", ".1f"),
    Column("best_large_percent", "large, %", ".1f"),
    Column("best_pruned_percent", "small, pruned, %", ".1f"),
)


def labelled_parts(spec: str, split: str | None) -> tuple[dict[str, tuple[np.ndarray, np.ndarray]], str]:
    """The parts of a source by their outermost folder, each as photographs (N, 128, 128, 3) uint8 and labels (N,), and a phrase for all.

    Parts with fewer than 5 labels or 100 photographs are left out. Raises SourceError where none is left.
    """
    from ssl_core.selection import held_out
    from ssl_core.sources import SourceError, pack

    source = open_split(spec, split)
    images = pack(source, SIDE)
    labels = np.array(source.labels or [""] * len(source))[source.kept]
    part = np.array([name.split("/")[0] if name.count("/") > 1 else "all" for name in source.names])[source.kept]
    chosen = held_out(images) if split == "selection" else np.ones(len(images), bool)
    parts = {}
    for name in dict.fromkeys(part.tolist()):
        mine = np.flatnonzero((part == name) & chosen)
        if len(set(labels[mine])) >= LEAST_LABELS and len(mine) >= LEAST_PHOTOS:
            parts[name] = images[mine], labels[mine]
    if not parts:
        raise SourceError(
            f"{spec} has no part with {LEAST_LABELS} labels and {LEAST_PHOTOS} photographs. Give a source with a folder for each label."
        )
    which = "all splits" if source.split == "all" else f"split {source.split}"
    if split == "selection":
        which = "the slice held out for choices"
    return parts, f"{source.described.split(',')[0]}, {which}"


def purity(labels: np.ndarray, seed: int, pictures: list[int]) -> float:
    """Share of `pictures` with the label of the picture `seed`; 0 where there are none.

    >>> purity(np.array(["cat", "cat", "dog", "cat"]), 0, [1, 2])
    0.5
    """
    return float(np.mean(labels[pictures] == labels[seed])) if pictures else 0.0


def figures(
    images: np.ndarray, labels: np.ndarray, count: int = SEEDS, progress: Callable = lambda it, **_: it
) -> dict:
    """Purity in per cent of the kinds of neighbours, over `count` patches of photographs (N, 128, 128, 3) uint8 with labels (N,)."""
    from ssl_core.patch_bank import draw_seeds, patch_bank_of

    places = tuple(Place(str(index), None) for index in range(len(images)))
    bank = Bank("", "", (), tuple(labels), 0, images, places, str)
    patches = patch_bank_of(bank)
    kept, seeds = patches.config.kept, draw_seeds(patches, count, np.random.default_rng(0))
    rows, consistent = [], []
    for start in progress(range(0, len(seeds), TOGETHER), desc="patches", unit="batch"):
        part = seeds[start : start + TOGETHER]
        queries = [patches.query(seed) for seed in part]
        both = patches.nearest(queries), patches.nearest(queries, large=True)
        for seed, query, small, large in zip(part, queries, *both, strict=True):
            cluster = patches.cluster(query, small)
            pruned = [small[index - 1].picture for index in cluster.members[1:]]
            lists = [match.picture for match in small[:kept]], [match.picture for match in large[:kept]], pruned
            alike = np.count_nonzero(labels == labels[seed.picture]) - 1
            rows.append([alike / (len(labels) - 1), *(purity(labels, seed.picture, found) for found in lists)])
            consistent.append(cluster.consistency)
    best = np.argsort(consistent)[::-1][: max(1, len(rows) // BEST)]
    names = ("chance", "small", "large", "pruned")
    found = dict(zip(names, np.mean(rows, 0), strict=True))
    gain = 100 * (np.array(rows)[:, 3] - np.array(rows)[:, 1])
    error = gain.std() / np.sqrt(len(gain))
    told = {
        "gain": f"{gain.mean():+.1f} ± {error:.1f}",
        "gain_points": round(float(gain.mean()), 2),
        "error_points": round(float(error), 2),
    }
    found |= {f"best_{name}": share for name, share in zip(names, np.mean(np.array(rows)[best], 0), strict=True)}
    return (
        {"labels": len(set(labels)), "seeds": len(rows)}
        | told
        | {f"{name}_percent": round(100 * float(share), 2) for name, share in found.items()}
    )


def report(spec: str, split: str | None, limit: int | None = None, progress: Callable = lambda it, **_: it) -> Report:
    """The bench: one row for each labelled part of the source `spec`, with at most `limit` photographs, evenly spread."""
    parts, described = labelled_parts(spec, split)
    rows = []
    for name, (images, labels) in parts.items():
        chosen = np.linspace(0, len(images) - 1, min(limit or len(images), len(images))).astype(int)
        found = figures(images[chosen], labels[chosen], SEEDS, progress)
        rows.append({"part": f"{name}, {len(chosen):,}"} | found)
    measured_on = (
        f"Measured on {described}, at {SIDE} px, with {rows[0]['seeds']} patches of each part: the share of neighbours whose "
        "photograph has the label of the patch's own, of equally many neighbours each time. The best quarter are the clusters of "
        "highest consistency."
    )
    purer = sum(row["gain_points"] > 2 * row["error_points"] for row in rows)
    remark = (
        f"Pruning by context makes the small neighbours purer on {purer} of {len(rows)} parts, by more than twice the standard error "
        "(after ±)."
    )
    return Report("patches", measured_on, COLUMNS, tuple(rows), (remark,))
