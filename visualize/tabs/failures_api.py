"""The endpoint `/failures` for programs: a photo file and a model in; the score of every mode out."""

from functools import partial

import gradio as gr

from visualize.lab import Shown
from visualize.tabs.endpoints import LONGEST_SIDE, refusal
from visualize.tabs.failures_photo import painted_and_judged
from visualize.tabs.failures_table import Board


def build(board: Board) -> None:
    """Register the endpoint. It has no place on the page, so its components are not shown."""
    with gr.Group(visible=False):
        photo, model = gr.File(label="Photo"), gr.Textbox(label="Model, for example colorization-rebalanced")
        scores, ask = gr.JSON(label="Scores"), gr.Button("Judge it")
    ask.click(partial(failures_of_file, board), [photo, model], scores, api_name="failures", concurrency_limit=2)


def failures_of_file(board: Board, photo: str | None, model: str | None) -> dict:
    """{mode id: {"score", "unit", "threshold", "over"}} of what a model makes of a photo file. Errors: gr.Error, a sentence.

    A context encoder fills the central region. A photo of more than 1600 pixels on its longer side is reduced to that.
    """
    from ssl_core.checkpoint import CheckpointError
    from ssl_core.failures import MODES, tasks_of
    from ssl_core.photo import PhotoError, has_color, read_photo
    from visualize.tabs.asked import AskedError

    if not photo:
        raise refusal("The photo is missing. Send a picture file, for example a JPEG or a PNG.")
    try:
        judged, _ = board.asked({"model": model})
        pixels = read_photo(photo, LONGEST_SIDE)
        shown = Shown("", "", "", "", pixels, bool(has_color(pixels)))
        found = {
            key: one for task in tasks_of(judged) for key, one in painted_and_judged(judged, shown, task)[1].items()
        }
    except (AskedError, CheckpointError, PhotoError) as error:
        raise refusal(str(error)) from error
    return {
        mode.id: {
            "score": found[mode.id].score,
            "unit": mode.unit,
            "threshold": mode.threshold,
            "over": found[mode.id].score >= mode.threshold,
        }
        for mode in MODES
        if mode.id in found
    }
