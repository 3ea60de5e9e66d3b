"""The command `bench`: measure, print, and write the figures where they are stated."""

import sys
from pathlib import Path

from ssl_core import zoo
from ssl_core.command_settings import (
    CommandError,
    check_writable,
    chosen_models,
    keep_freed_memory,
    use_checkpoints,
    use_threads,
)


def bench(options) -> None:
    """Measure, print, and with --write put the figures where they are stated."""
    use_threads(options.threads)
    use_checkpoints(options.checkpoints)
    if options.write and options.bench == "transfer":
        _check_all_tasks(options)
    elif options.write and options.bench not in ("speed", "training"):
        _check_whole_val(options)
    made = BENCHES[options.bench](options)
    reports = made if isinstance(made, tuple) else (made,)
    if options.json:
        texts = [report.json() for report in reports]
        print(texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]")
    else:
        print("\n\n".join(report.text() for report in reports))
    for report in reports if options.write else ():
        _write(report)


def _check_all_tasks(options) -> None:
    from ssl_core.transfer_packs import PACK_OF

    if options.models or options.tasks or options.parts:
        raise CommandError(
            "--write states figures of all teachers on all tasks. Leave out --models, --tasks and --parts."
        )
    files = sorted(set(PACK_OF.values()))
    if not options.packs or not all((options.packs / file).is_file() for file in files):
        raise CommandError(f"--write states figures on all tasks. Give by --packs a folder with {', '.join(files)}.")


def _check_whole_val(options) -> None:
    """CommandError unless it is of a whole val split, SourceError if the photographs cannot be opened at all."""
    from ssl_core.sources import SourceError, open_source

    if options.split not in (None, "val") or options.limit or options.models:
        raise CommandError(
            "--write states figures of the whole val split for all models. Leave out --split, --limit and --models."
        )
    open_source(options.photos, "all")
    try:
        open_source(options.photos, "val")
    except SourceError:
        raise CommandError(
            f"--write states figures of a val split, and {options.photos} has none. Give by --photos a source with one."
        ) from None


def _write(report) -> None:
    from ssl_core.bench import write_readme, write_scores

    readme = zoo.folder().parent / "README.md"
    where = [str(readme)] if write_readme(report, readme) else []
    where += [f"the card of {name}" for name in write_scores(report, zoo.folder())]
    print(f"Written to {', '.join(where) or f'nothing: {readme} has no marks for this bench'}.", file=sys.stderr)


def _bench_inpaint(options):
    from ssl_core import bench_inpaint
    from ssl_core.bench import photographs

    _check_sheet(options.sheet)
    models = chosen_models(options.models, "context-encoder")
    photos, described = photographs(options.photos, options.split, options.limit)
    if options.sheet:
        from ssl_core.bench_sheet import inpaint_sheet

        inpaint_sheet(photos, options.mask, bench_inpaint.fills(models, zoo.load)).save(options.sheet)
    return bench_inpaint.report(photos, described, options.mask, models, zoo.load)


def _bench_colorize(options):
    from tqdm import tqdm

    from ssl_core import bench_colorize
    from ssl_core.bench import photographs

    _check_sheet(options.sheet)
    models = chosen_models(options.models, *bench_colorize.METHODS)
    photos, described = photographs(options.photos, options.split, options.limit)
    if options.sheet:
        from ssl_core.bench_sheet import colorize_sheet

        colorize_sheet(photos, bench_colorize.paints(models, zoo.load)).save(options.sheet)
    prior = bench_colorize.class_prior(photographs(options.photos, "train")[0], tqdm)
    return bench_colorize.report(photos, described, prior, models, zoo.load)


def _bench_split_brain(options):
    from ssl_core import bench_split_brain
    from ssl_core.bench import photographs

    models = chosen_models(options.models, bench_split_brain.METHOD)
    photos, described = photographs(options.photos, options.split, options.limit)
    seen = photographs(options.photos, "train")[0]
    return bench_split_brain.report(photos, described, seen, models, zoo.load)


def _bench_position(options):
    from ssl_core import bench_position
    from ssl_core.bench import photographs

    models = chosen_models(options.models, bench_position.METHOD)
    return bench_position.report(*photographs(options.photos, options.split, options.limit), models, zoo.load)


def _bench_patches(options):
    from tqdm import tqdm

    from ssl_core import bench_patches

    return bench_patches.report(options.photos, options.split, options.limit, tqdm)


def _bench_denoise(options):
    from ssl_core import bench_denoise
    from ssl_core.bench import photographs

    models = chosen_models(options.models, bench_denoise.METHOD)
    photos, described = photographs(options.photos, options.split, options.limit)
    return bench_denoise.report(photos, described, models, zoo.load, options.limit)


def _bench_failures(options):
    from ssl_core import bench_failures
    from ssl_core.bench import photographs
    from ssl_core.failures import tasks_of
    from ssl_core.pretexts import PRETEXTS

    models = chosen_models(options.models, *(method for method, task in PRETEXTS.items() if tasks_of(task)))
    photos, described = photographs(options.photos, options.split, options.limit)
    return bench_failures.report(photos, described, models, zoo.load, options.limit)


def _bench_words(options):
    from tqdm import tqdm

    from ssl_core import bench_word_reports, bench_words

    names = chosen_models(options.models, bench_words.METHOD)
    return bench_word_reports.reports(options.photos, options.split, names[0], zoo.load, tqdm)


def _bench_speed(options):
    from ssl_core import bench_speed

    names = chosen_models(options.models, "context-encoder", "colorization")
    inpainters = [name for name in names if name.startswith("context-encoder-")]
    return bench_speed.report(inpainters, [name for name in names if name not in inpainters], zoo.load)


def _bench_training(options):
    from tqdm import tqdm

    from ssl_core import bench_training

    keep_freed_memory()  # as `train` does
    able = bench_training.names()
    if unable := sorted(set(options.models or ()) - set(able)):
        raise CommandError(f"{', '.join(unable)} cannot be trained on pictures alone. These can: {', '.join(able)}.")
    return bench_training.report(options.models or able, tqdm)


def _bench_transfer(options):
    from tqdm import tqdm

    from ssl_core import bench_transfer_command

    return bench_transfer_command.reports(options, tqdm)


def _check_sheet(path: Path | None) -> None:
    """CommandError if a sheet was asked for where none can be written: told before anything is measured."""
    if path is None:
        return
    if path.suffix.lower() != ".png" or not path.parent.is_dir() or path.is_dir():
        raise CommandError(f"A sheet is written as a .png into a folder that is there; {path} is not such a file.")
    check_writable(path.parent, "Put the sheet elsewhere.")


BENCHES = {
    "inpaint": _bench_inpaint,
    "colorize": _bench_colorize,
    "split-brain": _bench_split_brain,
    "position": _bench_position,
    "patches": _bench_patches,
    "denoise": _bench_denoise,
    "failures": _bench_failures,
    "words": _bench_words,
    "speed": _bench_speed,
    "training": _bench_training,
    "transfer": _bench_transfer,
}
