"""Flat maps of features: PCA, t-SNE and UMAP as generators of steps, so that a page can show them grow, and stop them.

The same features, knobs and seed give the same map. Maps lie in [-1, 1] x [-1, 1], both axes on one scale.
Both nonlinear maps start from PCA: Kobak and Linderman, Nature Biotechnology 2021, find that this keeps the global structure.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ssl_core.neighbors import nearest_others, unit_length

FEWEST, FEWEST_NONLINEAR = 3, 12
EARLY, LATE, CHUNK = 250, 500, 25  # steps of gradient descent, as in van der Maaten and Hinton, JMLR 2008, section 3.4
FFT_FROM = 4000  # from here on interpolation is faster than the tree


class LayoutError(ValueError):
    """Features that make no map; its text is a sentence for a person."""


@dataclass(frozen=True)
class Knob:
    """A number that a person may turn."""

    name: str
    label: str
    low: float
    high: float
    step: float
    start: float
    hint: str


@dataclass(frozen=True)
class Method:
    """A way to lay points out."""

    name: str
    title: str
    knobs: tuple[Knob, ...]
    seeded: bool


METHODS = {
    "pca": Method("pca", "PCA", (Knob("axis", "Component", 1, 6, 1, 1, "shows this component and the next"),), False),
    "tsne": Method(
        "tsne",
        "t-SNE",
        (
            Knob("perplexity", "Perplexity", 5, 80, 5, 30, "about how many neighbours each point minds"),
            Knob("random", "Random start", 0, 1, 1, 0, "starts from chance instead of from PCA"),
        ),
        True,
    ),
    "umap": Method(
        "umap",
        "UMAP",
        (
            Knob("neighbors", "Neighbours", 5, 50, 5, 15, "how many neighbours each point is tied to"),
            Knob("spread", "Least distance", 0.0, 0.9, 0.1, 0.1, "how close points may lie"),
        ),
        True,
    ),
}


@dataclass(frozen=True)
class Step:
    """A layout on its way. `share` 0..1 of the work is done; `saying` what is being done; `xy` (N, 2) float32 in [-1, 1], or None
    while there is nothing to see; `note` tells what a person should know of the finished map."""

    share: float
    saying: str
    xy: np.ndarray | None = None
    note: str = ""


def knobs_of(method: str, given: dict | None = None) -> dict[str, float]:
    """All knobs of a method: those of `given` brought into range and onto their step, the others at their start.

    >>> knobs_of("umap", {"neighbors": 1000, "spread": "x"})
    {'neighbors': 50, 'spread': 0.1}
    """
    found = {}
    for knob in METHODS[method].knobs:
        value = (given or {}).get(knob.name)
        value = value if isinstance(value, int | float) and np.isfinite(value) else knob.start
        stepped = knob.low + round((min(max(value, knob.low), knob.high) - knob.low) / knob.step) * knob.step
        found[knob.name] = int(stepped) if float(knob.step).is_integer() else round(stepped, 4)
    return found


def layout_steps(method: str, features: np.ndarray, knobs: dict | None = None, seed: int = 0) -> Iterator[Step]:
    """Lay (N, C) features out; the last step holds the finished map. Closing the generator stops the work.

    Features are compared by cosine: each row is first brought to length 1.
    Errors: LayoutError for too few pictures, for features that are all alike or not numbers.
    """
    features = np.asarray(features, np.float32)
    title = METHODS[method].title
    least = FEWEST if method == "pca" else FEWEST_NONLINEAR
    if len(features) < least:
        hint = "Add pictures." if method == "pca" else "Choose PCA, or add pictures."
        raise LayoutError(f"{title} needs {least} pictures or more, and there are {len(features)}. {hint}")
    if not np.isfinite(features).all():
        raise LayoutError("This stage gives values that are not numbers for some pictures: choose another stage.")
    unit = unit_length(features)
    if np.ptp(unit, axis=0).max() < 1e-6:
        raise LayoutError(
            "To this stage all pictures look the same, so there is nothing to lay out. Choose another stage."
        )
    turned = knobs_of(method, knobs)
    if method == "pca":
        yield pca_step(unit, turned)
    elif method == "tsne":
        yield from tsne_steps(unit, turned, seed)
    else:
        from ssl_core.umap_layout import umap_steps

        yield from umap_steps(unit, turned, seed)


def principal(unit: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The first `count` principal components of (N, C): scores (N, count), and each one's share of the variance.

    Signs are fixed: the largest loading of each component is positive. Components that are not there are zero.
    """
    centred = unit - unit.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T.astype(np.float64) @ centred)
    values, vectors = values[::-1][:count], vectors[:, ::-1][:, :count]
    vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(vectors.shape[1])])
    scores = np.zeros((len(unit), count), np.float32)
    scores[:, : vectors.shape[1]] = centred @ vectors
    shares = np.zeros(count)
    shares[: len(values)] = np.maximum(values, 0) / max(float((centred**2).sum()), 1e-12)
    return scores, shares


