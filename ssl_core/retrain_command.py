"""The command `train --all`: every model that the sources have data for, one after the other."""

import argparse
import json
import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from ssl_core import checkpoint
from ssl_core.command_settings import CommandError
from ssl_core.train_command import build_task, check_as_built, check_place, photographs, recipe_of, train_one

BEGUN = "begun.json"


def train_all(options) -> None:
    """Train every network that the sources have data for, keep the better of old and new, print what became of each."""
    from ssl_core.bench import Report
    from ssl_core.retrain import COLUMNS, retrain, shares

    if os.environ.get("WORLD_SIZE", "1") != "1":
        raise CommandError("--all trains in one process. To use several, train the models one by one.")
    check_place(options.folder)
    staged = options.folder.parent / "runs" / "weights" / options.folder.name
    if options.fresh:
        shutil.rmtree(staged, ignore_errors=True)
    sources = _serving_all(options)
    _check_begun(staged / BEGUN, options)

    def one(name: str, **changes):
        return argparse.Namespace(**{**vars(options), "name": name, "source": sources[name], "fresh": False, **changes})

    def train_into(name: str, minutes: float, into: Path) -> None:
        train_one(one(name, minutes=minutes), into / name, options.folder)

    def error(folder: Path) -> float:
        try:
            return _held_out_error(folder, sources[folder.name])
        except checkpoint.CheckpointError as reason:
            if (folder / checkpoint.CONFIG).exists():
                _say(f"{folder} cannot be compared with, so that the new one replaces it. {reason}")
            raise

    minutes = shares(options.minutes, {name: recipe_of(build_task(name, "tiny", 0)).minutes for name in sources})
    rows = [asdict(outcome) for outcome in retrain(minutes, train_into, error, options.folder, staged, _say)]
    measure = shlex.join(["bench", "transfer", "--checkpoints", str(options.folder)])
    told = f"old and new: error on photographs held out of training, lower is better. `pretext-lab {measure}` measures what was kept."
    print(Report("weights", told, COLUMNS, tuple(rows)).text())
    shutil.rmtree(staged)
    with suppress(OSError):  # unless it holds a run into another folder
        staged.parent.rmdir()


def _serving_all(options) -> dict[str, list[str]]:
    """The sources of each model that can be trained on them. Errors: CommandError, SourceError, of what would fail after hours."""
    from ssl_core.pretexts import model_names
    from ssl_core.sources import open_source

    opened = {spec: open_source(spec, "train") for spec in options.source}
    needs = {name: build_task(name, "tiny", options.seed).needs for name in model_names()}
    sources = {name: _serving(needed, opened) for name, needed in needs.items()}
    for name in (name for name, serving in sources.items() if not serving):
        wanted = "sentences" if "words" in needs[name] else "labels"
        _say(f"{name} needs {wanted}, and none of the sources has any: left as it is.")
    sources = {name: serving for name, serving in sources.items() if serving}
    for name in sources:
        _check_comparable(options.folder / name, options.size)
    for name in {(needs[name], *sources[name]): name for name in sources}.values():
        _check_data(build_task(name, options.size, options.seed), sources[name])
    return sources


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)


def _check_data(task, specs: Sequence[str]) -> None:
    """SourceError if there are too few photographs to choose by, or sentences or labels that a network cannot learn from: told before
    hours of training.
    """
    import torch

    from ssl_core.sampling import Crops, held_out_raws
    from ssl_core.trainer import read_notes

    _, packs, notes = photographs(task, specs)
    next(held_out_raws(packs, notes, task.config.side))
    if notes:
        read_notes(task, Crops(packs, torch.device("cpu"), notes).notes)


def _check_begun(record: Path, options) -> None:
    """Write down what the run in this folder is of; CommandError if one that was interrupted there is of something else."""
    asked = {"sources": list(options.source), "size": options.size, "seed": options.seed}
    if record.exists() and (begun := json.loads(record.read_text(encoding="utf-8"))) != asked:
        told = f"--source {' '.join(begun['sources'])} --size {begun['size']} --seed {begun['seed']}"
        raise CommandError(f"A run with {told} was interrupted. Go on with it by the same, or begin anew with --fresh.")
    with checkpoint.replacing(record) as path:
        path.write_text(json.dumps(asked), encoding="utf-8")


def _check_comparable(folder: Path, size: str) -> None:
    """CommandError if `folder` holds a network of another size: which of the two is better, their errors do not say."""
    with suppress(checkpoint.CheckpointError):  # nothing there, or nothing of use
        held = checkpoint.read_config(folder)["training"].get("size", size)
        if held != size:
            raise CommandError(
                f"{folder} holds a network of size {held}, with which one of size {size} cannot be compared. Use another --folder."
            )


def _serving(needs: Sequence[str], opened: dict) -> list[str]:
    """Those of the `opened` sources that have what a model needs: all of them, unless it needs sentences or labels."""
    return [
        spec
        for spec, source in opened.items()
        if ("words" not in needs or source.sentences is not None)
        and ("label" not in needs or source.labels is not None)
    ]


def _held_out_error(folder: Path, specs: Sequence[str]) -> float:
    """The error of a checkpoint on the selection slice of the sources. CheckpointError if it cannot be used."""
    from ssl_core.retrain import held_out_error

    task = checkpoint.load(folder)
    check_as_built(task, folder)
    return held_out_error(task, _held_out(task, specs))


def _held_out(task, specs: Sequence[str]) -> Iterator[dict]:
    from ssl_core.sampling import held_out_raws

    _, packs, notes = photographs(task, specs)
    return held_out_raws(packs, notes, task.config.side)
