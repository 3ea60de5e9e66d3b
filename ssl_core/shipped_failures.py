"""Scores of the starter bank that ship with the project, so that the first table is there at once: small files beside the page's assets.

One JSON file for each model that colours or fills. It names the model, its weights, the bank and the code that it was made from; if
any of them is another now, it is not used and the page judges the bank itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ssl_core.checkpoint import replacing
from ssl_core.steps import drained

if TYPE_CHECKING:
    from ssl_core.bank import Bank
    from ssl_core.failure_scores import Scores
    from ssl_core.pretext import Pretext

FOLDER = Path(__file__).parents[1] / "assets" / "failures"
DIGITS = 4  # significant ones: far more than a figure on the page has


def shipped(model: Pretext, bank: Bank, folder: Path = FOLDER) -> Scores | None:
    """The shipped scores of a model on a bank; None when there are none for these weights, this bank and this code."""
    from ssl_core.failure_scores import Scores, judged_positions, score_key
    from ssl_core.failures import MODES

    about = _read(folder / f"{model.name}.json")
    if not about or (about.get("key"), about.get("bank")) != (score_key(model), bank.key):
        return None
    positions = judged_positions(bank)
    if any(len(values) != len(positions) for values in about["scores"].values()):
        return None
    nothing = [None] * len(positions)
    columns = [np.array(about["scores"].get(mode.id, nothing), np.float32) for mode in MODES]
    return Scores(model.name, positions, np.stack(columns, axis=1))


def write(scores: Scores, key: str, bank_key: str, folder: Path = FOLDER) -> Path:
    """Make the file of a model from its scores of the starter bank. Replaces it whole; CheckpointError if the disk refuses."""
    from ssl_core.failures import MODES

    told = {}
    for mode in MODES:
        values = scores.of(mode)
        if np.isfinite(values).any():
            told[mode.id] = [float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None for value in values.tolist()]
    about = {"model": scores.model, "key": key, "bank": bank_key, "scores": told}
    path = folder / f"{scores.model}.json"
    with replacing(path) as partial:
        partial.write_text(json.dumps(about, separators=(",", ":")) + "\n", encoding="utf-8")
    return path


def write_all(names: tuple[str, ...], load: Callable, folder: Path = FOLDER) -> Iterator[str]:
    """Write the files of these models that are missing or out of date, and remove those of models that are gone; yields what is done."""
    from ssl_core.bank import starter_bank
    from ssl_core.failure_scores import score_key, score_steps
    from ssl_core.failures import tasks_of

    bank, judged = starter_bank(), [name for name in names if tasks_of(load(name))]
    for stale in sorted(folder.glob("*.json")):
        if stale.stem not in names:
            stale.unlink()
            yield f"{stale.stem} removed: there is no such model"
    for name in judged:
        model = load(name)
        if shipped(model, bank, folder) is not None:
            yield f"{name} is up to date"
            continue
        scores = drained(score_steps(model, bank))
        yield f"{name} written to {write(scores, score_key(model), bank.key, folder)}"


def _read(path: Path) -> dict | None:
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return about if isinstance(about, dict) and isinstance(about.get("scores"), dict) else None
