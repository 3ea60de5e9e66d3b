"""What the page asks of the tab "Neurons": the query read and checked, and what several answers stand on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from visualize.lab import FIRST, Lab
from visualize.recent import Recent
from visualize.tabs.asked import AskedError, known

if TYPE_CHECKING:
    from ssl_core.bank import Bank
    from ssl_core.features import Index
    from ssl_core.pretext import Pretext

T = TypeVar("T")

MOST_PATCHES, FEW_PATCHES = 25, 5  # five, as in the papers
STARTS_WITHIN = 64  # px of receptive field, half of a bank picture
KEPT = 160  # answers of a few hundred kB at most


@dataclass(frozen=True)
class Asked:
    """A checked query: the network, a stage that it has and, where a unit was asked for, a unit of that stage."""

    model: Pretext
    stage: str
    unit: int
    index: Index | None

    @property
    def width(self) -> int:
        """Units of the stage."""
        return self.model.encoder.widths[self.stage]


class Bench:
    """The lab as this tab uses it, and the answers that it has given already."""

    def __init__(self, lab: Lab):
        self.lab, self.kept = lab, Recent(KEPT)

    def read(self, query: dict) -> Asked:
        """A query as the browser or a program sends it. Errors: AskedError, CheckpointError, SourceError."""
        name = known(str(query.get("model")), self.lab.model_names(), "network")
        model = self.lab.model(name)
        if not getattr(getattr(model, "encoder", None), "widths", None):
            raise AskedError(f"{model.name} has no encoder with named stages, so it has no units to look at.")
        widths = model.encoder.widths
        stage = known(str(query.get("stage") or first_stage(model)), tuple(widths), f"stage of {model.name}")
        unit = query.get("unit") or 0
        if not isinstance(unit, int | float) or not 0 <= unit < widths[stage] or unit != int(unit):
            raise AskedError(f"{stage} of {model.name} has units 0 to {widths[stage] - 1}; there is no unit {unit}.")
        return Asked(model, stage, int(unit), self.lab.index(model.name))

    def bank(self) -> Bank:
        """The bank, once an index stands on it. Errors: SourceError."""
        return self.lab.bank()

    def small_photo(self, key: str) -> np.ndarray:
        """A photograph of the strip as the networks see it here: (H, W, 3) uint8, shorter side 128. Errors: PhotoError."""

        def make() -> np.ndarray:
            from ssl_core.units import seen

            return (seen(self.lab.photo(key).pixels)[0].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)

        return self.kept.keep(("photo", key), make)

    def to_look_at(self, key: str) -> tuple[str, str]:
        """The photograph to look at until there is an index: that of `key` and "", or a starter photograph and why not that of `key`."""
        from ssl_core.photo import PhotoError

        try:
            return self.lab.photo(key).key, ""
        except PhotoError as error:
            return FIRST, str(error)

    def photo_maps(self, model: Pretext, stage: str, key: str) -> np.ndarray:
        """Feature maps (C, h, w) float16 of a photograph of the strip. Errors: PhotoError."""

        def make() -> dict[str, np.ndarray]:
            return feature_maps(model, self.small_photo(key))

        return self.kept.keep(("maps", model.name, key), make)[stage]

    def over_bank(self, asked: Asked, what: Callable[[Index, str], T]) -> T:
        """`what(index, stage)` of an indexed query, computed once for all units of the stage: over 10,000 pictures it takes a while."""
        key = ("over bank", what.__name__, asked.model.name, asked.index.model_hash, asked.index.bank_key, asked.stage)
        return self.kept.keep(key, lambda: what(asked.index, asked.stage))


def feature_maps(model: Pretext, picture: np.ndarray) -> dict[str, np.ndarray]:
    """The maps (C, h, w) float16 of every stage for a picture (H, W, 3) uint8 of any size."""
    import torch

    image = torch.from_numpy(picture).to(model.device).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        return {stage: maps[0].half().cpu().numpy() for stage, maps in model.encoder.eval()(image).items()}


def first_stage(model: Pretext) -> str:
    """The stage that a network is opened at: the last whose units see a part of a picture and not most of it."""
    from ssl_core.receptive_field import receptive_field

    stages = list(model.encoder.widths)
    within = [stage for stage in stages if receptive_field(model.encoder, stage).size <= STARTS_WITHIN]
    return (within or stages)[-1]


def patches_asked(query: dict) -> int:
    """How many patches a query wants, from 1 to 25. Errors: AskedError."""
    count = query.get("k") or FEW_PATCHES
    if not isinstance(count, int | float) or not 1 <= count <= MOST_PATCHES or count != int(count):
        raise AskedError(f"A unit is shown by 1 to {MOST_PATCHES} patches; {count} were asked for.")
    return int(count)
