"""What the tab "Context" says: a question for a class, what is going on with the formulas, how this differs from the paper."""

from pathlib import Path

import gradio as gr

ASSETS = Path(__file__).resolve().parents[2] / "assets"


def build() -> None:
    """The question with its reveal, and the fold. Formulas are MathML, which browsers set without anything from a network."""
    words = (ASSETS / "patch_context_words.html").read_text(encoding="utf-8")
    css = (ASSETS / "colorize_words.css").read_text(encoding="utf-8")
    gr.HTML(words, css_template=css, apply_default_css=False)
