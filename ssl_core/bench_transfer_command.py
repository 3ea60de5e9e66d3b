"""The command `bench transfer`: which cells are measured for what was asked, and the reports on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ssl_core import bench_transfer, teachers, zoo
from ssl_core import transfer_cells as cells
from ssl_core.bench import Report
from ssl_core.command_settings import CommandError, check_renewal
from ssl_core.teachers import UNTRAINED, Teacher
from ssl_core.transfer_board import FILE, board, write_board
from ssl_core.transfer_cells import MAIN
from ssl_core.transfer_runs import cores, run

KINDS = ("probes", "training", "dense", "ensembles")


def reports(options, progress: Callable) -> tuple[Report, ...]:
    """Measure what the options ask for. With `options.write` also the page's file is written. CommandError, TaskError."""
    if options.write:
        check_renewal(FILE, FILE.parent)
    names = _teachers(options.models)
    packs, tasks = _tasks(options)
    chosen = tuple(options.parts or KINDS)
    asked = _cells(names, tasks, chosen, packs is not None and (Path(packs) / "voc.zip").is_file())
    if options.write:  # for the page alone: no table tells of them
        asked["races"] = cells.races([one.name for one in names], tasks[0])
    titles = {task: cells.task_of(task, packs).title for task in tasks}
    first = tasks[0]
    described = _described(packs, tasks)
    table = run([cell for part in asked.values() for cell in part], packs, options.workers or cores(), progress)
    found = [
        bench_transfer.probe_report(table, names, titles, described),
        bench_transfer.layers_report(table, names, first, titles[first]),
    ]
    if asked["training"] or asked["dense"]:
        few = [one.name for one in _representatives(names)]
        found.append(bench_transfer.protocols_report(table, few, first, titles[first]))
    if asked["ensembles"]:
        found.append(bench_transfer.ensembles_report(table, asked["ensembles"], titles[first]))
    found.append(bench_transfer.published_report())
    if options.write:
        write_board(board(table, names, packs, described, found[0].remarks))
    return tuple(found)


def _cells(names: Sequence[Teacher], tasks: Sequence[str], chosen: Sequence[str], boxes: bool) -> dict[str, list]:
    """The cells of every part that was asked for; linear probes always, because everything else is compared with them."""
    few = _representatives(names)
    alone = [one.name for one in few if one.kind == "self-supervised" and _needs_pictures_alone(one.name)]
    free = [one.name for one in few if one.kind == "self-supervised"]
    together = cells.ensembles(free, tasks[0]) if "ensembles" in chosen and len(free) > 1 else []
    return {
        "probes": cells.probes([one.name for one in names], tasks),
        "ensembles": together,
        "training": cells.trained([one.name for one in few], alone, tasks[0]) if "training" in chosen else [],
        "dense": cells.dense([one.name for one in few]) if "dense" in chosen and boxes else [],
    }


def _representatives(names: Sequence[Teacher]) -> list[Teacher]:
    """One network of each method, the first; and the two ends."""
    found: dict[str, Teacher] = {}
    for one in names:
        found.setdefault(one.name if one.name == UNTRAINED else zoo.load(one.name).method, one)
    return list(found.values())


def _needs_pictures_alone(name: str) -> bool:
    return zoo.load(name).needs == ("image",)


def _teachers(chosen: Sequence[str] | None) -> tuple[Teacher, ...]:
    there = teachers.teachers()
    unknown = set(chosen or ()) - {one.name for one in there}
    if unknown:
        raise CommandError(
            f"There is no {', '.join(sorted(unknown))}. There are: {', '.join(one.name for one in there)}."
        )
    return tuple(one for one in there if not chosen or one.name in chosen)


def _tasks(options) -> tuple[str | None, tuple[str, ...]]:
    """The folder of the packs, if there is one, and the names of the tasks, the one of the training protocols first."""
    from ssl_core.transfer_packs import PACK_OF
    from ssl_core.transfer_tasks import STARTER, task_names

    names = [name for name in task_names(options.packs) if name != STARTER]
    if options.packs and not names:
        files = ", ".join(sorted(set(PACK_OF.values())))
        raise CommandError(
            f"{options.packs} holds none of {files}. Give the folder of the packs, or leave out --packs."
        )
    tasks = options.tasks or sorted(names, key=lambda name: name != MAIN) or [STARTER]
    return str(options.packs) if options.packs else None, tuple(tasks)


def _described(packs: str | None, tasks: Sequence[str]) -> str:
    found = [cells.task_of(task, packs) for task in tasks]
    caveats = [f"{task.title}: {task.caveat}" for task in found if task.caveat]
    told = "; ".join(f"{task.title}: {task.described}" for task in found)
    return " ".join(
        (
            f"Measured on {told}.",
            "A linear probe is a logistic regression on the frozen features of the best stage; stage and weight decay are chosen on",
            "pictures held out of train. VOC-5 is mean average precision. Few labels: mean and standard deviation of three draws.",
            *caveats,
        )
    )
