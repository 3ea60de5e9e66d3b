"""The command `train`: one model, or all of them."""

import argparse
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import asdict
from pathlib import Path

import numpy as np

from ssl_core import cards as model_cards
from ssl_core import checkpoint
from ssl_core.command_settings import CommandError, check_writable, use_threads


def train(options) -> None:
    """Train a model, or with --all every one, and write checkpoint and card; goes on with an interrupted run unless --fresh."""
    use_threads(options.threads)
    if not 0 <= options.seed < 2**64:
        raise CommandError(
            f"The seed {options.seed} cannot be used. Give --seed a whole number of 0 or more, below 2**64."
        )
    if options.all:
        _train_all(options)
        return
    if not options.name:
        raise CommandError("Say which model to train, for example context-encoder-l2, or --all.")
    folder = options.folder / options.name
    steps = _train_one(options, folder, options.folder)
    if _is_main_process():
        written = f"{folder} is written. `pretext-lab bench` measures it."
        print(written if steps else f"{folder} is already finished; --fresh starts anew.")


def _train_one(options, folder: Path, trunks: Path) -> int:
    """Train options.name into `folder`, from its trunk in `trunks` if it has one; returns how many steps were left to do."""
    from ssl_core.pretext import blend_weights
    from ssl_core.provenance import provenance
    from ssl_core.trainer import STATE, Plan
    from ssl_core.trainer import train as steps_of

    task = _build(options.name, options.size, options.seed)
    variant = task.variants[task.variant]
    trunk = None if options.scratch else variant.trunk
    if trunk:
        trained_trunk = _trunk(task, trunks / trunk, options.size)
        task.start_from(trained_trunk)  # a run that goes on replaces these weights by its own
    if _is_main_process():
        _check_writable(folder)
    sources, packs, notes = _photographs(task, options.source)
    if options.fresh:
        (folder / STATE).unlink(missing_ok=True)
    facts = provenance(task, [source.described for source in sources], options.size) | {"trunk": trunk}
    plan = Plan(_recipe(task), options.minutes, options.steps, options.seed)
    steps = _follow(steps_of(task, packs, plan, folder, facts, notes), options.name)
    if _is_main_process():
        training = checkpoint.read_config(folder)["training"]
        if trunk and variant.blend < 1 and "blend" not in training:
            blend_weights(task.cpu(), trained_trunk, variant.blend)
            checkpoint.save(task, folder, training | {"blend": variant.blend})
        model_cards.write_card(folder)
    return steps


def _check_writable(folder: Path) -> None:
    """CommandError if nothing can be written to `folder`: told before the photographs are decoded, not after the training."""
    check_writable(folder, "Use another --folder.")
    with suppress(OSError):
        folder.rmdir()  # if it is empty: until something is in it, it should not be listed as a model


def _photographs(task, specs: Sequence[str]) -> tuple[list, list[np.ndarray], dict]:
    """The train split of each source, its photographs packed, and what else the task needs of each of them."""
    from ssl_core.bench import SIDE
    from ssl_core.sources import open_source, pack

    sources = [open_source(spec, "train") for spec in specs]
    # the slice that training leaves out is known by the pixels at the size that the bench measures
    packs = [pack(source, max(SIDE, task.config.side)) for source in sources]
    notes = {}
    if "words" in task.needs:
        notes["words"] = [source.kept_sentences() for source in sources]
    if "label" in task.needs:
        notes["label"] = [source.kept_labels() for source in sources]
    return sources, packs, notes


