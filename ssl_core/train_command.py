"""The command `train` of one model; `retrain_command` calls it for each of all."""

import os
import shlex
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

import numpy as np

from ssl_core import cards as model_cards
from ssl_core import checkpoint
from ssl_core.command_settings import CommandError, check_writable, keep_freed_memory, use_threads


def train(options) -> None:
    """Train a model, or with --all every one, and write checkpoint and card; goes on with an interrupted run unless --fresh."""
    use_threads(options.threads)
    keep_freed_memory()
    if not 0 <= options.seed < 2**64:
        raise CommandError(
            f"The seed {options.seed} cannot be used. Give --seed a whole number of 0 or more, below 2**64."
        )
    if options.all and options.name:
        raise CommandError(f"Say {options.name} or --all, not both.")
    if options.all:
        from ssl_core.retrain_command import train_all

        train_all(options)
        return
    if not options.name:
        raise CommandError("Say which model to train, for example context-encoder-l2, or --all.")
    folder = options.folder / options.name
    steps = train_one(options, folder, options.folder)
    if _is_main_process():
        measure = shlex.join(["bench", "transfer", "--models", options.name, "--checkpoints", str(options.folder)])
        written = f"{folder} is written. `pretext-lab {measure}` measures it."
        print(written if steps else f"{folder} is already finished; --fresh starts anew.")


def train_one(options, folder: Path, trunks: Path) -> int:
    """Train options.name into `folder`, from its trunk in `trunks` if it has one; returns how many steps were left to do."""
    from ssl_core.pretext import blend_weights
    from ssl_core.provenance import provenance
    from ssl_core.teachers import cost
    from ssl_core.trainer import Plan
    from ssl_core.trainer import train as steps_of

    task = build_task(options.name, options.size, options.seed)
    variant = task.variants[task.variant]
    trunk = None if options.scratch else variant.trunk
    if trunk:
        trained_trunk = _trunk(task, trunks / trunk, options.size)
        task.start_from(trained_trunk)  # a run that goes on replaces these weights by its own
    if _is_main_process():
        check_place(folder)
    sources, packs, notes = photographs(task, options.source)
    if options.fresh:
        (folder / checkpoint.STATE).unlink(missing_ok=True)
    facts = provenance(task, [source.described for source in sources], options.size) | {"trunk": trunk}
    if trunk:
        facts["trunk_run"] = cost(trunks / trunk)
    plan = Plan(recipe_of(task), options.minutes, options.steps, options.seed)
    steps = _follow(steps_of(task, packs, plan, folder, facts, notes), options.name)
    if _is_main_process():
        training = checkpoint.read_config(folder)["training"]
        if trunk and variant.blend < 1 and "blend" not in training:
            blend_weights(task.cpu(), trained_trunk, variant.blend)
            checkpoint.save(task, folder, training | {"blend": variant.blend})
        model_cards.write_card(folder)
    return steps


def check_place(folder: Path) -> None:
    """CommandError if nothing can be written to `folder`: told before the photographs are decoded, not after the training."""
    check_writable(folder, "Use another --folder.")
    with suppress(OSError):
        folder.rmdir()  # if it is empty: until something is in it, it should not be listed as a model


def photographs(task, specs: Sequence[str]) -> tuple[list, list[np.ndarray], dict]:
    """The train split of each source, its photographs packed as (N, S, S, 3) uint8, and what else the task needs of each of them.
    Errors: SourceError, PhotoError.
    """
    from ssl_core.bench import SIDE
    from ssl_core.sources import open_source, pack

    sources = [open_source(spec, "train") for spec in specs]
    # The slice that training leaves out is known by its pixels: up to 128 px it is the one that the bench measures, at larger sizes
    # another one (see `ssl_core.selection`).
    packs = [pack(source, max(SIDE, task.config.side)) for source in sources]
    notes = {}
    if "words" in task.needs:
        notes["words"] = [source.kept_sentences() for source in sources]
    if "label" in task.needs:
        notes["label"] = [source.kept_labels() for source in sources]
    return sources, packs, notes


def build_task(name: str, size: str, seed: int):
    """A fresh Pretext of this name and size. CommandError if there is none, or none that learns."""
    import torch

    from ssl_core.pretexts import UnknownModelError, build

    torch.manual_seed(seed)  # all processes of one run must start from the same weights
    try:
        task = build(name, size)
    except UnknownModelError as unknown:
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
    trunk = checkpoint.load(folder)
    check_as_built(trunk, folder)
    return trunk


def check_as_built(task, folder: Path) -> None:
    """CheckpointError if the network is another than is trained under its name and size today: nothing can start from it."""
    from dataclasses import replace

    size = checkpoint.read_config(folder)["training"].get("size")
    if size in task.sizes and task.config != replace(task.sizes[size], **task.variants[task.variant].changes):
        raise checkpoint.CheckpointError(
            f"{folder} holds a network that is built otherwise than {task.name} is today. Train it again with --fresh."
        )


def recipe_of(task):
    """The Recipe of a task on this machine: for a GPU if there is one."""
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
