"""The three ways of hiding part of a picture in Pathak et al. (CVPR 2016, section 3.3): True is hidden."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

HIDDEN_SHARE = 0.25  # sec 3.3: "approximately 1/4th of the image" in all three


def central_region(height: int, width: int) -> np.ndarray:
    """The central rectangle with half the height and half the width: a quarter of the picture. (H, W) bool.

    >>> int(central_region(128, 128).sum()), bool(central_region(8, 8)[2, 2]), bool(central_region(8, 8)[1, 2])
    (4096, True, False)
    """
    mask = np.zeros((height, width), bool)
    high, wide = max(1, round(height / 2)), max(1, round(width / 2))
    top, left = (height - high) // 2, (width - wide) // 2
    mask[top : top + high, left : left + wide] = True
    return mask


def near_center(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """A rectangle about as large as the central region and not far from it. (H, W) bool.

    What is cut out around a hole that a hand drew looks like this. A network that only ever sees the central region learns
    its outline by heart, and leaves a hard edge around a hole that is two pixels larger.
    """
    mask = np.zeros((height, width), bool)
    high, wide = (max(1, round(length * rng.uniform(0.35, 0.65))) for length in (height, width))
    top, left = (
        int(np.clip((length - size) / 2 + length * rng.uniform(-0.12, 0.12), 0, length - size))
        for length, size in ((height, high), (width, wide))
    )
    mask[top : top + high, left : left + wide] = True
    return mask


def random_blocks(height: int, width: int, rng: np.random.Generator, share: float = HIDDEN_SHARE) -> np.ndarray:
    """Several rectangles that may overlap, until about `share` of the picture is hidden. (H, W) bool."""
    mask = np.zeros((height, width), bool)
    while mask.mean() < share * 0.85:
        high, wide = (max(1, round(length * rng.uniform(0.15, 0.4))) for length in (height, width))
        top, left = rng.integers(0, height - high + 1), rng.integers(0, width - wide + 1)
        mask[top : top + high, left : left + wide] = True
    return mask


def random_region(height: int, width: int, rng: np.random.Generator, share: float = HIDDEN_SHARE) -> np.ndarray:
    """An irregular shape somewhere in the picture: smooth noise with a bump, cut where `share` is left. (H, W) bool.

    The paper takes outlines of segmented objects and deforms them; noise gives shapes without a segmentation data set.
    """
    noise = sum(_smooth_noise(height, width, cells, rng) / cells for cells in (3, 6, 12))
    center_y, center_x = rng.uniform(0.25, 0.75, 2)
    down, right = _middles(height) - center_y, _middles(width) - center_x
    field = noise - rng.uniform(1.0, 2.5) * np.sqrt(down[:, None] ** 2 + right**2)
    left = int((1 - share) * (field.size - 1))  # pixels that stay, but for one
    return field > np.partition(field, left, axis=None)[left]


def _smooth_noise(height: int, width: int, cells: int, rng: np.random.Generator) -> np.ndarray:
    """Gaussian noise on a grid of `cells` x `cells`, enlarged bilinearly. (H, W) float."""
    grid = rng.normal(size=(cells + 1, cells + 1))
    rows, columns = _interpolation(height, cells), _interpolation(width, cells)
    return rows @ grid @ columns.T


def _middles(length: int) -> np.ndarray:
    """Where the pixels of a side of length 1 have their centres: (length,) float."""
    return (np.arange(length) + 0.5) / length


@lru_cache(maxsize=16)
def _interpolation(length: int, cells: int) -> np.ndarray:
    """The (length, cells + 1) matrix of linear interpolation from grid points to pixel centres."""
    position = _middles(length) * cells
    left = np.minimum(position.astype(int), cells - 1)
    matrix = np.zeros((length, cells + 1))
    matrix[np.arange(length), left] = 1 - (position - left)
    matrix[np.arange(length), left + 1] = position - left
    return matrix
