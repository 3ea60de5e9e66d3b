"""A photograph as an array: whatever file a person brings becomes (H, W, 3) sRGB, or one sentence that says why not."""

from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from ssl_core.picture_file import MAX_PIXELS, PhotoError, decode, open_picture

__all__ = ["MAX_PIXELS", "PhotoError", "as_mask", "as_photo", "has_color", "read_photo", "read_square", "square"]

# fmt: off
ENDINGS = {".jpg", ".jpeg", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".jp2", ".ppm", ".pgm", ".mpo"}
# fmt: on
# `has_color`, in CIELAB units, from 1,747 colour photographs and the grey, sepia and yellowed twins of every tenth (noise, JPEG):
# no twin strays more than 1.67 or has more than 26 of chroma, and 99.5 % of the colour photographs stray more than 1.72.
MIN_STRAYING, MAX_TONE_CHROMA, THUMBNAIL = 1.7, 35.0, 32


def read_photo(source: str | Path | bytes | BinaryIO, max_side: int | None = None, min_side: int = 1) -> np.ndarray:
    """Decode a picture file to (H, W, 3) uint8 sRGB, upright, on white where it was transparent, first frame if animated.

    The content decides, not the file's name. `max_side` scales the longer side down to that many pixels (never up),
    with antialiasing. Raises PhotoError for anything that is not a whole, readable picture, or whose shorter side then has
    less than `min_side` pixels.
    """
    with open_picture(source) as image:
        width, height = image.size
        scale = 1.0 if max_side is None else min(1.0, max_side / max(width, height))
        photo = np.array(decode(image, scale))
    if min(photo.shape[:2]) < min_side:
        shown = f" and is shown with {max_side} on its longer side" if scale < 1 else ""
        raise PhotoError(
            f"This photo has {width} x {height} pixels{shown}: too little to see. Choose one that is larger or less narrow."
        )
    return photo


def read_square(source: str | Path | bytes | BinaryIO, side: int) -> np.ndarray:
    """Decode a picture file to its central square, (side, side, 3) uint8 sRGB, resized with antialiasing. Raises PhotoError."""
    with open_picture(source) as image:
        scale = min(1.0, side / min(image.size))
        upright = decode(image, scale)
    return np.array(_fit_square(upright, side))


def square(photo: np.ndarray, side: int) -> np.ndarray:
    """The central square of an (H, W, 3) uint8 photograph, resized to (side, side, 3) uint8 with antialiasing."""
    return np.array(_fit_square(Image.fromarray(photo), side))


def as_photo(array: np.ndarray) -> np.ndarray:
    """Any usual picture array as (H, W, 3) float32 in [0, 1].

    Takes (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) (alpha goes on white) of bool, integers 0 to 255, uint16 or float in [0, 1]
    (a float overshoot up to 1 %, as resampling leaves it, is clipped). Raises PhotoError on NaN, infinity, another shape,
    another range, or an empty array.
    """
    array = np.asarray(array)
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4):
        raise PhotoError(f"A photo is an array of shape (height, width, 3); this one has shape {array.shape}.")
    if array.size == 0:
        raise PhotoError("This photo has no pixels.")
    unit = _to_unit_range(array)
    if unit.shape[2] == 4:
        alpha = unit[..., 3:]
        unit = unit[..., :3] * alpha + (1 - alpha)
    return np.ascontiguousarray(np.broadcast_to(unit, (*unit.shape[:2], 3)), dtype=np.float32)


def as_mask(array: np.ndarray, height: int, width: int) -> np.ndarray:
    """A mask as (height, width) bool, True = hidden.

    Takes bool, or numbers of which those above half of the type's range (0.5 for float, 127 for uint8) are hidden;
    of (H, W, 3) or (H, W, 4) the first channel counts. Raises PhotoError on NaN or another size.
    """
    array = np.asarray(array)
    if array.ndim == 3 and array.shape[2] in (1, 3, 4):
        array = array[..., 0]
    if array.shape != (height, width):
        raise PhotoError(f"The mask must have the photo's size, {height} x {width}; it has shape {array.shape}.")
    if array.dtype == bool:
        return array.copy()
    if array.dtype.kind not in "uif":
        raise PhotoError(f"A mask holds true and false, or numbers; this one holds {array.dtype}.")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise PhotoError("The mask holds values that are not numbers (NaN or infinity).")
    # 0/1 integers mean what they look like; a saved PNG holds 0 and 255.
    threshold = 127 if array.dtype.kind in "ui" and array.max(initial=0) > 1 else 0.5
    return array > threshold


def has_color(photo: np.ndarray) -> bool:
    """Whether an (H, W, 3) uint8 photograph holds colours, and is not grey, toned (sepia) or an old scan.

    In a 32 x 32 thumbnail in CIELAB, toned paper and a yellowed scan follow a smooth curve of the lightness; a photograph has colour
    if its pixels stray from that curve (root mean square), or are more vivid than toning gets.
    """
    small = Image.fromarray(photo).resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX)
    lightness, a, b = _cielab(np.asarray(small).reshape(-1, 3) / 255.0)
    curve = np.vander(lightness / 100, 4)
    tone = curve @ np.linalg.lstsq(curve, np.stack([a, b], axis=1), rcond=None)[0]
    straying = np.sqrt(((np.stack([a, b], axis=1) - tone) ** 2).sum(axis=1).mean())
    return bool(straying > MIN_STRAYING or np.hypot(a, b).mean() > MAX_TONE_CHROMA)


def _to_unit_range(array: np.ndarray) -> np.ndarray:
    """Floats in [0, 1] from bool, integers 0 to 255, uint16 or float in [0, 1]."""
    if array.dtype == bool:
        return array.astype(np.float32)
    if array.dtype == np.uint16:
        return array.astype(np.float32) / 65535
    if array.dtype.kind in "ui":
        if array.min() < 0 or array.max() > 255:
            raise PhotoError(
                f"Integer photos range from 0 to 255; this one ranges from {array.min()} to {array.max()}."
            )
        return array.astype(np.float32) / 255
    if array.dtype.kind != "f":
        raise PhotoError(f"A photo holds integers from 0 to 255 or floats from 0 to 1; this one holds {array.dtype}.")
    if not np.isfinite(array).all():
        raise PhotoError("The photo holds values that are not numbers (NaN or infinity).")
    low, high = float(array.min()), float(array.max())
    if low < -0.01 or high > 1.01:
        raise PhotoError(f"Float photos range from 0 to 1; this one ranges from {low:.3g} to {high:.3g}.")
    return np.clip(array, 0, 1).astype(np.float32)


def _cielab(rgb: np.ndarray) -> np.ndarray:
    """(3, N) L, a, b of (N, 3) sRGB in [0, 1], D65 white. In numpy, because the page needs it before torch is there."""
    linear = np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    to_xyz = np.array([[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]])
    xyz = linear @ to_xyz.T / np.array([0.95047, 1.0, 1.08883])
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116).T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def _fit_square(image: Image.Image, side: int) -> Image.Image:
    edge = min(image.size)
    left, top = (image.width - edge) // 2, (image.height - edge) // 2
    if image.size == (side, side):
        return image
    return image.resize((side, side), Image.Resampling.LANCZOS, box=(left, top, left + edge, top + edge))
