"""What a link may hold: whatever it is, it can be drawn."""

from dataclasses import replace

from ssl_core.layouts import METHODS
from visualize.tabs.feature_map_asked import read

MODELS = ("context-encoder-l2", "colorization-regression")


def test_wild_links_are_brought_into_range():
    for wild in (
        None,
        [],
        {"seed": "x", "knobs": 7, "unit": -4, "model": ["a"], "layout": {}},
        {"seed": 1e99, "clusters": "9" * 50},
    ):
        asked = read(wild, MODELS)
        assert asked.model == MODELS[0] and 0 <= asked.seed <= 9999 and asked.layout in (*METHODS, "")
        assert asked.unit >= 0 and 2 <= asked.clusters <= 16
    assert read({}, ()).model == ""
    assert replace(read({}, MODELS), other="").pairs == [(MODELS[0], "")]
