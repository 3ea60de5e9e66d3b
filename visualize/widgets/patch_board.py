"""The patch board: a photograph with a patch that the hand moves, what look-alikes foretell around it, and rows of these look-alikes."""

from pathlib import Path

import gradio as gr

ASSETS = Path(__file__).resolve().parents[2] / "assets"
SCRIPTS = ("patch_tiles.js", "patch_board.js", "patch_board_hand.js")


def patch_board(question: str, tab: str) -> gr.HTML:
    """The component, headed by a question. Its value is the code of the patch, "x,y,side@photo"; `moved` fires when a hand moved it.

    scene   {"key", "photo": {"name", "src", "width", "height"}} with "message", a sentence that stands for everything, or "working" and
            "share", or {"patch": code, "note", "problem"}, or {"patch", "note", "rows", "truth", "candidates"};
            a row is {"name", "title", "note", "tiles", "foretold", "consistency"}, a tile {"src", "score", "name", "pruned"}
            and, where the strip has its photograph, {"key", "patch"}
    spots   {"key", "spots": [{"x", "y", "side", "score"}]}: the map of a photograph
    """
    return gr.HTML(
        value="",
        html_template=(ASSETS / "patch_board.html").read_text(encoding="utf-8").replace("@question", question),
        css_template=(ASSETS / "patch_board.css").read_text(encoding="utf-8"),
        js_on_load="\n".join((ASSETS / name).read_text(encoding="utf-8") for name in SCRIPTS),
        scene=None,
        spots=None,
        tab=tab,
        apply_default_css=False,
        elem_id="patch-board",
    )


def patch_clusters() -> gr.HTML:
    """The ranked clusters of the bank. `find` fires when they are wanted, `stop` when they no longer are.

    ranking  {"working", "share"}, {"message"}, or {"found", "discarded", "clusters", "worst", "bank"};
             a cluster is {"consistency", "tiles"}
    """
    scripts = ("patch_tiles.js", "patch_clusters.js")
    return gr.HTML(
        html_template=(ASSETS / "patch_clusters.html").read_text(encoding="utf-8"),
        css_template=(ASSETS / "patch_board.css").read_text(encoding="utf-8"),
        js_on_load="\n".join((ASSETS / name).read_text(encoding="utf-8") for name in scripts),
        ranking=None,
        apply_default_css=False,
        elem_id="patch-clusters",
    )
