"""Tab "Inpaint": hide a part of a photo, and see what context encoders and honest baselines put there."""

from collections.abc import Iterator
from functools import partial

import gradio as gr
import numpy as np

from visualize.jpeg_uri import FULL_COLOR, jpeg_uri
from visualize.lab import Lab, Recent
from visualize.tabs import inpaint_api, inpaint_fills, inpaint_words
from visualize.tabs.explained import explained, trainings
from visualize.widgets import answers as answers_widget
from visualize.widgets import mask_pad

ID = "inpaint"
TITLE = "Inpaint"
QUESTION = "What belongs in the hole?"
METHODS = ("context-encoder",)

START = "central-region"
RESULTS_KEPT = 24  # undo and redo answer at once; all visitors share them


def build(lab: Lab, page) -> None:
    """The tab: the mask pad on the left, the answers on the right, the words below."""
    kept = Recent(RESULTS_KEPT)
    gr.HTML(f"<h2 class='question'>{QUESTION}</h2>", apply_default_css=False)
    with gr.Row(elem_classes="inpaint-bench"):
        with gr.Column(scale=10, min_width=320):
            pad = mask_pad.mask_pad(START, preset_mask, elem_id="mask-pad")
        with gr.Column(scale=15, min_width=320):
            side_by_side = answers_widget.answers(elem_id="inpaint-answers")
    names = lab.models(METHODS[0])
    explained("inpaint_words.html", trainings=trainings(names), weights=inpaint_words.weights(names))

    quiet = {"show_progress": "hidden", "trigger_mode": "always_last", "api_visibility": "private"}
    page.on_show(ID, partial(show, lab, kept), [pad], [pad, side_by_side], **quiet)
    # without the queue: one request, one answer, no waiting behind slower work, and no stream that a slow link loses
    pad.stroke(partial(fill, lab, kept), [page.photo, pad], side_by_side, queue=False, **quiet)
    side_by_side.filled(partial(follow, lab, kept), [page.photo, pad], side_by_side, queue=False, **quiet)
    inpaint_api.build(lab, METHODS[0])


class NothingKnown(ValueError):
    """All of the photograph is hidden."""


def show(lab: Lab, kept: Recent, key: str, code: str) -> Iterator[tuple[dict, dict]]:
    """A photo has come into the tab: first the picture for the pad, since on a cold start the networks load after it;
    then the answers to the mask that stands already.
    """
    photo = picture(lab, key)
    yield gr.update(photo=photo), gr.skip()
    yield gr.skip(), gr.update(photo=photo, value=fill(lab, kept, key, code))


def fill(lab: Lab, kept: Recent, key: str, code: str) -> dict:
    """The answers that are there at once; see `widgets.answers` for the form. What is wrong with a mask stands in `message`."""
    value = {"photo": key, "mask": code, "message": "", "size": "", "answers": []}
    try:
        hole = open_hole(lab, key, code)
    except ValueError as error:
        covered = isinstance(error, NothingKnown)
        return value | {"message": str(error), "answers": descriptions(lab), "covered": covered}
    told = kept.keep((key, code), lambda: quick_answers(lab, hole))[1]
    height, width = hole.hidden.shape
    message = (
        ""
        if lab.models(METHODS[0])
        else "No trained network is in the folder checkpoints, so only the baselines answer."
    )
    return value | {"message": message, "size": f"{width} x {height}", "answers": told}


def quick_answers(lab: Lab, hole: inpaint_fills.Hole) -> tuple[inpaint_fills.Fills, list[dict]]:
    """The fills that are fast, and what is told of every answer."""
    fills = inpaint_fills.quick_fills(lab, METHODS[0], hole)
    return fills, [hole.tell(one, fills) for one in descriptions(lab)]


def descriptions(lab: Lab) -> list[dict]:
    """What is told of every answer before there is any."""
    return [inpaint_fills.describe(name, METHODS[0]) for name in lab.models(METHODS[0])] + inpaint_fills.baselines()


def follow(lab: Lab, kept: Recent, key: str, code: str) -> dict:
    """What takes longer, as an update of the answers' `later`. Nothing when there is nothing to fill."""
    try:
        hole = open_hole(lab, key, code)
    except ValueError:  # there is no hole: `fill` has said so
        return gr.skip()
    fills = kept.keep((key, code), lambda: quick_answers(lab, hole))[0]  # others' strokes may have pushed it out
    later = kept.keep((key, code, "later"), lambda: inpaint_fills.later_answers(hole, fills))
    return gr.update(later={"photo": key, "mask": code} | later)


def picture(lab: Lab, key: str) -> dict | None:
    """The photograph as the widgets take it, or None when the key is unknown."""
    try:
        photo = lab.photo(key)
    except ValueError:
        return None
    height, width = photo.pixels.shape[:2]
    src = lab.keep(("inpaint-picture", key), lambda: jpeg_uri(photo.pixels, 93, FULL_COLOR))
    return {"key": key, "name": photo.name, "src": src, "width": width, "height": height}


def preset_mask(kind: str, seed: int) -> np.ndarray:
    """The (256, 256) bool mask of a named preset, the same for the same seed."""
    from ssl_core import masks

    side = mask_pad.SIDE
    if kind == "central-region":
        return masks.central_region(side, side)
    return getattr(masks, kind.replace("-", "_"))(side, side, np.random.default_rng(seed))


def open_hole(lab: Lab, key: str, code: str) -> inpaint_fills.Hole:
    """The photograph and what is hidden of it. Errors: ValueError whose text is a sentence for the person."""
    photo = lab.photo(key)
    hidden = mask_pad.fit_mask(mask_pad.read_code(code, preset_mask), *photo.pixels.shape[:2])
    if not hidden.any():
        raise ValueError("Nothing is hidden: paint over a part of the photo.")
    if hidden.all():
        raise NothingKnown("The whole photo is hidden, so nothing is left to predict from: erase a part of the mask.")
    return inpaint_fills.Hole(photo.pixels, hidden)
