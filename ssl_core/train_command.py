"""The command `train`: one model, or all of them."""

import os
from pathlib import Path

from ssl_core import cards as model_cards
from ssl_core import checkpoint
from ssl_core.command_settings import CommandError, use_threads


def train(options) -> None:
    """Train a model and write its checkpoint and card; goes on with an interrupted run unless --fresh."""
    from ssl_core.bench import SIDE
    from ssl_core.pretext import blend_weights
    from ssl_core.provenance import provenance
    from ssl_core.sources import open_source, pack
    from ssl_core.trainer import STATE, Plan
    from ssl_core.trainer import train as steps_of

    use_threads(options.threads)
    task = _build(options.name, options.size, options.seed)
    folder = options.folder / options.name
    if options.fresh:
        (folder / STATE).unlink(missing_ok=True)
    variant = task.variants[task.variant]
    trunk = None if options.scratch else variant.trunk
    if trunk:
        trained_trunk = _trunk(task, options.folder / trunk, options.size)
        task.start_from(trained_trunk)  # a run that goes on replaces these weights by its own
    sources = [open_source(spec, "train") for spec in options.source]
    # the slice that training leaves out is known by the pixels at the size that the bench measures
    packs = [pack(source, max(SIDE, task.config.side)) for source in sources]
    facts = provenance(task, [source.described for source in sources], options.size) | {"trunk": trunk}
    plan = Plan(_recipe(task), options.minutes, options.steps, options.seed)
    _follow(steps_of(task, packs, plan, folder, facts), plan, options.name)
    if trunk and variant.blend < 1 and _is_main_process():
        blend_weights(task.cpu(), trained_trunk, variant.blend)
        checkpoint.save(task, folder, checkpoint.read_config(folder)["training"] | {"blend": variant.blend})
    if _is_main_process():
        print(f"{model_cards.write_card(folder).parent} is written. `pretext-lab bench` measures it.")


def _build(name: str, size: str, seed: int):
    import torch

    from ssl_core.pretexts import build

    torch.manual_seed(seed)  # all processes of one run must start from the same weights
    try:
        return build(name, size)
    except KeyError as unknown:
        raise CommandError(unknown.args[0]) from None


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


def _follow(steps, plan, name: str) -> None:
    """Draw the run as a bar: per cent done, losses (smoothed) and pictures per second."""
    from tqdm import tqdm

    shown: dict[str, float] = {}
    with tqdm(
        total=100, desc=name, unit="%", bar_format="{l_bar}{bar}| {elapsed} {postfix}", disable=not _is_main_process()
    ) as bar:
        for step in steps:
            for term, loss in step.losses.items():
                shown[term] = 0.98 * shown.get(term, loss) + 0.02 * loss
            losses = ", ".join(f"{term} {loss:.4g}" for term, loss in shown.items())
            speed = step.images / max(step.seconds, 1e-9)
            bar.n = round(100 * step.progress, 1)
            bar.set_postfix_str(f"step {step.index}, {losses}, {speed:.0f} pictures/s, {step.side} px", refresh=False)
            bar.update(0)
        bar.n = 100


def _is_main_process() -> bool:
    """True but in the second and further processes of `accelerate launch`, which should not talk."""
    return os.environ.get("RANK", "0") == "0"
