"""A photograph as a network sees it: small, with sides that its strides divide, whatever size a person brings."""

from __future__ import annotations

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from ssl_core.photo import as_photo
from ssl_core.pretext import to_tensor

MULTIPLE = 16  # px, the stride of the shipped encoders' last stage


def network_view(photo: np.ndarray, longest: int, multiple: int = MULTIPLE) -> tuple[Tensor, Tensor]:
    """A photograph, (H, W, 3) uint8 or float in [0, 1], for a network and as it is. PhotoError for anything else.

    Returns (1, 3, h, w) in [0, 1], the longest side `longest` px and both sides multiples of `multiple`, and
    (1, 3, H, W) in [0, 1], unchanged.

    >>> [tuple(view.shape) for view in network_view(np.zeros((200, 100, 3), np.uint8), 160)]
    [(1, 3, 160, 80), (1, 3, 200, 100)]
    """
    picture = to_tensor(as_photo(photo))
    scale = longest / max(picture.shape[2:])
    size = [max(multiple, round(length * scale / multiple) * multiple) for length in picture.shape[2:]]
    return F.interpolate(picture, size=size, mode="bilinear", antialias=True).clamp(0, 1), picture
