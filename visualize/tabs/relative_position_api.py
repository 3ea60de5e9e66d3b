"""The endpoint `/relative_position` for programs: a photo file and a round in, where a network puts the patch out."""

import math
from functools import partial

import gradio as gr

from visualize.lab import Lab
from visualize.tabs.endpoints import LONGEST_SIDE, chosen_model, refusal
from visualize.tabs.relative_position_round import draw_square


def build(lab: Lab, method: str) -> None:
    """Register the endpoint. It has no place on the page, so its components are not shown."""
    with gr.Group(visible=False):
        photo, number = gr.File(label="Photo"), gr.Number(1, precision=0, label="Round, 0 to 999999")
        model = gr.Textbox(label="Model, for example relative-position-plain; empty for the first of the story")
        figures, ask = gr.JSON(label="Answer"), gr.Button("Ask it")
    ask.click(
        partial(place_in_file, lab, method),
        [photo, number, model],
        [figures],
        api_name="relative_position",
        concurrency_limit=2,
    )


def place_in_file(lab: Lab, method: str, photo: str | None, number: int | None = 1, model: str | None = None) -> dict:
    """Cut nine patches from a photo and ask a network where one of them belongs. Errors: gr.Error whose text is a sentence.

    The same photo and round give the same patches. Returns the model, the square (left, top, size in pixels of the photo), the true
    direction, the one that the network says, and how likely it finds each of the eight.
    """
    from ssl_core.checkpoint import CheckpointError
    from ssl_core.photo import PhotoError, read_photo
    from ssl_core.pretexts.relative_position import NAMES

    model = chosen_model(lab.models(method), model, "relative-position-dropping")
    number = 1 if number is None else number
    if not (math.isfinite(number) and 0 <= number <= 999_999 and int(number) == number):
        raise refusal(f"The round is a whole number from 0 to 999999; got {number}.")
    if not photo:
        raise refusal("The photo is missing. Send a picture file, for example a JPEG or a PNG.")
    try:
        network = lab.model(model)
        square = draw_square(read_photo(photo, LONGEST_SIDE), network.config, int(number))
    except (PhotoError, CheckpointError) as error:
        raise refusal(str(error)) from error
    likely = network.guess(square.patches)[square.direction]
    return {
        "model": model,
        "round": int(number),
        "square": list(square.box),
        "direction": NAMES[square.direction],
        "said": NAMES[int(likely.argmax())],
        "likely": dict(zip(NAMES, (round(float(share), 4) for share in likely), strict=True)),
    }
