"""Tab "Words": what a network that read the sentences under photographs knows about words, to add, subtract, look at and map."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from visualize.jobs import Jobs
from visualize.lab import Lab
from visualize.tabs import words_api, words_map, words_pictures, words_vectors
from visualize.tabs.asked import named
from visualize.tabs.explained import explained, trainings
from visualize.tabs.feature_map_work import Turns
from visualize.tabs.words_asked import METHOD
from visualize.widgets.linked_map import linked_map
from visualize.widgets.word_desk import word_desk

ID = "words"
TITLE = "Words"
QUESTION = "What do photographs teach about words?"
METHODS = (METHOD,)


def build(lab: Lab, page) -> None:
    """The tab: the desk, which asks the handlers below by name, the map, and the words under it."""
    desk = word_desk(QUESTION, server_functions(lab, Jobs()))
    chart = linked_map("words", elem_id="word-map")
    explained("words_text.html", trainings=trainings(lab.models(METHOD)))
    quiet = {"show_progress": "hidden", "api_visibility": "private"}
    turns = Turns()
    draw = partial(words_map.draw, lab, turns)
    desk.draw(draw, desk, [desk, chart], trigger_mode="multiple", concurrency_limit=4, **quiet)
    desk.stop(partial(words_map.stop, turns), desk, None, queue=False, **quiet)
    chart.picked(words_map.picked, chart, desk, trigger_mode="always_last", **quiet)
    words_api.build(lab)


def server_functions(lab: Lab, jobs: Jobs) -> list[Callable[[dict], dict]]:
    """What the page may ask, each under the name by which it asks."""
    handlers = {
        "words_start": partial(started, lab),
        "words_analogy": partial(words_vectors.analogy, lab),
        "words_word": partial(words_vectors.word, lab),
        "words_pair": partial(words_vectors.pair, lab),
        "words_pictures": partial(words_pictures.pictures, lab, jobs),
        "words_photo": partial(words_pictures.photo_words, lab),
    }
    return [named(name, handler) for name, handler in handlers.items()]


def started(lab: Lab, query: dict) -> dict:
    """What the page needs once, with the groups of words that the map offers."""
    return words_vectors.start(lab, query) | {"groups": words_map.groups_offered(lab)}
