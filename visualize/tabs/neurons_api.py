"""The endpoint `/neuron` for programs: a network, a stage and a unit in; its top patches over the bank and its figures out."""

from functools import partial

import gradio as gr

from visualize.tabs.asked import AskedError
from visualize.tabs.endpoints import refusal
from visualize.tabs.neurons_asked import FEW_PATCHES, Bench
from visualize.tabs.neurons_unit import unit_page


def build(bench: Bench) -> None:
    """Register the endpoint. It has no place on the page, so its components are not shown."""
    with gr.Group(visible=False):
        model, stage = (
            gr.Textbox(label="Model, for example colorization-rebalanced"),
            gr.Textbox(label="Stage, for example conv5"),
        )
        unit, count = gr.Number(0, label="Unit, from 0"), gr.Number(FEW_PATCHES, label="Patches, 1 to 25")
        found, ask = gr.JSON(label="Patches and figures"), gr.Button("Look at it")
    ask.click(partial(neuron, bench), [model, stage, unit, count], found, api_name="neuron", concurrency_limit=2)


def neuron(bench: Bench, model: str, stage: str, unit: float, count: float) -> dict:
    """A unit's top patches (picture of the bank, name, activation), facts in words, and its histogram. Errors: gr.Error.

    Looks through the bank first if that has not been done for this model, which takes as long as it does on the page.
    """
    from ssl_core.checkpoint import CheckpointError
    from ssl_core.photo import PhotoError
    from ssl_core.sources import SourceError
    from ssl_core.steps import drained

    query = {"model": model, "stage": stage, "unit": unit, "k": count}
    try:
        asked = bench.read(query)
        if asked.index is None:
            drained(bench.lab.index_steps(asked.model.name))
        page = unit_page(bench, query)
    except (AskedError, CheckpointError, PhotoError, SourceError) as error:
        raise refusal(str(error)) from error
    bank, told = bench.bank(), ("picture", "name", "value")
    patches = [{key: one[key] for key in told} | {"place": bank.place(one["picture"])} for one in page["patches"]]
    return {"unit": page["unit"], "facts": page["facts"], "histogram": page["histogram"], "patches": patches}
