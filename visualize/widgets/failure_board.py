"""The board of the tab "Failures": tables of networks against modes, a gallery, and the chosen photo. All drawn by its JavaScript."""

from collections.abc import Callable, Sequence
from pathlib import Path

import gradio as gr

ASSETS = Path(__file__).resolve().parents[2] / "assets"
SCRIPTS = ("failures.js", "failures_table.js", "failures_gallery.js", "failures_photo.js", "failures_start.js")


def failure_board(question: str, answers: Sequence[Callable[[dict], dict]]) -> gr.HTML:
    """The component, headed by a question. It has no value: it asks `answers`, functions of one dict, by their names.

    What they are asked and what they answer stands in visualize/tabs/failures_*.py. Their text goes into textContent only.
    """
    return gr.HTML(
        html_template=(ASSETS / "failures.html").read_text(encoding="utf-8").replace("@question", question),
        css_template=(ASSETS / "failures.css").read_text(encoding="utf-8"),
        js_on_load="\n".join((ASSETS / name).read_text(encoding="utf-8") for name in SCRIPTS),
        server_functions=list(answers),
        apply_default_css=False,
        elem_id="failures",
    )
