"""Layouts and neighbours against independent derivations: scikit-learn, brute force, and what must hold of any map."""

import threading
import time

import numpy as np
import pytest

from ssl_core.layouts import METHODS, LayoutError, Step, align, fit, knobs_of, layout_steps, principal
from ssl_core.neighbors import Neighborhoods, nearest, nearest_others, unit_length


@pytest.fixture(scope="module")
def blobs() -> tuple[np.ndarray, np.ndarray]:
    """(120, 24) non-negative features in three groups, and the group of each."""
    rng = np.random.default_rng(3)
    of = np.arange(120) % 3
    return np.maximum(rng.normal(size=(3, 24))[of] * 2 + 0.5 * rng.normal(size=(120, 24)), 0).astype(np.float32), of


def laid(method: str, features, knobs=None, seed=0) -> np.ndarray:
    *_, last = layout_steps(method, features, knobs, seed)
    assert last.share == 1.0 or method == "tsne"
    return last.xy


def kept_groups(xy: np.ndarray, of: np.ndarray) -> float:
    """The share of points whose nearest neighbour on the map belongs to the same group."""
    far = np.linalg.norm(xy[:, None] - xy[None], axis=2) + np.diag(np.full(len(xy), np.inf))
    return float((of[far.argmin(axis=1)] == of).mean())


def test_nearest_is_brute_force(monkeypatch):
    rng = np.random.default_rng(0)
    bank, queries = unit_length(rng.normal(size=(300, 7))), unit_length(rng.normal(size=(41, 7)))
    monkeypatch.setattr("ssl_core.neighbors.BLOCK", 3000)  # several blocks
    indices, cosines = nearest(queries, bank, 9)
    expected = np.argsort(-(queries @ bank.T), axis=1)[:, :9]
    np.testing.assert_array_equal(indices, expected)
    np.testing.assert_allclose(cosines, np.take_along_axis(queries @ bank.T, expected, axis=1), rtol=1e-6)
    assert nearest(queries, bank[:4], 9)[0].shape == (41, 4)


def test_a_point_is_not_its_own_neighbor_even_among_twins():
    twins = unit_length(np.ones((6, 3)))
    indices, _ = nearest_others(twins, 2)
    assert indices.shape == (6, 2)
    assert not (indices == np.arange(6)[:, None]).any()


def test_trustworthiness_is_that_of_scikit_learn(blobs):
    from sklearn.manifold import trustworthiness

    features, _ = blobs
    unit = unit_length(features)
    for seed in range(3):
        xy = np.random.default_rng(seed).normal(size=(len(unit), 2)) if seed else principal(unit, 2)[0]
        expected = trustworthiness(unit, xy, n_neighbors=10, metric="cosine")
        assert Neighborhoods(unit).faith(xy).trust == pytest.approx(expected, abs=1e-6)


def test_kept_counts_neighbors_that_stay(blobs):
    circle = np.stack([np.cos(np.linspace(0, 6, 90)), np.sin(np.linspace(0, 6, 90))], axis=1).astype(np.float32)
    true = Neighborhoods(unit_length(circle), k=4)
    assert true.faith(circle).kept == 4 and true.faith(circle).trust == 1.0
    shuffled = true.faith(circle[np.random.default_rng(0).permutation(90)])
    assert shuffled.kept < 1 and shuffled.trust < 0.7


def test_pca_is_that_of_scikit_learn(blobs):
    from sklearn.decomposition import PCA

    unit = unit_length(blobs[0])
    expected = PCA(4).fit(unit)
    scores, shares = principal(unit, 4)
    np.testing.assert_allclose(np.abs(scores), np.abs(expected.transform(unit)), atol=1e-4)
    np.testing.assert_allclose(shares, expected.explained_variance_ratio_, atol=1e-5)
    second = laid("pca", blobs[0], {"axis": 2})
    np.testing.assert_allclose(second, fit(scores[:, 1:3]), atol=1e-5)


def test_tsne_keeps_groups_repeats_with_its_seed_and_minds_its_knobs(blobs):
    features, of = blobs
    first = laid("tsne", features)
    assert first.shape == (120, 2) and np.abs(first).max() == pytest.approx(1.0)
    assert kept_groups(first, of) > 0.95
    np.testing.assert_array_equal(first, laid("tsne", features))
    assert not np.array_equal(first, laid("tsne", features, {"random": 1}, seed=1))
    assert not np.array_equal(laid("tsne", features, {"random": 1}, 1), laid("tsne", features, {"random": 1}, 2))
    assert not np.array_equal(first, laid("tsne", features, {"perplexity": 5}))


def test_umap_keeps_groups_repeats_with_its_seed_and_tells_how_far_it_is(blobs):
    features, of = blobs
    steps = list(layout_steps("umap", features))
    assert len(steps) >= 2 and steps[0].xy is None and steps[-1].share == 1.0
    assert all(before.share <= after.share for before, after in zip(steps, steps[1:], strict=False))
    assert kept_groups(steps[-1].xy, of) > 0.95
    np.testing.assert_array_equal(steps[-1].xy, laid("umap", features))
    assert not np.array_equal(steps[-1].xy, laid("umap", features, seed=1))


def test_closing_ends_the_thread_of_umap():
    features = np.random.default_rng(0).random((4000, 16), dtype=np.float32)
    steps = layout_steps("umap", features)
    next(steps)
    steps.close()
    until = time.monotonic() + 120
    while time.monotonic() < until and any(thread.name == "umap" for thread in threading.enumerate()):
        time.sleep(0.1)
    assert not any(thread.name == "umap" for thread in threading.enumerate())


@pytest.mark.parametrize("method", METHODS)
def test_too_few_equal_or_broken_pictures_are_a_sentence(method):
    for features in (np.eye(2), np.ones((40, 5)), np.full((40, 5), np.nan)):
        with pytest.raises(LayoutError, match=r"\.$"):
            list(layout_steps(method, features))


@pytest.mark.parametrize("method", ["tsne", "pca"])
def test_small_banks_twins_and_dead_pictures_are_laid_out(method):
    rng = np.random.default_rng(0)
    features = np.repeat(rng.random((4, 6)), 4, axis=0)
    features[0] = 0  # no unit answers
    xy = laid(method, features)
    assert xy.shape == (16, 2) and np.isfinite(xy).all()


def test_every_tsne_step_can_be_drawn(blobs):
    steps = list(layout_steps("tsne", blobs[0]))
    assert steps[0] == Step(0.0, "loading t-SNE")
    seen = [step for step in steps if step.xy is not None]
    assert len(seen) == 30 and all(np.isfinite(step.xy).all() for step in seen)


def test_knobs_stay_in_range():
    for name, method in METHODS.items():
        assert knobs_of(name) == {knob.name: knob.start for knob in method.knobs}
        wild = knobs_of(name, {knob.name: 1e9 for knob in method.knobs} | {"other": 1})
        assert wild == {knob.name: knob.high for knob in method.knobs}
        assert knobs_of(name, {method.knobs[0].name: float("nan")}) == knobs_of(name)


def test_align_undoes_a_turn_and_a_mirror():
    rng = np.random.default_rng(0)
    xy = rng.normal(size=(50, 2))
    turned = (xy * [1, -1]) @ np.array([[0.6, -0.8], [0.8, 0.6]]) * 3 + 5
    np.testing.assert_allclose(align(turned, xy), xy - xy.mean(axis=0), atol=1e-5)
