"""Where a unit looks: its effective receptive field in one picture, and where it fires on the photo of the strip."""

from __future__ import annotations

import base64
import threading
from typing import TYPE_CHECKING

import numpy as np

from visualize.tabs.asked import AskedError
from visualize.tabs.neurons_asked import Asked, Bench
from visualize.tabs.neurons_unit import view_window
from visualize.tabs.neurons_wall import face, field_box, numbers

if TYPE_CHECKING:
    from ssl_core.features import Index

LOUDEST = 6
ONE_AT_A_TIME = threading.Lock()  # 256 passes each: the pages of a whole class must not wait behind several of them
IN_LINE = threading.BoundedSemaphore(16)  # each of them holds one of the 40 threads from which the page answers


def field(bench: Bench, query: dict) -> dict:
    """The places of a picture that matter to a unit's response: a mask on a grid over the picture, row by row, and a sentence.

    `picture` is an index of the bank; until the bank is indexed the picture is the chosen photo.
    """
    asked, picture = bench.read(query), query.get("picture")
    if asked.index is None:
        key, pixels = ("field", asked.model.name, str(query.get("photo"))), bench.small_photo(str(query.get("photo")))
    else:
        bank = bench.bank()
        if not isinstance(picture, int) or not 0 <= picture < len(bank):
            raise AskedError(f"The bank has pictures 0 to {len(bank) - 1}; there is no picture {picture}.")
        key, pixels = ("field", asked.model.name, asked.index.model_hash, bank.key, picture), bank.pixels(picture)
    return bench.kept.keep((*key, asked.stage, asked.unit), lambda: effective(asked, pixels)) | {"keep": True}


def effective(asked: Asked, pixels: np.ndarray) -> dict:
    """The effective field by occlusion within the view that the page shows, and the place (y, x) of the map that it belongs to."""
    from ssl_core.receptive_field import LOOKS_AT, effective_field

    if not IN_LINE.acquire(blocking=False):
        raise AskedError(
            "Too many receptive fields are being measured just now: point at the patch again in a few seconds."
        )
    try:
        with ONE_AT_A_TIME:
            found = effective_field(asked.model, asked.stage, asked.unit, pixels)
    finally:
        IN_LINE.release()
    box = field_box(asked.model, asked.stage, found.y, found.x)
    left, top, side = view_window(box, pixels.shape[1], pixels.shape[0])
    mask = found.change[top : top + side, left : left + side] >= LOOKS_AT
    return {
        "at": [found.y, found.x],
        "rows": mask.shape[0],
        "columns": mask.shape[1],
        "mask": "".join("1" if one else "0" for one in mask.ravel()),
        "told": f"Effective, by occlusion: as much as {found.size:.0f} x {found.size:.0f} px",
    }


def on_photo(bench: Bench, query: dict) -> dict:
    """Where a unit fires on the photo of the strip, and which units of its stage fire most on it.

    map: (rows x columns) bytes in base64, square roots, so that faint answers are seen; 255 is the unit's largest activation here,
    and half of that over the bank at least.
    scores: one for each unit, its activation here against its own mean and spread over the bank, or alone until there is an index.
    """
    asked, key = bench.read(query), str(query.get("photo"))
    maps = bench.photo_maps(asked.model, asked.stage, key).astype(np.float32)
    peaks = maps.reshape(len(maps), -1).max(axis=1)
    scores, told = against_bank(bench, asked, peaks)
    own, here = maps[asked.unit], float(peaks[asked.unit])
    bank_top = 0.0 if asked.index is None else float(asked.index.peak(asked.stage)[:, asked.unit].max())
    top = max(here, bank_top / 2, 1e-6)
    loud = [unit for unit in np.argsort(-scores, kind="stable").tolist() if peaks[unit] > 0][:LOUDEST]
    return {
        "src": bench.kept.keep(("photo src", key), lambda: face(bench.lab.photo(key).pixels)),
        "rows": own.shape[0],
        "columns": own.shape[1],
        "map": base64.b64encode(np.rint(np.sqrt(np.clip(own / top, 0, 1)) * 255).astype(np.uint8).tobytes()).decode(
            "ascii"
        ),
        "scores": numbers(scores),
        "loudest": [{"unit": unit, "value": float(peaks[unit])} for unit in loud],
        "told": told,
        "keep": True,
    }


def usual(index: Index, stage: str) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of every unit's peak over the bank: (C,), (C,)."""
    bank = index.peak(stage).astype(np.float32)
    return bank.mean(axis=0), np.maximum(bank.std(axis=0), 1e-3)


def against_bank(bench: Bench, asked: Asked, peaks: np.ndarray) -> tuple[np.ndarray, str]:
    """Scores (C,) of the peaks (C,) on a photo, and what is said of the asked unit's."""
    here = float(peaks[asked.unit])
    if asked.index is None:
        return peaks, f"Light where the unit fires: up to {here:.3g}." if here > 0 else "This unit does not fire here."
    mean, deviation = bench.over_bank(asked, usual)
    scores = (peaks - mean) / deviation
    if here <= 0:
        return scores, "This unit does not fire on this photo. Tiles: the loudest here."
    below = 100 * float((asked.index.peak(asked.stage)[:, asked.unit] < here).mean())
    return scores, f"Light where it fires: up to {here:.3g}, above {below:.0f} % of the bank. Tiles: the loudest here."
