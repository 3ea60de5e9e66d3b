"""What stands in the hole: each answer to one mask, with its figures and as the answers widget takes it."""

import numpy as np

from visualize.lab import Lab, Shown
from visualize.widgets import answers as answers_widget

TITLES = {"l2": "L2", "joint": "L2 + adversarial"}
NOTES = {"l2": "Context encoder, squared error alone", "joint": "Context encoder, squared error and a discriminator"}
BASELINES = {
    "border_mean": ("Border mean", "One colour: the mean of the pixels around the hole"),
    "telea": ("Telea", "OpenCV: colours carried inwards ring by ring"),
    "biharmonic": ("Biharmonic", "scikit-image: the smoothest surface through the rim"),
}
BIHARMONIC_PIXELS = 2500  # hidden pixels it is solved for: under a second on one core; more are filled on a smaller picture


def describe(name: str, method: str) -> dict:
    """Id, title and note of a network's answer."""
    variant = name.removeprefix(f"{method}-")
    return {"id": name, "title": TITLES.get(variant, variant), "note": NOTES.get(variant, name)}


def quick_fills(lab: Lab, method: str, photo: Shown, hidden: np.ndarray) -> dict[str, np.ndarray | str]:
    """Answer id -> filled picture (H, W, 3) float32 in [0, 1], or the sentence why there is none."""
    from ssl_core import baselines
    from ssl_core.checkpoint import CheckpointError

    fills = {}
    for name in lab.models(method):
        try:
            fills[name] = lab.model(name).inpaint(photo.pixels, hidden)
        except CheckpointError as error:
            fills[name] = str(error)
    return fills | {name: getattr(baselines, name)(photo.pixels, hidden) for name in ("border_mean", "telea")}


def biharmonic_fill(pixels: np.ndarray, hidden: np.ndarray) -> tuple[np.ndarray, str]:
    """The biharmonic fill (H, W, 3) float32 and a note. A large hole is filled on a smaller picture and enlarged."""
    from PIL import Image

    from ssl_core import baselines

    height, width = hidden.shape
    shrink = min(1.0, (BIHARMONIC_PIXELS / hidden.sum()) ** 0.5)
    if shrink == 1.0:
        return baselines.biharmonic(pixels, hidden), BASELINES["biharmonic"][1]
    small = (max(8, round(width * shrink)), max(8, round(height * shrink)))
    # a pixel of the small picture is known only where all of it is known, so that nothing hidden leaks in
    coverage = np.asarray(Image.fromarray(hidden.astype(np.uint8) * 255).resize(small, Image.Resampling.BOX))
    reduced = np.asarray(Image.fromarray(pixels).resize(small, Image.Resampling.BOX))
    if (coverage > 0).all():
        return baselines.border_mean(pixels, hidden), "too little is known around the hole: the border mean instead"
    filled = (baselines.biharmonic(reduced, coverage > 0) * 255).round().astype(np.uint8)
    large = np.asarray(Image.fromarray(filled).resize((width, height), Image.Resampling.BICUBIC), np.float32) / 255
    answer = np.where(hidden[..., None], large, pixels / np.float32(255))
    return answer, f"filled at {small[0]} x {small[1]}, enlarged"


def tell(about: dict, photo: Shown, hidden: np.ndarray, box: tuple, fills: dict) -> dict:
    """One answer with its patch and figures, its sentence, or the mark that it is still being computed."""
    answer = fills.get(about["id"])
    if answer is None:
        return about | {"waiting": True}
    if isinstance(answer, str):
        return about | {"error": answer}
    eight_bit = (answer * 255).round().astype(np.uint8)
    return about | figures(answer, photo.pixels, hidden, box) | {"patch": answers_widget.patch(eight_bit, box)}


def figures(answer: np.ndarray, pixels: np.ndarray, hidden: np.ndarray, box: tuple) -> dict[str, float]:
    """PSNR in dB (99 at most), L1 and L2 in per cent, and gradient energy relative to the photo's, over the hidden pixels."""
    from ssl_core import metrics

    left, top, width, height = box  # nothing outside of it is hidden, and a smaller picture is measured sooner
    part = (slice(top, top + height), slice(left, left + width))
    answer, truth, hidden = answer[part], pixels[part] / np.float32(255), hidden[part]
    detail = metrics.gradient_energy(truth, hidden)
    return {
        "psnr": min(metrics.psnr(answer, truth, hidden), 99.0),
        "l1": metrics.l1_percent(answer, truth, hidden),
        "l2": metrics.l2_percent(answer, truth, hidden),
        "sharpness": metrics.gradient_energy(answer, hidden) / detail if detail else 0.0,
    }
