"""The split view: what each half of a network sees of a photograph, what it says of the other half, and of the pixel under the hand."""

from pathlib import Path

import gradio as gr

ASSETS = Path(__file__).resolve().parents[2] / "assets"
SCRIPTS = ("annealed_mean.js", "gamut_map.js", "lightness_bars.js", "split_view.js", "split_view_pixel.js")
STEP, MOST = 15, 180  # degrees of the slider that turns the hues
TURN = "turn{}"


def split_view(question: str, **options) -> gr.HTML:
    """The component, headed by a question. Its value tells how far the hues are turned ("turn-45"); it emits `turn` when that changes.

    Set the prop `scene` to what `show` of visualize/tabs/split_brain.py makes.
    """
    markup = (ASSETS / "split_view.html").read_text(encoding="utf-8").replace("@question", question)
    return gr.HTML(
        TURN.format(0),
        html_template=markup.replace("@step", str(STEP)).replace("@most", str(MOST)),
        css_template=(ASSETS / "split_view.css").read_text(encoding="utf-8"),
        js_on_load="\n".join((ASSETS / name).read_text(encoding="utf-8") for name in SCRIPTS),
        scene=None,
        apply_default_css=False,
        **options,
    )


def read_turn(value: object) -> int:
    """Degrees from -180 to 180, in steps of 15; 0 for anything that is none.

    >>> read_turn("turn45"), read_turn("turn-180"), read_turn("turn7"), read_turn("turn9999"), read_turn(None)
    (45, -180, 0, 0, 0)
    """
    allowed = {TURN.format(degrees): degrees for degrees in range(-MOST, MOST + 1, STEP)}
    return allowed.get(str(value), 0)
