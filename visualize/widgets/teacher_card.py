"""The card of one model: what it was asked, what it makes of the photograph; a click opens its tab."""

from pathlib import Path

import gradio as gr

ASSETS = Path(__file__).parents[2] / "assets"


def teacher_card(name: str, opens: str = "") -> gr.HTML:
    """A card for the model `name`. Its value is a dict: name, question, asked, paper, figures or error.

    `opens`: id of the tab that a click opens with the same photograph.
    """
    return gr.HTML(
        value={"name": name},
        html_template='<article class="card"></article>',
        js_on_load=(ASSETS / "teacher_card.js").read_text(encoding="utf-8"),
        opens=opens,
        apply_default_css=False,
        elem_classes="card-holder",
    )