def _train_all(options) -> None:
    """Train every network that the sources have data for, keep the better of old and new, print what became of each."""
    from ssl_core.bench import Report
    from ssl_core.pretexts import model_names
    from ssl_core.retrain import COLUMNS, retrain, shares

    if os.environ.get("WORLD_SIZE", "1") != "1":
        raise CommandError("--all trains in one process. To use several, train the models one by one.")
    _check_writable(options.folder)
    staged = options.folder.parent / "runs" / "weights"
    if options.fresh:
        shutil.rmtree(staged, ignore_errors=True)
    sources = {name: _serving(name, options) for name in model_names()}
    for name in (name for name, serving in sources.items() if not serving):
        wanted = "sentences" if "words" in _build(name, "tiny", options.seed).needs else "labels"
        print(f"{name} needs {wanted}, and none of the sources has any: left as it is.", file=sys.stderr)
    tasks = {name: _build(name, options.size, options.seed) for name, serving in sources.items() if serving}

    for name in {tuple(sources[name]): name for name in tasks}.values():
        next(_held_out(tasks[name], sources[name]))  # too few photographs to choose on: told before hours of training

    def one(name: str, **changes):
        return argparse.Namespace(**{**vars(options), "name": name, "source": sources[name], "fresh": False, **changes})

    def train_into(name: str, minutes: float, into: Path) -> None:
        _train_one(one(name, minutes=minutes), into / name, options.folder)

    def error(folder: Path) -> float:
        return _held_out_error(folder, sources[folder.name])

    minutes = shares(options.minutes, {name: _recipe(task).minutes for name, task in tasks.items()})
    rows = [asdict(outcome) for outcome in retrain(minutes, train_into, error, options.folder, staged)]
    told = "old and new: error on photographs held out of training, lower is better. `pretext-lab bench` measures what was kept."
    print(Report("weights", told, COLUMNS, tuple(rows)).text())
    shutil.rmtree(staged)


def _serving(name: str, options) -> list[str]:
    """The sources that have what a model needs: all of them, unless it needs sentences or labels."""
    from ssl_core.sources import open_source

    needs = _build(name, "tiny", options.seed).needs
    sources = {spec: open_source(spec, "train") for spec in options.source}
    return [
        spec
        for spec, source in sources.items()
        if ("words" not in needs or source.sentences is not None)
        and ("label" not in needs or source.labels is not None)
    ]


def _held_out_error(folder: Path, specs: Sequence[str]) -> float:
    """The error of a checkpoint on the selection slice of the sources. CheckpointError if it cannot be used."""
    from ssl_core.retrain import held_out_error

    task = checkpoint.load(folder)
    return held_out_error(task, _held_out(task, specs))


def _held_out(task, specs: Sequence[str]) -> Iterator[dict]:
    from ssl_core.sampling import held_out_raws

    _, packs, notes = _photographs(task, specs)
    return held_out_raws(packs, notes, task.config.side)


def _build(name: str, size: str, seed: int):
    import torch

    from ssl_core.pretexts import build

    torch.manual_seed(seed)  # all processes of one run must start from the same weights
    try:
        task = build(name, size)
    except KeyError as unknown:
        raise CommandError(unknown.args[0]) from None
    if not task.players():
        raise CommandError(
            f"{name} has nothing to train: it compares the photographs of a bank. See its tab on the page."
        )
    return task


def _trunk(task, folder: Path, size: str):
    if not (folder / checkpoint.CONFIG).exists() or checkpoint.read_config(folder)["training"].get("size") != size:
        raise CommandError(
            f"{task.name} starts from the weights of {folder.name} at size {size}, and {folder} does not hold them. "
            f"Train {folder.name} first, or say --scratch."
        )
    return checkpoint.load(folder)


def _recipe(task):
    import torch

    return task.variants[task.variant].recipes["cuda" if torch.cuda.is_available() else "cpu"]


def _follow(steps, name: str) -> int:
    """Draw the run as a bar: per cent done, losses (smoothed) and pictures per second. Returns the number of steps."""
    from tqdm import tqdm

    shown: dict[str, float] = {}
    taken, form = 0, "{l_bar}{bar}| {elapsed} {postfix}"
    with (
        closing(steps),  # an interrupt here must reach it while its state can still be saved
        tqdm(total=100, desc=name, unit="%", bar_format=form, disable=not _is_main_process()) as bar,
    ):
        for taken, step in enumerate(steps, 1):  # noqa: B007
            for term, loss in step.losses.items():
                shown[term] = 0.98 * shown.get(term, loss) + 0.02 * loss
            losses = ", ".join(f"{term} {loss:.4g}" for term, loss in shown.items())
            speed = step.images / max(step.seconds, 1e-9)
            bar.n = round(100 * step.progress, 1)
            waiting = 100 * step.waiting / max(step.seconds, 1e-9)
            told = (
                f"step {step.index}, {losses}, {speed:.0f} pictures/s, {step.side} px, {waiting:.0f} % waiting for data"
            )
            bar.set_postfix_str(told, refresh=False)
            bar.update(0)
        bar.n = 100
    return taken


def _is_main_process() -> bool:
    """True but in the second and further processes of `accelerate launch`, which should not talk."""
    return os.environ.get("RANK", "0") == "0"
