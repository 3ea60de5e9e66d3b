"""One photo, every teacher: what each shipped model was asked to do, and what it makes of the photograph."""

import base64
import io
from functools import partial

import gradio as gr
import numpy as np

from visualize.lab import Lab
from visualize.widgets.teacher_card import teacher_card

ID = "teachers"
TITLE = "One photo, every teacher"
QUESTION = "What can a photograph teach, if nobody says what is in it?"
METHODS = ()

SIDE = 256  # pixels of the longest side that a model's panels are made from


def build(lab: Lab, page) -> None:
    """Lay out one card per shipped model; each fills when the tab is open and the photograph changes."""
    gr.HTML(f'<h2 class="question">{QUESTION}</h2>', apply_default_css=False)
    with gr.Row(elem_classes="cards"):
        for name in lab.model_names():
            card = teacher_card(name)
            page.on_show(ID, partial(lesson, lab, name), [], [card], api_name=f"lesson_{name.replace('-', '_')}")


def lesson(lab: Lab, name: str, photo_key: str) -> dict:
    """What the card of a model shows: its task in a line, the paper, and its panels as pictures."""
    from ssl_core.checkpoint import CheckpointError
    from ssl_core.photo import PhotoError

    try:
        return lab.keep(("lesson", photo_key, name), lambda: _lesson(lab, name, photo_key))
    except (CheckpointError, PhotoError) as error:
        return {"name": name, "error": str(error)}


def _lesson(lab: Lab, name: str, photo_key: str) -> dict:
    import torch

    model = lab.model(name)
    picture = reduced(lab.photo(photo_key).pixels)
    image = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        panels = model.panels({"image": image}, np.random.default_rng(0))
    figures = [{"caption": caption, "src": as_jpeg(panel)} for caption, panel in panels.items()]
    paper = model.paper
    cited = f"{paper.authors}, {paper.venue} {paper.year}"
    return {"name": name, "question": model.question, "asked": model.asked, "paper": cited, "figures": figures}


def reduced(pixels: np.ndarray) -> np.ndarray:
    """(H,W,3) uint8 with a longest side of at most 256 pixels."""
    from PIL import Image

    picture = Image.fromarray(pixels)
    picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return np.array(picture)


def as_jpeg(panel: np.ndarray) -> str:
    """A picture (H,W,3) float in [0, 1] as a JPEG data URI."""
    from PIL import Image

    data = io.BytesIO()
    Image.fromarray((np.clip(panel, 0, 1) * 255).round().astype(np.uint8)).save(data, "JPEG", quality=90)
    return "data:image/jpeg;base64," + base64.b64encode(data.getvalue()).decode("ascii")
