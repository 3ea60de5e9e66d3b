"""What a model card tells of a training run besides its numbers: data, machine, date, commit; and which run a saved state is of."""

from __future__ import annotations

import datetime
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from ssl_core.checkpoint import CheckpointError
from ssl_core.pretext import Pretext
from ssl_core.pretexts import model_names

# what must stay as it is when a run goes on, and how to say it
BEGAN = {
    "sources": "was trained on",
    "size": "has --size",
    "trunk": "started from",
    "trunk_run": "started from",
    "seed": "has --seed",
}


def provenance(task: Pretext, sources: Sequence[str], size: str) -> dict[str, Any]:
    """Facts for `trainer.train`: `sources` are the descriptions of the packs that the task learns from."""
    return {
        "sources": list(sources),
        "size": size,
        "trunk": task.variants[task.variant].trunk,
        "rank": model_names().index(task.name),
        "hardware": hardware(),
        "torch": torch.__version__,
        "date": datetime.date.today().isoformat(),
        "commit": commit(),
    }


def origin(facts: dict[str, Any], seed: int) -> dict[str, Any]:
    """What must stay as it is when a run goes on: of the facts those that are known, and the seed."""
    known = {**facts, "seed": seed}
    return {key: known[key] for key in BEGAN if key in known}


def refuse_another(path: Path, begun: dict[str, Any], asked: dict[str, Any]) -> None:
    """CheckpointError if the run whose state is in `path` began otherwise than is asked now; states of old say less of it, or nothing.

    A run on one source and then another would have a card that names the last alone.
    """
    for key in begun.keys() & asked.keys():
        if begun[key] != asked[key]:
            raise CheckpointError(
                f"The run in {path.parent} {BEGAN[key]} {_named(begun[key])}, not {_named(asked[key])}. "
                "Use --fresh to start anew, or another --folder."
            )


def _named(value: Any) -> str:
    if value is None:
        return "random weights"
    if isinstance(value, dict):
        return f"a trunk that had seen {value['images']:,} pictures"
    return " and ".join(value) if isinstance(value, list) else str(value)


def hardware() -> str:
    """The device that trains, in words."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"{torch.get_num_threads()} thread(s) of a {platform.machine()} CPU"


def commit() -> str:
    """The short hash of the project's commit, "unknown" outside a git checkout."""
    try:
        root = Path(__file__).parent
        asked = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], cwd=root, capture_output=True, text=True, check=True
        )
        return asked.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
