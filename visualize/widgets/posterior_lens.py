"""The posterior lens: colourings that follow a temperature slider in the browser, and the distribution of the pixel under the hand.

The log-probabilities go to the browser once, as a file of half-precision numbers; annealed means are computed there, in plain
JavaScript (assets/annealed_mean.js). This module writes the files and makes the component; its value is a scene as JSON.
"""

import base64
import io
import json
import secrets
import tempfile
from pathlib import Path

import gradio as gr
import numpy as np

ASSETS = Path(__file__).resolve().parents[2] / "assets"
SCRIPTS = (
    "annealed_mean.js",
    "gamut_map.js",
    "hue_chroma.js",
    "hue_rose.js",
    "posterior_lens.js",
    "posterior_lens_histograms.js",
    "posterior_lens_pixel.js",
    "posterior_lens_temperature.js",
)
LEAST_LOG = -60.0  # nats below the most probable bin: nothing, at any temperature up to 1

# A constant: text that came from outside never goes through a template, but into textContent.
TEMPLATE = """
<section class="posterior-lens" aria-label="Posterior lens">
  <p class="message" role="status" hidden></p>
  <div class="dial"><h2 class="question">@question</h2><b aria-hidden="true">T = 0.38</b><span class="says" aria-hidden="true"></span></div>
  <div class="scale">
    <input type="range" min="0" max="1" step="0.01" value="0.38" aria-label="Temperature">
    <div class="strip" role="group" aria-label="The same photo at seven temperatures"></div>
  </div>
  <div class="pictures" tabindex="0" role="group" aria-label="Answers side by side. Arrow keys move the pixel that is looked into."></div>
  <div class="bench" hidden>
    <div class="maps" role="group" aria-label="Distribution of the pixel over the ab gamut"></div>
    <div class="reading">
      <h3>The pixel under the pointer</h3>
      <table><thead><tr></tr></thead><tbody></tbody></table>
      <fieldset class="choice"><legend>Strip and entropy of</legend></fieldset>
    </div>
    <div class="entropy">
      <h3>Entropy map</h3>
      <div class="stage"><img alt=""><div class="cell"></div></div>
      <div class="bar" aria-hidden="true"></div>
      <div class="ends"><span>0: sure</span><span class="most"></span></div>
      <p><span class="size"></span>; <span class="here"></span></p>
    </div>
  </div>
</section>
"""


def posterior_lens(question: str, elem_id: str = "posterior-lens") -> gr.HTML:
    """The component, headed by a question. Its value is a scene of visualize/tabs/colorize.py as JSON, or None for nothing yet."""
    return gr.HTML(
        value=None,
        html_template=TEMPLATE.replace("@question", question),
        css_template=(ASSETS / "posterior_lens.css").read_text(encoding="utf-8"),
        js_on_load="\n".join((ASSETS / name).read_text(encoding="utf-8") for name in SCRIPTS),
        apply_default_css=False,
        elem_id=elem_id,
    )


class LensFiles:
    """A folder of this process that the page may fetch from, under names that nobody can guess.

    Each file belongs to a `Folder`; when that is forgotten (by the cache that holds it) its files go with it.
    """

    def __init__(self):
        self.root = tempfile.TemporaryDirectory(prefix="pretext-lab-lens-")
        gr.set_static_paths([self.root.name])

    def folder(self) -> "LensFolder":
        """A new empty folder with an unguessable name."""
        return LensFolder(Path(self.root.name))


class LensFolder:
    """Files of one photograph or one answer; they live as long as this object."""

    def __init__(self, root: Path):
        self.held = tempfile.TemporaryDirectory(
            prefix=secrets.token_urlsafe(24) + "-", dir=root, ignore_cleanup_errors=True
        )

    def picture(self, pixels: np.ndarray) -> str:
        """Write (H,W,3) uint8 as PNG, without loss; returns its path."""
        path = Path(self.held.name) / "picture.png"
        path.write_bytes(png(pixels))
        return path.as_posix()

    def log_probabilities(self, log_probabilities: np.ndarray) -> str:
        """Write log-probabilities (Q,h,w) as half-precision numbers, pixel by pixel (h,w,Q); returns the path.

        Each pixel's logarithms are counted from its most probable bin, so that half precision is finest where low temperatures look;
        the annealed mean does not change by it.
        """
        path = Path(self.held.name) / "log-probabilities.bin"
        path.write_bytes(relative_logs(log_probabilities).astype("<f2").tobytes())
        return path.as_posix()

    def histograms(self, hue: np.ndarray, chroma: np.ndarray) -> str:
        """Write two histograms of each cell, (K,h,w) twice, as single-precision numbers (h,w,2K); returns the path."""
        path = Path(self.held.name) / "histograms.bin"
        cells = np.moveaxis(np.concatenate((hue, chroma)), 0, -1)
        path.write_bytes(np.ascontiguousarray(cells).astype("<f4").tobytes())
        return path.as_posix()


def relative_logs(log_probabilities: np.ndarray) -> np.ndarray:
    """log z - max log z of each pixel: (Q,h,w) to (h,w,Q) float32, none below -60.

    >>> relative_logs(np.log([0.5, 0.25, 0.25]).reshape(3, 1, 1)).round(3).tolist()
    [[[0.0, -0.6930000185966492, -0.6930000185966492]]]
    """
    pixelwise = np.ascontiguousarray(np.moveaxis(np.asarray(log_probabilities, np.float32), 0, -1))
    return np.maximum(pixelwise - pixelwise.max(axis=-1, keepdims=True), np.float32(LEAST_LOG))


def png(pixels: np.ndarray) -> bytes:
    """(H,W,3) uint8 as a PNG file, packed lightly: the machine reads it back at once."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def data_url(pixels: np.ndarray) -> str:
    """A small picture (h,w,3) uint8 to be written into a page."""
    return "data:image/png;base64," + base64.b64encode(png(pixels)).decode("ascii")


def to_value(scene: dict) -> str:
    """A scene as the component's value."""
    return json.dumps(scene, separators=(",", ":"))
