"""A photograph as an array: whatever file a person brings becomes (H, W, 3) sRGB, or one sentence that says why not."""

import warnings
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageCms, ImageOps

MAX_PIXELS = 120_000_000
"""Pictures with more pixels are refused by their header, before anything is decoded."""

# The formats that cameras, phones, scanners and browsers write. Pillow knows more, and some of those start other programs (EPS).
FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "JPEG2000", "PPM", "TGA")
READABLE = "JPEG, PNG, WebP, AVIF, GIF, TIFF or BMP"

# What a file is that is no picture for us, by its first bytes.
SIGNATURES = {
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a zip archive or an office document",
    b"<svg": "an SVG drawing",
    b"<?xml": "an XML or SVG file",
    b"<!DOC": "a web page",
    b"<html": "a web page",
    b"\x1aE\xdf\xa3": "a video",
    b"RIFF": "a sound or video file",
    b"8BPS": "a Photoshop document",
}

# Pillow warns from 89 million pixels on; MAX_PIXELS is the limit here, checked below.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


class PhotoError(ValueError):
    """A picture that cannot be used. Its text is one sentence for the person who brought it."""


def read_photo(source: str | Path | bytes | BinaryIO, max_side: int | None = None) -> np.ndarray:
    """Decode a picture file to (H, W, 3) uint8 sRGB, upright, on white where it was transparent, first frame if animated.

    The content decides, not the file's name. `max_side` scales the longer side down to that many pixels (never up),
    with antialiasing. Raises PhotoError for anything that is not a whole, readable picture.
    """
    with _open(source) as image:
        width, height = image.size
        scale = 1.0 if max_side is None else min(1.0, max_side / max(width, height))
        return np.asarray(_decode(image, scale))


def read_square(source: str | Path | bytes | BinaryIO, side: int) -> np.ndarray:
    """Decode a picture file to its central square, (side, side, 3) uint8 sRGB, resized with antialiasing. Raises PhotoError."""
    with _open(source) as image:
        scale = min(1.0, side / min(image.size))
        upright = _decode(image, scale)
    return np.asarray(_fit_square(upright, side))


def square(photo: np.ndarray, side: int) -> np.ndarray:
    """The central square of an (H, W, 3) uint8 photograph, resized to (side, side, 3) uint8 with antialiasing."""
    return np.asarray(_fit_square(Image.fromarray(photo), side))


def as_photo(array: np.ndarray) -> np.ndarray:
    """Any usual picture array as (H, W, 3) float32 in [0, 1].

    Takes (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) (alpha goes on white) of bool, uint8, uint16 or float in [0, 1]
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


def _to_unit_range(array: np.ndarray) -> np.ndarray:
    """Floats in [0, 1] from bool, uint8, uint16 or float."""
    if array.dtype == bool:
        return array.astype(np.float32)
    if array.dtype in (np.uint8, np.uint16):
        return array.astype(np.float32) / np.iinfo(array.dtype).max
    if array.dtype.kind != "f":
        raise PhotoError(f"A photo holds 8-bit or 16-bit integers or floats in [0, 1]; this one holds {array.dtype}.")
    if not np.isfinite(array).all():
        raise PhotoError("The photo holds values that are not numbers (NaN or infinity).")
    low, high = float(array.min()), float(array.max())
    if low < -0.01 or high > 1.01:
        raise PhotoError(f"Float photos range from 0 to 1; this one ranges from {low:.3g} to {high:.3g}.")
    return np.clip(array, 0, 1).astype(np.float32)


def _open(source: str | Path | bytes | BinaryIO) -> Image.Image:
    """The file's header, checked; no pixel is decoded yet."""
    stream = BytesIO(source) if isinstance(source, bytes | bytearray | memoryview) else source
    if isinstance(source, str | Path):
        path = Path(source)
        if path.is_dir():
            raise PhotoError(f"{path.name} is a folder, not a picture.")
        if not path.is_file():
            raise PhotoError(f"There is no file {path.name}.")
    try:
        image = Image.open(stream, formats=FORMATS)
    except Image.UnidentifiedImageError:
        raise PhotoError(_not_a_picture(stream)) from None
    except Image.DecompressionBombError:
        raise PhotoError(
            f"This picture has more than {MAX_PIXELS // 10**6} million pixels; make it smaller first."
        ) from None
    except PermissionError:
        raise PhotoError("This file may not be read; check its permissions.") from None
    except Exception:  # a plugin that trips over a damaged header raises anything
        raise PhotoError("This picture's header is damaged; save it again or take another one.") from None
    width, height = image.size
    if width * height > MAX_PIXELS:
        image.close()
        raise PhotoError(
            f"This picture has {width} x {height} pixels; up to {MAX_PIXELS // 10**6} million are read, so make it smaller first."
        )
    if width < 1 or height < 1:
        image.close()
        raise PhotoError("This picture has no pixels.")
    return image


