"""The card of one model: what it was asked, what it makes of the photograph; a click opens its tab."""

from pathlib import Path

import gradio as gr

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


def spoken(name: str) -> dict[str, str]:
    """A model's name as a person says it: method and variant.

    >>> spoken("context-encoder-l2")
    {'method': 'Context encoder', 'title': 'L2'}
    """
    method, _, variant = name.rpartition("-")
    title = variant.upper() if len(variant) < 3 else variant.capitalize()
    return {"method": method.replace("-", " ").capitalize(), "title": title}
