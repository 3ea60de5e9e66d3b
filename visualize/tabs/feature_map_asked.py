"""What a person set in the tab "Feature map", brought into range: whatever a link or a program sends can be drawn."""

from __future__ import annotations

from dataclasses import dataclass, field

from ssl_core.layouts import METHODS, knobs_of

FIRST, OTHER = "colorization-rebalanced", "context-encoder-l2"  # what the tab opens with where these are shipped
LARGEST_SEED, MOST_CLUSTERS = 9999, 16
COLORS = ("source", "label", "cluster", "unit")


@dataclass(frozen=True)
class Asked:
    """Two networks and their stages ("" for the last one; `other` may be "" for no second), a layout ("" for the one that is there
    at once), a seed, colours, and the point whose neighbours are shown (-1 for the photograph of the strip)."""

    model: str
    stage: str = ""
    other: str = ""
    other_stage: str = ""
    layout: str = ""
    knobs: dict = field(default_factory=dict)
    seed: int = 0
    color: str = ""
    unit: int = 0
    clusters: int = 8
    same: bool = False
    picked: int = -1
    turn: int = 0
    client: str = ""

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """(model, stage) of the one or two maps."""
        return [(self.model, self.stage)] + ([(self.other, self.other_stage)] if self.other else [])


def read(asked: object, models: tuple[str, ...]) -> Asked:
    """Whatever the page sends, as Asked. Names that are not there become those that the tab opens with.

    >>> read({"model": "b", "seed": "7", "layout": "umap", "knobs": {"neighbors": 20}}, ("a", "b")).knobs["neighbors"]
    20
    """
    given = asked if isinstance(asked, dict) else {}
    model = given.get("model")
    model = model if model in models else FIRST if FIRST in models else next(iter(models), "")
    other = given.get("other", OTHER)
    layout = given.get("layout")
    layout = layout if layout in tuple(METHODS) else ""
    knobs = given.get("knobs") if isinstance(given.get("knobs"), dict) else None
    return Asked(
        model=model,
        stage=text(given.get("stage")),
        other=other if other in models else "",
        other_stage=text(given.get("other_stage")),
        layout=layout,
        knobs=knobs_of(layout, knobs) if layout else {},
        seed=whole(given.get("seed"), 0, LARGEST_SEED, 0),
        color=given.get("color") if given.get("color") in COLORS else "",
        unit=whole(given.get("unit"), 0, 100_000, 0),
        clusters=whole(given.get("clusters"), 2, MOST_CLUSTERS, 8),
        same=given.get("same") is True,
        picked=whole(given.get("picked"), -1, 2**31, -1),
        turn=whole(given.get("turn"), 0, 2**31, 0),
        client=text(given.get("client")),
    )


def text(value: object) -> str:
    """A short text, or ""."""
    return value[:80] if isinstance(value, str) else ""


def whole(value: object, low: int, high: int, otherwise: int) -> int:
    """A whole number brought into low..high; `otherwise` for what is none.

    >>> whole("12", 0, 9, 0), whole(None, 0, 9, 3), whole(float("nan"), 0, 9, 3)
    (9, 3, 3)
    """
    try:
        return min(max(int(value), low), high)
    except (TypeError, ValueError, OverflowError):
        return otherwise
