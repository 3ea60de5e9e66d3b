"""Tab "Inpaint": hide a part of a photo, and see what context encoders and honest baselines put there."""

from functools import partial

import gradio as gr
import numpy as np

from visualize import error_map
from visualize.lab import Lab, Recent, Shown
from visualize.tabs import inpaint_api, inpaint_fills, inpaint_words
from visualize.widgets import answers as answers_widget
from visualize.widgets import mask_pad

ID = "inpaint"
TITLE = "Inpaint"
QUESTION = "What belongs in the hole?"
METHODS = ("context-encoder",)

START = "central-region"
MASKS_KEPT = 12  # undo and redo answer at once


def build(lab: Lab, page) -> None:
    """The tab: the mask pad on the left, the answers on the right, the words below."""
    kept = Recent(MASKS_KEPT)
    gr.HTML(f"<h2 class='question'>{QUESTION}</h2>", apply_default_css=False)
    with gr.Row(elem_classes="inpaint-bench"):
        with gr.Column(scale=11, min_width=320):
            pad = mask_pad.mask_pad(START, preset_mask, elem_id="mask-pad")
        with gr.Column(scale=15, min_width=320):
            side_by_side = answers_widget.answers(elem_id="inpaint-answers")
    inpaint_words.build(lab, METHODS[0])

    quiet = {"show_progress": "hidden", "trigger_mode": "always_last", "api_visibility": "private"}
    page.on_show(ID, partial(show, lab, kept), [pad], [pad, side_by_side], **quiet)
    # without the queue: one request, one answer, and no waiting behind slower work
    pad.stroke(partial(fill, lab, kept), [page.photo, pad], side_by_side, queue=False, **quiet)
    side_by_side.filled(partial(follow, lab, kept), [page.photo, pad], side_by_side, concurrency_limit=2, **quiet)
    inpaint_api.build(lab, METHODS[0])


def show(lab: Lab, kept: Recent, key: str, code: str) -> tuple[dict, dict]:
    """A photo has come into the tab: the picture for both widgets, and the answers to the mask that stands already."""
    photo = picture(lab, key)
    return gr.update(photo=photo), gr.update(photo=photo, value=fill(lab, kept, key, code))


def fill(lab: Lab, kept: Recent, key: str, code: str) -> dict:
    """The answers that are there at once, networks first; see `widgets.answers` for the form. Never raises for bad masks."""
    value = {"photo": key, "mask": code, "message": "", "size": "", "answers": []}
    try:
        photo, hidden = hole(lab, key, code)
    except ValueError as error:
        return value | {"message": str(error)}
    names = lab.models(METHODS[0])
    baselines = [{"id": name, "title": title, "note": note} for name, (title, note) in inpaint_fills.BASELINES.items()]
    if not hidden.any() or hidden.all():
        sentence = "Nothing is hidden: paint over a part of the photo." if not hidden.any() else (
            "The whole photo is hidden: nothing is left to predict from. Erase a part of the mask."
        )
        networks = [inpaint_fills.describe(name, METHODS[0]) for name in names]
        return value | {"message": sentence, "answers": networks + baselines}
    box = answers_widget.hole_box(hidden)
    quick = kept.keep((key, code), lambda: inpaint_fills.quick_fills(lab, METHODS[0], photo, hidden))
    told = [inpaint_fills.tell(about, photo, hidden, box, quick) for about in [inpaint_fills.describe(name, METHODS[0]) for name in names] + baselines]
    height, width = hidden.shape
    message = "" if names else "No trained network is here: `checkpoints/` holds none. The baselines still answer."
    return value | {"message": message, "size": f"{width} x {height}", "answers": told}


def follow(lab: Lab, kept: Recent, key: str, code: str) -> dict:
    """What takes longer: the biharmonic fill and the error maps. Update of the answers' `later`."""
    try:
        photo, hidden = hole(lab, key, code)
    except ValueError:
        return gr.skip()
    if not hidden.any() or hidden.all():
        return gr.skip()
    return gr.update(later=kept.keep((key, code, "later"), lambda: slow_answers(lab, kept, photo, hidden, code)))


def slow_answers(lab: Lab, kept: Recent, photo: Shown, hidden: np.ndarray, code: str) -> dict:
    """The value of `later`: biharmonic, and an error map of every answer."""
    box = answers_widget.hole_box(hidden)
    fills = dict(kept.keep((photo.key, code), lambda: inpaint_fills.quick_fills(lab, METHODS[0], photo, hidden)))
    fills["biharmonic"], note = inpaint_fills.biharmonic_fill(photo.pixels, hidden)
    title = inpaint_fills.BASELINES["biharmonic"][0]
    slow = inpaint_fills.tell({"id": "biharmonic", "title": title, "note": note}, photo, hidden, box, fills)
    truth = photo.pixels / np.float32(255)
    errors = {
        name: answers_widget.patch(error_map.error_map(answer, truth, hidden), box)
        for name, answer in fills.items()
        if not isinstance(answer, str)
    }
    scale = {"scale": error_map.scale_stops(), "top": round(100 * error_map.TOP)}
    return {"photo": photo.key, "mask": code, "answers": [slow], "errors": errors} | scale


def picture(lab: Lab, key: str) -> dict | None:
    """The photograph as the widgets take it, or None when the key is unknown."""
    try:
        photo = lab.photo(key)
    except ValueError:
        return None
    height, width = photo.pixels.shape[:2]
    src = lab.keep(("inpaint-picture", key), lambda: answers_widget.data_uri(photo.pixels, 93))
    return {"key": key, "name": photo.name, "src": src, "width": width, "height": height}


def preset_mask(kind: str, seed: int) -> np.ndarray:
    """The (256, 256) bool mask of a named preset, the same for the same seed."""
    from ssl_core import masks

    side = mask_pad.SIDE
    if kind == "central-region":
        return masks.central_region(side, side)
    return getattr(masks, kind.replace("-", "_"))(side, side, np.random.default_rng(seed))


def hole(lab: Lab, key: str, code: str) -> tuple[Shown, np.ndarray]:
    """The photograph and its hidden pixels, (H, W) bool. Errors: PhotoError, MaskCodeError."""
    photo = lab.photo(key)
    return photo, mask_pad.fit_mask(mask_pad.read_code(code, preset_mask), *photo.pixels.shape[:2])
