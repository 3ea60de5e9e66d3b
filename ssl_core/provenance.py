"""What a model card tells of a training run besides its numbers: data, machine, date, commit."""

from __future__ import annotations

import datetime
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from ssl_core.pretext import Pretext
from ssl_core.pretexts import model_names


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
