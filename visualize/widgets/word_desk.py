"""The desk of the tab "Words": sums of words, a word's pictures and neighbours, a photograph's words, and what the map shows."""

from collections.abc import Callable, Sequence
from pathlib import Path

import gradio as gr

ASSETS = Path(__file__).resolve().parents[2] / "assets"
SCRIPTS = ("words.js", "words_lists.js", "words_pictures.js", "words_map.js")


def word_desk(question: str, answers: Sequence[Callable[[dict], dict]]) -> gr.HTML:
    """The component, headed by a question. It asks `answers`, functions of one dict, by their names.

    Its value is what the map below is to show, {"kind", "layout", "group", "left", "right", "bottom", "top"}, with turn and client,
    which say which question of which open page it is; `draw` fires when that changes, `stop` when the work is to end.
    Props: `mapped` {"turn", "words": [as they stand on the map], "message", "working", "share"}; `picked` {"index", "turn"},
    the point that was picked on the map.
    """
    return gr.HTML(
        {},
        html_template=(ASSETS / "words.html").read_text(encoding="utf-8").replace("@question", question),
        css_template=(ASSETS / "words.css").read_text(encoding="utf-8"),
        js_on_load="\n".join((ASSETS / name).read_text(encoding="utf-8") for name in SCRIPTS),
        server_functions=list(answers),
        mapped=None,
        picked=None,
        apply_default_css=False,
        elem_id="word-desk",
    )
