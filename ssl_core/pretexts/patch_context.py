"""Context as Supervisory Signal: Discovering Objects with Predictable Context. Doersch, Gupta, Efros. ECCV 2014.

Patches that look alike need not show the same thing; if they do, each one's surroundings can be foretold from the others'. So the
patches of a cluster are judged, each left out in turn, by how much better its context is foretold with the help of the others than by
a model of "stuff" that only knows how textures and edges go on. Members not foretold are pruned, clusters ranked by what is left.

No network: all is cells of HOG and Gaussians.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ssl_core.hog import Hog, drawn
from ssl_core.masks import central_region
from ssl_core.pretext import Batch, Paper, Player, Pretext, Variant, to_picture

SAMPLES = 20_000  # places that the stuff model is fitted to
RIDGE = 1e-3
KINDS = 6  # of cells, from flat to full of edges


@dataclass(frozen=True)
class Config:
    """Lengths in HOG cells. Published are clusters of nearest neighbours that are pruned by context; the numbers are ours."""

    side: int = 128  # pixels of a photograph of the bank
    cell: int = 8  # pixels
    orientations: int = 9
    patch: int = 4
    ring: int = 4  # cells of context on each side of the patch
    candidates: int = 20  # nearest neighbours by HOG that a cluster starts from
    kept: int = 6  # of which pruning leaves these
    anchor: float = 4.0  # the seed counts like so many patches: the cluster is about it
    dropped: float = 0.25  # share of what is too much that goes in one round
    prior_mean: float = 6.0  # stuff counts in a thing's mean like so many patches,
    prior_variance: float = 16.0  # and in its variance like so many

    @property
    def window(self) -> int:
        """Cells of a side of patch and context together."""
        return self.patch + 2 * self.ring


class Statistics(NamedTuple):
    """The model of stuff, of cells of K numbers: each from the one beside it, by direction (down, across) + 1 and its strength.

    edges (B - 1,) between the B kinds of cells by their mean; slope (3, 3, B, K + 1, K), the last of K + 1 for the intercept;
    residual (3, 3, B, K), the variance of what it misses.
    """

    edges: np.ndarray
    slope: np.ndarray
    residual: np.ndarray


class Steps(NamedTuple):
    """For each cell of a window: whether it is context, its neighbour one cell nearer to the patch, and the direction from there."""

    context: np.ndarray
    row: np.ndarray
    column: np.ndarray
    down: np.ndarray
    across: np.ndarray


class Judgement(NamedTuple):
    """Thing against stuff for n patches of a cluster: log-likelihood ratios in nats.

    cells (n, S, S), 0 where nothing was judged; judged (n, S, S) bool; scores (n,), their mean over the judged cells.
    """

    cells: np.ndarray
    judged: np.ndarray
    scores: np.ndarray


@lru_cache
def steps(config: Config) -> Steps:
    """The geometry of a window of S x S cells.

    >>> steps(Config(patch=1, ring=1)).context.astype(int).tolist()
    [[1, 1, 1], [1, 0, 1], [1, 1, 1]]
    """
    row, column = np.mgrid[: config.window, : config.window]
    last = config.ring + config.patch - 1
    down, across = (np.sign(place - place.clip(config.ring, last)) for place in (row, column))
    return Steps((down != 0) | (across != 0), row - down, column - across, down, across)


def fit_statistics(cells: np.ndarray, rng: np.random.Generator) -> Statistics:
    """The model of stuff of a bank's cells (N, R, C, K), R and C at least 3, by least squares at random places."""
    count, rows, columns, width = cells.shape
    picture, row = rng.integers(0, count, SAMPLES), rng.integers(1, rows - 1, SAMPLES)
    column = rng.integers(1, columns - 1, SAMPLES)
    known = with_one(cells[picture, row, column].astype(np.float32))
    strength = known[:, :-1].mean(1)
    edges = np.quantile(strength, np.arange(1, KINDS) / KINDS)
    kind = np.digitize(strength, edges)
    slope = np.zeros((3, 3, KINDS, width + 1, width), np.float32)
    residual = np.ones((3, 3, KINDS, width), np.float32)
    for down, across in np.argwhere(np.ones((3, 3))) - 1:
        wanted = cells[picture, row + down, column + across].astype(np.float32)
        for one in range(KINDS):
            x, y = known[kind == one], wanted[kind == one]
            fitted = np.linalg.solve(x.T @ x + RIDGE * np.eye(width + 1, dtype=np.float32), x.T @ y)
            slope[down + 1, across + 1, one] = fitted
            residual[down + 1, across + 1, one] = (np.square(y - x @ fitted).sum(0) + RIDGE) / (len(x) + 1)
    return Statistics(edges, slope, residual + RIDGE)


