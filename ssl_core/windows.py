"""Hiding part of a picture from a network, and which part of a large photograph it looks at to fill each hole."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ssl_core.photo import PhotoError, as_mask, as_photo
from ssl_core.pretext import to_picture, to_tensor

SMALLEST = 32  # pixels: a dot needs some surroundings to be filled from
MOST = 6  # holes filled one by one; beyond that a scribble of dots is one hole, or it would take seconds


class Window(NamedTuple):
    """A rectangle of a photograph (rows top:bottom, columns left:right) and the hole inside it to be filled."""

    top: int
    bottom: int
    left: int
    right: int
    hole: np.ndarray  # (H, W) bool, True where this window's answer is wanted

    def cut(self, image: np.ndarray) -> np.ndarray:
        """The part of an (H, W, ...) array inside the window."""
        return image[self.top : self.bottom, self.left : self.right]


def hole_windows(mask: np.ndarray) -> list[Window]:
    """One window per connected hole of `mask` ((H, W) bool): twice the hole's longer side and centred on it, as the
    central quarter of a training picture is, but never larger than the photograph.
    """
    from scipy import ndimage

    labels, count = ndimage.label(mask, structure=np.ones((3, 3)))
    if count > MOST:
        labels = mask.astype(np.int32)
    windows = []
    for index, box in enumerate(ndimage.find_objects(labels), start=1):
        side = max(SMALLEST, 2 * max(part.stop - part.start for part in box))
        (top, bottom), (left, right) = (
            _around(part.start, part.stop, side, length) for part, length in zip(box, mask.shape, strict=True)
        )
        windows.append(Window(top, bottom, left, right, labels == index))
    return windows


def _around(start: int, stop: int, side: int, length: int) -> tuple[int, int]:
    """A range of `side` centred on start:stop and moved inside 0:length, shortened to it if need be."""
    side = min(side, length)
    first = min(max(0, (start + stop - side) // 2), length - side)
    return first, first + side


def hide(image: Tensor, hidden: Tensor) -> Tensor:
    """(1 - M) * x with the hole set to the mean colour of what is left, (B, 3, H, W)."""
    known = 1 - hidden
    mean = (image * known).sum((2, 3), keepdim=True) / known.sum((2, 3), keepdim=True).clamp(min=1)
    return image * known + mean * hidden


def cut_windows(image: Tensor, corners: Tensor, side: int) -> Tensor:
    """A square of `side` px from each picture; corners (B, 2) holds row and column of its first pixel."""
    return torch.stack(
        [one[:, t : t + side, x : x + side] for one, (t, x) in zip(image, corners.tolist(), strict=True)]
    )


def shrink(picture: np.ndarray, mask: np.ndarray, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Scale an (H, W, 3) picture and its (H, W) mask to the network's input, (1, 3, h, w) and (1, 1, h, w).

    Every small pixel that a hidden one touches counts as hidden, so that nothing of the truth leaks in; known ones near
    the hole are averages of known pixels alone.
    """
    hidden = torch.from_numpy(np.ascontiguousarray(mask))[None, None].float()
    image = to_tensor(picture)
    if hidden.shape[2:] == size:
        return hide(image, hidden), hidden
    # Means over cells, not a wider filter: a hole that ends where a cell ends must not grow into the next one, because a
    # network is at its best with the outlines of its training, and those lie on whole cells.
    smaller = size[0] <= hidden.shape[2] and size[1] <= hidden.shape[3]
    scale = {"mode": "area"} if smaller else {"mode": "bilinear", "antialias": True}
    share = F.interpolate(1 - hidden, size=size, **scale)
    known = F.interpolate(image * (1 - hidden), size=size, **scale)
    small = (share < 1 - 1e-4).float()
    if small.all():  # only slivers are known: better a mixed pixel than none
        small = (share < share.max()).float()
    return hide((known / share.clamp(min=1e-4)).clamp(0, 1), small), small


def fill_holes(paint: Callable[[Tensor, Tensor], Tensor], photo: np.ndarray, mask: np.ndarray, side: int) -> np.ndarray:
    """Every hole of a photograph, filled from a window around it by a network with an input of `side` px.

    `paint` takes pictures with their holes filled evenly, (B, 3, side, side), and the holes, (B, 1, side, side), and
    returns whole pictures. Photo, mask, result and errors are those of `ContextEncoder.inpaint`.
    """
    picture = as_photo(photo)
    mask = as_mask(mask, *picture.shape[:2])
    if mask.all():
        raise PhotoError(
            "The mask hides the whole photo, so there is nothing to fill it from. Leave some of it visible."
        )
    filled = picture.copy()
    windows = hole_windows(mask)
    if not windows:
        return filled
    seen = [shrink(window.cut(picture), window.cut(mask), (side, side)) for window in windows]
    image, hidden = (torch.cat(parts) for parts in zip(*seen, strict=True))
    for window, answer in zip(windows, paint(image, hidden), strict=True):
        hole = window.cut(window.hole)
        large = F.interpolate(answer[None], size=hole.shape, mode="bicubic", antialias=True)[0]
        window.cut(filled)[hole] = to_picture(large)[hole]
    return filled
