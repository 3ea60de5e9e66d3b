"""What the tab "Position" says: a question for a class, the game, its shortcuts, how the networks were trained."""

from pathlib import Path

import gradio as gr

from visualize.lab import Lab
from visualize.tabs.colorize_words import plain, trainings

ASSETS = Path(__file__).resolve().parents[2] / "assets"


def build(lab: Lab, method: str) -> None:
    """The question with its reveal, and the fold. Formulas are MathML, which browsers set without anything from a network."""
    words = (ASSETS / "relative_position_words.html").read_text(encoding="utf-8")
    words = words.replace("@ours", ours(lab.models(method)))
    css = (ASSETS / "colorize_words.css").read_text(encoding="utf-8")
    gr.HTML(words.replace("@trainings", trainings(lab.models(method))), css_template=css, apply_default_css=False)


def ours(names: tuple[str, ...]) -> str:
    """How our patches differ, in the numbers of the first network whose config.json can be read; nothing without one."""
    from ssl_core import checkpoint, zoo

    for name in names:
        try:
            config = checkpoint.read_config(zoo.folder() / name)["config"]
        except checkpoint.CheckpointError:
            continue  # the table of trainings says so
        patch, gap, side = (config.get(key) for key in ("patch", "gap", "side"))
        return plain(
            f"Ours cut patches of {patch} pixels with a gap of {gap} from squares of {side}, and ask about all pairs of neighbours "
            "among nine patches, because nine encodings then answer 40 questions."
        )
    return ""
