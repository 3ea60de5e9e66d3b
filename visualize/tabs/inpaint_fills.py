"""What stands in the hole: each answer to one mask, with its figures and as the answers widget takes it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from visualize import error_map
from visualize.lab import Lab
from visualize.model_titles import spoken
from visualize.widgets import answers as widget

NOTES = {"l2": "Context encoder, squared error alone", "joint": "Context encoder, squared error and a discriminator"}
BASELINES = {
    "border_mean": ("Border mean", "One colour: the mean of the pixels around the hole"),
    "telea": ("Telea", "OpenCV: colours carried inwards ring by ring"),
    "biharmonic": ("Biharmonic", "scikit-image: the smoothest surface through the rim"),
}
SLOW = ("telea", "biharmonic")  # they follow after the networks, see `later_fills`
BIHARMONIC_PIXELS = 5000  # hidden pixels it is solved for, in about 0.2 s; a larger hole is filled on a smaller picture
BEST_PSNR = 99.0  # dB; an answer without any error has an infinite one, which JSON cannot carry

Fills = dict[str, np.ndarray | str]  # answer id -> (H, W, 3) float32 in [0, 1], or the sentence why there is none


@dataclass(frozen=True)
class Hole:
    """A photograph with a part hidden: pixels (H, W, 3) uint8, hidden (H, W) bool with at least one True and one False."""

    pixels: np.ndarray
    hidden: np.ndarray

    @cached_property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, width, height of the rectangle that travels to the browser. Nothing outside of it is hidden."""
        return widget.hole_box(self.hidden)

    @cached_property
    def truth(self) -> np.ndarray:
        """The photograph inside the box, float32 in [0, 1]."""
        return self.cut(self.pixels) / np.float32(255)

    @cached_property
    def detail(self) -> float:
        """Gradient energy of the photograph inside the hole."""
        from ssl_core import metrics

        return metrics.gradient_energy(self.truth, self.cut(self.hidden))

    def cut(self, picture: np.ndarray) -> np.ndarray:
        """The part of a picture (H, W, ...) inside the box."""
        left, top, width, height = self.box
        return picture[top : top + height, left : left + width]

    def figures(self, answer: np.ndarray) -> dict[str, float]:
        """PSNR in dB, L1 and L2 in per cent, gradient energy relative to the photo's, all over the hidden pixels.

        `answer` is the filled photo, (H, W, 3) float in [0, 1].
        """
        from ssl_core import metrics

        answer, hidden = self.cut(answer), self.cut(self.hidden)
        found, wanted = answer[hidden][None], self.truth[hidden][None]
        return {
            "psnr": min(metrics.psnr(found, wanted), BEST_PSNR),
            "l1": metrics.l1_percent(found, wanted),
            "l2": metrics.l2_percent(found, wanted),
            "sharpness": metrics.gradient_energy(answer, hidden) / self.detail if self.detail else 0.0,
        }

    def tell(self, about: dict, fills: Fills) -> dict:
        """One answer with its patch and figures, or its sentence, or the mark that it is still being computed."""
        answer = fills.get(about["id"])
        if answer is None:
            return about | {"waiting": True}
        if isinstance(answer, str):
            return about | {"error": answer}
        return about | self.figures(answer) | {"patch": widget.patch((self.cut(answer) * 255).round(), self.box)}

    def error_patch(self, answer: np.ndarray) -> dict:
        """The error map of an answer, as a patch."""
        mapped = error_map.error_map(self.cut(answer), self.truth, self.cut(self.hidden))
        return widget.patch(mapped, self.box)


def describe(name: str, method: str) -> dict:
    """Id, title and note of a network's answer."""
    variant = name.removeprefix(f"{method}-")
    return {"id": name, "title": spoken(name)["title"], "note": NOTES.get(variant, name)}


def baselines() -> list[dict]:
    """Id, title and note of the baselines' answers."""
    return [{"id": name, "title": title, "note": note} for name, (title, note) in BASELINES.items()]


def quick_fills(lab: Lab, method: str, hole: Hole) -> Fills:
    """The networks' answers and the border mean."""
    from ssl_core import baselines
    from ssl_core.checkpoint import CheckpointError

    fills = {}
    for name in lab.models(method):
        try:
            fills[name] = lab.model(name).inpaint(hole.pixels, hole.hidden)
        except CheckpointError as error:
            fills[name] = str(error)
    return fills | {"border_mean": baselines.border_mean(hole.pixels, hole.hidden)}


def later_answers(hole: Hole, quick: Fills) -> dict:
    """What takes longer: Telea, biharmonic, and the error maps of all answers, for the widget's `later`."""
    from ssl_core import baselines as fill

    biharmonic, note = biharmonic_fill(hole.pixels, hole.hidden)
    slow = {"telea": fill.telea(hole.pixels, hole.hidden), "biharmonic": biharmonic}
    about = [one for one in baselines() if one["id"] in SLOW]
    told = [hole.tell(one | ({"note": note} if one["id"] == "biharmonic" else {}), slow) for one in about]
    errors = {name: hole.error_patch(answer) for name, answer in (quick | slow).items() if not isinstance(answer, str)}
    return {"answers": told, "errors": errors, "scale": error_map.scale_stops(), "top": round(100 * error_map.TOP)}


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
        return baselines.border_mean(pixels, hidden), "Too little is known around the hole: the border mean instead"
    filled = (baselines.biharmonic(reduced, coverage > 0) * 255).round().astype(np.uint8)
    large = np.asarray(Image.fromarray(filled).resize((width, height), Image.Resampling.BICUBIC), np.float32) / 255
    answer = np.where(hidden[..., None], large, pixels / np.float32(255))
    return answer, f"scikit-image: the smoothest surface through the rim, found at {small[0]} x {small[1]} and enlarged"
