"""The position board: a patch in the middle, another one to be put on one of eight places, and where networks put it.

The hand works on the left (drag, click, arrow keys); on the right stand the networks' answers and the photograph. A whole question
travels at once, so the answers appear with the patch that is dropped; the score of person and networks is kept in the browser tab.
"""

from pathlib import Path

import gradio as gr

ASSETS = Path(__file__).resolve().parents[2] / "assets"
SCRIPTS = ("position_board_draw.js", "position_board_score.js", "position_board.js", "position_board_hand.js")
EXAMPLE = 13  # the round that the tab opens with, answered already: on the first photo a person can tell, and the networks disagree
ROUND = "round-{}"


def position_board(question: str, photos: tuple[str, ...], **options) -> gr.HTML:
    """The component, headed by a question. Its value names the round ("round-7"); it emits `ask` when another one is wanted.

    photos: keys of the photographs that "Another photo each time" goes through.
    Set the prop `asked` to what visualize/tabs/relative_position.py makes of a round.
    """
    return gr.HTML(
        ROUND.format(EXAMPLE),
        html_template=(ASSETS / "position_board.html").read_text(encoding="utf-8").replace("@question", question),
        css_template=(ASSETS / "position_board.css").read_text(encoding="utf-8"),
        js_on_load="\n".join((ASSETS / name).read_text(encoding="utf-8") for name in SCRIPTS),
        asked=None,
        photos=list(photos),
        example=EXAMPLE,
        apply_default_css=False,
        **options,
    )


def read_round(value: object) -> int:
    """The number of a round, 0 to 999999; the example's for anything else.

    >>> read_round("round-7"), read_round("round-1e9"), read_round(None)
    (7, 13, 13)
    """
    number = str(value).removeprefix(ROUND.format(""))
    return int(number) if number.isascii() and number.isdigit() and len(number) <= 6 else EXAMPLE
