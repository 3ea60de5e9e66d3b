"""`train --all`: every shipped network once more, and each new one kept only where it measures better than the old.

New networks grow in a folder of their own and go on there after an interruption. Which is better is decided on the
selection slice, photographs that neither was trained on and that no published figure is measured on.
"""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ssl_core import checkpoint
from ssl_core.bench import Column

OUTCOME = "outcome.json"
COLUMNS = (
    Column("model", "model"),
    Column("old", "old", ".4f"),
    Column("new", "new", ".4f"),
    Column("kept", "kept"),
    Column("minutes", "minutes", ".1f"),
    Column("images", "pictures seen", ",d"),
    Column("images_per_second", "pictures/s", ".0f"),
    Column("waiting_percent", "waiting for data, %", ".1f"),
)


@dataclass(frozen=True)
class Outcome:
    """What became of one model. `old` and `new` are its errors on held-out photographs, lower is better; None: unusable."""

    model: str
    old: float | None
    new: float
    kept: str
    minutes: float
    images: int
    images_per_second: float
    waiting_percent: float


def shares(minutes: float | None, recipes: dict[str, float]) -> dict[str, float]:
    """The minutes of each model, out of `minutes` for all together in proportion to their recipes; the recipes' without it.

    >>> shares(30, {"l2": 60, "joint": 30})
    {'l2': 20.0, 'joint': 10.0}
    """
    scale = minutes / sum(recipes.values()) if minutes else 1.0
    return {name: own * scale for name, own in recipes.items()}


def retrain(
    minutes: dict[str, float],
    train: Callable[[str, float, Path], None],
    error: Callable[[Path], float],
    shipped: Path,
    staged: Path,
    told: Callable[[str], object] = print,
) -> Iterator[Outcome]:
    """Train each model of `minutes` in turn into `staged`, compare, and move the better one to `shipped`.

    train(name, minutes, staged) writes staged/NAME, going on with what is there; error(folder) measures a checkpoint,
    lower is better, and raises CheckpointError for one that cannot be used. A model whose outcome is written already is
    not trained again. Models come after their trunks, so that a variant starts from the trunk that was kept. One whose loss is
    no number any more is passed over; `told` gets the sentence.
    """
    for name, share in minutes.items():
        record = staged / name / OUTCOME
        if not record.exists():
            try:
                train(name, share, staged)
            except FloatingPointError as problem:
                told(f"{problem} The shipped one stays.")
                continue
            found = asdict(_decide(name, error, shipped, staged))
            with checkpoint.replacing(record) as path:
                path.write_text(json.dumps(found, indent=2), encoding="utf-8")
        yield Outcome(**json.loads(record.read_text(encoding="utf-8")))


def _decide(name: str, error: Callable[[Path], float], shipped: Path, staged: Path) -> Outcome:
    new = error(staged / name)
    try:
        old = error(shipped / name)
    except checkpoint.CheckpointError:
        old = None
    better = old is None or new < old
    if better:
        for file in sorted((staged / name).iterdir()):
            if file.name not in (OUTCOME, "resume.safetensors"):
                with checkpoint.replacing(shipped / name / file.name) as path:
                    shutil.copyfile(file, path)
    run = checkpoint.read_config(staged / name)["training"]
    return Outcome(
        name,
        old,
        new,
        "new" if better else "old",
        run["minutes"],
        run["images"],
        run["images_per_second"],
        100 * run["waiting_share"],
    )


def held_out_error(task, photos: Iterable[dict], seed: int = 0) -> float:
    """The mean of `task.error` over batches of raw data, with the same corruptions for every network that is compared."""
    errors = [task.error(raw, np.random.default_rng((seed, index))) for index, raw in enumerate(photos)]
    return float(np.mean(errors))
