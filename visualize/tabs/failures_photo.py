"""The chosen photo in the tab "Failures": what one network makes of it, and which modes that shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from visualize.lab import Shown
from visualize.tabs.failures_gallery import as_jpeg, map_uri
from visualize.tabs.failures_table import Board

if TYPE_CHECKING:
    from ssl_core.failures_color import Finding
    from ssl_core.pretext import Pretext

START_MASK = "central-region"  # what is hidden of the chosen photo, as in the bank


def on_photo(board: Board, query: dict) -> dict:
    """What a network makes of a photo of the strip: {"photo", "name", "truth", "grey", "tasks": {task: {"src", "mask", "modes"}}}.

    `modes`: {mode id: {"score", "over", "map"}}; of a photo without colours only the modes that can be judged.
    """
    model, _ = board.asked(query)
    photo = board.lab.photo(str(query.get("photo")))
    return board.answers.keep((model.name, "photo", photo.key), lambda: judged(model, photo))


def judged(model: Pretext, photo: Shown) -> dict:
    """The same, computed."""
    from ssl_core.failures import reduced, tasks_of

    small = reduced(photo.pixels / 255.0)
    told = {}
    for task in tasks_of(model):
        painted, found = painted_and_judged(model, photo, task)
        told[task] = {
            "src": as_jpeg((painted * 255).round().astype("uint8")),
            "mask": START_MASK if task == "inpaint" else "",
            "modes": {mode: about(mode, finding, small) for mode, finding in found.items()},
        }
    return {
        "photo": photo.key,
        "name": photo.name,
        "truth": as_jpeg(photo.pixels),
        "grey": not photo.has_color,
        "tasks": told,
    }


def painted_and_judged(model: Pretext, photo: Shown, task: str) -> tuple:
    """The answer of a model to a whole photo, (H, W, 3) float32 in [0, 1], and every finding of the task on it."""
    from ssl_core.failures import judge_color, judge_fill
    from ssl_core.masks import central_region

    if task == "colorize":
        painted = model.colorize(photo.pixels)
        return painted, judge_color(painted, photo.pixels, photo.has_color)
    hidden = central_region(*photo.pixels.shape[:2])
    painted = model.inpaint(photo.pixels, hidden)
    return painted, judge_fill(painted, photo.pixels, hidden)


def about(mode_id: str, finding: Finding, picture) -> dict:
    """Score, whether it is at the threshold or over it, and the map over the reduced photo."""
    from ssl_core.failures import MODES

    mode = next(mode for mode in MODES if mode.id == mode_id)
    return {"score": finding.score, "over": finding.score >= mode.threshold, "map": map_uri(finding, picture, mode)}
