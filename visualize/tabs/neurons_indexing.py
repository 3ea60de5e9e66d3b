"""The tab "Neurons" looks through the bank, so that its units have patches to show."""

from __future__ import annotations

from visualize.jobs import Jobs, progress_over_bank
from visualize.tabs.asked import known
from visualize.tabs.neurons_asked import Bench


def indexing(bench: Bench, jobs: Jobs, query: dict) -> dict:
    """Look through the bank with a network: {"ready": true}, or how far that is."""
    name = known(str(query.get("model")), bench.lab.model_names(), "network")
    job = jobs.ask(("index", name), lambda: bench.lab.index_steps(name), query)
    latest = job.latest if job is not None else None
    if (job is None or job.ended.is_set()) and bench.lab.index(name) is not None:
        return {"ready": True, "note": latest.note if latest else ""}
    if job is None:
        return {"running": False, "done": 0, "total": 0}
    return progress_over_bank(job)
