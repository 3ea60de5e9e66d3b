"""A patch that a person picked in a photograph of any size, as neighbours are looked for; and where a first one may be."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ssl_core.patch_bank import FAINTEST, PatchError, Query
from ssl_core.pretexts.patch_context import Config, PatchContext

SMALLEST = 32  # pixels of a patch in a photograph as the page shows it
SHARES = (0.1, 0.4)  # side of a patch over the shorter side of its photograph


class Box(NamedTuple):
    """A square in pixels of a photograph."""

    left: float
    top: float
    side: float


def fit_box(center: tuple[float, float], share: float, height: int, width: int) -> Box:
    """The patch around a center (x, y), each 0 to 1, whose side is a share of the photograph's shorter side, moved until it is inside.

    Raises PatchError for a photograph that is smaller than a patch.

    >>> fit_box((0.5, 0.0), 0.25, 200, 400)
    Box(left=175.0, top=0.0, side=50.0)
    """
    short = min(height, width)
    if short < SMALLEST:
        raise PatchError(
            f"This photo is {width} x {height} pixels, smaller than a patch of {SMALLEST} x {SMALLEST}. "
            "Choose one that is larger or less narrow."
        )
    side = min(max(share * short, SMALLEST), short)
    left, top = (
        min(max(at * size - side / 2, 0), size - side) for at, size in zip(center, (width, height), strict=True)
    )
    return Box(float(left), float(top), float(side))


def window_pixels(photo: np.ndarray, box: Box, config: Config) -> tuple[np.ndarray, np.ndarray]:
    """Patch, context and one cell more all around, at the size of HOG cells, and which cells lie in the photograph.

    (H, W, 3) uint8 -> ((S + 2) * cell, (S + 2) * cell, 3) uint8 and (S, S) bool. Beyond the rim the last pixels are repeated.
    """
    from PIL import Image

    unit, height, width = box.side / config.patch, *photo.shape[:2]
    margin, size = (config.ring + 1) * unit, config.window + 2
    low = np.floor([box.top - margin, box.left - margin]).astype(int)
    high = np.ceil([box.top + box.side + margin, box.left + box.side + margin]).astype(int)
    rows, columns = (np.arange(low[axis], high[axis]).clip(0, photo.shape[axis] - 1) for axis in (0, 1))
    part = Image.fromarray(photo[rows][:, columns])
    left, top = box.left - margin - low[1], box.top - margin - low[0]
    corners = (max(left, 0), max(top, 0), min(left + size * unit, part.width), min(top + size * unit, part.height))
    pixels = part.resize((size * config.cell, size * config.cell), Image.Resampling.LANCZOS, box=corners)
    middle = (np.arange(config.window) + 0.5 - config.ring) * unit
    inside = [(edge + middle >= 0) & (edge + middle < limit) for edge, limit in ((box.top, height), (box.left, width))]
    return np.asarray(pixels), inside[0][:, None] & inside[1]


def query_of(photo: np.ndarray, box: Box, config: Config, number: int = -1) -> Query:
    """The patch `box` of a photograph (H, W, 3) uint8, which is `number` in the bank, or -1.

    Raises PatchError where the patch is flat, so that HOG says nothing of it.
    """
    import torch

    pixels, inside = window_pixels(photo, box, config)
    images = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 255
    cells = PatchContext(config, "hog").cells(images)[0, 1:-1, 1:-1]
    part = slice(config.ring, config.ring + config.patch)
    if cells[part, part].mean() < FAINTEST:
        raise PatchError("This patch is flat: HOG finds no edges in it to compare. Move it to where something is.")
    return Query(np.where(inside[..., None], cells, 0), inside, number, tuple(box))


def first_box(photo: np.ndarray, share: float, config: Config) -> Box:
    """The patch with the strongest edges whose context is in the photograph, as far as that is possible.

    Raises PatchError for a photograph that is flat, or smaller than a patch.
    """
    import torch

    from ssl_core.photo import square

    fit_box((0.5, 0.5), share, *photo.shape[:2])
    images = torch.from_numpy(square(photo, config.side)).permute(2, 0, 1)[None].float() / 255
    energy = PatchContext(config, "hog").cells(images)[0].mean(-1)
    reach = max(1, round(share * len(energy)))
    sums = np.lib.stride_tricks.sliding_window_view(energy, (reach, reach)).mean((2, 3))
    room = max(0, min((len(sums) - 1) // 2, round(0.15 * len(sums))))
    inner = sums[room : len(sums) - room, room : len(sums) - room]
    if inner.max() < FAINTEST:
        raise PatchError(
            "This photo is flat: HOG finds no edges in it, so no patch can be compared. Choose another photo."
        )
    row, column = np.array(np.unravel_index(inner.argmax(), inner.shape)) + room + reach / 2
    height, width = photo.shape[:2]
    short, cells = min(height, width), len(energy)
    center = (
        (column / cells * short + (width - short) / 2) / width,
        (row / cells * short + (height - short) / 2) / height,
    )
    return fit_box(center, share, height, width)
