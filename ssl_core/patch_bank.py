"""The patches of a bank: HOG cells of all its pictures, nearest neighbours among them, and the clusters that context finds consistent."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ssl_core.bank import Bank, Progress
from ssl_core.bank_measures import measure_steps
from ssl_core.hog import FLAT
from ssl_core.pretexts.patch_context import (
    Config,
    Judgement,
    PatchContext,
    Statistics,
    consistency,
    fit_statistics,
    prune,
)
from ssl_core.sources import SourceError

CHUNK = 64  # pictures at once
PER_PHOTO = 3  # patches that one photograph may give to a cluster, none overlapping
LEAST_PHOTOS = 4
LEAST_NEIGHBOURS = 3
FAINTEST = 0.15  # mean of a patch's cells below which HOG has nothing to say
FAR = 9.0  # farther than any patch can be
MOST_SEARCHED = 2000  # pictures of a large bank that clusters are looked for in: about a minute of a slow core
MARGIN = 2  # cells between a patch and the rim of a picture: without context there is nothing to judge


class PatchError(SourceError):
    """Patches that cannot be compared. Its text is a sentence that says what to do next."""


class Match(NamedTuple):
    """A patch of the bank: its picture, the cell where it begins, its distance in HOG from what was looked for: 1 - correlation."""

    picture: int
    row: int
    column: int
    distance: float


class Query(NamedTuple):
    """What neighbours are looked for: window (S, S, K) of patch and context, visible (S, S) bool, and where it is.

    photo : index into `PatchBank.photos`, -1 for a photograph that the bank does not hold
    box : (left, top, side) of the patch in that photograph, in the units of `PatchBank.boxes`
    """

    window: np.ndarray
    visible: np.ndarray
    photo: int = -1
    box: tuple[float, float, float] = (0.0, 0.0, 0.0)


class Cluster(NamedTuple):
    """A seed and its neighbours: `candidates` by HOG as judged at first, `members` after pruning, as indices: 0 is the
    seed, 1 the first candidate."""

    candidates: tuple[Match, ...]
    first: Judgement
    members: np.ndarray
    judgement: Judgement

    @property
    def consistency(self) -> float:
        """Sum of the members' scores, in nats per cell."""
        return consistency(self.judgement)


