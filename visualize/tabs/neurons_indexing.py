"""The tab "Neurons" looks through the bank, so that its units have patches to show."""

from __future__ import annotations

from visualize.jobs import Jobs, only_steps, own_key, progress_over_bank
from visualize.tabs.asked import known
from visualize.tabs.neurons_asked import Bench


def indexing(bench: Bench, jobs: Jobs, query: dict) -> dict:
    """Look through the bank with a network: {"ready": true}, or how far that is."""
    name = known(str(query.get("model")), bench.lab.model_names(), "network")
    key = own_key(query, "index", name)
    if not jobs.at_work(key) and bench.lab.index(name) is not None:
        return {"ready": True, "note": jobs.note(key)}
    return progress_over_bank(jobs.ask(key, lambda: only_steps(bench.lab.index_steps(name)), query))
