"""The card of one model: what it was asked, what it makes of the photograph; a click opens its tab."""

from pathlib import Path

import gradio as gr

ASSETS = Path(__file__).parents[2] / "assets"


def teacher_card(name: str, tab: str, opens: dict | None) -> gr.HTML:
    """A card for the model `name` in the tab `tab`.

    Its value is a dict: title, question, asked, paper and figures (a list of caption and src), or title and error.
    `opens`: {"id", "title"} of the tab that a click opens with the same photograph.
    """
    return gr.HTML(
        value={"title": spoken(name)},
        html_template='<article class="card"></article>',
        js_on_load=(ASSETS / "teacher_card.js").read_text(encoding="utf-8"),
        tab=tab,
        opens=opens,
        apply_default_css=False,
        elem_classes="card-holder",
    )


def spoken(name: str) -> str:
    """A model's name as a person says it.

    >>> spoken("context-encoder-l2")
    'Context encoder, L2'
    """
    method, _, variant = name.rpartition("-")
    words = method.replace("-", " ").capitalize()
    return f"{words}, {variant.upper() if len(variant) < 3 else variant}" if method else variant.capitalize()
