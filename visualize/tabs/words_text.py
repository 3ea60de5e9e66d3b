"""What the tab "Words" says: a question for a class, why the last layer is a dictionary, what the noise does, how it was trained."""

from pathlib import Path

import gradio as gr

from visualize.lab import Lab
from visualize.tabs.colorize_words import trainings
from visualize.tabs.words_asked import METHOD

ASSETS = Path(__file__).resolve().parents[2] / "assets"


def build(lab: Lab) -> None:
    """The question with its reveal, and the fold. Formulas are MathML, which browsers set without anything from a network."""
    text = (ASSETS / "words_text.html").read_text(encoding="utf-8").replace("@trainings", trainings(lab.models(METHOD)))
    css = (ASSETS / "colorize_words.css").read_text(encoding="utf-8")
    gr.HTML(text, css_template=css, apply_default_css=False)
