"""Tab "Transfer": which free signal teaches the best features, by how much and at what cost; measured, and as a race."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from visualize.lab import Lab
from visualize.tabs import transfer_asked, transfer_results
from visualize.tabs.asked import AskedError, named
from visualize.tabs.explained import explained
from visualize.tabs.transfer_race import Races
from visualize.widgets.transfer_board import transfer_board

ID = "transfer"
TITLE = "Transfer"
QUESTION = "Which free signal teaches best?"
METHODS = ("supervised",)


def build(lab: Lab, page) -> None:
    """The tab: the board, which asks the handlers below by name, and the words under it."""
    races = Races(lab)
    handlers = {
        "transfer_results": partial(results, races),
        "transfer_task": partial(transfer_asked.about_task, races),
        "transfer_race": partial(transfer_asked.race, races),
    }
    transfer_board(QUESTION, [named(name, spoken(handler)) for name, handler in handlers.items()])
    explained("transfer_words.html")


def results(races: Races, query: dict) -> dict:
    """What the page needs once: {"results"} as `read_results` gives them or {"missing": sentence}, who can race and on what."""
    told = {"entrants": transfer_asked.entrants(), "tracks": races.tracks()}
    try:
        return told | {"results": transfer_results.read_results(transfer_results.RESULTS)}
    except transfer_results.ResultsError as error:
        return told | {"missing": str(error)}


def spoken(handler: Callable[[dict], dict]) -> Callable[[dict], dict]:
    """A handler whose refusals by a task are sentences, like those that every tab knows."""

    def answer(query: dict) -> dict:
        from ssl_core.transfer_tasks import TaskError

        try:
            return handler(query)
        except TaskError as error:
            raise AskedError(str(error)) from error

    return answer
