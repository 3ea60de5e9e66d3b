"""Tab "Position": a person and two networks say which of the eight neighbours of a patch another patch is."""

from functools import partial

import gradio as gr

from visualize.jpeg_uri import FULL_COLOR, jpeg_uri
from visualize.lab import Lab
from visualize.tabs import relative_position_api, relative_position_words
from visualize.tabs.explained import explained, trainings
from visualize.tabs.relative_position_round import Square, about, answer, draw_square, geometry, resized
from visualize.widgets.position_board import position_board, read_round
from visualize.widgets.posterior_lens import data_url

ID = "relative_position"
TITLE = "Position"
QUESTION = "Where does it belong?"
METHODS = ("relative-position",)

LARGEST = 480  # px of the square as a person sees it


def build(lab: Lab, page) -> None:
    """The tab: the board, which is game and answers in one, and the words below."""
    board = position_board(QUESTION, lab.keys, elem_id="position-board")
    names = lab.models(METHODS[0])
    explained("relative_position_words.html", trainings=trainings(names), ours=relative_position_words.ours(names))
    quiet = {"show_progress": "hidden", "trigger_mode": "always_last", "api_visibility": "private"}
    page.on_show(ID, partial(show, lab), [board], [board], concurrency_limit=2, **quiet)
    board.ask(partial(show, lab), [page.photo, board], [board], concurrency_limit=2, **quiet)
    relative_position_api.build(lab, METHODS[0])


def show(lab: Lab, photo_key: str, value: str) -> dict:
    """The round of a photograph, as an update of the board. Never raises for bad photos and networks."""
    return gr.update(asked=asked(lab, photo_key, read_round(value)))


def asked(lab: Lab, photo_key: str, number: int) -> dict:
    """A question and the networks' answers to it, as the board takes them; `message` is a sentence when there is no question.

    {"photo", "name", "round", "message", "direction", "sharp" and "seen" (the square as data URIs, as the photograph and as the networks
    have it), "boxes" (nine of left, top, size in shares of the square), "steps" (three lefts or tops of the grid without jitter), "pixels"
    (side of a patch), "networks": [{"name", "title"} with "likely" (eight shares) or "error" where there is a question]}
    """
    from ssl_core.photo import PhotoError

    names = lab.models(METHODS[0])
    told = {"photo": photo_key, "round": number, "message": "", "networks": [about(name) for name in names]}
    config = geometry(lab, names)
    key = ("position", photo_key, number, config)
    try:
        square, question = lab.keep(key, lambda: made_question(lab, photo_key, number, config))
    except PhotoError as error:
        return told | {"message": str(error)}
    alone = "" if names else "No trained network is in the folder checkpoints, so you play alone."
    networks = [answer(lab, name, square, config) for name in names]
    return told | question | {"message": alone, "networks": networks}


def made_question(lab: Lab, photo_key: str, number: int, config) -> tuple[Square, dict]:
    """What is asked, and what of it no network has a part in. Errors: PhotoError."""
    from ssl_core.pretexts.relative_position import corners

    photo = lab.photo(photo_key)
    square = draw_square(photo.pixels, config, number)
    left, top, size = square.box
    sharp = photo.pixels[top : top + size, left : left + size]
    share = config.patch / config.side
    return square, {
        "name": photo.name,
        "direction": square.direction,
        "sharp": jpeg_uri(resized(sharp, min(size, LARGEST)), 92, FULL_COLOR),
        "seen": data_url(square.seen),
        "boxes": [[x / config.side, y / config.side, share] for y, x in square.places.tolist()],
        "steps": (corners(config.side, config.patch, config.gap)[:3, 1] / config.side).tolist(),
        "pixels": config.patch,
    }
