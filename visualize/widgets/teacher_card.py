"""The card of one model: what it was asked, what it makes of the photograph; a click opens its tab."""

from pathlib import Path

import gradio as gr

from visualize.model_titles import spoken

ASSETS = Path(__file__).parents[2] / "assets"


def teacher_card(name: str, tab: str, opens: dict | None) -> gr.HTML:
    """A card for the model `name` in the tab `tab`.

    Its value is a dict: method, title, photo (the key), and either asked, paper and figures (a list of caption and src), and
    perhaps figure and trained, or error.
    `opens`: {"id", "title"} of the tab that a click opens with the same photograph.
    """
    return gr.HTML(
        value=spoken(name),
        html_template='<article class="card"></article>',
        js_on_load=(ASSETS / "teacher_card.js").read_text(encoding="utf-8"),
        tab=tab,
        opens=opens,
        apply_default_css=False,
        elem_classes="card-holder",
    )
