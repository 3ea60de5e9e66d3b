"""The endpoint `/inpaint` for programs: a photo file and a mask file in, the filled picture and its figures out."""

from functools import partial

import gradio as gr
import numpy as np

from visualize.lab import Lab
from visualize.tabs import inpaint_fills
from visualize.tabs.endpoints import LONGEST_SIDE, chosen_model, refusal
from visualize.widgets import mask_pad


def build(lab: Lab, method: str) -> None:
    """Register the endpoint. It has no place on the page, so its components are not shown."""
    with gr.Group(visible=False):
        photo, mask = gr.File(label="Photo"), gr.File(label="Mask: white is hidden, black is known")
        model = gr.Textbox(next(iter(lab.models(method)), ""), label="Model")
        filled, figures, ask = (
            gr.Image(label="Filled photo", format="png"),
            gr.JSON(label="Figures"),
            gr.Button("Fill it"),
        )
    ask.click(
        partial(fill_files, lab, method),
        [photo, mask, model],
        [filled, figures],
        api_name="inpaint",
        concurrency_limit=2,
    )


def fill_files(lab: Lab, method: str, photo: str | None, mask: str | None, model: str = "") -> tuple[np.ndarray, dict]:
    """The filled photo (H, W, 3) uint8 and its figures over the hidden pixels. Errors: gr.Error whose text is a sentence.

    photo, mask: paths of picture files. The mask is stretched to the photo's size, bilinearly, and cut at one half: white is hidden.
    A photo of more than 1600 pixels on its longer side is reduced to that.
    """
    from ssl_core.checkpoint import CheckpointError
    from ssl_core.photo import PhotoError, read_photo

    model = chosen_model(lab.models(method), model, "context-encoder-l2")
    try:
        pixels, hidden = read_pair(photo, mask, read_photo)
        answer = lab.model(model).inpaint(pixels, hidden)
    except (PhotoError, CheckpointError) as error:
        raise refusal(str(error)) from error
    about = {"model": model, "hidden_share": float(hidden.mean()), "width": pixels.shape[1], "height": pixels.shape[0]}
    return (answer * 255).round().astype(np.uint8), about | inpaint_fills.Hole(pixels, hidden).figures(answer)


def read_pair(photo: str | None, mask: str | None, read_photo) -> tuple[np.ndarray, np.ndarray]:
    """The photo (H, W, 3) uint8 and its hidden pixels (H, W) bool. Errors: PhotoError."""
    from ssl_core.photo import PhotoError

    if not photo or not mask:
        missing = "photo" if not photo else "mask"
        raise PhotoError(
            f"The {missing} is missing. Send two picture files: the photo, and a mask that is white where the photo is hidden."
        )
    pixels = read_photo(photo, LONGEST_SIDE)
    try:
        white = read_photo(mask, LONGEST_SIDE).mean(axis=-1) > 127
    except PhotoError as error:
        raise PhotoError(f"The mask cannot be read. {error}") from error
    hidden = mask_pad.fit_mask(white, *pixels.shape[:2])
    if not hidden.any():
        raise PhotoError("The mask hides nothing. Make it white where the photo is to be hidden.")
    if hidden.all():
        raise PhotoError(
            "The mask hides the whole photo, so nothing is left to predict from. Make it black where the photo is known."
        )
    return pixels, hidden
