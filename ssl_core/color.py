"""sRGB <-> CIELAB (D65, 2 degree observer), and Lab's polar form, hue and chroma, on tensors of shape (..., 3, H, W)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

# IEC 61966-2-1: linear sRGB to XYZ; CIE 15: the D65 white point.
_XYZ_FROM_RGB = ((0.412453, 0.357580, 0.180423), (0.212671, 0.715160, 0.072169), (0.019334, 0.119193, 0.950227))
_RGB_FROM_XYZ = torch.linalg.inv(torch.tensor(_XYZ_FROM_RGB, dtype=torch.float64)).tolist()
_WHITE = (0.95047, 1.0, 1.08883)
_XYZ_IN_WHITE = [[weight / white for weight in row] for row, white in zip(_XYZ_FROM_RGB, _WHITE, strict=True)]
_EPSILON, _KAPPA = 0.008856, 7.787


def _linear(rgb: Tensor) -> Tensor:
    # x^2.4 as exp(2.4 log x): on a CPU `** 2.4` takes two to five times as long, the other exponents here do not
    curved = (((rgb.clamp(min=0.04045) + 0.055) / 1.055).log() * 2.4).exp()
    return torch.where(rgb > 0.04045, curved, rgb / 12.92)


def _mix(matrix: Sequence[Sequence[float]], image: Tensor) -> Tensor:
    # channel by channel: as a product of matrices it would be rounded to bfloat16 while a network trains
    channels = image.unbind(-3)
    mixed = [sum(weight * channel for weight, channel in zip(row, channels, strict=True)) for row in matrix]
    return torch.stack(mixed, dim=-3)


def rgb_to_lab(rgb: Tensor) -> Tensor:
    """sRGB in [0, 1] -> L in 0..100, a and b in about -110..110; shape (..., 3, H, W) kept.

    >>> rgb_to_lab(torch.ones(3, 1, 1)).flatten().round().int().tolist()
    [100, 0, 0]
    """
    xyz = _mix(_XYZ_IN_WHITE, _linear(rgb))
    f = torch.where(xyz > _EPSILON, xyz.clamp(min=_EPSILON) ** (1 / 3), _KAPPA * xyz + 16 / 116)
    x, y, z = f.unbind(-3)
    return torch.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), dim=-3)


def rgb_to_lightness(rgb: Tensor) -> Tensor:
    """sRGB in [0, 1], (..., 3, H, W) -> CIE lightness L in 0..100, (..., 1, H, W)."""
    y = _mix(_XYZ_IN_WHITE[1:2], _linear(rgb))
    return 116 * torch.where(y > _EPSILON, y.clamp(min=_EPSILON) ** (1 / 3), _KAPPA * y + 16 / 116) - 16


def lab_to_rgb(lab: Tensor) -> Tensor:
    """L, a, b -> sRGB, (..., 3, H, W); colours that sRGB cannot show are clipped to [0, 1] channel by channel."""
    light, a, b = lab.unbind(-3)
    y = (light + 16) / 116
    f = torch.stack((y + a / 500, y, (y - b / 200).clamp(min=0)), dim=-3)
    xyz = torch.where(f > 0.2068966, f**3, (f - 16 / 116) / _KAPPA) * torch.tensor(_WHITE).to(lab)[:, None, None]
    linear = _mix(_RGB_FROM_XYZ, xyz)
    curved = 1.055 * linear.clamp(min=0.0031308) ** (1 / 2.4) - 0.055
    return torch.where(linear > 0.0031308, curved, 12.92 * linear).clamp(0, 1)


def paint(lightness: Tensor, ab: Tensor) -> Tensor:
    """L (B, 1, H, W) and ab (B, 2, h, w), enlarged bilinearly, -> sRGB (B, 3, H, W) in [0, 1]."""
    large = F.interpolate(ab, size=lightness.shape[2:], mode="bilinear", align_corners=False)
    return lab_to_rgb(torch.cat((lightness, large), dim=1))
