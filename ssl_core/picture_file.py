"""A picture file, from its first bytes to upright 8-bit sRGB: checked before it is decoded, whatever its mode and metadata."""

import warnings
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageCms, ImageOps

MAX_PIXELS = 120_000_000
"""Pictures with more pixels are refused by their header, before anything is decoded."""

# The formats that cameras, phones, scanners and browsers write. Pillow knows more, and some of those start other programs (EPS).
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "JPEG2000", "PPM")
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


def open_picture(source: str | Path | bytes | BinaryIO) -> Image.Image:
    """The file's header, checked; no pixel is decoded yet."""
    stream = BytesIO(source) if isinstance(source, bytes | bytearray | memoryview) else source
    if isinstance(source, str | Path):
        path = Path(source)
        if path.is_dir():
            raise PhotoError(f"This is a folder, not a picture: {path.name}.")
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
    except Exception:  # noqa: BLE001 - a plugin that trips over a damaged header raises anything
        raise PhotoError("This picture's header is damaged; save it again or take another one.") from None
    width, height = image.size
    if width * height > MAX_PIXELS:
        image.close()
        raise PhotoError(
            f"This picture has {width} x {height} pixels; the limit is {MAX_PIXELS // 10**6} million, so make it smaller first."
        )
    if width < 1 or height < 1:
        image.close()
        raise PhotoError("This picture has no pixels.")
    return image


def decode(image: Image.Image, scale: float) -> Image.Image:
    """Upright RGB at `scale` (at most 1) of the file's size."""
    size = tuple(max(1, round(length * scale)) for length in image.size)
    try:
        if scale < 1:
            # A JPEG decodes at 1/2, 1/4 or 1/8 for a fraction of the work; twice the target keeps the antialiasing honest.
            image.draft(None, (2 * size[0], 2 * size[1]))
        image.load()
        _turn_upright(image)
        size = size if (image.width >= image.height) == (size[0] >= size[1]) else size[::-1]
        return _to_rgb(image, size)
    except MemoryError:
        raise PhotoError("This picture is too large for this machine's memory; make it smaller first.") from None
    except Exception:  # noqa: BLE001 - damaged data makes the decoders raise anything from struct.error to SyntaxError
        raise PhotoError("This picture is damaged or cut off; save it again or take another one.") from None


def _turn_upright(image: Image.Image) -> None:
    """Turn it as its EXIF orientation says, in place: a copy of a large picture would cost 400 MB. A damaged EXIF block counts as none."""
    try:
        ImageOps.exif_transpose(image, in_place=True)
    except Exception:  # noqa: BLE001 - the block is a small binary file of its own
        return


def _to_rgb(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Eight-bit sRGB of `size` (width, height) on a white ground, from any mode that Pillow decodes."""
    profile = image.info.get("icc_profile")
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        image = _to_eight_bits(image)
    if image.has_transparency_data:
        image = _resize(image if image.mode == "RGBA" else image.convert("RGBA"), size)
        # white is white in every profile, so the ground may come before the profile's colours are turned to sRGB
        return _to_srgb(Image.alpha_composite(Image.new("RGBA", size, "white"), image).convert("RGB"), profile)
    if image.mode in ("1", "P", "PA", "HSV", "YCbCr"):
        image = image.convert("RGB")
    return _to_srgb(_resize(image, size), profile)


def _resize(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """With antialiasing; Pillow weighs colours by their alpha."""
    return image if image.size == size else image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB through the embedded colour profile (wide-gamut phones, printers' CMYK); without a usable one, Pillow's formula."""
    if image.mode == "LAB":
        return ImageCms.profileToProfile(
            image, ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
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
    return Image.fromarray(np.round((array - low) * (255 / ((high - low) or 1.0))).astype(np.uint8))


def _not_a_picture(stream) -> str:
    if isinstance(stream, str | Path):
        with open(stream, "rb") as file:
            head = file.read(64)
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
