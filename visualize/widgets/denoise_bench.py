"""The denoising bench: one photograph with noise of a kind and level under the hand, what was made of it, and all of them close up.

While the level is dragged the browser makes its own noise; on release Python answers with the noise that the network is given.
"""

import math
import re
from pathlib import Path
from typing import NamedTuple

import gradio as gr

ASSETS = Path(__file__).resolve().parents[2] / "assets"
SCRIPTS = ("denoise_noise.js", "denoise_bench.js")
CODE = re.compile(r"(gaussian|masking|salt-and-pepper)-(0(?:\.\d{1,2})?|1(?:\.0{1,2})?)-(\d{1,6})")
MOST = 0.7  # the slider's end: beyond, nothing is left of a photograph


class Noise(NamedTuple):
    """A kind of noise, its level from 0 to 1, and the seed of its chance."""

    kind: str
    level: float
    seed: int


START = Noise("gaussian", 0.2, 0)


def to_code(noise: Noise) -> str:
    """The noise as it stands in the link.

    >>> to_code(Noise("masking", 0.25, 3))
    'masking-0.25-3'
    """
    return f"{noise.kind}-{noise.level:.2f}-{noise.seed}"


def read_noise(code: object) -> Noise:
    """The noise of a code; the one that the tab starts with for anything else.

    >>> read_noise("salt-and-pepper-0.1-7"), read_noise("hail-2-1") == START
    (Noise(kind='salt-and-pepper', level=0.1, seed=7), True)
    """
    found = CODE.fullmatch(code) if isinstance(code, str) else None
    return Noise(found[1], min(float(found[2]), MOST), int(found[3])) if found else START


def finite(figure: float) -> float | None:
    """A figure for the page: None in place of infinity, which JSON does not have."""
    return round(figure, 2) if math.isfinite(figure) else None


def denoise_bench(question: str, **options) -> gr.HTML:
    """The component, headed by a question. Its value is a noise code; it emits `noise` when the hand has set another.

    Set the prop `scene` to what visualize/tabs/denoising_autoencoder.py makes of a photograph.
    """
    return gr.HTML(
        to_code(START),
        html_template=(ASSETS / "denoise_bench.html").read_text(encoding="utf-8").replace("@question", question),
        css_template=(ASSETS / "denoise_bench.css").read_text(encoding="utf-8"),
        js_on_load="\n".join((ASSETS / name).read_text(encoding="utf-8") for name in SCRIPTS),
        scene=None,
        apply_default_css=False,
        **options,
    )
