"""How a colouring goes wrong inside things: six detectors, plain functions from what was painted and what is true to a score and a map.

Red-blue confusion, sepia and the lack of long-range consistency are what Zhang et al. (Colorful Image Colorization, ECCV 2016) name
under their failures; the other modes are those of Larsson et al. (Learning Representations for Automatic Colorization, ECCV 2016).
The definitions are ours. All of them take two pictures in CIELAB, (H, W, 3) float, L in 0..100, and distances in pixels of a picture
whose longest side is `SIDE`. A score of 0 is a picture without that failure; a perfect prediction scores 0 everywhere.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

SIDE = 128  # px of the longest side of a judged picture: the networks answer on grids no finer than that

# degrees of hue in the ab plane; sRGB red is at 40, blue at 306
RED, BLUE, BROWN = (-30.0, 55.0), (220.0, 315.0), (40.0, 100.0)
CHROMA_TRUE, CHROMA_SEEN = 20.0, 12.0  # a true colour that has a name; a painted one that is seen as a colour
SEPIA_CHROMA = (8.0, 45.0)  # brown tones: above grey, below orange
NEAR_GREY = 8.0  # chroma under which a colour has no hue to speak of
ONE_COLOR = 8.0  # ab units: a region of the truth with a smaller spread is of one colour
LEAST_SHARE = 0.05  # of the picture: with less to judge by, there is no verdict and the score is 0


class Finding(NamedTuple):
    """A score in the mode's unit, 0 or more, and how much of the failure is where: (H, W) float32 >= 0, in the map's unit."""

    score: float
    where: np.ndarray


def red_blue_confusion(painted: np.ndarray, truth: np.ndarray) -> Finding:
    """Share of the picture, in per cent, that is red and painted blue, or blue and painted red. Map: those pixels, 0 or 1.

    >>> red, blue = np.full((4, 4, 3), (50.0, 60.0, 40.0)), np.full((4, 4, 3), (50.0, 20.0, -60.0))
    >>> red_blue_confusion(blue, red).score, red_blue_confusion(red, red).score
    (100.0, 0.0)
    """
    named, seen = chroma(truth) >= CHROMA_TRUE, chroma(painted) >= CHROMA_SEEN
    swapped = _within(truth, RED) & _within(painted, BLUE) | _within(truth, BLUE) & _within(painted, RED)
    return _share(named & seen & swapped)


def sepia(painted: np.ndarray, truth: np.ndarray) -> Finding:
    """Share of the picture, in per cent, painted in the brown of old prints where the truth is not brown. Map: those pixels, 0 or 1.

    >>> brown, green = np.full((4, 4, 3), (50.0, 6.0, 20.0)), np.full((4, 4, 3), (50.0, -40.0, 30.0))
    >>> sepia(brown, green).score, sepia(brown, brown).score
    (100.0, 0.0)
    """
    low, high = SEPIA_CHROMA
    tone = _within(painted, BROWN) & (chroma(painted) >= low) & (chroma(painted) <= high)
    # 20 degrees of tolerance, and half the chroma: what is nearly brown may be painted brown
    warm = _within(truth, (BROWN[0] - 20, BROWN[1] + 20)) & (chroma(truth) >= low / 2)
    return _share(tone & ~warm)


def desaturation(painted: np.ndarray, truth: np.ndarray) -> Finding:
    """How much of the truth's mean chroma is missing, in per cent. Map: chroma that is missing, in ab units.

    0 for a truth that is nearly grey itself: it has nothing to lose.

    >>> vivid, grey = np.full((4, 4, 3), (50.0, 30.0, 40.0)), np.full((4, 4, 3), (50.0, 0.0, 0.0))
    >>> desaturation(vivid / (1, 2, 2), vivid).score, desaturation(grey, grey).score
    (50.0, 0.0)
    """
    missing = np.maximum(chroma(truth) - chroma(painted), 0.0).astype(np.float32)
    mean = float(chroma(truth).mean())
    share = 1.0 - float(chroma(painted).mean()) / mean if mean >= NEAR_GREY else 0.0
    return Finding(100.0 * max(share, 0.0), missing)


def inconsistent_chroma(painted: np.ndarray, truth: np.ndarray) -> Finding:
    """By how much more the painted chroma varies inside a region of one true colour than the true one, in ab units.

    The score is the difference of the two standard deviations, not below 0, mean over the regions by area. Map: a pixel's
    distance from the mean chroma of its region, less the truth's own.
    """
    regions = one_color_regions(truth)
    spread, true_spread = _about_mean(chroma(painted), regions), _about_mean(chroma(truth), regions)
    return _excess(_root_mean(spread**2, regions) - _root_mean(true_spread**2, regions), spread - true_spread, regions)


def inconsistent_hue(painted: np.ndarray, truth: np.ndarray) -> Finding:
    """By how much more the painted hue varies inside a region of one true colour than the true one, in degrees.

    Deviations count by the chroma that carries them, since grey has no hue; regions painted nearly grey are left out.
    Score and map otherwise as in `inconsistent_chroma`.
    """
    regions = one_color_regions(truth)
    regions = np.where(_mean(chroma(painted), regions) >= NEAR_GREY, regions, 0)
    has_hue = _mean(chroma(truth), regions) >= NEAR_GREY
    turned, true_turned = _from_mean_hue(painted, regions), _from_mean_hue(truth, regions) * has_hue
    deviation = _root_mean(turned**2, regions, chroma(painted))
    true_deviation = _root_mean(true_turned**2, regions, chroma(truth))
    return _excess(deviation - true_deviation, (turned - true_turned) * (chroma(painted) >= NEAR_GREY), regions)


def color_inconsistency(painted: np.ndarray, truth: np.ndarray) -> Finding:
    """How differently two places far apart are painted that have the same true colour, in ab units: no long-range consistency.

    Places are the 16 x 16 cells of the picture that are of one true colour, not grey. Of all pairs at least a quarter of the
    longer side apart that differ by at most 8 ab units and 10 of lightness, the mean distance of the painted colours, less that
    of the true ones. Map: the same mean for each cell.
    """
    cells, (ours, theirs, center, plain) = _cells(painted, truth)
    apart = np.linalg.norm(center[:, None] - center[None], axis=-1) >= 0.25 * max(truth.shape[:2])
    distance = np.linalg.norm(theirs[:, None, 1:] - theirs[None, :, 1:], axis=-1)
    alike = (distance <= ONE_COLOR) & (np.abs(theirs[:, None, 0] - theirs[None, :, 0]) <= 10) & apart
    alike &= plain[:, None] & plain[None]
    excess = np.maximum(np.linalg.norm(ours[:, None, 1:] - ours[None, :, 1:], axis=-1) - distance, 0.0) * alike
    partners = alike.sum(axis=1)
    per_cell = excess.sum(axis=1) / np.maximum(partners, 1)
    where = np.append(per_cell, 0.0)[cells].astype(np.float32)
    judged = partners > 0
    enough = judged.sum() >= LEAST_SHARE * len(judged)
    return Finding(float(per_cell[judged].mean()) if enough else 0.0, where)


def chroma(lab: np.ndarray) -> np.ndarray:
    """Distance from grey, (H, W), of a picture (H, W, 3) in CIELAB."""
    return np.hypot(lab[..., 1], lab[..., 2])


def one_color_regions(truth: np.ndarray) -> np.ndarray:
    """Regions of one colour in a true picture (H, W, 3), numbered from 1; 0 is what belongs to none. (H, W) int.

    Felzenszwalb and Huttenlocher, Efficient Graph-Based Image Segmentation (IJCV 2004); kept are regions of 1 % of the picture or more
    whose ab values spread by 8 units at most.
    """
    truth = np.ascontiguousarray(truth, np.float64)
    return _regions(truth.tobytes(), truth.shape)


@lru_cache(maxsize=2)  # two detectors ask for the regions of each picture, and they take most of the time
def _regions(values: bytes, shape: tuple[int, ...]) -> np.ndarray:
    from skimage.segmentation import felzenszwalb

    truth = np.frombuffer(values).reshape(shape)
    smallest = max(4, truth.shape[0] * truth.shape[1] // 100)
    found = felzenszwalb(truth / 100.0, scale=40, sigma=0.8, min_size=smallest, channel_axis=-1) + 1
    off = sum(_about_mean(truth[..., axis], found) ** 2 for axis in (1, 2))
    return np.where(_root_mean(off, found) <= ONE_COLOR, found, 0)


def _within(lab: np.ndarray, sector: tuple[float, float]) -> np.ndarray:
    """Whether the hue lies in a sector (from, to) of degrees."""
    hue = np.degrees(np.arctan2(lab[..., 2], lab[..., 1]))
    return (hue - sector[0]) % 360.0 <= sector[1] - sector[0]


def _share(which: np.ndarray) -> Finding:
    return Finding(100.0 * float(which.mean()), which.astype(np.float32))


def _mean(values: np.ndarray, regions: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """The mean of each region, written on its pixels, (H, W); the pixels of region 0 are one region here."""
    flat = regions.ravel()
    weight = np.ones(flat.shape) if weights is None else weights.ravel()
    total = np.bincount(flat, weight)
    return (np.bincount(flat, weight * values.ravel()) / np.maximum(total, 1e-9))[regions]


def _about_mean(values: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """Distance of each pixel's value from the mean of its region."""
    return np.abs(values - _mean(values, regions))


