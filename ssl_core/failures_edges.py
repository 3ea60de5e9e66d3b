"""How a colouring goes wrong at the edges of things: two detectors, with the conventions of `failures_color`.

Larsson et al. (Learning Representations for Automatic Colorization, ECCV 2016) name both among the failures; the definitions are ours.
"""

from __future__ import annotations

import numpy as np

from ssl_core.failures_color import Finding

NEAR, FAR = 3, 8  # px to either side of an edge: where colour must already be its own side's, and where it surely is
PAINTED_STEP, TRUE_STEP = 10.0, 15.0  # ab units between the two sides: painted in two colours, and truly of two colours
FOREIGN = 4.6  # ab units: two just noticeable differences (2.3, Mahy et al., 1994)
CLEAN = 0.25  # of the way to the other side's colour: a true edge that is sharp enough to judge by


def edge_pollution(painted: np.ndarray, truth: np.ndarray) -> Finding:
    """Share of the edges, in per cent, on which lies a colour that is no mixture of the colours to their two sides: a foreign rim.

    Foreign is what is `FOREIGN` ab units farther from the straight line between the colours 8 px to either side than in the truth,
    which may have thin lines of their own colour. Edges are those of the lightness. Colour that is blurred over an edge stays
    a mixture of its two sides and does not count. Map: distance from the line, beyond the truth's, in ab units.
    """
    rows, columns, ahead, behind = _edges(truth[..., :1], least=4.0, reach=FAR)
    off, true_off = (
        _off_segment(*(lab[place][:, 1:] for place in ((rows, columns), ahead, behind))) for lab in (painted, truth)
    )
    excess = np.maximum(off - true_off, 0.0)
    found = _along_edges(truth.shape[:2], rows, columns, excess, 1.0)
    share = float((excess >= FOREIGN).mean()) if found.score > 0 else 0.0
    return Finding(100.0 * share, found.where)


def color_bleeding(painted: np.ndarray, truth: np.ndarray) -> Finding:
    """Share of the true colour edges, in per cent, over which the colour of one side runs by 3 pixels or more.

    Judged where the truth steps cleanly from one colour to another within those 3 pixels, and the picture is painted in two colours
    8 px to either side: 3 px from the edge the paint must be nearer to its own side's colour than to the other's. Map: those
    edges, 0 or 1.
    """
    rows, columns, *far = _edges(truth[..., 1:], least=3.0, reach=FAR)
    near = _edges(truth[..., 1:], least=3.0, reach=NEAR)[2:]
    true_run, true_step = _run(truth, near, far)
    run, step = _run(painted, near, far)
    judged = (true_run <= CLEAN) & (true_step >= TRUE_STEP) & (step >= PAINTED_STEP)
    over = (run[judged] > 0.5).astype(np.float64)
    return _along_edges(truth.shape[:2], rows[judged], columns[judged], over, 100.0)


def _run(lab: np.ndarray, near: tuple, far: tuple) -> tuple[np.ndarray, np.ndarray]:
    """How far the colour beside an edge has gone over to the other side's, 0 to 1, the worse of its two sides; and the two's distance."""
    (ahead, behind), (start, end) = ([lab[place][:, 1:] for place in pair] for pair in (near, far))
    gone = np.maximum(_along(ahead, start, end), _along(behind, end, start))
    return gone, np.linalg.norm(start - end, axis=-1)


def _edges(values: np.ndarray, least: float, reach: int = 4) -> tuple:
    """Pixels (rows, columns) on the edges of an (H, W, C) picture, and the places `reach` px to either side across the edge."""
    from scipy import ndimage

    gradient = [ndimage.gaussian_filter(values, (1, 1, 0), (*order, 0)) for order in ((1, 0), (0, 1))]
    strongest = np.abs(gradient[0] + 1j * gradient[1]).argmax(axis=-1)[..., None]
    down, right = (np.take_along_axis(one, strongest, -1)[..., 0] for one in gradient)
    size = np.hypot(down, right)
    ridge = (size >= least) & (size >= ndimage.maximum_filter(size, 3) * 0.95)
    rows, columns = np.nonzero(ridge)
    normal = np.stack([down, right])[:, rows, columns] / np.maximum(size[rows, columns], 1e-9)
    limits = np.array(values.shape[:2])[:, None] - 1
    sides = (np.clip(np.rint(np.stack([rows, columns]) + sign * reach * normal), 0, limits) for sign in (1, -1))
    return rows, columns, *(tuple(side.astype(int)) for side in sides)


def _along(point: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """How far along the way from `start` to `end` a point lies, 0 to 1; all (n, 2)."""
    way = end - start
    return np.clip(((point - start) * way).sum(-1) / np.maximum((way**2).sum(-1), 1e-9), 0.0, 1.0)


def _off_segment(point: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Distance of points from the segments between `start` and `end`; all (n, 2)."""
    return np.linalg.norm(point - start - _along(point, start, end)[:, None] * (end - start), axis=-1)


def _along_edges(shape: tuple, rows: np.ndarray, columns: np.ndarray, values: np.ndarray, unit: float) -> Finding:
    """The mean over edge pixels times `unit`, and a map on which the edges are five pixels wide. Too few edges: no verdict."""
    from scipy import ndimage

    where = np.zeros(shape, np.float32)
    where[rows, columns] = values
    enough = len(values) >= 0.3 * max(shape)  # the length of a small thing's outline
    return Finding(unit * float(values.mean()) if enough else 0.0, ndimage.maximum_filter(where, 5))
