"""What a model card tells of a training run besides its numbers: data, machine, date, commit; and which run a saved state is of."""

from __future__ import annotations

import datetime
import json
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from ssl_core.checkpoint import CheckpointError
from ssl_core.pretext import Pretext
from ssl_core.pretexts import model_names

if TYPE_CHECKING:
    from ssl_core.training_run import Plan

# what must stay as it is when a run goes on, and how to say it
BEGAN = {
    "sources": "was trained on",
    "size": "has --size",
    "trunk": "started from",
    "trunk_run": "started from",
    "seed": "has --seed",
    "config": "has in its Config",
    "recipe": "has in its recipe",
}
# of a recipe: how long a run lasts may change, and what differs between the columns of CPU and GPU
FREE = ("minutes", "batch", "learning_rate")
TOLD = 3  # numbers that have changed: more would bury the sentence


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


def origin(facts: dict[str, Any], task: Pretext, plan: Plan) -> dict[str, Any]:
    """What must stay as it is when a run goes on: of the facts those that are known, the seed, and the numbers of task and recipe."""
    recipe = {key: value for key, value in asdict(plan.recipe).items() if key not in FREE}
    known = {**facts, "seed": plan.seed, "config": asdict(task.config), "recipe": recipe}
    began = {key: known[key] for key in BEGAN if key in known}
    return json.loads(json.dumps(began))  # as the state's file gives it back


def refuse_another(path: Path, begun: dict[str, Any], asked: dict[str, Any]) -> None:
    """CheckpointError if the run whose state is in `path` began otherwise than is asked now; states of old say less of it, or nothing.

    A run on one source and then another would have a card that names the last alone.
    """
    for key in BEGAN:
        if key in begun and key in asked and begun[key] != asked[key]:
            was, now = _named(key, begun[key], asked[key]), _named(key, asked[key], begun[key])
            raise CheckpointError(
                f"The run in {path.parent} {BEGAN[key]} {was}, not {now}. Use --fresh to start anew, or another --folder."
            )


def _named(key: str, value: Any, other: Any) -> str:
    """What a run began with, in words; of numbers with names those that are not as in `other`."""
    if value is None:
        return "random weights"
    if key in ("config", "recipe"):
        own = [f"{name} {one}" for name, one in value.items() if other.get(name) != one]
        return ", ".join(own[:TOLD]) + (f" and {len(own) - TOLD} more" if len(own) > TOLD else "") or "nothing more"
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