def pca_step(unit: np.ndarray, knobs: dict) -> Step:
    """Two neighbouring principal components of (N, C)."""
    first = int(knobs["axis"]) - 1
    scores, shares = principal(unit, first + 2)
    note = f"components {first + 1} and {first + 2} hold {100 * shares[first:].sum():.0f} % of the variance"
    return Step(1.0, "", fit(scores[:, first:]), note)


def tsne_steps(unit: np.ndarray, knobs: dict, seed: int) -> Iterator[Step]:
    """t-SNE by openTSNE (Poličar, Stražar, Zupan 2019): 250 steps with exaggerated attraction, then 500 without."""
    yield Step(0.0, "loading t-SNE")
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    most = (len(unit) - 1) / 3
    perplexity = min(knobs["perplexity"], most)
    note = "" if perplexity == knobs["perplexity"] else f"perplexity {perplexity:.0f}: more needs more pictures"
    yield Step(0.02, "finding neighbours")
    indices, cosines = nearest_others(unit, int(3 * perplexity))
    distances = np.sqrt(np.maximum(2 - 2 * cosines.astype(np.float64), 0))
    affinities = PerplexityBasedNN(knn_index=PrecomputedNeighbors(indices, distances), perplexity=perplexity, n_jobs=1)
    rng = np.random.default_rng(seed)
    start = rng.normal(size=(len(unit), 2)) if knobs["random"] else principal(unit, 2)[0].astype(np.float64)
    start += 0.01 * start.std() * rng.normal(size=start.shape)  # twins must come apart
    fast = "fft" if len(unit) >= FFT_FROM else "bh"
    embedding = TSNEEmbedding(
        1e-4 * start / start[:, 0].std(), affinities, negative_gradient_method=fast, n_jobs=1, random_state=seed
    )
    for done in range(0, EARLY + LATE, CHUNK):
        early = {"exaggeration": 12, "momentum": 0.5} if done < EARLY else {"momentum": 0.8}
        embedding.optimize(n_iter=CHUNK, inplace=True, **early)
        share = 0.05 + 0.95 * (done + CHUNK) / (EARLY + LATE)
        yield Step(share, f"step {done + CHUNK} of {EARLY + LATE}", fit(np.asarray(embedding)), note)


def fit(xy: np.ndarray) -> np.ndarray:
    """A map (N, 2) moved and scaled, without changing its shape, to just fit into [-1, 1] x [-1, 1]; float32.

    >>> fit(np.array([[0, 0], [4, 2]])).tolist()
    [[-1.0, -0.5], [1.0, 0.5]]
    """
    low, high = xy.min(axis=0), xy.max(axis=0)
    return ((xy - (low + high) / 2) / max(float((high - low).max()) / 2, 1e-12)).astype(np.float32)


def align(xy: np.ndarray, onto: np.ndarray) -> np.ndarray:
    """A map (N, 2) turned, mirrored and scaled to lie as near as possible to another of the same points (orthogonal Procrustes).

    Maps have no up and no left: without this a morph between two of them would show a turn that means nothing.

    >>> square = np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]])
    >>> np.allclose(align(square @ [[0, 3], [-3, 0]], square), square - 0.5)
    True
    """
    a, b = xy - xy.mean(axis=0), onto - onto.mean(axis=0)
    left, values, right = np.linalg.svd(a.T @ b)
    return (a @ left @ right * (values.sum() / max(float((a**2).sum()), 1e-12))).astype(np.float32)
