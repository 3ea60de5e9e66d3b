"""Nearest neighbours by cosine, and how many of them a flat map keeps. Arrays in, arrays out; memory grows with N, never with N x N."""

from dataclasses import dataclass

import numpy as np

BLOCK = 1 << 23  # similarities held at once: 32 MB
SAMPLE = 1000  # points whose neighbourhoods are ranked; all of them where there are no more


def unit_length(features: np.ndarray) -> np.ndarray:
    """Rows of (N, C) scaled to length 1, float32. A row of zeros, from a picture to which no unit answers, stays zero.

    >>> unit_length(np.array([[3.0, 4.0], [0.0, 0.0]])).round(3).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    features = np.asarray(features, np.float32)
    length = np.linalg.norm(features, axis=1, keepdims=True)
    return features / np.maximum(length, np.float32(1e-12))


def nearest(queries: np.ndarray, bank: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k rows of `bank` (N, C) most similar to each of `queries` (M, C), both of length 1: indices and cosines, (M, k).

    Nearest first; of equals the one that stands earlier in the bank. k is reduced to N.

    >>> nearest(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0], [1.0, 0.0], [0.6, 0.8]]), 2)[0].tolist()
    [[1, 2]]
    """
    k = min(k, len(bank))
    indices, cosines = np.empty((len(queries), k), np.int32), np.empty((len(queries), k), np.float32)
    rows = max(1, BLOCK // max(len(bank), 1))
    for start in range(0, len(queries), rows):
        similar = queries[start : start + rows] @ bank.T
        found = (
            np.argpartition(-similar, k - 1, axis=1)[:, :k]
            if k < len(bank)
            else np.arange(k)[None].repeat(len(similar), 0)
        )
        found.sort(axis=1)
        value = np.take_along_axis(similar, found, axis=1)
        order = np.argsort(-value, axis=1, kind="stable")
        indices[start : start + rows] = np.take_along_axis(found, order, axis=1)
        cosines[start : start + rows] = np.take_along_axis(value, order, axis=1)
    return indices, cosines


def nearest_others(unit: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest of each row of (N, C) among the other rows: indices and cosines, (N, min(k, N - 1)).

    >>> nearest_others(unit_length(np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]])), 1)[0].ravel().tolist()
    [1, 0, 1]
    """
    indices, cosines = nearest(unit, unit, k + 1)
    own = indices == np.arange(len(unit))[:, None]
    own[~own.any(axis=1), -1] = True  # more than k twins stand before it
    keep = ~own
    shape = (len(unit), indices.shape[1] - 1)
    return indices[keep].reshape(shape), cosines[keep].reshape(shape)


@dataclass(frozen=True)
class Faith:
    """How far a map may be believed. `kept`: of a point's k true neighbours, how many are among its k neighbours on the map
    (mean, 0..k). `trust`: trustworthiness, 0..1, which also counts how wrong the false neighbours are; a random map has about 0.5."""

    kept: float
    trust: float
    k: int


class Neighborhoods:
    """The true neighbours of (N, C) features, against which maps of the same points are held. `features` are of length 1."""

    def __init__(self, unit: np.ndarray, k: int = 10, seed: int = 0):
        """k is reduced where there are few points, so that trustworthiness stays defined (k < N / 2)."""
        self.k = max(1, min(k, (len(unit) - 1) // 2))
        count = len(unit)
        self.sampled = np.sort(np.random.default_rng(seed).permutation(count)[:SAMPLE])
        self.similar = unit[self.sampled] @ unit.T
        self.similar[np.arange(len(self.sampled)), self.sampled] = np.inf  # a point is not its own neighbour
        order = np.argpartition(-self.similar, self.k, axis=1)[:, : self.k + 1]
        self.true = np.stack([row[row != own][: self.k] for row, own in zip(order, self.sampled, strict=True)])

    def faith(self, xy: np.ndarray) -> Faith:
        """Faith in a map (N, 2). Trustworthiness: Venna and Kaski, Neural Networks 2006, eq. 1, over at most 1000 of the points."""
        from scipy.spatial import cKDTree

        count, k = len(xy), self.k
        # a little noise where points coincide would change the map: the tree breaks ties by index
        near = cKDTree(xy).query(xy[self.sampled], k + 1)[1]
        near = np.stack([row[row != own][:k] for row, own in zip(near, self.sampled, strict=True)])
        kept = (near[:, :, None] == self.true[:, None, :]).any(axis=2).sum(axis=1).mean()
        own = np.take_along_axis(self.similar, near, axis=1)
        # rank of a map neighbour among the true ones: 1 for the nearest; the point itself (inf) stands at 0
        ranks = np.stack([(self.similar > own[:, j : j + 1]).sum(axis=1) for j in range(k)], axis=1)
        excess = np.maximum(ranks - k, 0).sum()
        most = len(self.sampled) * k * (2 * count - 3 * k - 1) / 2
        return Faith(float(kept), float(1 - excess / most) if most > 0 else 1.0, k)
