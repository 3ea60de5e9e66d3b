"""The measured results that the tab "Transfer" shows: read from what `bench transfer --write` wrote, checked, and summed up."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from visualize.model_titles import title_of

RESULTS = Path(__file__).resolve().parents[2] / "assets" / "transfer.json"
PROTOCOLS = ("linear probe", "fine-tune", "feature augmentation", "joint learning")
COMMAND = "python -m ssl_core bench transfer --write"
KINDS = ("untrained", "self-supervised", "supervised")


class ResultsError(ValueError):
    """Results that cannot be shown. Its text is a sentence for the person."""


def read_results(path: Path) -> dict:
    """The results as the page draws them; what a cell lacks is left out, never made up.

    Keys: measured_on, remarks, teachers, tasks, protocols, shares, cells, layers, ensembles, races, published, verdicts.
    Scores are in per cent. Errors: ResultsError when the file is missing or is not what the command writes.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ResultsError(
            f"Nothing has been measured here yet. This measures and fills the tables: {COMMAND}"
        ) from error
    except (OSError, ValueError) as error:
        raise _damaged(path, str(error)) from error
    try:
        return _checked(told)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from error


def _damaged(path: Path, why: str) -> ResultsError:
    return ResultsError(f"{path.name} cannot be read ({why}). This measures again and writes a whole one: {COMMAND}")


def _checked(told: dict) -> dict:
    teachers = [_teacher(one) for one in told["teachers"]]
    tasks = [_task(one) for one in told["tasks"]]
    names, keys = {one["name"] for one in teachers}, {one["name"] for one in tasks}

    def kept(rows: list, known: Callable[[dict], bool]) -> list[dict]:
        return [row for row in rows if row["task"] in keys and known(row) and finite(row["score"])]

    cells = kept(told["cells"], lambda row: row["teacher"] in names and finite(row["share"]))
    if not teachers or not tasks or not cells:
        raise ValueError("it has no figures")
    protocols = [one for one in PROTOCOLS if any(cell["protocol"] == one for cell in cells)]
    shares = sorted({float(cell["share"]) for cell in cells})
    return {
        "measured_on": str(told.get("measured_on") or ""),
        "remarks": [str(one) for one in told.get("remarks") or ()],
        "teachers": teachers,
        "tasks": tasks,
        "protocols": protocols,
        "shares": shares,
        "cells": [_cell(cell) for cell in cells],
        "layers": kept(told.get("layers") or [], lambda row: row["teacher"] in names),
        "ensembles": kept(told.get("ensembles") or [], lambda row: _is_pair(row, names)),
        "races": _races(told.get("races"), names, keys),
        "published": told.get("published") or None,
        "verdicts": [verdict(teachers, tasks, cells, one, share) for one in protocols for share in shares],
    }


def finite(value: object) -> bool:
    """Whether a value of a JSON file is a number that can be drawn.

    >>> [finite(value) for value in (41.2, 0, None, float("nan"), "41", True)]
    [True, True, False, False, False, False]
    """
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _teacher(one: dict) -> dict:
    if one["kind"] not in KINDS:
        raise ValueError(f"{one['kind']!r} is no kind of teacher")
    return {
        "name": str(one["name"]),
        "title": title_of(str(one["name"])),
        "kind": one["kind"],
        "minutes": float(one["minutes"]) if finite(one.get("minutes")) else None,
        "images": int(one["images"]) if finite(one.get("images")) else None,
    }


def _task(one: dict) -> dict:
    return {
        "name": str(one["name"]),
        "title": str(one["title"]),
        "score": str(one["score"]),
        "classes": one.get("classes"),
        "chance": one["chance"] if finite(one.get("chance")) else None,
        "kind": str(one.get("kind") or "classification"),
        "caveat": str(one.get("caveat") or ""),
    }


def _cell(cell: dict) -> dict:
    spread = cell.get("spread")
    return {
        "teacher": cell["teacher"],
        "task": cell["task"],
        "protocol": cell["protocol"],
        "share": float(cell["share"]),
        "score": float(cell["score"]),
        "spread": spread if finite(spread) else None,
        "seeds": cell.get("seeds"),
        "stage": str(cell.get("stage") or ""),
        "note": str(cell.get("note") or ""),
    }


def _races(told: dict | None, names: set[str], tasks: set[str]) -> dict | None:
    """Races that were run beforehand, {"task", "seconds", "curves": {protocol: {teacher: [[seconds, per cent], ...]}}}, or None."""
    if not told or told["task"] not in tasks:
        return None
    curves: dict[str, dict] = {}
    for one in told["curves"]:
        if (
            one["teacher"] in names
            and one["points"]
            and all(finite(value) for point in one["points"] for value in point)
        ):
            curves.setdefault(str(one["protocol"]), {})[one["teacher"]] = one["points"]
    return {"task": told["task"], "seconds": float(told["seconds"]), "curves": curves}


def _is_pair(row: dict, names: set[str]) -> bool:
    return (
        len(row["teachers"]) == len(row["parts"]) == 2
        and {*row["teachers"]} <= names
        and all(map(finite, row["parts"]))
    )


