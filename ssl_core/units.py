"""Questions to the units of an indexed model: what fires them most, how rarely, what they detect, who their relatives are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from ssl_core.bank import Bank
    from ssl_core.features import Index
    from ssl_core.receptive_field import Field

FEWEST = 5  # pictures of a label, below which nothing is said of a detector for it
# With the labels of 1,747 photographs (90 classes) shuffled, the best unit of any stage reached an average precision of 0.21.
DETECTS, TIMES_CHANCE = 0.3, 3.0
LIKELY = 1 / (2 * TIMES_CHANCE - 1)  # the chance from which on half of the way to 1 is less than three times chance
APART = 0.7  # of the larger receptive field: nearer centres show the same spot
VIEW = 128  # px of the shorter side of a photograph of one's own: the scale of the bank's pictures


def top_k(
    index: Index, stage: str, unit: int, k: int = 5, bank: Bank | None = None, field: Field | None = None
) -> np.ndarray:
    """Indices of the k pictures of the bank that make a unit fire most, strongest first; fewer if the bank is smaller.

    With the bank and the receptive field of the stage, a picture that shows the same spot of the same photograph as a stronger one is
    passed over: patches of the starter photographs overlap, and five times the same eye tells less than five eyes.
    """
    order = np.argsort(-index.peak(stage)[:, unit].astype(np.float32), kind="stable")
    if bank is None or field is None or bank.place(0).box is None:
        return order[:k]
    chosen: list[int] = []
    spots: dict[str, list[np.ndarray]] = {}
    for picture in order.tolist():
        spot = _spot(index, stage, unit, picture, bank, field)
        there = spots.setdefault(bank.place(picture).photo, [])
        if all(np.hypot(*(spot[:2] - other[:2])) >= APART * max(spot[2], other[2]) for other in there):
            there.append(spot)
            chosen.append(picture)
        if len(chosen) == k:
            break
    return np.array(chosen, dtype=np.int64)


def _spot(index: Index, stage: str, unit: int, picture: int, bank: Bank, field: Field) -> np.ndarray:
    """Centre x, y and side of what the unit saw at its peak, in px of the photograph."""
    left, top, width, _ = bank.place(picture).box
    seen = peak_box(index, stage, unit, picture, field, bank.side)
    scale = width / bank.side
    return np.array([left + (seen[0] + seen[2] / 2) * scale, top + (seen[1] + seen[3] / 2) * scale, seen[2] * scale])


def peak_box(index: Index, stage: str, unit: int, picture: int, field: Field, side: int) -> tuple[int, int, int, int]:
    """(left, top, width, height) in px of a bank picture of side x side: the receptive field where the unit fires most."""
    y, x = divmod(int(index.peak_at(stage)[picture, unit]), index.grid[stage][1])
    return field.box_within(y, x, side, side)


def histogram(index: Index, stage: str, unit: int, bins: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Distribution of a unit's peaks over the bank: counts (bins,) and edges (bins + 1,), from 0 (or less) to the largest."""
    peaks = index.peak(stage)[:, unit].astype(np.float32)
    low, high = min(0.0, float(peaks.min())), float(peaks.max())
    return np.histogram(peaks, bins, (low, high if high > low else low + 1))


