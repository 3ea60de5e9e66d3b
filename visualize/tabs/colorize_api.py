"""The endpoint `/colorize` for programs: a photo file, a temperature and a model in, the coloured picture and its figures out."""

import math
from collections.abc import Callable, Sequence
from functools import partial

import gradio as gr
import numpy as np

from visualize.lab import Lab
from visualize.tabs.endpoints import LONGEST_SIDE, chosen_model, refusal

START = 0.38  # the paper's temperature


def build(lab: Lab, names: Callable[[], Sequence[str]]) -> None:
    """Register the endpoint for the models that `names()` lists. It has no place on the page, so its components are not shown."""
    with gr.Group(visible=False):
        photo, temperature = gr.File(label="Photo"), gr.Number(START, label="Temperature, 0 (mode) to 1 (mean)")
        model = gr.Textbox(label="Model, for example colorization-rebalanced; empty for the last of the story")
        colored, figures, ask = (
            gr.Image(label="Coloured photo", format="png"),
            gr.JSON(label="Figures"),
            gr.Button("Colour it"),
        )
    ask.click(
        partial(colorize_file, lab, names),
        [photo, temperature, model],
        [colored, figures],
        api_name="colorize",
        concurrency_limit=2,
    )


def colorize_file(
    lab: Lab,
    names: Callable[[], Sequence[str]],
    photo: str | None,
    temperature: float | None = START,
    model: str | None = None,
) -> tuple[np.ndarray, dict]:
    """The coloured photo (H, W, 3) uint8, and its figures. Errors: gr.Error whose text is a sentence.

    temperature: from 0, the mode, to 1, the mean; without effect on models that have none (regression; hue and chroma).
    figures: mean chroma; where the photo had colours of its own also theirs, and AuC in per cent.
    A photo of more than 1600 pixels on its longer side is reduced to that.
    """
    from ssl_core.checkpoint import CheckpointError
    from ssl_core.photo import PhotoError, read_photo

    model = chosen_model(tuple(names()), model, "colorization-rebalanced")
    temperature = START if temperature is None else temperature
    if not (isinstance(temperature, int | float) and math.isfinite(temperature) and 0 <= temperature <= 1):
        raise refusal(f"The temperature is a number from 0 (the mode) to 1 (the mean); got {temperature}.")
    if not photo:
        raise refusal("The photo is missing. Send a picture file, for example a JPEG or a PNG.")
    try:
        pixels = read_photo(photo, LONGEST_SIDE)
        network = lab.model(model)
        takes = {"temperature": float(temperature)} if any(k.name == "temperature" for k in network.knobs) else {}
        picture = network.colorize(pixels, **takes)
    except (PhotoError, CheckpointError) as error:
        raise refusal(str(error)) from error
    return whole(picture), {"model": model, "temperature": float(temperature)} | figures_of(picture, pixels)


def figures_of(picture: np.ndarray, pixels: np.ndarray) -> dict:
    """Chroma of a coloured picture (H,W,3) float, and how near it is to the photograph (H,W,3) uint8 if that has colours."""
    from ssl_core.metrics import color_auc, mean_chroma
    from ssl_core.photo import has_color

    painted, told = ab_of(picture), {"width": pixels.shape[1], "height": pixels.shape[0]}
    told["chroma"] = mean_chroma(painted)
    if has_color(pixels):
        truth = ab_of(pixels / np.float32(255))
        told |= {"chroma_true": mean_chroma(truth), "auc_percent": color_auc(painted, truth)}
    return told


def ab_of(picture: np.ndarray) -> np.ndarray:
    """The a and b of a picture (H,W,3) in [0, 1]: (H,W,2)."""
    import torch

    from ssl_core.color import rgb_to_lab

    return rgb_to_lab(torch.from_numpy(np.asarray(picture, np.float32)).movedim(-1, 0))[1:].movedim(0, -1).numpy()


def whole(picture: np.ndarray) -> np.ndarray:
    """A picture (H, W, 3) float in [0, 1] in whole numbers, uint8."""
    return np.rint(picture * 255).astype(np.uint8)