def verdict(teachers: list[dict], tasks: list[dict], cells: list[dict], protocol: str, share: float) -> dict:
    """{"protocol", "share", "told"}: a sentence of what the figures of one protocol with one share of the labels say.

    Who is first in most tasks (equals together, who is nearer to the supervised one first), how near, and how many beat untrained.
    """
    asked = [one for one in cells if (one["protocol"], float(one["share"])) == (protocol, share)]
    found = {(cell["teacher"], cell["task"]): cell["score"] for cell in asked}
    told = {"protocol": protocol, "share": share}
    free = [one for one in teachers if one["kind"] == "self-supervised"]
    measured = [task for task in tasks if any((one["name"], task["name"]) in found for one in free)]
    if not measured:
        return told | {"told": "No free teacher has been measured this way."}
    ends = {kind: [one["name"] for one in teachers if one["kind"] == kind] for kind in ("untrained", "supervised")}
    winners, wins = _winners(free, measured, found, ends["supervised"])
    best, who = winners[0], " and ".join(f"“{one['title']}”" for one in winners)
    says = "teaches best:" if len(winners) == 1 else "teach best: each is"
    sentence = f"{who} {says} first of the free signals in {_counted(wins, len(measured))}"
    near = [shares for one in winners if (shares := _shares_of(one["name"], measured, found, ends["supervised"]))]
    if near:
        sentence += f", at {' and '.join(map(_range, near))} of what labels teach"
    if len(winners) == 1 and (level := _level_with(best, free, asked)):
        more = f" and {len(level) - 1} more" if len(level) > 1 else ""
        sentence += f". Its lead over “{level[0]['title']}”{more} is within the spread of the draws"
    return told | {
        "told": f"{sentence}. {_beaten(free, measured, found, ends['untrained'])}".strip(),
        "best": best["name"],
    }


def _winners(free: list[dict], tasks: list[dict], found: dict, supervised: list[str]) -> tuple[list[dict], int]:
    """Who is first in most tasks, the nearest to the supervised one first, and in how many."""
    firsts = Counter(
        max(free, key=lambda one, task=task: found.get((one["name"], task["name"]), -math.inf))["name"]
        for task in tasks
    )

    def nearness(one: dict) -> float:
        near = _shares_of(one["name"], tasks, found, supervised)
        return sum(near) / len(near) if near else 0.0

    most = max(firsts.values())
    return sorted((one for one in free if firsts[one["name"]] == most), key=nearness, reverse=True), most


def _level_with(best: dict, free: list[dict], cells: list[dict]) -> list[dict]:
    """The free teachers that are no farther from the best one than the larger spread of the two, in every task in which both
    were measured, the nearest first. None where a figure has no spread.
    """
    of = {(cell["teacher"], cell["task"]): cell for cell in cells}

    def leads(one: dict) -> list[float]:
        """The lead of the best in spreads, task by task."""
        pairs = [(cell, of.get((one["name"], task))) for (name, task), cell in of.items() if name == best["name"]]
        return [
            (mine["score"] - theirs["score"]) / max(mine["spread"], theirs["spread"])
            if mine["spread"] and theirs["spread"]
            else math.inf
            for mine, theirs in pairs
            if theirs
        ]

    others = {one["name"]: leads(one) for one in free if one is not best}
    level = [one for one in free if others.get(one["name"]) and max(others[one["name"]]) <= 1]
    return sorted(level, key=lambda one: max(others[one["name"]]))


def _shares_of(name: str, tasks: list[dict], found: dict, ends: list[str]) -> list[float]:
    """The scores of a teacher as shares of those of the end row, where both are there."""
    pairs = [(found.get((name, task["name"])), found.get((end, task["name"]))) for end in ends[:1] for task in tasks]
    return [mine / theirs for mine, theirs in pairs if mine is not None and theirs]


def _beaten(free: list[dict], tasks: list[dict], found: dict, untrained: list[str]) -> str:
    """How many free teachers beat the untrained network wherever both were measured."""
    shares = [_shares_of(one["name"], tasks, found, untrained) for one in free]
    compared = [one for one in shares if one]
    if not compared:
        return ""
    above, count = sum(min(one) > 1 for one in compared), len(compared)
    where = "wherever measured" if len(tasks) > 1 else "in it"
    if above == count:
        return (
            f"All {count} beat the untrained network {where}."
            if count > 1
            else f"It beats the untrained network {where}."
        )
    return (
        f"{above or 'None'} of {count} free teachers {'beats' if above == 1 else 'beat'} the untrained network {where}."
    )


def _counted(some: int, count: int) -> str:
    if count == 1:
        return "the one task measured"
    return f"all {count} tasks" if some == count else f"{some} of {count} tasks"


def _range(shares: list[float]) -> str:
    low, high = round(100 * min(shares)), round(100 * max(shares))
    return f"{low}\u00a0%" if low == high else f"{low} to {high}\u00a0%"
