"""Maps of the starter bank that ship with the project, so that the first picture is there at once: small files beside the page's assets.

One JSON file for each model, with t-SNE and UMAP of its last stage at the start of their knobs and seed 0. It names the weights and the
bank that it was made from; with other weights or another bank it is not used. PCA needs none: it takes a moment.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from ssl_core import zoo
from ssl_core.checkpoint import WEIGHTS, replacing
from ssl_core.layouts import METHODS, LayoutError, knobs_of, layout_steps
from ssl_core.neighbors import Faith, Neighborhoods, unit_length
from ssl_core.steps import drained

FOLDER = Path(__file__).parents[1] / "assets" / "layouts"
SEED = 0
SCALE = 32767.5  # [-1, 1] as 16-bit numbers


@dataclass(frozen=True)
class Laid:
    """A finished map: xy (N, 2) float32 in [-1, 1], how far to believe it, and what a person should know of it."""

    xy: np.ndarray
    faith: Faith
    note: str = ""


def weights_of(model: str) -> str:
    """16 hexadecimal digits of a model's weights file, "" if there is none. Needs no torch."""
    path = zoo.folder() / model / WEIGHTS
    return _hash(path, path.stat().st_mtime_ns) if path.is_file() else ""


@lru_cache(64)
def _hash(path: Path, _changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def shipped(model: str, stage: str, method: str, bank_key: str, folder: Path = FOLDER) -> Laid | None:
    """The shipped map of a model's stage, at the start of its knobs and seed 0; None when there is none for these weights and bank."""
    about = _read(folder / f"{model}.json")
    if not about or about.get("bank") != bank_key or about.get("weights") != weights_of(model):
        return None
    found = about.get("stages", {}).get(stage, {}).get(method)
    if not found or found.get("knobs") != knobs_of(method):
        return None
    whole = np.frombuffer(base64.b64decode(found["xy"]), "<u2").reshape(-1, 2)
    return Laid((whole / SCALE - 1).astype(np.float32), Faith(found["kept"], found["trust"], found["k"]))


def stages_shipped(model: str, folder: Path = FOLDER) -> list[str]:
    """All stages of a model by its file, in the order of the encoder, so that nobody need load it; [] without a file for these weights."""
    about = _read(folder / f"{model}.json")
    return list(about.get("names", [])) if about and about.get("weights") == weights_of(model) else []


def lay_out(features: np.ndarray, method: str) -> Laid:
    """The map of (N, C) features as it ships: knobs at their start, seed 0. Errors: LayoutError."""
    *_, last = layout_steps(method, features, None, SEED)
    return Laid(last.xy, Neighborhoods(unit_length(features)).faith(last.xy), last.note)


def write(model: str, index, folder: Path = FOLDER) -> Iterator[str]:
    """Make the file of a model from its `features.Index` of the starter bank; yields what is being done.

    The file is replaced whole; CheckpointError if the disk refuses.
    """
    last, made = index.stages[-1], {}
    for method in (name for name, one in METHODS.items() if one.seeded):
        yield f"{model} {last} {METHODS[method].title}"
        try:
            laid = lay_out(index.mean(last), method)
        except LayoutError:
            continue  # the page says why when somebody asks for it
        whole = np.rint((laid.xy.astype(np.float64) + 1) * SCALE).astype("<u2")
        told = {"knobs": knobs_of(method), "k": laid.faith.k, "kept": round(laid.faith.kept, 3)}
        told |= {"trust": round(laid.faith.trust, 4), "xy": base64.b64encode(whole.tobytes()).decode("ascii")}
        made[method] = told
    about = {"model": model, "weights": weights_of(model), "bank": index.bank_key, "seed": SEED}
    about |= {"names": list(index.stages), "stages": {last: made}}
    with replacing(folder / f"{model}.json") as partial:
        partial.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


def write_all(names: tuple[str, ...], load: Callable, again: bool, folder: Path = FOLDER) -> Iterator[str]:
    """Write the files of these models, all or (without `again`) those that are missing or made from other weights.

    Removes files of models that are gone. Yields what is being done. `load(name)` gives a model.
    """
    from ssl_core.bank import starter_bank
    from ssl_core.features import index_steps

    bank = starter_bank()
    for stale in sorted(folder.glob("*.json")):
        if stale.stem not in zoo.names():
            stale.unlink()
            yield f"{stale.stem} removed: there is no such model"
    for name in names:
        about = _read(folder / f"{name}.json")
        if not again and about and (about.get("weights"), about.get("bank")) == (weights_of(name), bank.key):
            continue
        yield f"{name} index"
        yield from write(name, drained(index_steps(load(name), bank)), folder)


def _read(path: Path) -> dict | None:
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return about if isinstance(about, dict) else None
