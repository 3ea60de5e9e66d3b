"""The gallery of the tab "Failures": the pictures of the bank on which one network shows one mode most, worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from visualize.failure_map import failure_map
from visualize.jpeg_uri import FULL_COLOR, jpeg_uri
from visualize.lab import Lab
from visualize.tabs.failures_table import Board
from visualize.widgets import mask_pad

if TYPE_CHECKING:
    from ssl_core.bank import Place
    from ssl_core.failures import Mode
    from ssl_core.failures_color import Finding
    from ssl_core.pretext import Pretext

MOST = 12  # pictures of a gallery
AT_A_TIME = 3  # pictures of one answer, so that the first are there soon
SIDE = 224  # px of a picture of the gallery, at most


def tiles(board: Board, query: dict) -> dict:
    """A few pictures of the gallery of a model and a mode: {"total", "start", "tiles"}; {"waiting": true} while the bank is not judged.

    A tile is {"position", "score", "photo": key, "name", "mask"} and the pictures "src", "truth" and "map". `mask` is the hole as the
    mask pad takes it, for modes of inpainting.
    """
    model, mode = board.asked(query)
    found, bank = board.scores(model), board.lab.bank_at_hand()
    if found is None or bank is None:
        return {"waiting": True}
    worst = found.worst(mode, bank, MOST)
    start = int(np.clip(int(query.get("start") or 0), 0, len(worst)))
    made = [
        tile(board, model, mode, position) | {"score": score} for position, score in worst[start : start + AT_A_TIME]
    ]
    return {"total": len(worst), "start": start, "tiles": made}


def tile(board: Board, model: Pretext, mode: Mode, position: int) -> dict:
    """One picture of the gallery, without its score. Computed once."""
    bank = board.lab.bank_at_hand()

    def make() -> dict:
        truth, painted, found = board.painter(model, bank).judge(position, mode.task)
        place = bank.place(position)
        key = board.lab.strip_key(place)
        about = {"position": position, "photo": key, "name": board.lab.about(key)["name"], "mask": ""}
        if mode.task == "inpaint":
            about["mask"] = hole_code(board.lab, place)
        return about | pictures(painted, truth, found[mode.id], mode)

    return board.answers.keep((model.name, mode.id, bank.key, position), make)


def pictures(painted: np.ndarray, truth: np.ndarray, finding: Finding, mode: Mode) -> dict[str, str]:
    """What was painted, the truth and the map of a mode as data URIs. painted: float in [0, 1], truth: uint8, both (H, W, 3)."""
    from ssl_core.failures import reduced

    eight_bit = np.rint(np.clip(painted, 0, 1) * 255).astype(np.uint8)
    return {
        "src": as_jpeg(eight_bit),
        "truth": as_jpeg(truth),
        "map": map_uri(finding, reduced(truth / np.float32(255)), mode),
    }


def map_uri(finding: Finding, picture: np.ndarray, mode: Mode) -> str:
    """The map of a finding over the reduced true picture, (h, w, 3) float in [0, 1]."""
    return jpeg_uri(failure_map(finding.where, picture, mode.top), 88, FULL_COLOR)


def as_jpeg(pixels: np.ndarray) -> str:
    """A picture (H, W, 3) uint8, its longest side reduced to 224 px, as a data URI."""
    from PIL import Image

    picture = Image.fromarray(np.ascontiguousarray(pixels))
    picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return jpeg_uri(np.asarray(picture), 90, FULL_COLOR)


def hole_code(lab: Lab, place: Place) -> str:
    """The mask that hides, on the whole photograph of a place, what was hidden of the picture: the centre of its square.

    >>> mask_pad.decode_mask(square_hole((100, 0, 100, 100), 100, 200)).mean().round(3)
    np.float64(0.125)
    """
    height, width = lab.photo(lab.strip_key(place)).pixels.shape[:2]
    side = min(height, width)
    box = place.box or ((width - side) // 2, (height - side) // 2, side, side)
    return square_hole(box, height, width)


def square_hole(box: tuple[int, int, int, int], height: int, width: int) -> str:
    """The mask code of the centre (half the height and width) of a box (left, top, width, height) in a photograph."""
    side, mask = mask_pad.SIDE, np.zeros((mask_pad.SIDE, mask_pad.SIDE), bool)
    left, top, wide, high = box
    rows, columns = (
        np.rint(np.array((at + size / 4, at + 3 * size / 4)) * side / length).astype(int)
        for at, size, length in ((top, high, height), (left, wide, width))
    )
    mask[slice(*rows), slice(*columns)] = True
    return mask_pad.encode_mask(mask)