def _root_mean(squares: np.ndarray, regions: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    return np.sqrt(_mean(squares, regions, weights))


def _from_mean_hue(lab: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """Degrees, 0 to 180, between each pixel's hue and that of the mean colour of its region."""
    mean = _mean(lab[..., 1], regions) + 1j * _mean(lab[..., 2], regions)
    return np.abs(np.degrees(np.angle((lab[..., 1] + 1j * lab[..., 2]) * np.conj(mean))))


def _excess(by_region: np.ndarray, by_pixel: np.ndarray, regions: np.ndarray) -> Finding:
    """The mean over all region pixels of what is above 0; no verdict where regions cover too little."""
    inside = regions > 0
    score = float(np.maximum(by_region[inside], 0.0).mean()) if inside.mean() >= LEAST_SHARE else 0.0
    return Finding(score, (np.maximum(by_pixel, 0.0) * inside).astype(np.float32))


def _cells(painted: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """A grid of at most 16 x 16 cells: the cell of each pixel (H, W), and per cell its two mean colours, centre and whether it is plain."""
    height, width = truth.shape[:2]
    step = max(1, -(-max(height, width) // 16))
    y, x = np.mgrid[0:height, 0:width]
    cells = (y // step) * (-(-width // step)) + x // step
    count = np.bincount(cells.ravel())

    def mean(values: np.ndarray) -> np.ndarray:
        return np.bincount(cells.ravel(), values.ravel()) / count

    ours, theirs = (np.stack([mean(lab[..., axis]) for axis in range(3)], axis=-1) for lab in (painted, truth))
    spread = sum(mean(truth[..., axis] ** 2) - theirs[:, axis] ** 2 for axis in (1, 2))
    plain = (spread <= ONE_COLOR**2) & (np.hypot(theirs[:, 1], theirs[:, 2]) >= NEAR_GREY)
    return cells, (ours, theirs, np.stack([mean(y), mean(x)], axis=-1), plain)
