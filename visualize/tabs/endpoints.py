"""What the endpoints for programs share: how they refuse, and which model they take."""

import gradio as gr

LONGEST_SIDE = 1600  # larger photos are reduced: no more comes out of the networks, and everyone shares one machine


def refusal(sentence: str) -> gr.Error:
    """An error that a person or a program reads; nothing is printed to the server's log."""
    return gr.Error(sentence, print_exception=False)


def chosen_model(names: tuple[str, ...], asked: str | None, otherwise: str) -> str:
    """The model asked for; without one `otherwise` if it is there, else the first. Errors: gr.Error naming those there are."""
    model = asked or (otherwise if otherwise in names else next(iter(names), ""))
    if model not in names:
        raise refusal(f"There is no model {model!r} here. Choose one of: {', '.join(names) or 'none is installed'}.")
    return model
