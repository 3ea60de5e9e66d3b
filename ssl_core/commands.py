"""What each command of the command line does. Every function takes the parsed options of `__main__.parser`."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ssl_core import cards as model_cards
from ssl_core import checkpoint, zoo

ROOT = Path(__file__).parent.parent


class CommandError(ValueError):
    """A command that cannot be carried out as asked. Its text says what to do instead."""


def train(options) -> None:
    """Train a model and write its checkpoint and card; goes on with an interrupted run unless --fresh."""
    from ssl_core.bench import SIDE
    from ssl_core.pretext import blend_weights
    from ssl_core.provenance import provenance
    from ssl_core.sources import open_source, pack
    from ssl_core.trainer import STATE, Plan
    from ssl_core.trainer import train as steps_of

    _use_threads(options.threads)
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


def bench(options) -> None:
    """Measure, print, and with --write put the figures where they are stated."""
    _use_threads(options.threads)
    _use_checkpoints(options.checkpoints)
    if (
        options.write
        and options.bench != "speed"
        and (options.split not in (None, "val") or options.limit or options.models)
    ):
        raise CommandError(
            "--write states figures of the whole val split for all models. Leave out --split, --limit and --models."
        )
    report = {"inpaint": _bench_inpaint, "colorize": _bench_colorize, "speed": _bench_speed}[options.bench](options)
    print(report.json() if options.json else report.text())
    if options.write:
        from ssl_core.bench import write_readme, write_scores

        readme = zoo.folder().parent / "README.md"
        where = [str(readme)] if write_readme(report, readme) else []
        where += [f"the card of {name}" for name in write_scores(report, zoo.folder())]
        print(f"Written to {', '.join(where) or f'nothing: {readme} has no marks for this bench'}.", file=sys.stderr)


def _bench_inpaint(options):
    from ssl_core import bench_inpaint
    from ssl_core.bench import photographs

    photos, described = photographs(options.photos, options.split, options.limit)
    models = _models("context-encoder", options.models)
    if options.sheet:
        from ssl_core.bench_sheet import inpaint_sheet

        inpaint_sheet(photos, options.mask, bench_inpaint.fills(models, zoo.load)).save(_png(options.sheet))
    return bench_inpaint.report(photos, described, options.mask, models, zoo.load)


def _bench_colorize(options):
    from tqdm import tqdm

    from ssl_core import bench_colorize
    from ssl_core.bench import photographs

    photos, described = photographs(options.photos, options.split, options.limit)
    models = _models("colorization", options.models)
    if options.sheet:
        from ssl_core.bench_sheet import colorize_sheet

        colorize_sheet(photos, bench_colorize.paints(models, zoo.load)).save(_png(options.sheet))
    prior = bench_colorize.class_prior(photographs(options.photos, "train")[0], tqdm)
    return bench_colorize.report(photos, described, prior, models, zoo.load)


def _bench_speed(options):
    from ssl_core import bench_speed

    return bench_speed.report(
        _models("context-encoder", options.models), _models("colorization", options.models), zoo.load
    )


def _models(method: str, chosen: Sequence[str] | None) -> tuple[str, ...]:
    """The shipped models of a method in the order of the story; those of `chosen` alone if it is given."""
    found = [name for name in zoo.names() if name.startswith(f"{method}-")]
    if chosen and not set(chosen) <= set(zoo.names()):
        missing = ", ".join(sorted(set(chosen) - set(zoo.names())))
        raise CommandError(f"There is no {missing} in {zoo.folder()}. There are: {', '.join(zoo.names()) or 'none'}.")
    return tuple(name for name in found if not chosen or name in chosen)


def _png(path: Path) -> Path:
    if path.suffix.lower() != ".png" or not path.parent.is_dir():
        raise CommandError(f"A sheet is written as a .png into a folder that is there; {path} is not such a file.")
    return path


def cards(options) -> None:
    """Write the card of every model anew."""
    _use_checkpoints(options.checkpoints)
    if not zoo.names():
        raise CommandError(f"There are no models in {zoo.folder()}. `pretext-lab train` makes them.")
    for name in zoo.names():
        print(model_cards.write_card(zoo.folder() / name))


def data(options) -> None:
    """What a source holds: the starter photographs with credit and terms, or the number of photographs in each split."""
    from ssl_core.sources import SourceError, open_source, starter

    if options.source == "starter":
        for photo in starter():
            print(f"{photo.name:16} {photo.credit}. {photo.terms}.".replace("..", "."))
        return
    print(open_source(options.source, "all").described)
    for split in ("train", "val"):
        try:
            print(open_source(options.source, split).described)
        except SourceError as lacking:
            print(lacking)


def serve(options) -> None:
    """Start the page, as `python app.py` does."""
    raise SystemExit(subprocess.call([sys.executable, str(ROOT / "app.py"), *options.rest]))


def _use_threads(count: int | None) -> None:
    if count:
        import torch

        torch.set_num_threads(count)


def _use_checkpoints(folder: Path | None) -> None:
    if folder:
        os.environ["PRETEXT_LAB_CHECKPOINTS"] = str(folder)


COMMANDS = {"train": train, "bench": bench, "cards": cards, "data": data, "serve": serve}