def with_one(cells: np.ndarray) -> np.ndarray:
    """(..., K) -> (..., K + 1): a one for the intercept."""
    return np.concatenate([cells, np.ones((*cells.shape[:-1], 1), cells.dtype)], -1)


def log_normal(error: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Log density of independent Gaussians at a distance from their means, summed over the last axis, without the constant.

    >>> float(log_normal(np.array([0.0, 2.0]), np.array([1.0, 4.0])).round(4))
    -1.1931
    """
    return -0.5 * (np.square(error) / variance + np.log(variance)).sum(-1)


def beyond_stuff(windows: np.ndarray, statistics: Statistics, config: Config) -> tuple[np.ndarray, np.ndarray]:
    """By how much each cell differs from what stuff makes of the cell beside it, nearer to the patch, and the variance of that.

    Stuff is that textures and edges go on: x_c ~ N(A x_c' + b, s2), with A, b and s2 for each direction and each kind of x_c': beside
    a flat cell little can come, and is expected. Windows (n, S, S, K) -> both (n, S, S, K).
    """
    at = steps(config)
    nearer = windows[:, at.row, at.column]
    which = at.down + 1, at.across + 1, np.digitize(nearer.mean(-1), statistics.edges)
    foretold = np.matmul(with_one(nearer)[..., None, :], statistics.slope[which])[..., 0, :]
    return windows - foretold, statistics.residual[which]


def others_foretell(
    beyond: np.ndarray, judged: np.ndarray, stuff: np.ndarray, config: Config
) -> tuple[np.ndarray, np.ndarray]:
    """What the other patches of a cluster add to stuff, each patch left out in turn: mean and variance, each (n, S, S, K).

    m = sum_j e_j / (k + n),  s2 = (v s2_stuff + sum_j (e_j - m)^2) / (v + n) * (1 + 1 / (k + n)), over the n others whose cell is
    judged, the seed, which is the first, counted `anchor` times; `stuff` are the s2_stuff (n, S, S, K). The fewer others there are,
    and the less they agree, the nearer this is to stuff alone.
    """
    weight = judged[..., None].astype(np.float32)
    weight[0] *= config.anchor
    known = beyond * weight
    count, sums, squares = (part.sum(0) - part for part in (weight, known, known * beyond))
    mean = sums / (count + config.prior_mean)
    spread = squares - 2 * mean * sums + count * mean**2 + config.prior_variance * stuff
    return mean, spread / (count + config.prior_variance) * (1 + 1 / (count + config.prior_mean))


def thing_over_stuff(windows: np.ndarray, visible: np.ndarray, statistics: Statistics, config: Config) -> Judgement:
    """log p_thing(x_c) / p_stuff(x_c) for the context of each patch: windows (n, S, S, K), visible (n, S, S).

    Cells outside the photograph are not judged, nor are those whose neighbour nearer to the patch is outside.
    """
    judged = steps(config).context & visible & visible[:, steps(config).row, steps(config).column]
    return _judge(*beyond_stuff(windows, statistics, config), judged, config)


def _judge(beyond: np.ndarray, stuff: np.ndarray, judged: np.ndarray, config: Config) -> Judgement:
    mean, variance = others_foretell(beyond, judged, stuff, config)
    cells = np.where(judged, log_normal(beyond - mean, variance) - log_normal(beyond, stuff), 0)
    return Judgement(cells, judged, cells.sum((1, 2)) / np.maximum(judged.sum((1, 2)), 1))


def prune(
    windows: np.ndarray, visible: np.ndarray, statistics: Statistics, config: Config
) -> tuple[Judgement, np.ndarray, Judgement]:
    """Drop the worst foretold members round by round until `kept` of them and the first patch, the seed, are left.

    Returns how all are judged, the indices that stay, the seed first, and how these are judged among themselves.
    """
    alive, (beyond, stuff) = np.arange(len(windows)), beyond_stuff(windows, statistics, config)
    first = judgement = thing_over_stuff(windows, visible, statistics, config)
    while (over := len(alive) - config.kept - 1) > 0:
        worst = 1 + np.argsort(judgement.scores[1:])[: max(1, int(config.dropped * over))]
        alive = np.delete(alive, worst)
        judgement = _judge(beyond[alive], stuff[alive], first.judged[alive], config)
    return first, alive, judgement


def consistency(judgement: Judgement) -> float:
    """What clusters are ranked by: the sum of the members' scores. At 0 or below the cluster is inconsistent and discarded."""
    return float(judgement.scores.sum())


class PatchContext(Pretext):
    """What surrounds this patch?"""

    method = "patch-context"
    question = "What surrounds this patch?"
    paper = Paper(
        "Context as Supervisory Signal: Discovering Objects with Predictable Context",
        "Doersch, Gupta, Efros",
        "ECCV",
        2014,
        "https://doi.org/10.1007/978-3-319-10578-9_24",
    )
    departs = "A ring of fixed width, judged at once, not a region grown cell by cell with realignment; the seed counts as four patches."
    sizes = {"tiny": Config(side=64, patch=2, ring=2, candidates=6, kept=3), "small": Config(), "paper": Config()}
    variants = {"hog": Variant("Foretell what surrounds a patch from patches that look like it.", {}, {})}

    def __init__(self, config: Config, variant: str) -> None:
        super().__init__(config, variant)
        self.encoder = Hog(config.cell, config.orientations)

    @property
    def device(self) -> torch.device:
        """Where it is computed; there are no weights to be anywhere else."""
        return torch.device("cpu")

    def cells(self, images: Tensor) -> np.ndarray:
        """HOG of (B, 3, H, W) in [0, 1]: (B, H // 8, W // 8, 9) float32."""
        with torch.inference_mode():
            return self.encoder(images)["hog"].permute(0, 2, 3, 1).contiguous().numpy()

    def make_batch(self, raw: dict[str, Tensor], rng: np.random.Generator) -> Batch:
        """A random patch of each photograph, and its window of patch and context, which lies inside."""
        cells, config = self.encoder(raw["image"])["hog"], self.config
        size = config.window
        rows, columns = (rng.integers(0, n - size + 1, len(cells)) for n in cells.shape[2:])
        cut = [one[:, r : r + size, c : c + size] for one, r, c in zip(cells, rows, columns, strict=True)]
        windows, patch = torch.stack(cut), slice(config.ring, config.ring + config.patch)
        return Batch({"patch": windows[:, :, patch, patch]}, {"window": windows})

    def players(self) -> list[Player]:
        """Nobody: there is nothing to learn, and so no forward pass and no loss."""
        return []

    def panels(self, raw: dict[str, Tensor], rng: np.random.Generator, **knobs: float) -> dict[str, np.ndarray]:
        """What HOG sees of the photograph, one patch of it that is all that is given, and the photograph."""
        picture = to_picture(raw["image"][0])
        height, width = picture.shape[:2]
        strokes = drawn(self.cells(raw["image"][:1])[0], self.config.cell)
        strokes = np.pad(strokes / max(strokes.max(), 1e-6), ((0, height), (0, width)))[:height, :width]
        patch = np.where(central_region(height, width)[..., None], picture, np.float32(0.5))
        edges = np.repeat(strokes[..., None], 3, -1).astype(np.float32)
        return {"its edges (HOG)": edges, "one patch": patch, "the truth": picture}
