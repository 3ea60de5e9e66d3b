"""The ways in which a colouring or a fill goes wrong, and which of them one picture shows: a table of detectors, and `judge`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ssl_core import failures_color, failures_edges, failures_inpaint
from ssl_core.failures_color import SIDE, Finding
from ssl_core.photo import PhotoError, as_photo

if TYPE_CHECKING:
    from ssl_core.pretext import Pretext

TASKS = ("colorize", "inpaint")  # what a model must be able to do to be judged: the names of its methods
ZHANG, LARSSON, PATHAK = "Zhang et al., ECCV 2016", "Larsson et al., ECCV 2016", "Pathak et al., CVPR 2016"


@dataclass(frozen=True)
class Mode:
    """One way to fail: its detector, and the score from which on a picture is said to show it.

    unit and map_unit say what score and map are counted in; `top` is where the map's colours end, in the map's unit.
    `needs_color`: cannot be judged on a photograph without colours of its own.
    """

    id: str
    title: str
    task: str
    asks: str
    unit: str
    threshold: float
    because: str
    source: str
    map_unit: str
    top: float
    detect: Callable[..., Finding]
    needs_color: bool = False


MODES = (
    Mode(
        "red-blue",
        "Red-blue confusion",
        "colorize",
        "How much of the picture is red and painted blue, or blue and painted red?",
        "% of the picture",
        2.0,
        "2 % is a patch of 18 x 18 among 128 x 128 pixels: as large as a thing.",
        ZHANG,
        "confused",
        1.0,
        failures_color.red_blue_confusion,
        needs_color=True,
    ),
    Mode(
        "sepia",
        "Gone sepia",
        "colorize",
        "How much of the picture is painted in the brown of old prints without being brown?",
        "% of the picture",
        33.0,
        "Over a third: the tone is the picture's, no longer that of one thing in it.",
        ZHANG,
        "brown by mistake",
        1.0,
        failures_color.sepia,
    ),
    Mode(
        "inconsistent",
        "Colour inconsistency",
        "colorize",
        "How differently are places far apart painted that have the same colour?",
        "ab units",
        10.0,
        "10 ab units are one colour bin of the networks: two parts of one thing fall into different bins.",
        ZHANG,
        "ab units",
        30.0,
        failures_color.color_inconsistency,
        needs_color=True,
    ),
    Mode(
        "desaturated",
        "Too desaturated",
        "colorize",
        "How much of the colourfulness is missing?",
        "% of true chroma",
        50.0,
        "Half of the chroma gone: nearer to a grey picture than to the true one.",
        LARSSON,
        "ab units missing",
        50.0,
        failures_color.desaturation,
        needs_color=True,
    ),
    Mode(
        "edge-pollution",
        "Edge pollution",
        "colorize",
        "Along how many of the edges lies a colour that is foreign to both sides?",
        "% of edges",
        10.0,
        "A tenth of all edges: about the outline of one thing among ten.",
        LARSSON,
        "ab units",
        12.0,
        failures_edges.edge_pollution,
    ),
    Mode(
        "inconsistent-chroma",
        "Inconsistent chroma",
        "colorize",
        "How much does the strength of colour vary inside what is of one colour?",
        "ab units",
        2.3,
        "2.3 units are a just noticeable difference (Mahy et al., 1994): straying by that much on average, a surface looks uneven.",
        LARSSON,
        "ab units",
        20.0,
        failures_color.inconsistent_chroma,
    ),
    Mode(
        "inconsistent-hue",
        "Inconsistent hue",
        "colorize",
        "How much does the hue vary inside what is of one colour?",
        "degrees",
        20.0,
        "Two standard deviations are 40 degrees: the way from red to orange, which have different names.",
        LARSSON,
        "degrees",
        90.0,
        failures_color.inconsistent_hue,
    ),
    Mode(
        "bleeding",
        "Colour bleeding",
        "colorize",
        "Over how many of the true colour edges does colour run by 3 pixels or more?",
        "% of colour edges",
        25.0,
        "A quarter of the outlines: more than the odd thin part of a thing.",
        LARSSON,
        "runs over",
        1.0,
        failures_edges.color_bleeding,
        needs_color=True,
    ),
    Mode(
        "blur",
        "Blur",
        "inpaint",
        "How much smaller are the steps from pixel to pixel than the true ones?",
        "% of the steps",
        50.0,
        "Half: what a Gaussian of one pixel does to photographs of this size.",
        PATHAK,
        "% of the range",
        15.0,
        failures_inpaint.blur,
    ),
    Mode(
        "seam",
        "Visible seam",
        "inpaint",
        "How much larger is the jump over the outline of the hole than the true one?",
        "% of the range",
        2.0,
        "2 % are five of 255 levels: along a line, the eye sees a step of one or two.",
        PATHAK,
        "% of the range",
        10.0,
        failures_inpaint.seam,
    ),
)


def modes(task: str) -> tuple[Mode, ...]:
    """The modes of "colorize" or "inpaint".

    >>> [mode.id for mode in modes("inpaint")]
    ['blur', 'seam']
    """
    return tuple(mode for mode in MODES if mode.task == task)


def tasks_of(model: Pretext) -> tuple[str, ...]:
    """What of `TASKS` a model can do: it is judged if it has a method of that name."""
    return tuple(task for task in TASKS if callable(getattr(model, task, None)))


def judge_color(painted: np.ndarray, truth: np.ndarray, has_color: bool = True) -> dict[str, Finding]:
    """Every colour mode of a painted picture: {mode id: Finding}. Both (H, W, 3), uint8 or float in [0, 1], of one size.

    Judged at a longest side of 128 px, and so are the maps. Where `has_color` is False the truth is taken for grey and the modes
    that need its colours are left out. Raises PhotoError if the sizes differ.
    """
    ours, theirs = (to_lab(reduced(one)) for one in _pair(painted, truth))
    if not has_color:
        theirs = theirs * (1.0, 0.0, 0.0)
    judged = [mode for mode in modes("colorize") if has_color or not mode.needs_color]
    return {mode.id: mode.detect(ours, theirs) for mode in judged}


def judge_fill(filled: np.ndarray, truth: np.ndarray, hidden: np.ndarray) -> dict[str, Finding]:
    """Every inpainting mode of a filled picture; as `judge_color`, with the hole (H, W) bool. No hole: every score is 0."""
    ours, theirs = (reduced(one) for one in _pair(filled, truth))
    hole = reduced(np.repeat(hidden[..., None].astype(np.float32), 3, axis=-1))[..., 0] > 0.5
    if not hole.any():
        return {mode.id: Finding(0.0, np.zeros(hole.shape, np.float32)) for mode in modes("inpaint")}
    return {mode.id: mode.detect(ours, theirs, hole) for mode in modes("inpaint")}


def to_lab(picture: np.ndarray) -> np.ndarray:
    """(H, W, 3) sRGB in [0, 1] -> (H, W, 3) float64 CIELAB."""
    import torch

    from ssl_core.color import rgb_to_lab

    rgb = torch.from_numpy(np.array(picture, np.float32)).movedim(-1, 0)
    return rgb_to_lab(rgb).movedim(0, -1).numpy().astype(np.float64)


def reduced(picture: np.ndarray) -> np.ndarray:
    """A picture (H, W, 3) float, its longest side reduced to 128 px by the mean over areas; smaller ones stay as they are."""
    import cv2

    height, width = picture.shape[:2]
    scale = SIDE / max(height, width)
    if scale >= 1.0:
        return picture
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.clip(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), 0.0, 1.0)


def _pair(ours: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    ours, truth = as_photo(ours), as_photo(truth)
    if ours.shape != truth.shape:
        raise PhotoError(f"What is judged must have the size of the photo, {truth.shape[:2]}; it has {ours.shape[:2]}.")
    return ours, truth
