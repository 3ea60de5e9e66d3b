"""Tab "Failures": in which ways colourings and fills go wrong, how often with which network, and where on a picture."""

from __future__ import annotations

from functools import partial

from visualize.jobs import Jobs
from visualize.lab import Lab
from visualize.tabs import failures_api, failures_gallery, failures_photo, failures_table
from visualize.tabs.asked import named
from visualize.tabs.explained import explained
from visualize.tabs.failures_table import Board
from visualize.widgets.failure_board import failure_board

ID = "failures"
TITLE = "Failures"
QUESTION = "How do they go wrong?"
METHODS = ()


def build(lab: Lab, page) -> None:
    """The tab: the board, which asks the handlers below by name, and the words under it."""
    board, jobs = Board(lab, page.home), Jobs()
    handlers = {
        "failure_table": partial(failures_table.table, board),
        "failure_judge": partial(failures_table.judge, board, jobs),
        "failure_tiles": partial(failures_gallery.tiles, board),
        "failure_photo": partial(failures_photo.on_photo, board),
    }
    failure_board(QUESTION, [named(name, handler) for name, handler in handlers.items()])
    explained("failures_words.html")
    failures_api.build(board)