@dataclass(frozen=True, eq=False)
class PatchBank:
    """The pictures of a bank in HOG cells, (N, R, C, K) float16.

    photo : (N,) which of `photos` each picture is of; boxes : (N, 3) left, top and side of what it shows, in pixels of that photograph,
    or, where it shows all of it, in its own; center : (K,) the mean cell
    """

    bank: Bank
    config: Config
    cells: np.ndarray = field(repr=False)
    statistics: Statistics = field(repr=False)
    center: np.ndarray = field(repr=False)
    photos: tuple[str, ...] = field(repr=False)
    photo: np.ndarray = field(repr=False)
    boxes: np.ndarray = field(repr=False)

    def box(self, match: Match) -> tuple[float, float, float]:
        """Where a patch is in its photograph: left, top, side."""
        left, top, side = self.boxes[match.picture]
        scale = side / self.bank.side * self.config.cell
        return left + scale * match.column, top + scale * match.row, scale * self.config.patch

    def windows(self, matches: Sequence[Match]) -> tuple[np.ndarray, np.ndarray]:
        """Patch and context of each: (n, S, S, K) float32 and, (n, S, S), whether a cell is inside its picture."""
        ring, size = self.config.ring, self.config.window
        rows, columns = self.cells.shape[1:3]
        offsets = np.arange(size) - ring
        row = np.array([match.row for match in matches])[:, None, None] + offsets[:, None]
        column = np.array([match.column for match in matches])[:, None, None] + offsets
        inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        picture = np.array([match.picture for match in matches])[:, None, None]
        found = self.cells[picture, row.clip(0, rows - 1), column.clip(0, columns - 1)].astype(np.float32)
        return np.where(inside[..., None], found, 0), inside

    def query(self, match: Match) -> Query:
        """A patch of the bank itself as what is looked for."""
        windows, visible = self.windows([match])
        return Query(windows[0], visible[0], int(self.photo[match.picture]), self.box(match))

    def nearest(self, queries: Sequence[Query], large: bool = False, among: int | None = None) -> list[list[Match]]:
        """For each query the `candidates` nearest patches by HOG; `large` compares the context too; `among` the first pictures only."""
        ring = 0 if large else self.config.ring
        part = slice(ring, self.config.window - ring)
        filters = np.stack([query.window[part, part] for query in queries])
        counted = np.stack([query.visible[part, part] for query in queries]).astype(np.float32)
        margin = 0 if large else MARGIN
        inner = self.cells[:among, margin : self.cells.shape[1] - margin, margin : self.cells.shape[2] - margin]
        distance, place = _best_places(inner, filters, counted, self.center)
        width, shift = inner.shape[2] - filters.shape[1] + 1, self.config.ring if large else margin
        found = []
        for query, far, at in zip(queries, distance, place, strict=True):
            order = np.argsort(far)[: np.count_nonzero(far < FAR)]
            spots = (
                Match(int(i), int(at[i] // width + shift), int(at[i] % width + shift), float(far[i])) for i in order
            )
            found.append(self._apart(query, spots))
        return found

    def _apart(self, query: Query, spots: Iterable[Match]) -> list[Match]:
        """The first `candidates` of them that overlap neither the query nor one another in one photograph."""
        taken: dict[int, list[tuple[float, float, float]]] = {query.photo: [query.box]} if query.photo >= 0 else {}
        chosen = []
        for spot in spots:
            here, box = taken.setdefault(int(self.photo[spot.picture]), []), self.box(spot)
            if len(here) < PER_PHOTO and not any(overlap(box, other) for other in here):
                here.append(box)
                chosen.append(spot)
                if len(chosen) == self.config.candidates:
                    break
        return chosen

    def cluster(self, query: Query, matches: Sequence[Match]) -> Cluster:
        """The query and its neighbours, judged and pruned. Raises PatchError where there are too few of them."""
        if len(matches) < LEAST_NEIGHBOURS:
            raise PatchError(
                f"Only {len(matches)} patches are there to compare this one with. Give the lab more photographs."
            )
        windows, visible = self.windows(matches)
        windows = np.concatenate([query.window[None], windows])
        visible = np.concatenate([query.visible[None], visible])
        return Cluster(tuple(matches), *prune(windows, visible, self.statistics, self.config))


def patch_bank_steps(bank: Bank, config: Config | None = None) -> Generator[Progress, None, PatchBank]:
    """The HOG cells of all pictures of a bank, from the cache where they were computed before; yields Progress.

    Raises PatchError where there are too few photographs, or only flat ones.
    """
    config = config or Config()
    photos = {place.photo for place in bank.places}
    if len(photos) < LEAST_PHOTOS:
        raise PatchError(
            f"{bank.described}: too few to foretell one from the others. Neighbours need at least {LEAST_PHOTOS} photographs: "
            "put more into the folder, or start the lab without it to see the starter photographs."
        )
    task = PatchContext(config, "hog")
    key = f"hog-{config.cell}-{config.orientations}-{FLAT:g}"
    arrays = yield from measure_steps(bank, "patches", key, lambda pictures: {"cells": _cells(task, pictures)})
    return patch_bank_of(bank, config, arrays["cells"])


def patch_bank_of(bank: Bank, config: Config | None = None, cells: np.ndarray | None = None) -> PatchBank:
    """The patches of a bank whose cells, (N, R, C, K), are known or soon computed. Raises PatchError where all pictures are flat."""
    config = config or Config()
    if cells is None:
        task, starts = PatchContext(config, "hog"), range(0, len(bank), CHUNK)
        cells = np.concatenate([_cells(task, bank.pixels_of(slice(start, start + CHUNK))) for start in starts])
    if cells[:: max(1, len(cells) // 1000)].mean((1, 2, 3), dtype=np.float32).max() < FAINTEST / 4:
        raise PatchError(f"{bank.described}: flat pictures, in which HOG finds no edges. Add photographs of something.")
    photos = tuple(dict.fromkeys(place.photo for place in bank.places))
    number = {photo: index for index, photo in enumerate(photos)}
    boxes = np.array([place.box[:3] if place.box else (0, 0, bank.side) for place in bank.places], np.float32)
    photo = np.array([number[place.photo] for place in bank.places])
    statistics, center = fit_statistics(cells, np.random.default_rng(0)), cells.mean((0, 1, 2), dtype=np.float32)
    return PatchBank(bank, config, cells, statistics, center, photos, photo, boxes)


def _cells(task: PatchContext, pictures: np.ndarray) -> np.ndarray:
    import torch

    return task.cells(torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255).astype(np.float16)


def draw_seeds(patches: PatchBank, count: int, rng: np.random.Generator) -> list[Match]:
    """Patches at random places of random pictures, of the third with the strongest edges."""
    size, among = patches.config.patch, min(len(patches.cells), MOST_SEARCHED)
    energy = patches.cells[:among].astype(np.float32).mean(-1).cumsum(1).cumsum(2)
    energy = np.pad(energy, ((0, 0), (1, 0), (1, 0)))
    sums = energy[:, size:, size:] - energy[:, :-size, size:] - energy[:, size:, :-size] + energy[:, :-size, :-size]
    sums = sums[:, MARGIN:-MARGIN, MARGIN:-MARGIN]
    places = np.argwhere(sums > max(np.quantile(sums, 2 / 3), 1e-3)) + (0, MARGIN, MARGIN)
    if not len(places):
        raise PatchError(
            "These photographs are flat: there are no patches with edges to start a cluster from. Add others."
        )
    chosen = places[rng.choice(len(places), min(count, len(places)), replace=False)]
    return [Match(int(picture), int(row), int(column), 0.0) for picture, row, column in chosen]


def overlap(one: tuple[float, float, float], other: tuple[float, float, float]) -> bool:
    """Whether two squares (left, top, side) have a point in common.

    >>> overlap((0, 0, 4), (3, 3, 4)), overlap((0, 0, 4), (4, 0, 4))
    (True, False)
    """
    return all(max(one[axis], other[axis]) < min(one[axis] + one[2], other[axis] + other[2]) for axis in (0, 1))


def _best_places(
    cells: np.ndarray, filters: np.ndarray, counted: np.ndarray, center: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The nearest place of each picture to each filter (Q, s, s, K), of which the cells `counted` (Q, s, s) matter.

    Distance (Q, N), 1 minus the correlation about `center` (K,), without which noise, alike to everything, would be near
    everything; and flat place (Q, N) on the grid of places. Flat places are FAR.
    """
    import torch
    import torch.nn.functional as F

    mask, middle = torch.from_numpy(counted)[:, None], torch.from_numpy(center)[:, None, None]
    wanted = (torch.from_numpy(np.ascontiguousarray(filters)).permute(0, 3, 1, 2) - middle) * mask
    wanted = wanted / wanted.square().sum((1, 2, 3), keepdim=True).sqrt().clamp(min=1e-6)
    parts = []
    with torch.inference_mode():
        for start in range(0, len(cells), CHUNK):
            part = torch.from_numpy(cells[start : start + CHUNK].astype(np.float32)).permute(0, 3, 1, 2)
            flat = F.avg_pool2d(part.mean(1, keepdim=True), filters.shape[1], stride=1) < FAINTEST
            part = part - middle
            length = F.conv2d(part.square().sum(1, keepdim=True), mask).clamp(min=1e-6).sqrt()
            apart = 1 - F.conv2d(part, wanted) / length
            parts.append(apart.masked_fill(flat, FAR).flatten(2).min(2))
    distance = torch.cat([part.values for part in parts]).T
    return distance.clamp(min=0).numpy(), torch.cat([part.indices for part in parts]).T.numpy()
