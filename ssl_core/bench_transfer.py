"""Which free signal teaches the best features: every teacher on every task, between an untrained encoder and one trained on labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ssl_core.bench import Column, Report
from ssl_core.teachers import SUPERVISED, UNTRAINED, Teacher
from ssl_core.transfer_cells import AUGMENT, DENSE, DETECTION, JOINT, MAIN, PROBE, SEGMENTATION, SHARES, TUNE, Cell
from ssl_core.transfer_published import ROWS as PUBLISHED
from ssl_core.transfer_runs import Table

COST = (Column("minutes", "pre-training, minutes on one CPU thread", ".0f"), Column("images", "pictures seen", ",d"))
PUBLISHED_COLUMNS = (
    Column("answer", "PASCAL VOC, AlexNet"),
    Column("pretraining", "pre-training"),
    *(
        column
        for key, heading in (
            ("classification", "classification, mAP %"),
            ("detection", "detection, mAP %"),
            ("segmentation", "segmentation, mean IoU %"),
        )
        for column in (Column(key, heading, ".1f"), Column(f"{key}_share", "of ImageNet's", ".2f"))
    ),
)
WORDS = "noisy-words-"  # the teachers that people's sentences taught
# what stands in the cards of the shipped networks
COLUMNS = (
    Column("probe_percent", "linear probe, Caltech-101, %", ".1f"),
    Column("probe_share", "of the supervised network's", ".2f"),
)


def probe_report(table: Table, names: Sequence[Teacher], titles: dict[str, str], described: str) -> Report:
    """Linear probes: every task with all labels, the first one with few, and what the pre-training cost."""
    first = next(iter(titles))
    columns = [Column("answer", "linear probe")]
    columns += [Column(f"{task}_1", f"{title}, %", ".1f") for task, title in titles.items()]
    columns += [Column("share", "of the supervised one's", ".2f")] if SUPERVISED in {one.name for one in names} else []
    columns += [Column(f"few_{share}", f"{titles[first]}, {share:.0%} of the labels, %") for share in SHARES[1::-1]]
    top = _mean(table, Cell(SUPERVISED, first, PROBE))[0]
    rows = []
    for teacher in names:
        row = {"answer": teacher.name, "minutes": teacher.minutes, "images": teacher.images}
        row |= {f"{task}_1": _mean(table, Cell(teacher.name, task, PROBE))[0] for task in titles}
        row |= {f"few_{share}": spread(*_mean(table, Cell(teacher.name, first, PROBE, share))) for share in SHARES[:2]}
        if top and row[f"{first}_1"] is not None:
            row["share"] = row[f"{first}_1"] / top
        if teacher.name != UNTRAINED and first == MAIN:
            row |= {"model": teacher.name, "probe_percent": row[f"{first}_1"], "probe_share": row.get("share")}
        rows.append(row)
    return Report("transfer", described, (*columns, *COST), tuple(rows), tuple(claims(table, names, tuple(titles))))


def layers_report(table: Table, names: Sequence[Teacher], task: str, title: str) -> Report:
    """Linear probes of one task, stage by stage."""
    by_name = {
        one.name: table[Cell(one.name, task, PROBE)].by_stage for one in names if Cell(one.name, task, PROBE) in table
    }
    stages = list(dict.fromkeys(stage for found in by_name.values() for stage in found))
    columns = (
        Column("answer", f"{title}, %"),
        *(Column(stage, stage, ".1f") for stage in stages),
        Column("taken", "taken"),
    )
    rows = [
        {
            "answer": name,
            "taken": table[Cell(name, task, PROBE)].stage,
            **{stage: 100 * score for stage, score in found.items()},
        }
        for name, found in by_name.items()
    ]
    told = f"Linear probes of {title} with all labels, stage by stage; the stage that is taken was chosen on pictures held out of train."
    return Report("transfer-layers", told, columns, tuple(rows))


def protocols_report(table: Table, names: Sequence[str], task: str, title: str) -> Report:
    """The protocols that train an encoder, segmentation and detection: one network of each method."""
    asked = [(f"tune_{share}", f"fine-tuned, {share:.0%}", task, TUNE, share) for share in SHARES]
    asked += [
        ("augment", "beside a new network, 10%", task, AUGMENT, 0.1),
        ("joint", "learned jointly, 10%", task, JOINT, 0.1),
    ]
    asked += [
        (f"{kind}_{protocol}", f"{said}, {DENSE[kind]}", kind, protocol, 1.0)
        for kind in (SEGMENTATION, DETECTION)
        for protocol, said in ((PROBE, "frozen"), (TUNE, "fine-tuned"))
    ]
    there = [one for one in asked if any(Cell(name, one[2], one[3], one[4]) in table for name in names)]
    columns = (Column("answer", f"{title}, %"), *(Column(key, heading) for key, heading, *_ in there))
    rows = [
        {"answer": name} | {key: spread(*_mean(table, Cell(name, on, how, share))) for key, _, on, how, share in there}
        for name in names
    ]
    told = (
        f"One network of each method. Fine-tuned: all weights, on {title} with that share of the labels (of the untrained one: "
        "learning from scratch). Beside a new network: the frozen features of the teacher beside those of an untrained encoder that "
        "learns. Jointly: the labels and the pretext task at once. CamVid: mean IoU; VOC-5 boxes: mean average precision at IoU 0.5. "
        "Fine-tuned boxes get four rounds through train and are under-trained. Where there is a spread, it is the standard deviation of "
        "three seeds."
    )
    return Report("transfer-protocols", told, columns, tuple(rows))


def ensembles_report(table: Table, cells: Sequence[Cell], title: str) -> Report:
    """Features of two teachers side by side, the best pairs first; and those of all, where they are more than two."""
    columns = (
        Column("answer", f"{title}, linear probe, %"),
        Column("together", "side by side", ".1f"),
        Column("best", "the better one alone", ".1f"),
        Column("gain", "gain", "+.1f"),
    )
    rows = []
    for cell in cells:
        alone = max(table[Cell(name, cell.task, PROBE)].score for name in cell.teacher.split(" + "))
        together = table[cell].score
        said = cell.teacher if cell.teacher.count(" + ") == 1 else f"all {cell.teacher.count(' + ') + 1}"
        rows.append({"answer": said, "together": 100 * together, "best": 100 * alone, "gain": 100 * (together - alone)})
    rows.sort(key=lambda row: (row["answer"].startswith("all "), -row["together"]))
    shown = [*rows[:5], *rows[-1:]] if len(rows) > 6 else rows
    best = f"The best of {len(rows) - 1} pairs of teachers, and all of them"
    told = f"{best if len(rows) > 1 else 'One pair of teachers'}, their features side by side under one linear probe."
    return Report("transfer-ensembles", told, columns, tuple(shown))


def published_report() -> Report:
    """The talk's table, each figure also as a share of the supervised one."""
    top, rows = PUBLISHED[0], []
    for row in PUBLISHED:
        shares = {
            f"{key}_share": row[key] / top[key]
            for key in ("classification", "detection", "segmentation")
            if row.get(key)
        }
        rows.append({"answer": row["teacher"], **row, **shares})
    told = (
        "Published figures (Pathak et al., CVPR 2016, table 2): AlexNets, pre-trained on about a million photographs (motion: on a "
        "hundred thousand videos), then fine-tuned. Only the shares can be compared with ours: a small network at 128 px, some ten "
        "thousand photographs, an hour or a few on one CPU thread."
    )
    return Report("transfer-published", told, PUBLISHED_COLUMNS, tuple(rows))


