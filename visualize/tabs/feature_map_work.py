"""Work of the tab "Feature map": pictures, maps and colours of the bank, each made once and kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np

from ssl_core.bank import Bank
from ssl_core.layouts import METHODS, Step, align, fit, knobs_of, layout_steps
from ssl_core.neighbors import Neighborhoods, unit_length
from ssl_core.shipped_layouts import SEED, Laid, shipped, stages_shipped, weights_of
from visualize.entropy_map import VIRIDIS
from visualize.lab import Lab, Recent
from visualize.tabs.feature_map_asked import Asked
from visualize.widgets.linked_map import groups_of, points_of, ramp_of, thumbs_of
from visualize.widgets.posterior_lens import LensFiles

if TYPE_CHECKING:
    from ssl_core.features import Index

MOST_MAPS, MOST_NEIGHBORHOODS, MOST_CLIENTS = 64, 8, 1000
STOPS = [f"rgb({r}, {g}, {b})" for r, g, b in VIRIDIS]


class Turns:
    """The latest question of each open page: work on an older one ends, and Stop is a question that nobody answers."""

    def __init__(self):
        self.latest: OrderedDict[str, int] = OrderedDict()
        self.lock = threading.Lock()

    def begin(self, asked: Asked) -> None:
        """This is the latest question, unless a newer one was asked."""
        with self.lock:
            self.latest[asked.client] = max(asked.turn, self.latest.get(asked.client, 0))
            self.latest.move_to_end(asked.client)
            while len(self.latest) > MOST_CLIENTS:
                self.latest.popitem(last=False)

    def old(self, asked: Asked) -> bool:
        """Whether a newer question has been asked."""
        with self.lock:
            return self.latest.get(asked.client, asked.turn) > asked.turn


class Maps:
    """The maps of one running page."""

    def __init__(self, lab: Lab):
        self.lab, self.files, self.turns = lab, LensFiles(), Turns()
        self.points_made, self.made, self.neighborhoods = Recent(2), Recent(MOST_MAPS), Recent(MOST_NEIGHBORHOODS)

    def points(self, bank: Bank) -> dict:
        """The prop `points` of a bank: names, places, small pictures."""

        def make():
            folder = self.files.folder()
            thumbs = thumbs_of((bank.pixels(i) for i in range(len(bank))), len(bank), folder)
            boxes = [" ".join(map(str, place.box)) if place.box else "" for place in bank.places]
            columns = {"file": list(bank.names)} | ({"box": boxes} if any(boxes) else {})
            columns |= {"label": list(bank.labels)} if bank.labels else {}
            return folder, points_of(bank.key, list(bank.names), ("picture", "pictures"), folder, columns, thumbs)

        return self.points_made.keep(bank.key, make)[1]

    def stages(self, model: str) -> list[str]:
        """Names of a model's stages. Loads the model unless its shipped maps name them. Errors: CheckpointError."""
        return stages_shipped(model) or list(self.lab.model(model).encoder.widths)

    def at_hand(self, bank: Bank, asked: Asked, model: str, stage: str) -> Laid | None:
        """The map of a model's stage if it was made or ships with the project."""
        found = self.made.get(self.key(bank, asked, model, stage))
        starts = asked.seed == SEED and asked.knobs == knobs_of(asked.layout)
        return found or (shipped(model, stage, asked.layout, bank.key) if starts else None)

    def key(self, bank: Bank, asked: Asked, model: str, stage: str) -> tuple:
        """What a map depends on."""
        seed = asked.seed if METHODS[asked.layout].seeded else 0
        return (bank.key, model, weights_of(model), stage, asked.layout, tuple(asked.knobs.items()), seed)

    def features(self, index: Index, stage: str) -> np.ndarray:
        """Mean activations of a stage over each picture, scaled to length 1: (N, C) float32."""
        return self.neighborhoods.keep(
            ("unit", index.bank_key, index.model, index.model_hash, stage), lambda: unit_length(index.mean(stage))
        )

    def neighborhood(self, index: Index, stage: str) -> Neighborhoods:
        """The true neighbours at a stage, against which its maps are held."""
        key = ("true", index.bank_key, index.model, index.model_hash, stage)
        return self.neighborhoods.keep(key, lambda: Neighborhoods(self.features(index, stage)))

    def lay_out(
        self, bank: Bank, asked: Asked, index: Index, stage: str
    ) -> Generator[tuple[Step, Laid | None], None, Laid]:
        """Make a map: yields steps, each with the growing map and how far to believe it; returns the map, which is kept.

        Whoever asks for a map that is being made joins in. Errors: LayoutError.
        """
        key = self.key(bank, asked, index.model, stage)

        def steps():
            true, last = self.neighborhood(index, stage), None
            for step in layout_steps(asked.layout, self.features(index, stage), asked.knobs, asked.seed):
                last = Laid(step.xy, true.faith(step.xy), step.note) if step.xy is not None else None
                yield step, last
            return last

        laid = yield from self.lab.work.watch(("layout", key), steps)
        return self.made.keep(key, lambda: laid)

    def colors(self, bank: Bank, asked: Asked, index: Index | None) -> dict | None:
        """The prop `colors`; None while it needs an index that is not there."""
        color = chosen_color(asked, bank)
        if color in ("source", "label"):
            names, of = np.unique(sources(bank) if color == "source" else bank.labels, return_inverse=True)
            return groups_of({"source": "Photo", "label": "Label"}[color], names.tolist(), of)
        if index is None:
            return None
        stage = asked.stage
        if color == "unit":
            unit = min(asked.unit, index.widths[stage] - 1)
            return ramp_of(f"Unit {unit} of {stage}, peak", index.peak(stage)[:, unit], STOPS)
        count = min(asked.clusters, len(bank))
        key = ("clusters", bank.key, index.model, index.model_hash, stage, count, asked.seed)
        of = self.made.keep(key, lambda: clusters(self.features(index, stage), count, asked.seed))
        return groups_of(f"Cluster of {stage}", [f"{cluster + 1}" for cluster in range(count)], of)


def both(first: Laid, second: Laid | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Two maps of the same points, the second turned to lie as near to the first as it can."""
    return first.xy, None if second is None else fit(align(second.xy, first.xy))


def chosen_color(asked: Asked, bank: Bank) -> str:
    """What the colours mean: what was asked for if the bank has it."""
    if asked.color == "label" and not bank.labels:
        return "source"
    return asked.color or ("label" if bank.labels else "source" if len(set(sources(bank))) > 1 else "cluster")


def sources(bank: Bank) -> list[str]:
    """Where each picture comes from: its photo for patches, its folder for whole photographs."""
    if any(place.box for place in bank.places):
        return [place.photo for place in bank.places]
    return [name.replace("\\", "/").rpartition("/")[0] or "no folder" for name in bank.names]


def clusters(unit: np.ndarray, count: int, seed: int) -> np.ndarray:
    """k-means of (N, C) features of length 1: cluster of each, the largest cluster first."""
    from sklearn.cluster import KMeans

    of = KMeans(count, n_init=3, random_state=seed).fit_predict(unit)
    order = np.argsort(-np.bincount(of, minlength=count), kind="stable")
    return np.argsort(order)[of]
