"""What the page asks of a race in the tab "Transfer", read and checked, and what it is answered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ssl_core.race import FEWEST, MOST, PROTOCOLS
from ssl_core.steps import drained
from visualize.model_titles import title_of
from visualize.tabs.asked import AskedError, known
from visualize.tabs.transfer_race import Heat, Races, Setting

if TYPE_CHECKING:
    from ssl_core.race import Lap

SHORTEST, LONGEST = 5, 120  # s for each teacher


def entrants() -> list[dict]:
    """Who can race: [{"name", "title"}], untrained first."""
    from ssl_core.teachers import teachers

    names = [teacher.name for teacher in teachers()]
    return [{"name": name, "title": title_of(name)} for name in names]


def asked_setting(races: Races, query: dict) -> Setting:
    """The race that a query asks for. Errors: AskedError."""
    names = tuple(one["name"] for one in entrants())
    wanted = query.get("teachers")
    chosen = tuple(known(str(name), names, "teacher") for name in (wanted if isinstance(wanted, list) else ()))
    if not FEWEST <= len(set(chosen)) == len(chosen) <= MOST:
        raise AskedError("A race is between two or three different teachers: choose them above.")
    seconds = query.get("seconds")
    if not isinstance(seconds, int | float) or not SHORTEST <= seconds <= LONGEST:
        raise AskedError(f"A race gives each teacher {SHORTEST} to {LONGEST} seconds; {seconds} were asked for.")
    task = known(str(query.get("task")), tuple(one["name"] for one in races.tracks()), "task")
    return Setting(chosen, task, known(str(query.get("protocol")), PROTOCOLS, "protocol"), int(seconds))


def race(races: Races, query: dict) -> dict:
    """What a page asks of its visitor's race: `do` is "start", "stop", "go" or nothing, `since` the laps that it has of an `edition`.

    {"setting", "running", "finished", "doing", "note", "edition", "since", "metric", "done", "told",
    "laps": [[teacher, step, seconds, loss, score]]}, or
    {"none": true}. Errors: AskedError.
    """
    visitor = str(query.get("visitor"))
    if not re.fullmatch(r"[a-z0-9]{8,40}", visitor):
        raise AskedError("This page has lost its name: reload it.")
    heat = races.begin(visitor, asked_setting(races, query)) if query.get("do") == "start" else races.heat(visitor)
    if heat is None:
        return {"none": True}
    if query.get("do") == "stop":
        heat.job.stopping.set()  # nobody waits for its last step
    elif query.get("do") == "go":
        races.go_on(heat)
    known_already = query.get("since") if query.get("edition") == edition_of(heat) else 0
    return told(heat, known_already)


def edition_of(heat: Heat) -> str:
    """What the laps of a race are counted under: another race, or a teacher that had to start anew, is counted from 0."""
    return f"{heat.folder.name}-{heat.edition}"


def told(heat: Heat, since: object) -> dict:
    """A race as the page draws it, with the laps from `since` on."""
    laps = list(heat.laps)
    start = since if isinstance(since, int) and 0 <= since <= len(laps) else 0
    setting = heat.setting
    answer = {
        "setting": {
            "teachers": list(setting.teachers),
            "task": setting.task,
            "protocol": setting.protocol,
            "seconds": setting.seconds,
        },
        "running": heat.running,
        "finished": heat.finished,
        "doing": heat.doing,
        "note": heat.note,
        "edition": edition_of(heat),
        "since": start,
        "laps": [
            [lap.name, lap.point.step, lap.point.seconds, lap.point.loss, lap.point.score] for lap in laps[start:]
        ],
        "done": sum(heat.spent().values()) / (setting.seconds * len(setting.teachers)),
        "metric": heat.metric,
        "told": outcome(heat, laps),
    }
    return answer | ({"error": heat.job.error} if heat.job.error else {})


def outcome(heat: Heat, laps: list[Lap]) -> str:
    """Who leads or has won, and by how much, in a sentence; "" before there are two scores."""
    last = {lap.name: lap.point.score for lap in laps if lap.point.score is not None}
    if len(last) < FEWEST:
        return ""
    titles = {one["name"]: one["title"] for one in entrants()}
    (first, score), *others = sorted(last.items(), key=lambda one: -one[1])
    margin, title = 100 * (score - others[0][1]), titles.get(first, first)
    rest = " and ".join(f"{titles.get(name, name)} ({100 * other:.1f}\u00a0%)" for name, other in others)
    if score - others[0][1] < 1 / max(heat.pictures, 1):
        level = titles.get(others[0][0], others[0][0])
        return f"{title} and {level} are level: {heat.metric} {100 * score:.1f}\u00a0%."
    does = "wins" if heat.finished else "leads"
    points = "point" if f"{margin:.1f}" == "1.0" else "points"
    return f"{title} {does} by {margin:.1f} {points}: {heat.metric} {100 * score:.1f}\u00a0%, ahead of {rest}."


def about_task(races: Races, query: dict) -> dict:
    """What a task is, before it is raced: {"title", "described", "caveat", "chance", "metric"}, chance in per cent.

    Opens it, which takes a while for many photographs. Errors: AskedError, TaskError.
    """
    task = drained(races.task_steps(str(query.get("task"))))
    return {
        "title": task.title,
        "described": task.described,
        "caveat": task.caveat,
        "chance": round(100 * task.chance, 1),
        "metric": "mean average precision" if task.several else "accuracy",
    }
