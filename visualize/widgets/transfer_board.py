"""The board of the tab "Transfer": the table, its charts and the race. All drawn by its JavaScript."""

from collections.abc import Callable, Sequence
from pathlib import Path

import gradio as gr

ASSETS = Path(__file__).resolve().parents[2] / "assets"
PARTS = ("", "_svg", "_table", "_cost", "_charts", "_worlds", "_race", "_start")


def transfer_board(question: str, answers: Sequence[Callable[[dict], dict]]) -> gr.HTML:
    """The component, headed by a question. It has no value: it asks `answers`, functions of one dict, by their names.

    What they are asked and what they answer stands in visualize/tabs/transfer*.py. Their text goes into textContent only.
    """
    scripts = [(ASSETS / f"transfer{name}.js").read_text(encoding="utf-8") for name in PARTS]
    return gr.HTML(
        html_template=(ASSETS / "transfer.html").read_text(encoding="utf-8").replace("@question", question),
        css_template=(ASSETS / "transfer.css").read_text(encoding="utf-8"),
        js_on_load="\n".join(scripts),
        server_functions=list(answers),
        apply_default_css=False,
        elem_id="transfer",
    )
