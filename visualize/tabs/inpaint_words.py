"""What the tab "Inpaint" says: a question for a class, what is hidden, what each loss rewards, how the networks were trained."""

from pathlib import Path

import gradio as gr

from visualize.lab import Lab
from visualize.tabs.colorize_words import trainings

ASSETS = Path(__file__).resolve().parents[2] / "assets"


def build(lab: Lab, method: str) -> None:
    """The question with its reveal, and the fold. Formulas are MathML, which browsers set without anything from a network."""
    names = lab.models(method)
    words = (ASSETS / "inpaint_words.html").read_text(encoding="utf-8")
    words = words.replace("@trainings", trainings(names)).replace("@weights", weights(names))
    css = (ASSETS / "colorize_words.css").read_text(encoding="utf-8")
    gr.HTML(words, css_template=css, apply_default_css=False)


def weights(names: tuple[str, ...]) -> str:
    """The lambdas of the network that was trained with both losses, from its config.json; nothing when there is none."""
    from ssl_core import checkpoint, zoo

    for name in names:
        try:
            numbers = checkpoint.read_config(zoo.folder() / name)["config"]
        except checkpoint.CheckpointError:
            continue  # the table of trainings says so
        if numbers.get("adversarial"):
            return f", here {numbers['reconstruction']:g} and {numbers['adversarial']:g}"
    return ""
