"""The bench of the tab "Neurons": a wall of all units of a stage, and one unit's page. All of it is drawn by its JavaScript."""

from collections.abc import Callable, Sequence
from pathlib import Path

import gradio as gr

ASSETS = Path(__file__).resolve().parents[2] / "assets"
SCRIPTS = ("neurons.js", "neurons_wall.js", "neurons_unit.js", "neurons_panels.js", "neurons_work.js")
SAVE = '<svg viewBox="0 0 20 20" aria-hidden="true"><path d="M10 3v9M6 8.5l4 4 4-4M4 16.5h12"/></svg>'


def neuron_bench(question: str, answers: Sequence[Callable[[dict], dict]]) -> gr.HTML:
    """The component, headed by a question. It has no value: it asks `answers`, functions of one dict, by their names.

    What they are asked and what they answer stands in visualize/tabs/neurons.py. Their text goes into textContent only.
    """
    template = (ASSETS / "neurons.html").read_text(encoding="utf-8")
    return gr.HTML(
        html_template=template.replace("@question", question).replace("@save", SAVE),
        css_template=(ASSETS / "neurons.css").read_text(encoding="utf-8"),
        js_on_load="\n".join((ASSETS / name).read_text(encoding="utf-8") for name in SCRIPTS),
        server_functions=list(answers),
        apply_default_css=False,
        elem_id="neurons",
    )
