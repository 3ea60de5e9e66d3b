"""The weights of a first layer as pictures: what brightens a place towards white makes its unit fire."""

import numpy as np


def filter_pictures(weights: np.ndarray, channels: str, side: int) -> np.ndarray:
    """Filters (N, C, k, k) as pictures (N, side, side, 3) uint8, each on its own scale around mid-grey, pixels left square.

    channels   "L"    lightness: light where the weight is above 0, dark where it is below
               "ab"   the two colour axes of CIELAB: each weight pair is shown as that colour at equal lightness
               "RGB"  red, green, blue; further channels (a mask) are left out
    Errors: ValueError when the filters have fewer channels than that.

    >>> filter_pictures(np.array([[[[1.0, -1.0]]]]).repeat(2, 2), "L", 2)[0, 0].tolist()
    [[255, 255, 255], [0, 0, 0]]
    """
    weights = np.asarray(weights, np.float64)
    wanted = {"L": 1, "ab": 2, "RGB": 3}[channels]
    if weights.ndim != 4 or weights.shape[1] < wanted:
        raise ValueError(f"Filters for {channels} are (N, {wanted} or more, k, k); got {weights.shape}.")
    weights = weights[:, :wanted]
    scaled = weights / np.maximum(np.abs(weights).max(axis=(1, 2, 3), keepdims=True), 1e-12)
    rgb = _from_ab(scaled) if channels == "ab" else 0.5 + 0.5 * scaled.repeat(3 // wanted, axis=1)
    pictures = np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8).transpose(0, 2, 3, 1)
    at = np.arange(side) * pictures.shape[1] // side
    return pictures[:, at][:, :, at]


def _from_ab(ab: np.ndarray) -> np.ndarray:
    """Weights (N, 2, k, k) in [-1, 1] as sRGB (N, 3, k, k), which may leave [0, 1]: CIELAB with L = 60, 60 units of a and b for 1."""
    a, b = 60 * ab[:, 0], 60 * ab[:, 1]
    y = np.full_like(a, (60 + 16) / 116)
    xyz = np.stack((y + a / 500, y, y - b / 200), axis=1)
    linear_xyz = np.where(xyz > 6 / 29, xyz**3, 3 * (6 / 29) ** 2 * (xyz - 4 / 29)) * np.array(
        [0.95047, 1.0, 1.08883]
    ).reshape(1, 3, 1, 1)
    to_rgb = np.array(
        [[3.2404542, -1.5371385, -0.4985314], [-0.969266, 1.8760108, 0.041556], [0.0556434, -0.2040259, 1.0572252]]
    )
    linear = np.clip(np.einsum("ij,njkl->nikl", to_rgb, linear_xyz), 0, None)
    return np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)
