"""The map of a failure: where on a picture a detector found it, in colours over the picture without its own."""

import numpy as np

from visualize.entropy_map import viridis

DIMMED = 0.55  # of the lightness of the picture underneath: its things stay recognisable, and the colours stand out
FAINTEST = 0.45  # opacity of the smallest value above 0, so that a weak failure is seen at all


def failure_map(where: np.ndarray, picture: np.ndarray, top: float) -> np.ndarray:
    """`where` (H, W) >= 0 in viridis, from 0 to `top`, over the dimmed grey of `picture` (H, W, 3) float in [0, 1].

    Nothing is drawn where `where` is 0. Returns (H, W, 3) uint8. ValueError when shapes differ or `top` is not above 0.

    >>> flat = np.full((1, 2, 3), 0.5)
    >>> failure_map(np.array([[0.0, 5.0]]), flat, top=5.0).tolist()
    [[[70, 70, 70], [253, 231, 37]]]
    """
    if where.shape != picture.shape[:2] or not top > 0.0:
        raise ValueError(
            f"A failure map takes (H, W) values, (H, W, 3) pixels and a top, got {where.shape}, {picture.shape}, {top}."
        )
    share = np.clip(where / top, 0.0, 1.0)[..., None]
    opacity = np.where(share > 0, FAINTEST + (1 - FAINTEST) * share, 0.0)
    grey = 255 * DIMMED * np.repeat(picture.mean(axis=-1, keepdims=True), 3, axis=-1)
    return np.rint(opacity * viridis(share[..., 0]) + (1 - opacity) * grey).astype(np.uint8)
