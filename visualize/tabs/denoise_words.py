"""What the tab "Denoise" says: a question for a class, what is asked of the network, and how it was trained."""

from pathlib import Path

import gradio as gr

from visualize.lab import Lab
from visualize.tabs.colorize_words import trainings

ASSETS = Path(__file__).resolve().parents[2] / "assets"


def build(lab: Lab, method: str) -> None:
    """The question with its reveal, and the fold. Formulas are MathML, which browsers set without anything from a network."""
    words = (ASSETS / "denoise_words.html").read_text(encoding="utf-8")
    css = (ASSETS / "colorize_words.css").read_text(encoding="utf-8")
    gr.HTML(words.replace("@trainings", trainings(lab.models(method))), css_template=css, apply_default_css=False)