def claims(table: Table, names: Sequence[Teacher], tasks: Sequence[str]) -> list[str]:
    """Sentences on what the papers claim and what was measured here."""
    first, said = tasks[0], []
    score = {one.name: _mean(table, Cell(one.name, first, PROBE))[0] for one in names}
    free = {one.name: score[one.name] for one in names if one.kind == "self-supervised" and score[one.name] is not None}
    if not free or score.get(UNTRAINED) is None:
        return said
    losers = [
        f"{name} on {task}"
        for name in free
        for task in tasks
        if _mean(table, Cell(name, task, PROBE))[0] <= _mean(table, Cell(UNTRAINED, task, PROBE))[0]
    ]
    said.append(
        "Every self-supervised teacher beats the untrained encoder on every task."
        if not losers
        else f"Not better than the untrained encoder: {', '.join(losers)}."
    )
    if score.get(SUPERVISED):
        said += _best(free, first, score[SUPERVISED])
    said += _split_brain(table, names, tasks) + _few(table, first, free)
    return said


def _best(free: dict[str, float], task: str, supervised: float) -> list[str]:
    """How near the best teachers come to the supervised network: of all, and of those that saw nothing but photographs."""
    best = max(free, key=free.get)
    alone = max((name for name in free if not name.startswith(WORDS)), key=free.get, default=best)
    published = [row["classification_share"] for row in published_report().rows[1:]]
    said = [
        f"On {task} the best, {best}, reaches {free[best] / supervised:.2f} of the supervised network "
        f"(published on PASCAL: {min(published):.2f} to {max(published):.2f})."
    ]
    if alone != best:
        said.append(
            f"It read sentences; the best of those that saw photographs alone, {alone}: {free[alone] / supervised:.2f}."
        )
    return said