def _decode(image: Image.Image, scale: float) -> Image.Image:
    """Upright RGB at `scale` (at most 1) of the file's size."""
    size = tuple(max(1, round(length * scale)) for length in image.size)
    try:
        if scale < 1:
            # A JPEG decodes at 1/2, 1/4 or 1/8 for a fraction of the work; twice the target keeps the antialiasing honest.
            image.draft(None, (2 * size[0], 2 * size[1]))
        image.load()
        image = _upright(image)
        size = size if (image.width >= image.height) == (size[0] >= size[1]) else size[::-1]
        return _to_rgb(image, size)
    except MemoryError:
        raise PhotoError("This picture is too large for this machine's memory; make it smaller first.") from None
    except Exception:  # damaged data makes the decoders raise anything from struct.error to SyntaxError
        raise PhotoError("This picture is damaged or cut off; save it again or take another one.") from None


def _upright(image: Image.Image) -> Image.Image:
    """Turned as its EXIF orientation says; a damaged EXIF block counts as none."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:
        return image


def _to_rgb(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Eight-bit sRGB of `size` (width, height) on a white ground, from any mode that Pillow decodes."""
    profile = image.info.get("icc_profile")
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        image = _to_eight_bits(image)
    if image.has_transparency_data:
        image = _resize(image.convert("RGBA"), size)
        ground = Image.new("RGBA", size, "white")
        return ground if image.getextrema()[3] == (0, 0) else Image.alpha_composite(ground, image).convert("RGB")
    if image.mode in ("1", "P", "PA", "HSV", "YCbCr"):
        image = image.convert("RGB")
    return _to_srgb(_resize(image, size), profile)


def _resize(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return image if image.size == size else image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB through the embedded colour profile (wide-gamut phones, printers' CMYK); without a usable one, Pillow's formula."""
    if profile and image.mode in ("RGB", "CMYK", "L"):
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            if "sRGB" in ImageCms.getProfileDescription(source) and image.mode == "RGB":
                return image
            return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass
    return image.convert("RGB")


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Grey of 16 or 32 bits or floats as 8-bit grey; the range is read off the values, since the file does not tell."""
    array = np.asarray(image)
    if array.dtype == np.uint16 or image.mode.startswith("I;16"):
        return Image.fromarray((array >> 8).astype(np.uint8))
    array = np.nan_to_num(array.astype(np.float32), posinf=0.0, neginf=0.0)
    low, high = float(array.min()), float(array.max())
    if low >= 0:
        low, high = 0.0, next((top for top in (1.0, 255.0, 65535.0) if high <= top), high)
    return Image.fromarray(np.round((array - low) * (255 / (high - low))).astype(np.uint8))


def _fit_square(image: Image.Image, side: int) -> Image.Image:
    edge = min(image.size)
    left, top = (image.width - edge) // 2, (image.height - edge) // 2
    if image.size == (side, side):
        return image
    return image.resize((side, side), Image.Resampling.LANCZOS, box=(left, top, left + edge, top + edge))


def _not_a_picture(stream) -> str:
    if isinstance(stream, str | Path):
        head = Path(stream).read_bytes()[:64] if Path(stream).stat().st_size < 2**20 else b""
    else:
        stream.seek(0)
        head = stream.read(64)
    if not head:
        return "This file is empty."
    if head[4:8] == b"ftyp":
        kind = "a HEIC photo or a video"
    else:
        kind = next((kind for start, kind in SIGNATURES.items() if head.lstrip().startswith(start)), "")
    if not kind and all(byte >= 9 for byte in head):
        kind = "a text file"
    return f"This is {kind or 'no picture that the lab knows'}; save it as {READABLE} first."
