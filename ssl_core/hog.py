"""Histograms of oriented gradients (Dalal, Triggs, CVPR 2005): what edges a picture has, cell by cell.

Histograms are those of `skimage.feature.hog`, for many pictures at once; the descriptor of a cell is the one of deformable part models.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

CELL, ORIENTATIONS = 8, 9
TRUNCATE = 0.2  # a normalised entry counts for no more: one strong edge must not silence the others
FLAT = 0.05  # gradient (pictures in [0, 1]) below which a cell is flat rather than an edge of low contrast


def gradient_histograms(images: Tensor, cell: int = CELL, orientations: int = ORIENTATIONS) -> Tensor:
    """(B, 3, H, W) in [0, 1] -> (B, orientations, H // cell, W // cell): mean gradient magnitude by orientation in each cell.

    Central differences, zero on the rim; of the three channels the one with the longest gradient counts; orientations are
    unsigned, 0 to 180 degrees in even bins (Dalal and Triggs, sec 6.2 and 6.3). Pixels beyond the last whole cell count nowhere.
    """
    across, down = torch.zeros_like(images), torch.zeros_like(images)
    across[..., 1:-1] = images[..., 2:] - images[..., :-2]
    down[..., 1:-1, :] = images[..., 2:, :] - images[..., :-2, :]
    longest = torch.hypot(across, down).argmax(1, keepdim=True)
    across, down = across.gather(1, longest), down.gather(1, longest)
    degrees = torch.rad2deg(torch.atan2(down, across)) % 180
    bins = (degrees * orientations / 180).floor().long().clamp(max=orientations - 1)
    empty = images.new_zeros(len(images), orientations, *images.shape[2:])
    return F.avg_pool2d(empty.scatter_(1, bins, torch.hypot(across, down)), cell)


def l2_hys(blocks: Tensor, epsilon: float = 1e-5) -> Tensor:
    """Blocks (..., n) of histograms to unit length, no entry above 0.2, to unit length again (Dalal and Triggs, sec 6.4).

    >>> [round(entry, 3) for entry in l2_hys(torch.tensor([3.0, 0.0, 4.0])).tolist()]
    [0.707, 0.0, 0.707]
    """
    once = (blocks / (blocks.square().sum(-1, keepdim=True) + epsilon**2).sqrt()).clamp(max=TRUNCATE)
    return once / (once.square().sum(-1, keepdim=True) + epsilon**2).sqrt()


def cell_descriptors(histograms: Tensor, flat: float = FLAT) -> Tensor:
    """Histograms (B, K, R, C) -> descriptors of the same shape, in [0, 1].

    Each cell is divided by the energy of each of the four blocks of 2 x 2 cells that it belongs to, truncated, and the four are
    averaged (Felzenszwalb and others, PAMI 2010, sec 6.2). `flat` keeps noise from being taken for edges.
    """
    rows, columns = histograms.shape[2:]
    energy = F.pad(histograms, (1, 1, 1, 1), mode="replicate").square().sum(1, keepdim=True)
    blocks = 4 * F.avg_pool2d(energy, 2, stride=1)
    total = torch.zeros_like(histograms)
    for down in (0, 1):
        for across in (0, 1):
            block = blocks[..., down : down + rows, across : across + columns]
            total += (histograms / (block + flat**2).sqrt()).clamp(max=TRUNCATE)
    return total / (4 * TRUNCATE)


def drawn(cells: np.ndarray, cell: int = CELL) -> np.ndarray:
    """Cells (R, C, K) as strokes along their edges, as bright as each is strong: (R * cell, C * cell) float32."""
    rows, columns, count = cells.shape
    down, across = np.mgrid[:cell, :cell] - (cell - 1) / 2
    middle = np.pi * (np.arange(count) + 0.5) / count  # an edge is at right angles to its gradient
    off = across * np.cos(middle)[:, None, None] + down * np.sin(middle)[:, None, None]
    strokes = ((np.abs(off) < 0.6) & (np.hypot(down, across) < cell / 2)).astype(np.float32)
    return np.einsum("rck,kyx->rycx", cells, strokes).reshape(rows * cell, columns * cell)


class Hog(nn.Module):
    """HOG as an encoder that was never trained: (B, 3, H, W) in [0, 1] to {"hog": (B, 9, H // 8, W // 8)}."""

    def __init__(self, cell: int = CELL, orientations: int = ORIENTATIONS) -> None:
        super().__init__()
        self.cell, self.orientations = cell, orientations
        self.widths = {"hog": orientations}

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """One stage, the descriptors of all cells."""
        return {"hog": cell_descriptors(gradient_histograms(images, self.cell, self.orientations))}