def sparsity(index: Index, stage: str) -> np.ndarray:
    """(C,) lifetime sparseness of every unit over the bank, in [0, 1]: 0 fires alike for all, 1 for one picture only.

    (1 - mean(r)^2 / mean(r^2)) / (1 - 1/N) of the peaks r >= 0: Vinje, Gallant (Science 2000), after Treves, Rolls (Network 1991).
    NaN for a unit that never fires.
    """
    peaks = index.peak(stage).astype(np.float32).clip(0)
    if len(peaks) < 2:
        return np.where(peaks.max(axis=0) > 0, 0.0, np.nan).astype(np.float32)
    squares = np.square(peaks).mean(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (1 - np.square(peaks.mean(axis=0)) / squares) / (1 - 1 / len(peaks))


def highest_peak(index: Index, stage: str) -> np.ndarray:
    """(C,) float32: the largest activation of every unit over the whole bank."""
    return index.peak(stage).max(axis=0).astype(np.float32)


class Detectors(NamedTuple):
    """How well every unit of a stage detects every label.

    labels : names of the L labels with at least 5 pictures; precision : (L, C) float32, average precision in [0, 1];
    chance : (L,) share of the pictures with that label, what a unit that knows nothing would reach
    """

    labels: tuple[str, ...]
    precision: np.ndarray
    chance: np.ndarray

    def best(self) -> tuple[np.ndarray, np.ndarray]:
        """For every unit the label it detects best, as a position in `labels`, and its average precision: (C,), (C,)."""
        return self.precision.argmax(axis=0), self.precision.max(axis=0)

    def detecting(self) -> np.ndarray:
        """(C,) bool: units that detect something: average precision of 0.3 or more, and three times that of chance.

        For labels that are LIKELY, half of the way from chance to 1 is enough: three times chance may be more than there is.
        """
        needed = np.maximum(DETECTS, np.minimum(TIMES_CHANCE * self.chance, (1 + self.chance) / 2))
        return (self.precision >= needed[:, None]).any(axis=0)


def detectors(index: Index, stage: str, labels: Sequence[str]) -> Detectors | None:
    """Average precision of every unit's peak as a detector of every label; None if fewer than two labels have 5 pictures."""
    names, counts = np.unique(np.asarray(labels), return_counts=True)
    names = names[counts >= FEWEST]
    if len(names) < 2:
        return None
    peaks, labels = index.peak(stage).astype(np.float32), np.asarray(labels)
    ranks = np.empty(peaks.shape, dtype=np.int32)  # how many pictures fire at least as strongly
    for unit, column in enumerate(peaks.T):
        ranks[:, unit] = len(column) - np.searchsorted(np.sort(column), column, side="left")
    found = np.stack([average_precision(ranks[labels == name]) for name in names])
    return Detectors(tuple(names.tolist()), found, np.array([(labels == name).mean() for name in names]))


def average_precision(ranks: np.ndarray) -> np.ndarray:
    """(C,) average precision from the ranks (n, C) of the n pictures that have the label.

    A rank counts the pictures that score as high or higher, so that equal scores share the worst rank of their group: a unit
    that says the same to all pictures gets the share of the label, in whatever order they lie.

    >>> average_precision(np.array([[1, 4], [3, 4]])).round(3).tolist()
    [0.833, 0.5]
    """
    ordered = np.sort(ranks, axis=0)
    hits = np.broadcast_to(np.arange(1, len(ordered) + 1)[:, None], ordered.shape).astype(np.float32)
    for row in range(len(ordered) - 2, -1, -1):
        hits[row] = np.where(ordered[row] == ordered[row + 1], hits[row + 1], hits[row])
    return (hits / ordered).mean(axis=0)


def nearest_unit(
    mine: Index, theirs: Index, stage: str, unit: int, their_stage: str | None = None
) -> tuple[int, float]:
    """The unit of another model whose peaks over the same bank correlate most with those of `unit`, and Pearson's r.

    Raises ValueError when the two were indexed on different banks. A unit that never fires has a correlation of 0 with all.
    """
    if mine.bank_key != theirs.bank_key:
        raise ValueError("The two models were indexed on different photographs: index both on the same bank.")
    found = correlations(mine.peak(stage)[:, unit], theirs.peak(their_stage or stage))
    best = int(found.argmax())
    return best, float(found[best])


def correlations(one: np.ndarray, many: np.ndarray) -> np.ndarray:
    """Pearson's r of (N,) with each column of (N, C), as (C,) float32; 0 where one of the two is constant."""
    one, many = (array.astype(np.float32) - array.mean(axis=0, dtype=np.float32) for array in (one, many))
    scale = np.sqrt(np.square(one).sum() * np.square(many).sum(axis=0))
    return np.divide(one @ many, scale, out=np.zeros_like(scale), where=scale > 0)


def seen(photo: np.ndarray):
    """A photograph (H, W, 3) uint8 as a network sees it, (1, 3, h, w) float tensor: shorter side 128 px, both multiples of 16."""
    import torch
    from PIL import Image

    height, width = photo.shape[:2]
    scale = VIEW / min(height, width)
    size = [16 * max(1, min(64, round(length * scale / 16))) for length in (width, height)]
    small = np.asarray(Image.fromarray(photo).resize(size, Image.Resampling.LANCZOS))
    return torch.from_numpy(np.array(small)).permute(2, 0, 1)[None].float() / 255
