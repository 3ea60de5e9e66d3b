"""The synthetic picture that excites a unit most: made on demand, with its progress, and kept in the user's cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from visualize.jobs import Jobs, own_key, progress
from visualize.tabs.neurons_asked import Asked, Bench
from visualize.tabs.neurons_wall import face

if TYPE_CHECKING:
    from ssl_core.activation_maximization import Synthetic


def dream(bench: Bench, jobs: Jobs, query: dict) -> dict:
    """The picture of a unit: {"ready": true, "src"}, or how far it is with the picture so far, or that it can be made."""
    from ssl_core.activation_maximization import kept, maximize_once

    asked = bench.read(query)
    work = ("dream", asked.model.name, asked.stage, asked.unit)

    def make():
        return bench.lab.work.watch(work, lambda: maximize_once(asked.model, asked.stage, asked.unit))

    job = jobs.ask(own_key(query, *work), make, query)
    found = job.result if job is not None and job.result is not None else kept(asked.model, asked.stage, asked.unit)
    if found is not None:
        return {"ready": True, "src": face(found.picture), "told": sentence(asked, found)}
    if job is None:
        return {"running": False, "told": "Activation maximisation: a picture made from noise for this unit alone."}
    told, latest = progress(job), job.latest
    if latest is not None:
        told |= {"done": latest.step, "total": latest.steps, "src": face(latest.picture)}
        told["told"] = f"Step {latest.step} of {latest.steps}: activation {latest.peak:.3g}."
    return told


def sentence(asked: Asked, found: Synthetic) -> str:
    """How strongly the picture excites its unit, beside the strongest patch of the bank."""
    told = f"Made from noise: activation {found.peak:.3g}"
    if asked.index is None:
        return f"{told}."
    return f"{told}; the bank's best patch {float(asked.index.peak(asked.stage)[:, asked.unit].max()):.3g}."
