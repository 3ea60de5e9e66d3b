"""The answers side by side: several fills of one hole, drawn pixel to pixel over the same photograph, with their figures."""

from pathlib import Path

import gradio as gr
import numpy as np

from visualize.jpeg_uri import FULL_COLOR, jpeg_uri

ASSETS = Path(__file__).resolve().parents[2] / "assets"
MARGIN = 4  # known pixels kept around the hole, so that a patch has no seam


def answers(**options) -> gr.HTML:
    """The component. It emits `filled` when it has drawn a new value, so that slower answers can follow.

    value   {"photo": key, "mask": code, "size": "640 x 427", "message": sentence or "", "answers": [answer, ...]}, and
            "covered": true where all of the photo is hidden; an answer is
            {"id", "title", "note"} with {"patch", "psnr", "l1", "l2", "sharpness"}, or {"error": sentence}, or {"waiting": true}
    later   {"photo", "mask", "answers": [answers that took longer], "errors": {id: patch}, "scale": [CSS colours], "top": per cent}
    photo   {"key", "name", "src" (data URI), "width", "height"}
    A patch is {"box": [left, top, width, height], "src": data URI} in pixels of the photo.
    """
    return gr.HTML(
        None,
        html_template=(ASSETS / "answers.html").read_text(encoding="utf-8"),
        css_template=(ASSETS / "answers.css").read_text(encoding="utf-8"),
        js_on_load=(ASSETS / "answers.js").read_text(encoding="utf-8"),
        photo=None,
        later=None,
        apply_default_css=False,
        **options,
    )


def hole_box(hidden: np.ndarray) -> tuple[int, int, int, int]:
    """(left, top, width, height) of the smallest rectangle around the hidden pixels, plus a margin. `hidden` (H, W) is not empty."""
    rows, columns = np.flatnonzero(hidden.any(axis=1)), np.flatnonzero(hidden.any(axis=0))
    top, left = max(rows[0] - MARGIN, 0), max(columns[0] - MARGIN, 0)
    bottom, right = min(rows[-1] + 1 + MARGIN, hidden.shape[0]), min(columns[-1] + 1 + MARGIN, hidden.shape[1])
    return int(left), int(top), int(right - left), int(bottom - top)


def patch(part: np.ndarray, box: tuple[int, int, int, int]) -> dict:
    """A patch from the pixels (h, w, 3) in 0..255 that stand inside `box`: the rest of the photo need not travel."""
    return {"box": list(box), "src": jpeg_uri(part.astype(np.uint8), 92, FULL_COLOR)}
