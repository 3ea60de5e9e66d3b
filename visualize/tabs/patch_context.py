"""Tab "Context": put a patch on a photo, and see what look-alikes foretell of its surroundings, before and after pruning by context."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import gradio as gr
import numpy as np

from visualize.jpeg_uri import FULL_COLOR, jpeg_uri
from visualize.lab import Lab
from visualize.tabs import patch_context_scene as scenes
from visualize.tabs.explained import explained
from visualize.widgets.patch_board import patch_board, patch_clusters

ID = "patch_context"
TITLE = "Context"
QUESTION = "What surrounds this patch?"
METHODS = ("patch-context",)

RIM = 0.17  # share of a photograph along its edges where a first patch would have too little context


def build(lab: Lab, page) -> None:
    """The tab: the board with the photo and its neighbours, the clusters of the bank, the words below."""
    board = patch_board(QUESTION, ID)
    clusters = patch_clusters()
    explained("patch_context_words.html")
    quiet = {"show_progress": "hidden", "api_visibility": "private"}
    page.on_show(ID, partial(show, lab), [board], [board], concurrency_limit=2, **quiet)
    board.moved(
        partial(move, lab), [page.photo, board], board, trigger_mode="always_last", concurrency_limit=2, **quiet
    )
    search = clusters.find(partial(find, lab), None, clusters, concurrency_limit=2, **quiet)
    clusters.stop(None, None, None, cancels=[search], queue=False, **quiet)


def show(lab: Lab, photo_key: str, code: str) -> Iterator[dict]:
    """The board for a photograph: first the photo alone, then the neighbours of its patch, then the map. Never raises for bad photos.

    Without a patch of its own the photograph gets the one whose context is foretold best.
    """
    from ssl_core.photo import PhotoError
    from ssl_core.sources import SourceError

    scene = {"key": photo_key}
    try:
        scene["photo"] = picture(lab, photo_key)
        yield gr.update(scene=scene | {"working": "Looking through the bank"})
        patches = yield from waiting(scene, scenes.patches_steps(lab))
        if scenes.read_patch(code, photo_key):
            yield gr.update(scene=scene | answer(lab, patches, photo_key, code))
        spots = lab.keep(("patch map", photo_key, patches.bank.key), lambda: scenes.map_of(lab, patches, photo_key))
        told = {"spots": {"key": photo_key, "spots": spots}}
        if not scenes.read_patch(code, photo_key):
            code = first_patch(lab, patches, photo_key, spots)
            told["scene"] = scene | answer(lab, patches, photo_key, code)
        yield gr.update(**told)
    except (PhotoError, SourceError) as problem:
        yield gr.update(scene=scene | {"message": str(problem)})


def waiting(scene: dict, steps) -> Iterator[dict]:
    """Show how far a long work is; returns its result."""
    try:
        while True:
            step = next(steps)
            working = f"{step.doing.capitalize() or 'Working'}: {step.done:,} of {step.total:,} pictures"
            yield gr.update(scene=scene | {"working": working, "share": step.done / max(step.total, 1)})
    except StopIteration as finished:
        return finished.value
    finally:
        steps.close()


def picture(lab: Lab, photo_key: str) -> dict:
    """The photograph for the board. Errors: PhotoError."""
    photo = lab.photo(photo_key)
    height, width = photo.pixels.shape[:2]
    src = lab.keep(("patch picture", photo_key), lambda: jpeg_uri(photo.pixels, 92, FULL_COLOR))
    return {"name": photo.name, "src": src, "width": width, "height": height}


def first_patch(lab: Lab, patches, photo_key: str, spots: list[dict]) -> str:
    """The code of the patch to begin with. Errors: PatchError for a flat photograph or a tiny one."""
    from ssl_core.patch_query import first_box

    inner = [spot for spot in spots if all(RIM <= spot[axis] <= 1 - RIM for axis in "xy")]
    if inner:
        best = max(inner, key=lambda spot: spot["score"])
        return f"{best['x']},{best['y']},{best['side']}@{photo_key}"
    pixels = lab.photo(photo_key).pixels
    box = first_box(pixels, scenes.START, patches.config)
    height, width = pixels.shape[:2]
    x, y = (box.left + box.side / 2) / width, (box.top + box.side / 2) / height
    return f"{x:.3f},{y:.3f},{box.side / min(height, width):.3f}@{photo_key}"


def answer(lab: Lab, patches, photo_key: str, code: str) -> dict:
    """The rows of a patch, or the sentence that says why there are none. Errors: PhotoError."""
    from ssl_core.patch_bank import PatchError
    from ssl_core.patch_query import fit_box, window_pixels

    x, y, side = scenes.read_patch(code, photo_key)
    pixels, told = lab.photo(photo_key).pixels, {"patch": code, "note": notes(lab, patches)}

    def make() -> dict:
        box = fit_box((x, y), side, *pixels.shape[:2])
        query = scenes.asked_query(lab, patches, photo_key, box)
        cell = patches.config.cell
        truth, inside = window_pixels(pixels, box, patches.config)
        inside = inside.repeat(cell, axis=0).repeat(cell, axis=1)[..., None]
        truth = np.where(inside, truth[cell:-cell, cell:-cell], np.uint8(scenes.MAT))
        return scenes.neighbors(lab, patches, query, truth)

    try:
        return told | lab.keep(("patch", code, patches.bank.key), make)
    except PatchError as problem:
        return told | {"problem": str(problem)}


def notes(lab: Lab, patches) -> str:
    """What a person should know of the bank: pictures that could not be read, photographs that have changed."""
    skipped = (
        f"{patches.bank.skipped:,} of the files could not be read and are left out." if patches.bank.skipped else ""
    )
    return " ".join(filter(None, (skipped, lab.bank_changed())))


def move(lab: Lab, photo_key: str, code: str) -> dict:
    """The rows for a patch that was moved. Nothing while the bank is not open, or for a code that is not this photo's."""
    from ssl_core.photo import PhotoError

    bank = lab.opened.get("bank")
    patches = bank and lab.opened.get(("patches", bank.key))
    if patches is None or scenes.read_patch(code, photo_key) is None:
        return gr.skip()
    try:
        return gr.update(
            scene={"key": photo_key, "photo": picture(lab, photo_key)} | answer(lab, patches, photo_key, code)
        )
    except PhotoError as problem:
        return gr.update(scene={"key": photo_key, "message": str(problem)})


def find(lab: Lab) -> Iterator[dict]:
    """The ranked clusters of the bank, telling how far the search is. What is wrong becomes a sentence."""
    from ssl_core.patch_clusters import discover_steps
    from ssl_core.photo import PhotoError
    from ssl_core.sources import SourceError

    try:
        patches = yield from seeking(scenes.patches_steps(lab))
        key = ("clusters", patches.bank.key)
        found = lab.standing.get(key)
        if found is None:
            found = yield from seeking(lab.work.watch(key, lambda: discover_steps(patches)))
            found = lab.standing.keep(key, lambda: found)
        yield gr.update(ranking=scenes.ranked(lab, patches, found))
    except (PhotoError, SourceError) as problem:
        yield gr.update(ranking={"message": str(problem)})


def seeking(steps) -> Iterator[dict]:
    """Show how far the search for clusters is; returns its result."""
    try:
        while True:
            step = next(steps)
            told = f"{step.doing.capitalize() or 'Working'}: {step.done:,} of {step.total:,}"
            yield gr.update(ranking={"working": told, "share": step.done / max(step.total, 1)})
    except StopIteration as finished:
        return finished.value
    finally:
        steps.close()
