"""One photo, every teacher: what each shipped model was asked to do, and what it makes of the photograph."""

from functools import partial
from pathlib import Path

import gradio as gr
import numpy as np

from visualize.jpeg_uri import jpeg_uri
from visualize.lab import Lab
from visualize.model_titles import spoken
from visualize.problems import sentence
from visualize.widgets.teacher_card import teacher_card

ID = "teachers"
TITLE = "One photo, every teacher"
QUESTION = "What can a photograph teach when nobody says what is in it?"
METHODS = ()

ASSETS = Path(__file__).parents[2] / "assets"
# The one figure of a card, by the bench that measured it, the last that there is; `python -m ssl_core bench` writes it into config.json.
FIGURES = {
    "transfer": ("probe_percent", "Linear probe of Caltech-101: {:.1f} % right"),
    "inpaint": ("psnr_db", "On other photos: PSNR {:.1f} dB, higher is better"),
    "colorize": ("auc_weighted_percent", "On other photos: weighted AuC {:.1f} %, higher is better"),
    "split-brain": ("color_gain_nats", "On other photos: colours {:.2f} nats better than a constant, higher is better"),
    "position": ("accuracy_percent", "On other photos: right {:.1f} % of the time; chance is 12.5 %"),
    "words-losses": (
        "precision_5_percent",
        "On other photos: {:.0f} % of 5 words it names were written, higher is better",
    ),
    "denoise": ("gaussian_20_db", "On other photos: Gaussian noise of 0.2, {:+.1f} dB PSNR, higher is better"),
}
SIDE = 256  # pixels of the longest side that a model's panels are made from


def build(lab: Lab, page) -> None:
    """Lay out one card per shipped model; each fills when the tab is open and the photograph changes."""
    gr.HTML(
        (ASSETS / "teachers_head.html").read_text(encoding="utf-8").replace("@question", QUESTION),
        js_on_load=(ASSETS / "teachers_head.js").read_text(encoding="utf-8"),
        apply_default_css=False,
    )
    notice = gr.HTML(elem_classes="notice", apply_default_css=False)
    page.on_show(ID, lambda photo_key: missing_models(lab), [], [notice], api_name="missing_models")
    with gr.Row(elem_classes="cards"):
        for name in lab.model_names():
            card = teacher_card(name, ID, page.home(name))
            endpoint = f"lesson_{name.replace('-', '_')}"
            page.on_show(ID, partial(lesson, lab, name), [], [card], api_name=endpoint)
    gr.HTML((ASSETS / "teachers_fold.html").read_text(encoding="utf-8"), apply_default_css=False)


def lesson(lab: Lab, name: str, photo_key: str) -> dict:
    """What the card of a model shows: its task in a line, the paper, and its panels as pictures; or what is wrong."""
    card = spoken(name) | {"photo": photo_key}
    try:
        return card | lab.keep(("lesson", photo_key, name), lambda: made_lesson(lab, name, photo_key))
    except Exception as error:  # noqa: BLE001, a model that fails must not leave its card waiting for ever
        return card | {"error": sentence(error, f"{name} on {photo_key}")}


def made_lesson(lab: Lab, name: str, photo_key: str) -> dict:
    """The same, computed. Errors: CheckpointError, PhotoError."""
    import torch

    from ssl_core import zoo
    from ssl_core.checkpoint import read_config

    pixels = reduced(lab.photo(photo_key).pixels)
    model = lab.model(name)
    image = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        panels = model.panels({"image": image}, np.random.default_rng(0))
    return {
        "asked": model.asked,
        "paper": cited(model.paper),
        **measured(read_config(zoo.folder() / name)),
        "figures": [{"caption": caption, "src": as_jpeg(panel)} for caption, panel in panels.items()],
    }


def cited(paper) -> str:
    """A paper in a few words: first author, venue, year."""
    first, *others = paper.authors.split(",")
    return f"{first}{' and others' if others else ''}, {paper.venue} {paper.year}"


def measured(about: dict) -> dict[str, str]:
    """From the config.json of a model: its figure on photographs it never saw, and how long it was trained, where known."""
    from ssl_core.teachers import cost_of

    lines, run = {}, about["training"]
    for bench, (key, line) in FIGURES.items():
        if key in about.get("scores", {}).get(bench, {}):
            lines["figure"] = line.format(about["scores"][bench][key])
    if run.get("minutes") and run.get("images"):
        lines["trained"] = "Trained {minutes:.0f} min, {images:,.0f} pictures seen".format(**cost_of(run))
    return lines


def missing_models(lab: Lab) -> str:
    """A paragraph about models that the project ships and that are not there; empty when none is missing."""
    from ssl_core.pretexts import model_names
    from ssl_core.zoo import folder

    there = lab.model_names()
    gone = [name for name in model_names() if name not in there]
    if not gone:
        return ""
    which = ", ".join(gone)
    return (
        f'<p class="problem">Not in {folder().name}/: {which}. Restore the folder from the repository '
        f"(git checkout -- checkpoints), or train: python -m ssl_core train {gone[0]} --source starter</p>"
    )


def reduced(pixels: np.ndarray) -> np.ndarray:
    """(H,W,3) uint8 with a longest side of at most 256 pixels."""
    from PIL import Image

    picture = Image.fromarray(pixels)
    picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return np.array(picture)


def as_jpeg(panel: np.ndarray) -> str:
    """A picture (H,W,3) float in [0, 1] as a JPEG data URI."""
    return jpeg_uri((np.clip(panel, 0, 1) * 255).round().astype(np.uint8), 90)