def _split_brain(table: Table, names: Sequence[Teacher], tasks: Sequence[str]) -> list[str]:
    """The paper's claim that two halves beat one: against the best network that only colours, task by task."""
    split = [one for one in names if one.name.startswith("split-brain-")]
    single = [one for one in names if "colorization-" in one.name]
    if not split or not single:
        return []
    best = {
        task: [max(_mean(table, Cell(one.name, task, PROBE))[0] or 0.0 for one in group) for group in (split, single)]
        for task in tasks
    }
    gains = {task: round(ours - theirs, 1) for task, (ours, theirs) in best.items()}
    told = ", ".join(f"{task} {gain:+z.1f}" for task, gain in gains.items())
    minutes = sorted(one.minutes for one in single)
    cost = f"{minutes[0]:.0f}" if len(minutes) == 1 else f"{minutes[0]:.0f} to {minutes[-1]:.0f}"
    return [
        f"Split-brain is above the best single colorization network on {sum(gain > 0 for gain in gains.values())} of {len(tasks)} tasks "
        f"({told} points; the paper: above), after {split[0].minutes:.0f} minutes of pre-training against {cost}."
    ]


def _few(table: Table, task: str, free: dict[str, float]) -> list[str]:
    """The claim on few labels: fine-tuning from the best teacher against learning from scratch."""
    tuned = {name: _mean(table, Cell(name, task, TUNE, SHARES[0])) for name in (*free, UNTRAINED)}
    tuned = {name: found for name, found in tuned.items() if found[0] is not None}
    if UNTRAINED not in tuned or len(tuned) < 2:
        return []
    scratch = tuned.pop(UNTRAINED)
    best = max(tuned, key=lambda name: tuned[name][0])
    ours, theirs = spread(*tuned[best]), spread(*scratch)
    return [
        f"With {100 * SHARES[0]:.0f} % of the labels fine-tuning from {best} reaches {ours} %, learning from scratch {theirs} %."
    ]


def _mean(table: Table, cell: Cell) -> tuple[float | None, float | None, int]:
    """Mean and standard deviation in per cent over the seeds of a cell that were measured, and how many; None where there are none."""
    scores = [
        100 * outcome.score
        for seed in range(8)
        if (outcome := table.get(Cell(cell.teacher, cell.task, cell.protocol, cell.share, seed)))
    ]
    if not scores:
        return None, None, 0
    return float(np.mean(scores)), float(np.std(scores, ddof=1)) if len(scores) > 1 else None, len(scores)


def spread(mean: float | None, deviation: float | None, count: int = 0) -> str | None:
    """A mean in per cent with its spread.

    >>> spread(41.24, 0.76), spread(41.24, None), spread(None, None)
    ('41.2 ± 0.8', '41.2', None)
    """
    if mean is None:
        return None
    return f"{mean:.1f}" if deviation is None else f"{mean:.1f} ± {deviation:.1f}"
