"""Tab "Split-brain": one half of a network sees the lightness and says the colours, the other sees the colours and says the lightness."""

from dataclasses import replace
from functools import partial

import gradio as gr
import numpy as np

from visualize.entropy_map import VIRIDIS
from visualize.jpeg_uri import FULL_COLOR, jpeg_uri
from visualize.lab import Lab, Recent
from visualize.tabs import split_brain_api
from visualize.tabs.explained import explained, trainings
from visualize.widgets.posterior_lens import LensFiles, LensFolder
from visualize.widgets.split_view import read_turn, split_view

ID = "split_brain"
TITLE = "Split-brain"
QUESTION = "What does one half of a picture say about the other?"
METHODS = ("split-brain",)

TURNS_KEPT = 24  # a hand that goes back and forth is answered at once
ASIDE = ("lightness said", "colours seen")  # the pictures that change when the hues are turned


def build(lab: Lab, page) -> None:
    """The tab: the view, which is controls and answers in one, and the words below."""
    files, turned = LensFiles(), Recent(TURNS_KEPT)
    view = split_view(QUESTION, elem_id="split-view")
    explained("split_brain_words.html", trainings=trainings(lab.models(METHODS[0])))
    quiet = {"show_progress": "hidden", "trigger_mode": "always_last", "api_visibility": "private"}
    page.on_show(ID, partial(show, lab, files, turned), [view], [view], concurrency_limit=2, **quiet)
    view.turn(partial(show, lab, files, turned), [page.photo, view], [view], concurrency_limit=2, **quiet)
    split_brain_api.build(lab, METHODS[0])


def show(lab: Lab, files: LensFiles, turned: Recent, photo_key: str, value: str) -> dict:
    """The scene of a photograph, as an update of the view. Never raises for bad photos and networks."""
    return gr.update(scene=scene_of(lab, files, turned, photo_key, read_turn(value)))


def scene_of(lab: Lab, files: LensFiles, turned: Recent, photo_key: str, degrees: int) -> dict:
    """What the view shows: {"photo", "turn", "message"}, and unless there is nothing to show but the message also

    "has_color", "width" and "height" (the photo's), "pictures" (name: data URI), "stops" (a sequential map), and for "color" and
    "lightness" {"path", "bins", "height", "width"} of the file of log-probabilities and "figures".
    """
    from ssl_core.checkpoint import CheckpointError
    from ssl_core.photo import PhotoError

    told = {"photo": photo_key, "turn": degrees, "message": ""}
    names = lab.models(METHODS[0])
    if not names:
        return told | {"message": "No trained split-brain network is here. Train one with `python -m ssl_core train`."}
    try:
        photo = lab.photo(photo_key)
        scene = lab.keep(("split", id(files), photo_key), lambda: scene_as_it_is(lab, files, names[0], photo))[1]
        if degrees and photo.has_color:
            key = (photo_key, degrees)
            aside = turned.keep(key, lambda: scene_turned(lab, files, names[0], photo.pixels, degrees))[1]
            scene = scene | aside | {"pictures": scene["pictures"] | aside["pictures"]}
        return told | scene
    except (PhotoError, CheckpointError) as error:
        return told | {"message": str(error)}


def scene_as_it_is(lab: Lab, files: LensFiles, name: str, photo) -> tuple[list[LensFolder], dict]:
    """The scene without any turn, and the folders that its files live in. Errors: CheckpointError."""
    model, height_width = lab.model(name), photo.pixels.shape[:2]
    said = model.predict(photo.pixels)
    pictures = said.pictures()
    colors, folder = files.folder(), files.folder()
    scene = {
        "has_color": photo.has_color,
        "height": height_width[0],
        "width": height_width[1],
        "stops": VIRIDIS,
        "pictures": {name: as_uri(picture) for name, picture in pictures.items()} | {"photo": as_uri(photo.pixels)},
        "color": file_of(colors, said.ab_log_probabilities, model_bins())
        | {"figures": color_figures(pictures["colours said"], photo.pixels)},
        "lightness": lightness_part(folder, said),
    }
    return [colors, folder], scene


def scene_turned(lab: Lab, files: LensFiles, name: str, pixels: np.ndarray, degrees: int) -> tuple[LensFolder, dict]:
    """The part of the scene that changes when the hues are turned. Errors: CheckpointError."""
    import torch

    from ssl_core.color import rgb_to_lab
    from ssl_core.hue_chroma import turn_hues

    image = torch.from_numpy(np.array(pixels)).movedim(-1, 0).float() / 255
    said = lab.model(name).predict(turn_hues(image, degrees).movedim(0, -1).numpy())
    pictures, folder = said.pictures(), files.folder()
    # of what is turned out of sRGB the lightness is clipped as well: it is held against that of the photo
    said = replace(said, lab=rgb_to_lab(image).numpy())
    return folder, {
        "pictures": {name: as_uri(pictures[name]) for name in ASIDE},
        "lightness": lightness_part(folder, said),
    }


def lightness_part(folder: LensFolder, said) -> dict:
    """The distribution over lightness as a file, and by how much its mean is off; both in L, 0 to 100."""
    count = len(said.lightness_log_probabilities)
    levels = [[(k + 0.5) * 100 / count, 0] for k in range(count)]
    return file_of(folder, said.lightness_log_probabilities, levels) | {"figures": said.lightness_errors()}


def color_figures(painted: np.ndarray, pixels: np.ndarray) -> dict:
    """AuC in per cent, of the colours said and of grey, and mean chroma in ab units, of the colours said and of the photo's."""
    from ssl_core.metrics import color_auc, mean_chroma
    from visualize.tabs.colorize_api import ab_of

    truth, said = ab_of(pixels / np.float32(255)), ab_of(painted)
    chroma = mean_chroma(truth)
    grey = color_auc(np.zeros_like(truth), truth)
    return {"auc": color_auc(said, truth), "auc_grey": grey, "chroma": mean_chroma(said), "chroma_true": chroma}


def file_of(folder: LensFolder, log_probabilities: np.ndarray, bins: list) -> dict:
    """A file of log-probabilities (Q, h, w) for the browser, and what it needs to read it."""
    _, height, width = log_probabilities.shape
    return {"path": folder.log_probabilities(log_probabilities), "bins": bins, "height": height, "width": width}


def model_bins() -> list:
    """The ab of each colour bin."""
    from ssl_core.ab_bins import gamut_bins

    return gamut_bins().tolist()


def as_uri(picture: np.ndarray) -> str:
    """(H, W, 3) uint8, or float in [0, 1], as a data URI."""
    eight_bit = picture if picture.dtype == np.uint8 else np.rint(picture * 255).astype(np.uint8)
    return jpeg_uri(eight_bit, 92, FULL_COLOR)
