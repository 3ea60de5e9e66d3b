"""The table of the tab "Failures": every network that colours or fills against every mode, over the bank, and the judging itself."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

from visualize.jobs import Jobs, only_steps, own_key, progress_over_bank
from visualize.lab import Lab
from visualize.model_titles import spoken, title_of
from visualize.recent import Recent
from visualize.tabs.asked import known

if TYPE_CHECKING:
    from ssl_core.bank import Bank
    from ssl_core.failure_scores import Painter, Scores
    from ssl_core.failures import Mode
    from ssl_core.pretext import Pretext

AT_ONCE = 2000  # pictures of a bank that are judged without being asked: under two minutes for each network
PAINTED = 64  # whole photographs of up to 0.8 MB
ANSWERS = 240  # pictures of the gallery, of about 60 kB


class Board:
    """The lab as this tab uses it: scores and painted photographs that are there already, and the tab where each model is at home."""

    def __init__(self, lab: Lab, home: Callable[[str], dict | None]):
        self.lab, self.home = lab, home
        self.found, self.painted, self.answers = Recent(64), Recent(PAINTED), Recent(ANSWERS)

    def judged_models(self) -> list[Pretext]:
        """Every model that can do what is judged here, in the order of the story; broken ones are left out, see `broken`."""
        from ssl_core.failures import tasks_of

        models = [model for model in map(self._model, self.lab.model_names()) if not isinstance(model, str)]
        return [model for model in models if tasks_of(model)]

    def broken(self) -> list[str]:
        """A sentence for each model that cannot be loaded."""
        return [problem for problem in map(self._model, self.lab.model_names()) if isinstance(problem, str)]

    def _model(self, name: str) -> Pretext | str:
        from ssl_core.checkpoint import CheckpointError

        try:
            return self.lab.model(name)
        except CheckpointError as error:
            return str(error)

    def asked(self, query: dict) -> tuple[Pretext, Mode | None]:
        """The model and, where one was asked for, the mode of a query. Errors: AskedError, CheckpointError."""
        from ssl_core.failures import MODES

        names = tuple(model.name for model in self.judged_models())
        model = self.lab.model(known(str(query.get("model")), names, "network that colours or fills"))
        modes = {mode.id: mode for mode in MODES}
        return model, modes[known(str(query["mode"]), tuple(modes), "mode")] if "mode" in query else None

    def scores(self, model: Pretext) -> Scores | None:
        """The scores of a model on the bank if they have been made, else None: then `score_steps`."""
        from ssl_core.failure_scores import load_scores

        bank = self.lab.bank_at_hand()
        if bank is None:
            return None
        found = self.found.get((model.name, bank.key)) or load_scores(model, bank)
        return found and self.found.keep((model.name, bank.key), lambda: found)

    def score_steps(self, name: str) -> Generator[object, None, Scores]:
        """Judge the bank with a model, after opening it if need be; several pages share one job."""
        from ssl_core.failure_scores import score_steps

        bank = yield from self.lab.bank_steps()
        model = self.lab.model(name)
        found = yield from self.lab.work.watch(("failures", name, bank.key), lambda: score_steps(model, bank))
        return self.found.keep((name, bank.key), lambda: found)

    def painter(self, model: Pretext, bank: Bank) -> Painter:
        """The model at work on the bank; what it paints of whole photographs is kept."""
        from ssl_core.failure_scores import Painter

        return Painter(model, bank, lambda photo, paint: self.painted.keep((model.name, bank.key, photo), paint))


def table(board: Board, query: dict) -> dict:
    """Everything that the table shows: {"modes", "models", "bank", "pictures", "at_once", "notice"}; cells as `cells` gives them."""
    from ssl_core.failure_scores import judged_positions
    from ssl_core.failures import MODES

    models = board.judged_models()
    if not models:
        return {
            "error": "No network here colours or fills photographs: checkpoints/ holds none. Train one with `python -m ssl_core train`.",
            "notice": " ".join(board.broken()),
        }
    bank = board.lab.bank_at_hand()
    rows = [
        spoken(model.name)
        | {"name": model.name, "called": title_of(model.name), "home": board.home(model.name)}
        | {"cells": cells(board, model), "tasks": tasks(model)}
        for model in models
    ]
    pictures = len(judged_positions(bank)) if bank else 0
    return {
        "modes": [told(mode) for mode in MODES],
        "models": rows,
        "bank": bank.described if bank else "your photographs",
        "skipped": bank.skipped if bank else 0,
        "pictures": pictures,
        "at_once": bool(bank) and pictures <= AT_ONCE,
        "notice": " ".join([*board.broken(), board.lab.bank_changed()]).strip(),
    }


def tasks(model: Pretext) -> list[str]:
    """What of the judged tasks a model does."""
    from ssl_core.failures import tasks_of

    return list(tasks_of(model))


def told(mode: Mode) -> dict:
    """What the page says of a mode."""
    fields = ("id", "title", "task", "asks", "unit", "threshold", "because", "source", "map_unit", "top", "needs_color")
    return {name: getattr(mode, name) for name in fields}


def cells(board: Board, model: Pretext) -> dict | None:
    """A row of the table, {mode id: [mean score, share over the threshold, pictures judged]}; None while the bank is not judged."""
    from ssl_core.failures import MODES

    found = board.scores(model)
    if found is None:
        return None
    summed = {mode.id: found.summary(mode) for mode in MODES}
    return {mode: list(cell) for mode, cell in summed.items() if cell is not None}


def judge(board: Board, jobs: Jobs, query: dict) -> dict:
    """Judge the bank with a network: {"ready": true, "cells"} when it is done, else how far that is."""
    model, _ = board.asked(query)
    key = own_key(query, "failures", model.name)
    if not jobs.at_work(key) and (row := cells(board, model)) is not None:
        return {"ready": True, "cells": row, "note": jobs.note(key)}
    return progress_over_bank(jobs.ask(key, lambda: only_steps(board.score_steps(model.name)), query))
