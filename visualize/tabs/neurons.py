"""Tab "Neurons": what makes each unit of each network fire, where it looks, what it would like to see, and its twin elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from visualize.jobs import Jobs
from visualize.lab import Lab
from visualize.tabs import neurons_api, neurons_field, neurons_unit, neurons_wall
from visualize.tabs.asked import named
from visualize.tabs.explained import explained
from visualize.tabs.neurons_asked import Bench
from visualize.tabs.neurons_dream import dream
from visualize.tabs.neurons_indexing import indexing
from visualize.widgets.neuron_bench import neuron_bench

ID = "neurons"
TITLE = "Neurons"
QUESTION = "What makes this neuron fire?"
METHODS = ()


def build(lab: Lab, page) -> None:
    """The tab: the bench, which asks the handlers below by name, and the words under it.

    A query is a dict of what was chosen: model, stage, unit, k, photo and what only one handler needs. An answer is what is drawn,
    or {"error": sentence}; `keep` in it says that the page need not ask again.
    """
    bench = Bench(lab)
    neuron_bench(QUESTION, server_functions(bench, Jobs()))
    explained("neurons_words.html")
    neurons_api.build(bench)


def server_functions(bench: Bench, jobs: Jobs) -> list[Callable[[dict], dict]]:
    """What the page may ask, each under the name by which it asks."""
    handlers = {
        "neuron_networks": partial(neurons_wall.networks, bench),
        "neuron_wall": partial(neurons_wall.wall, bench),
        "neuron_unit": partial(neurons_unit.unit_page, bench),
        "neuron_face_off": partial(neurons_unit.face_off, bench),
        "neuron_field": partial(neurons_field.field, bench),
        "neuron_photo": partial(neurons_field.on_photo, bench),
        "neuron_index": partial(indexing, bench, jobs),
        "neuron_dream": partial(dream, bench, jobs),
    }
    return [named(name, handler) for name, handler in handlers.items()]
