"""In which ways the shipped networks fail, and how often: every mode of `failures`, for every model that colours or fills.

For each mode the share of photographs on which a model is at the threshold or over it, in per cent, and the mean score. Photographs without
colours of their own are left out of colouring. Judging takes most of the time, so every eighth photograph is measured,
unless a person says how many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from ssl_core.bench import Column, Report
from ssl_core.failures import MODES, Mode, judge_color, judge_fill, tasks_of
from ssl_core.masks import central_region
from ssl_core.photo import has_color

EVERY = 8  # photographs


def share_key(mode: Mode) -> str:
    """The key of a share in a row.

    >>> [share_key(mode) for mode in MODES][-2:]
    ['blur_percent', 'seam_percent']
    """
    return f"{mode.id.replace('-', '_')}_percent"


def mean_key(mode: Mode) -> str:
    """The key of a mean score in a row."""
    return f"{mode.id.replace('-', '_')}_mean"


SHARES = (
    Column("answer", "share of photographs, %"),
    *(Column(share_key(mode), mode.title.lower(), ".1f") for mode in MODES),
)
MEANS = tuple(Column(mean_key(mode), f"{mode.title.lower()}, mean score, {mode.unit}") for mode in MODES)
COLUMNS = (*SHARES, *MEANS)


def measure(photos: Iterable[np.ndarray], model) -> dict[str, float]:
    """Shares and mean scores of one model by the keys above, for what it can do. photos: (S, S, 3) uint8 each."""
    found: dict[str, list[float]] = {}
    for photo in photos:
        for task in tasks_of(model):
            if task == "colorize" and not has_color(photo):
                continue
            hidden = central_region(*photo.shape[:2])
            judged = (
                judge_color(model.colorize(photo), photo)
                if task == "colorize"
                else judge_fill(model.inpaint(photo, hidden), photo, hidden)
            )
            for mode, finding in judged.items():
                found.setdefault(mode, []).append(finding.score)
    row = {}
    for mode in MODES:
        if mode.id in found:
            scores = np.array(found[mode.id])
            row[share_key(mode)] = round(100.0 * float((scores >= mode.threshold).mean()), 2)
            row[mean_key(mode)] = round(float(scores.mean()), 3)
    return row


def remarks(rows: list[dict]) -> tuple[str, ...]:
    """Which model shows each mode most often, as a sentence."""
    said = []
    for mode in MODES:
        shares = {row["answer"]: row[share_key(mode)] for row in rows if share_key(mode) in row}
        worst = max(shares, key=shares.get, default=None)
        if worst and shares[worst] > 0:
            said.append(f"{mode.title.lower()}: {worst} ({shares[worst]:.0f} %)")
    return (f"Most often, {'; '.join(said)}.",) if said else ()


def report(
    photos: np.ndarray, described: str, models: Iterable[str], load: Callable, limit: int | None = None
) -> Report:
    """The bench, on every eighth of the photographs (N, S, S, 3) uint8. `load(name)` gives a Pretext.

    All are measured where a person asked for so many: `limit`.
    """
    from tqdm import tqdm

    rows = []
    if limit is None:
        photos = photos[::EVERY]
        described = f"every eighth of {described} ({len(photos):,})"
    for name in models:
        model = load(name)
        if tasks_of(model):
            rows.append({"answer": name, "model": name} | measure(tqdm(photos, desc=name, unit="photo"), model))
    measured_on = (
        f"Measured on {described}; inpainting with the central quarter hidden. A photograph counts from "
        + ", ".join(f"{mode.threshold:g} {mode.unit} ({mode.title.lower()})" for mode in MODES)
        + "."
    )
    return Report("failures", measured_on, SHARES, tuple(rows), remarks(rows))
