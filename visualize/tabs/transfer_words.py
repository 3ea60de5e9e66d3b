"""What the tab "Transfer" says: a question for a class, and what is going on."""

from pathlib import Path

import gradio as gr

ASSETS = Path(__file__).resolve().parents[2] / "assets"


def build() -> None:
    """The question with its reveal, and the fold. Formulas are MathML, which browsers set without anything from a network."""
    css = (ASSETS / "colorize_words.css").read_text(encoding="utf-8")
    gr.HTML((ASSETS / "transfer_words.html").read_text(encoding="utf-8"), css_template=css, apply_default_css=False)
