"""The clusters of a bank: patches at random, each with its neighbours, pruned by context, ranked, the inconsistent discarded."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import NamedTuple

import numpy as np

from ssl_core.bank import Progress
from ssl_core.patch_bank import MOST_SEARCHED, Cluster, Match, PatchBank, draw_seeds

SEEDS = 240
TOGETHER = 8  # seeds searched for at once


class Found(NamedTuple):
    """A cluster and the patch that it began with; the seed is member 0."""

    seed: Match
    cluster: Cluster


def discover_steps(patches: PatchBank, count: int = SEEDS, seed: int = 0) -> Generator[Progress, None, list[Found]]:
    """Clusters from `count` random patches, the most consistent first; yields Progress.

    A cluster that shares a patch with a better one is left out: the same thing need not be found twice.
    """
    began, found = time.monotonic(), []
    seeds = draw_seeds(patches, count, np.random.default_rng(seed))
    for start in range(0, len(seeds), TOGETHER):
        part = seeds[start : start + TOGETHER]
        queries = [patches.query(match) for match in part]
        for match, query, matches in zip(part, queries, patches.nearest(queries, among=MOST_SEARCHED), strict=True):
            found.append(Found(match, patches.cluster(query, matches)))
        yield Progress(start + len(part), len(seeds), time.monotonic() - began, "looking for clusters")
    return without_repeats(patches, sorted(found, key=lambda one: -one.cluster.consistency))


def without_repeats(patches: PatchBank, ranked: list[Found]) -> list[Found]:
    """The clusters, best first, that have no patch that is mostly one of a better cluster's."""
    taken: dict[int, list[tuple[float, float, float]]] = {}
    kept = []
    for one in ranked:
        places = [(int(patches.photo[match.picture]), patches.box(match)) for match in members(one)]
        if not any(mostly(box, other) for photo, box in places for other in taken.get(photo, ())):
            kept.append(one)
            for photo, box in places:
                taken.setdefault(photo, []).append(box)
    return kept


def members(found: Found) -> list[Match]:
    """The patches that pruning left, the seed first."""
    everyone = (found.seed, *found.cluster.candidates)
    return [everyone[index] for index in found.cluster.members]


def mostly(one: tuple[float, float, float], other: tuple[float, float, float]) -> bool:
    """Whether two squares (left, top, side) share more than half of the smaller one.

    >>> mostly((0, 0, 4), (1, 0, 4)), mostly((0, 0, 4), (3, 0, 4))
    (True, False)
    """
    sides = [min(one[axis] + one[2], other[axis] + other[2]) - max(one[axis], other[axis]) for axis in (0, 1)]
    return min(sides) > 0 and sides[0] * sides[1] > 0.5 * min(one[2], other[2]) ** 2
