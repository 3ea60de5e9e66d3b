"""What is set above a feature map: networks, stages, layout with its knobs, seed, colours; and how far the map may be believed."""

import json
from dataclasses import asdict
from pathlib import Path

import gradio as gr

ASSETS = Path(__file__).resolve().parents[2] / "assets"


def map_controls(question: str, tab: str, layouts: dict) -> gr.HTML:
    """The component. `draw` fires when something else is to be drawn, `stop` when the work is to end. Its value is a dict:

    model, stage, other, other_stage, layout, knobs {name: number}, seed, color, unit, clusters, same, picked (a point, or none), and
    turn and client, which say which question of which open page it is. All but the last two stand in the link.
    Props: `known` says what may be chosen, and what is: {"models": [[name, title]], "stages": {model: [names]}, "colors": [[name, title]],
    "patches": bool, "chosen": the value's entries}; `status` {"turn", "working", "share", "problem", "note", "done"};
    `faith` [{"name", "kept", "k", "trust", "note"}]. `layouts` are those of ssl_core.layouts.METHODS.
    """
    offered = {
        name: {"title": one.title, "seeded": one.seeded, "knobs": [asdict(k) for k in one.knobs]}
        for name, one in layouts.items()
    }
    return gr.HTML(
        {"turn": 0, "client": ""},
        html_template=(ASSETS / "map_controls.html").read_text(encoding="utf-8").replace("@question", question),
        css_template=(ASSETS / "map_controls.css").read_text(encoding="utf-8"),
        js_on_load=f"const TAB = {json.dumps(tab)};\n" + (ASSETS / "map_controls.js").read_text(encoding="utf-8"),
        layouts=offered,
        known=None,
        status=None,
        faith=None,
        apply_default_css=False,
        elem_id="map-controls",
    )
