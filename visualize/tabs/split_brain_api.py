"""The endpoint `/split_brain` for programs: a photo file in, what each half says of the other out."""

from functools import partial

import gradio as gr
import numpy as np

from visualize.lab import Lab
from visualize.tabs.colorize_api import figures_of, whole
from visualize.tabs.endpoints import LONGEST_SIDE, chosen_model, refusal


def build(lab: Lab, method: str) -> None:
    """Register the endpoint. It has no place on the page, so its components are not shown."""
    with gr.Group(visible=False):
        photo, model = (
            gr.File(label="Photo"),
            gr.Textbox(label="Model, for example split-brain-lab; empty for the first"),
        )
        colors, lightness = (
            gr.Image(label="Photo in the colours said", format="png"),
            gr.Image(label="The lightness said, as a grey picture", format="png"),
        )
        figures, ask = gr.JSON(label="Figures"), gr.Button("Ask both halves")
    ask.click(
        partial(split_file, lab, method),
        [photo, model],
        [colors, lightness, figures],
        api_name="split_brain",
        concurrency_limit=2,
    )


def split_file(
    lab: Lab, method: str, photo: str | None, model: str | None = None
) -> tuple[np.ndarray, np.ndarray, dict]:
    """Two pictures (H, W, 3) uint8, and figures. Errors: gr.Error whose text is a sentence.

    The photo in the colours that one half says of its lightness; the lightness that the other half says of its colours, as a grey picture.
    figures: those of /colorize for the first; for the second the mean error of L, 0 to 100, "off", and that of L = 50, "off_middle".
    """
    from ssl_core.checkpoint import CheckpointError
    from ssl_core.photo import PhotoError, read_photo

    model = chosen_model(lab.models(method), model, "split-brain-lab")
    if not photo:
        raise refusal("The photo is missing. Send a picture file, for example a JPEG or a PNG.")
    try:
        pixels = read_photo(photo, LONGEST_SIDE)
        said = lab.model(model).predict(pixels)
    except (PhotoError, CheckpointError) as error:
        raise refusal(str(error)) from error
    pictures = said.pictures()
    painted, grey = pictures["colours said"], pictures["lightness said"]
    return whole(painted), whole(grey), {"model": model} | figures_of(painted, pixels) | said.lightness_errors()
