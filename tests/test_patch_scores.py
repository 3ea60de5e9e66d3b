"""Thing against stuff: the scores against a direct computation by loops, the geometry, and the model of stuff."""

import math

import numpy as np
import pytest

from ssl_core.pretexts.patch_context import Config, consistency, fit_statistics, prune, steps, thing_over_stuff

TINY = Config(patch=2, ring=2, candidates=6, kept=3)
LOW, HIGH = TINY.ring, TINY.ring + TINY.patch - 1  # first and last cell of the patch


def random_windows(config, count=5, seed=0):
    rng = np.random.default_rng(seed)
    windows = rng.random((count, config.window, config.window, 9), dtype=np.float32)
    visible = rng.random((count, config.window, config.window)) > 0.15
    return windows * visible[..., None], visible


def nearer(row, column):
    """The cell beside one of the context, a step towards the patch."""
    return row + (row < LOW) - (row > HIGH), column + (column < LOW) - (column > HIGH)


def beyond(window, row, column, statistics):
    """What a cell has beyond stuff, nine numbers, and the variance of that."""
    from_row, from_column = nearer(row, column)
    x = [*window[from_row, from_column].tolist(), 1.0]
    kind = int(np.searchsorted(statistics.edges, np.float32(np.mean(window[from_row, from_column])), "right"))
    key = (row - from_row + 1, column - from_column + 1, kind)
    told = [sum(x[j] * statistics.slope[key][j, k] for j in range(10)) for k in range(9)]
    return [float(window[row, column, k]) - told[k] for k in range(9)], statistics.residual[key]


def log_ratio(mine, spread, others, config):
    """Thing over stuff for one cell: its nine numbers and their variances, and those of the others."""
    n, total = len(others), 0.0
    for k in range(9):
        mean = sum(e[k] for e in others) / (n + config.prior_mean)
        squares = sum((e[k] - mean) ** 2 for e in others) + config.prior_variance * spread[k]
        variance = squares / (n + config.prior_variance) * (1 + 1 / (n + config.prior_mean))
        thing = -0.5 * ((mine[k] - mean) ** 2 / variance + math.log(variance))
        total += thing + 0.5 * (mine[k] ** 2 / spread[k] + math.log(spread[k]))
    return total


def directly(windows, visible, statistics, config):
    """The log-likelihood ratios by loops, one cell of one patch after another; NaN where nothing is judged."""
    found = np.full(visible.shape, np.nan)
    for row, column in np.ndindex(*visible.shape[1:]):
        if LOW <= row <= HIGH and LOW <= column <= HIGH:
            continue
        there = [i for i, seen in enumerate(visible) if seen[row, column] and seen[nearer(row, column)]]
        cells = {i: beyond(windows[i], row, column, statistics) for i in there}
        for i in there:
            others = [cells[j][0] for j in there if j != i for _ in range(1 if j else int(config.anchor))]
            found[i, row, column] = log_ratio(*cells[i], others, config)
    return found


def test_scores_are_those_of_a_direct_computation():
    statistics = fit_statistics(
        np.random.default_rng(1).random((6, 12, 12, 9), dtype=np.float32), np.random.default_rng(2)
    )
    windows, visible = random_windows(TINY)
    found = thing_over_stuff(windows, visible, statistics, TINY)
    cells = directly(windows, visible, statistics, TINY)
    assert (found.judged == ~np.isnan(cells)).all() and found.judged.sum() > 50
    np.testing.assert_allclose(found.cells, np.nan_to_num(cells), atol=2e-3)
    np.testing.assert_allclose(found.scores, np.nanmean(cells, (1, 2)), atol=2e-4)
    assert consistency(found) == pytest.approx(found.scores.sum())


def test_every_step_leads_one_cell_nearer_to_the_patch():
    at = steps(TINY)
    inside = np.zeros((TINY.window, TINY.window), bool)
    inside[TINY.ring : -TINY.ring, TINY.ring : -TINY.ring] = True
    assert (at.context == ~inside).all()
    place, nearer = np.mgrid[: TINY.window, : TINY.window], np.stack([at.row, at.column])
    middle = (TINY.window - 1) / 2
    assert (np.abs(nearer - place).max(0) == at.context).all()
    far = np.abs(place - middle).max(0) - np.abs(nearer - middle).max(0)
    assert (far[at.context] == 1).all()


def test_stuff_is_fitted_to_what_goes_on():
    """Cells that go on exactly are foretold exactly; noise is not."""
    rng = np.random.default_rng(0)
    same = np.broadcast_to(rng.random((200, 1, 1, 9), dtype=np.float32), (200, 8, 8, 9))
    noise = rng.random((200, 8, 8, 9), dtype=np.float32)
    directions = [(0, 1), (2, 2), (1, 0)]
    smooth, rough = (fit_statistics(cells, np.random.default_rng(0)).residual for cells in (same, noise))
    assert all(smooth[way].max() < 0.005 and rough[way].min() > 0.05 for way in directions)


def test_a_small_cluster_is_not_pruned():
    statistics = fit_statistics(
        np.random.default_rng(1).random((6, 12, 12, 9), dtype=np.float32), np.random.default_rng(2)
    )
    windows, visible = random_windows(TINY, 3)
    first, alive, judgement = prune(windows, visible, statistics, TINY)
    assert alive.tolist() == [0, 1, 2]
    assert (first.scores == judgement.scores).all()
