"""The words of tab "Colorize": what is going on, with the paper's formulas, how the networks were trained, a question for a class."""

import html

import gradio as gr

from visualize.lab import Lab


def build(lab: Lab, method: str) -> None:
    """A fold with the explanation, and the question with its reveal."""
    gr.HTML(words(trainings(lab, method)), apply_default_css=False, elem_classes="words")


def words(trained: list[str]) -> str:
    return "".join(trained)


def trainings(lab: Lab, method: str) -> list[str]:
    return [html.escape(name) for name in lab.models(method)]
