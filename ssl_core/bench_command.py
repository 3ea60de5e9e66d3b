"""The command `bench`: measure, print, and write the figures where they are stated."""

import sys
from collections.abc import Sequence
from pathlib import Path

from ssl_core import zoo
from ssl_core.command_settings import CommandError, use_checkpoints, use_threads


def bench(options) -> None:
    """Measure, print, and with --write put the figures where they are stated."""
    use_threads(options.threads)
    use_checkpoints(options.checkpoints)
    if options.write and options.bench == "transfer" and (options.models or options.tasks or options.parts):
        raise CommandError(
            "--write states figures of all teachers on all tasks. Leave out --models, --tasks and --parts."
        )
    if (
        options.write
        and options.bench not in ("speed", "training", "transfer")
        and (options.split not in (None, "val") or options.limit or options.models)
    ):
        raise CommandError(
            "--write states figures of the whole val split for all models. Leave out --split, --limit and --models."
        )
    made = BENCHES[options.bench](options)
    reports = made if isinstance(made, tuple) else (made,)
    if options.json:
        texts = [report.json() for report in reports]
        print(texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]")
    else:
        print("\n\n".join(report.text() for report in reports))
    for report in reports if options.write else ():
        _write(report)


def _write(report) -> None:
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
    models = tuple(name for method in bench_colorize.METHODS for name in _models(method, options.models))
    if options.sheet:
        from ssl_core.bench_sheet import colorize_sheet

        colorize_sheet(photos, bench_colorize.paints(models, zoo.load)).save(_png(options.sheet))
    prior = bench_colorize.class_prior(photographs(options.photos, "train")[0], tqdm)
    return bench_colorize.report(photos, described, prior, models, zoo.load)


def _bench_split_brain(options):
    from ssl_core import bench_split_brain
    from ssl_core.bench import photographs

    photos, described = photographs(options.photos, options.split, options.limit)
    models, seen = _models(bench_split_brain.METHOD, options.models), photographs(options.photos, "train")[0]
    return bench_split_brain.report(photos, described, seen, models, zoo.load)


def _bench_position(options):
    from ssl_core import bench_position

    return _on_photographs(bench_position, options)


def _bench_patches(options):
    from tqdm import tqdm

    from ssl_core import bench_patches

    return bench_patches.report(options.photos, options.split, options.limit, tqdm)


def _bench_denoise(options):
    from ssl_core import bench_denoise

    return _on_photographs(bench_denoise, options)


def _bench_failures(options):
    from ssl_core import bench_failures
    from ssl_core.bench import photographs

    photos, described = photographs(options.photos, options.split, options.limit)
    return bench_failures.report(photos, described, options.models or zoo.names(), zoo.load)


def _on_photographs(measured, options):
    """The report of a bench that takes photographs and the models of its one method."""
    from ssl_core.bench import photographs

    photos, described = photographs(options.photos, options.split, options.limit)
    return measured.report(photos, described, _models(measured.METHOD, options.models), zoo.load)


def _bench_words(options):
    from tqdm import tqdm

    from ssl_core import bench_word_reports, bench_words

    names = _models(bench_words.METHOD, options.models)
    if not names:
        raise CommandError(f"There is no {bench_words.METHOD} model in {zoo.folder()}. `pretext-lab train` makes one.")
    return bench_word_reports.reports(options.photos, options.split, names[0], zoo.load, tqdm)


def _bench_speed(options):
    from ssl_core import bench_speed

    return bench_speed.report(
        _models("context-encoder", options.models), _models("colorization", options.models), zoo.load
    )


def _bench_training(options):
    from tqdm import tqdm

    from ssl_core import bench_training
    from ssl_core.pretexts import model_names

    return bench_training.report(options.models or model_names(), tqdm)


def _bench_transfer(options):
    from tqdm import tqdm

    from ssl_core import bench_transfer_command

    return bench_transfer_command.reports(options, tqdm)


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
