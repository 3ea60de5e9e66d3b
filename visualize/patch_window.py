"""Where to look in a picture at what a unit sees: the window that is cut out, and the part of it that the unit's receptive field covers."""

import numpy as np

CONTEXT = 1.8  # side of the window in receptive fields: enough around it to tell what the picture shows
LEAST = 20  # pixels; a smaller window would be a handful of squares

Box = tuple[float, float, float, float]  # left, top, width, height


def patch_window(
    field: Box, width: int, height: int, context: float = CONTEXT, least: int = LEAST
) -> tuple[tuple[int, int, int], Box]:
    """The square to cut out of a picture of width x height pixels around a receptive field, and the field within it.

    Returns ((left, top, side) in pixels, (left, top, width, height) of the field as shares of the window, cut at its rim).
    The window lies inside the picture; `field` may reach beyond it, where the network saw padding.

    >>> patch_window((-10, 20, 30, 30), 128, 128)
    ((0, 8, 54), (0.0, 0.2222222222222222, 0.37037037037037035, 0.5555555555555556))
    >>> patch_window((-10, -10, 200, 200), 128, 128)
    ((0, 0, 128), (0.0, 0.0, 1.0, 1.0))
    """
    left, top, wide, high = field
    side = int(min(max(round(context * max(wide, high)), least), width, height))
    x = int(np.clip(round(left + wide / 2 - side / 2), 0, width - side))
    y = int(np.clip(round(top + high / 2 - side / 2), 0, height - side))
    near = np.clip((left - x, top - y), 0, side)
    far = np.clip((left + wide - x, top + high - y), 0, side)
    lit = np.concatenate((near, far - near)) / side
    return (x, y, side), tuple(float(share) for share in lit)


def cut(picture: np.ndarray, window: tuple[int, int, int], side: int) -> np.ndarray:
    """The window of a picture (H, W, 3) uint8 as (side, side, 3) uint8, resized with antialiasing.

    Enlarged fourfold or more it is not smoothed: its pixels are what the unit was given.
    """
    from PIL import Image

    left, top, size = window
    resample = Image.Resampling.NEAREST if side >= 4 * size else Image.Resampling.LANCZOS
    return np.asarray(Image.fromarray(picture).resize((side, side), resample, (left, top, left + size, top + size)))


def sheet(tiles: np.ndarray, columns: int) -> np.ndarray:
    """Tiles (N, s, s, 3) uint8 row by row on one sheet (rows * s, columns * s, 3) uint8; what is left over is mid-grey.

    >>> sheet(np.zeros((3, 4, 4, 3), np.uint8), 2).shape
    (8, 8, 3)
    """
    count, side = tiles.shape[:2]
    rows = -(-count // columns)
    filled = np.full((rows * columns, *tiles.shape[1:]), 118, np.uint8)
    filled[:count] = tiles
    grid = filled.reshape(rows, columns, side, side, 3).transpose(0, 2, 1, 3, 4)
    return grid.reshape(rows * side, columns * side, 3)
