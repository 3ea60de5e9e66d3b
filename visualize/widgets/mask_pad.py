"""The mask pad: a photograph on which a hand paints what the networks may not see.

The mask is 256 x 256 whatever the photograph, stretched over it: so it stays when the photo changes, and a link can hold it.
As text ("mask code") it is either a named preset, `central-region`, `random-blocks-7`, `random-region-7` (the number is the seed),
or a painted mask: `z` and the base64url of the raw deflate of its bits, row by row, first pixel in the highest bit.
"""

import base64
import binascii
import re
import zlib
from collections.abc import Callable
from pathlib import Path

import gradio as gr
import numpy as np

ASSETS = Path(__file__).resolve().parents[2] / "assets"
SCRIPTS = ("mask_pad.js", "mask_pad_keys.js")
SIDE = 256
PRESET_CODE = re.compile(r"(central-region|random-blocks|random-region)(?:-(\d{1,6}))?")
LONGEST_CODE = 16_000  # deflate cannot make 8192 bytes longer than this in base64


class MaskCodeError(ValueError):
    """A mask code that cannot be read; its text is a sentence for a person."""


def encode_mask(mask: np.ndarray) -> str:
    """The mask code of a (256, 256) bool mask, True = hidden.

    >>> mask = np.zeros((256, 256), bool)
    >>> mask[10:99, 20:40] = True
    >>> bool((decode_mask(encode_mask(mask)) == mask).all())
    True
    """
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = deflate.compress(np.packbits(mask).tobytes()) + deflate.flush()
    return "z" + base64.urlsafe_b64encode(data).decode().rstrip("=")


def decode_mask(code: str) -> np.ndarray:
    """The (256, 256) bool mask of a painted mask's code. Errors: MaskCodeError."""
    broken = MaskCodeError("The mask in this link cannot be read. Paint a new one, or choose a preset.")
    if not isinstance(code, str) or not code.startswith("z") or len(code) > LONGEST_CODE:
        raise broken
    try:
        data = base64.b64decode(code[1:] + "=" * (-len(code[1:]) % 4), altchars=b"-_", validate=True)
        # never more than the mask's bytes, whatever the code claims to unpack to
        bits = zlib.decompressobj(-15).decompress(data, SIDE * SIDE // 8 + 1)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise broken from error
    if len(bits) != SIDE * SIDE // 8:
        raise broken
    return np.unpackbits(np.frombuffer(bits, np.uint8)).reshape(SIDE, SIDE).astype(bool)


def read_code(code: str, preset: Callable[[str, int], np.ndarray]) -> np.ndarray:
    """The (256, 256) bool mask of any mask code; `preset(kind, seed)` makes the named ones. Errors: MaskCodeError."""
    named = PRESET_CODE.fullmatch(code) if isinstance(code, str) else None
    return preset(named[1], int(named[2] or 0)) if named else decode_mask(code)


def fit_mask(mask: np.ndarray, height: int, width: int) -> np.ndarray:
    """A (H, W) bool mask stretched to (height, width), with smooth outlines: bilinear, cut at one half."""
    from PIL import Image

    stretched = Image.fromarray(mask.astype(np.uint8) * 255).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(stretched) > 127


def mask_pad(value: str, preset: Callable[[str, int], np.ndarray], **options) -> gr.HTML:
    """The component. Its value is the mask code; `stroke` fires when the mask has changed.

    Set `photo` to {"key", "name", "src" (data URI), "width", "height"} to change the picture underneath; the mask stays.
    In the browser it sends `lab:stroke` and hears `lab:truth` from the answers: while the truth is hidden the mask stays opaque.
    """

    def draw_preset(code: str) -> str | None:
        try:
            return encode_mask(read_code(code, preset))
        except MaskCodeError:
            return None

    return gr.HTML(
        value,
        html_template=(ASSETS / "mask_pad.html").read_text(),
        css_template=(ASSETS / "mask_pad.css").read_text(),
        js_on_load="\n".join((ASSETS / name).read_text(encoding="utf-8") for name in SCRIPTS),
        server_functions=[draw_preset],
        photo=None,
        apply_default_css=False,
        **options,
    )
