"""The measured transfer table as JSON, for the page: assets/transfer.json, written by `bench transfer --write` and by nothing else."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ssl_core.checkpoint import replacing
from ssl_core.teachers import Teacher
from ssl_core.transfer_cells import DENSE, PROBE, RACE, RACE_SECONDS, SEGMENTATION, Cell, task_of
from ssl_core.transfer_published import ROWS
from ssl_core.transfer_runs import Table

FILE = Path(__file__).parents[1] / "assets" / "transfer.json"


def board(table: Table, names: Sequence[Teacher], packs: str | None, told: str, remarks: Sequence[str]) -> dict:
    """All that was measured. Scores are in per cent; a cell is the mean over its seeds, `spread` their standard deviation or None."""
    raced = {cell: outcome for cell, outcome in table.items() if cell.protocol.startswith(RACE)}
    alone = {cell: outcome for cell, outcome in table.items() if " + " not in cell.teacher and cell not in raced}
    tasks = list(dict.fromkeys(cell.task for cell in alone))
    return {
        "measured_on": told,
        "remarks": list(remarks),
        "teachers": [
            {"name": one.name, "minutes": round(one.minutes), "images": one.images, "kind": one.kind} for one in names
        ],
        "tasks": [_task(name, packs) for name in tasks],
        "cells": _cells(alone),
        "layers": [
            {"teacher": cell.teacher, "task": cell.task, "stage": stage, "score": _percent(score)}
            for cell, outcome in alone.items()
            if cell.protocol == PROBE and cell.share == 1 and cell.task not in DENSE
            for stage, score in outcome.by_stage.items()
        ],
        "ensembles": [_ensemble(cell, outcome, table) for cell, outcome in table.items() if " + " in cell.teacher],
        "races": _races(raced),
        "published": {
            "caption": "PASCAL VOC, AlexNets (Pathak et al., CVPR 2016, table 2)",
            "rows": list(ROWS),
        },
    }


def write_board(found: dict) -> Path:
    """Write the file that the page reads, whole. CheckpointError if the disk refuses."""
    with replacing(FILE) as partial:
        partial.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return FILE


def _cells(table: Table) -> list[dict]:
    groups = defaultdict(list)
    for cell, outcome in table.items():
        groups[replace(cell, seed=0)].append(outcome)
    return [
        {
            "teacher": cell.teacher,
            "task": cell.task,
            "protocol": cell.protocol,
            "share": cell.share,
            "score": _percent(np.mean([one.score for one in found])),
            "spread": _percent(np.std([one.score for one in found], ddof=1)) if len(found) > 1 else None,
            "seeds": len(found),
            "stage": found[0].stage or None,
            "note": "",
        }
        for cell, found in groups.items()
    ]


def _task(name: str, packs: str | None) -> dict:
    if name in DENSE:
        segmented = name == SEGMENTATION
        return {
            "name": name,
            "title": DENSE[name],
            "score": "mean IoU" if segmented else "AP at IoU 0.5",
            "classes": 11 if segmented else 5,
            "chance": 0.0,
            "kind": "segmentation" if segmented else "detection",
            "caveat": "",
        }
    task = task_of(name, packs)
    return {
        "name": name,
        "title": task.title,
        "score": "mAP" if task.several else "accuracy",
        "classes": len(task.classes),
        "chance": _percent(task.chance),
        "kind": "classification",
        "caveat": task.caveat,
    }


def _races(table: Table) -> dict | None:
    """Every teacher's run on its own: {"task", "seconds", "curves": [{"teacher", "protocol", "points": [[seconds, per cent]]}]}."""
    if not table:
        return None
    curves = [
        {
            "teacher": cell.teacher,
            "protocol": cell.protocol.removeprefix(RACE),
            "points": [[round(at, 2), _percent(score)] for at, score in outcome.curve],
        }
        for cell, outcome in table.items()
    ]
    return {"task": next(iter(table)).task, "seconds": RACE_SECONDS, "curves": curves}


def _ensemble(cell: Cell, outcome, table: Table) -> dict:
    names = cell.teacher.split(" + ")
    parts = [_percent(table[replace(cell, teacher=name)].score) for name in names]
    return {"teachers": names, "task": cell.task, "score": _percent(outcome.score), "parts": parts}


def _percent(share: float) -> float:
    """In per cent, with digits enough for the page to show the same tenth as the tables, which round what was measured.

    Half-way between two tenths the two would differ: such a figure is put on the side to which the tables round it.

    >>> _percent(91 / 434), _percent(5 / 434), _percent(0.0025), _percent(0.0075)
    (20.9677, 1.1521, 0.2499, 0.7501)
    """
    exact = 100 * float(share)
    written, shown = round(exact, 4), round(exact, 1)
    half_way = math.isclose(abs(written - shown), 0.05, abs_tol=1e-6)
    return round(written + math.copysign(1e-4, shown - written), 4) if half_way else written
