"""What every unit of every stage of an encoder answers to every picture of a bank: computed once, kept, read at once."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ssl_core.bank import Bank, Progress
from ssl_core.bank_measures import Arrays, kept, measure_steps, weights_hash

if TYPE_CHECKING:
    from ssl_core.pretext import Pretext

KIND = "index"
LARGEST = float(np.finfo(np.float16).max)


@dataclass(frozen=True, eq=False)
class Index:
    """The answers of one model to one bank of N pictures, by the names of the encoder's stages in their order.

    widths : units C of a stage; grid : (h, w) of its maps
    `peak`, `mean` and `peak_at` give arrays (N, C), row i for picture i of the bank.
    """

    model: str
    bank_key: str
    model_hash: str
    widths: dict[str, int]
    grid: dict[str, tuple[int, int]]
    arrays: Arrays = field(repr=False)

    @property
    def stages(self) -> tuple[str, ...]:
        """Names of the stages, from the first to the last."""
        return tuple(self.widths)

    def __len__(self) -> int:
        return len(next(iter(self.arrays.values())))

    def peak(self, stage: str) -> np.ndarray:
        """(N, C) float16: the largest activation over all places of the map."""
        return self.arrays[f"{stage}.peak"]

    def mean(self, stage: str) -> np.ndarray:
        """(N, C) float16: the mean activation over all places; scale rows to length 1 to compare pictures."""
        return self.arrays[f"{stage}.mean"]

    def peak_at(self, stage: str) -> np.ndarray:
        """(N, C) uint16: where the peak is, as y * w + x on the grid of the stage."""
        return self.arrays[f"{stage}.peak_at"]


def summarize(encoder, pictures: np.ndarray) -> Arrays:
    """Peak, its place and mean of every unit for pictures (n, side, side, 3) uint8, as `Index` holds them."""
    import torch

    device = next(encoder.parameters()).device
    image = torch.from_numpy(pictures).to(device).permute(0, 3, 1, 2).float() / 255
    found = {}
    with torch.inference_mode():
        for stage, maps in encoder(image).items():
            peak, place = maps.flatten(2).max(dim=2)
            found[f"{stage}.peak"] = peak.clamp(-LARGEST, LARGEST).half().cpu().numpy()
            found[f"{stage}.mean"] = maps.mean(dim=(2, 3)).clamp(-LARGEST, LARGEST).half().cpu().numpy()
            found[f"{stage}.peak_at"] = place.cpu().numpy().astype(np.uint16)
    return found


def index_steps(model: Pretext, bank: Bank, folder: Path | None = None) -> Generator[Progress, None, Index]:
    """Index a bank with a model: yields Progress about as often as a batch is done, returns the Index; goes on where it was stopped.

    `folder` is where it is kept, by default in the user's cache. See `bank_measures.measure_steps` for interruptions and full disks.
    """
    encoder = model.encoder.eval()
    digest = weights_hash(encoder)
    arrays = yield from measure_steps(
        bank, KIND, f"{model.name}-{digest}", lambda pictures: summarize(encoder, pictures), folder
    )
    return _index(model, bank, digest, arrays)


def load_index(model: Pretext, bank: Bank, folder: Path | None = None) -> Index | None:
    """The finished index of a model and a bank, or None when it has not been made or is damaged."""
    digest = weights_hash(model.encoder)
    arrays = kept(bank, KIND, f"{model.name}-{digest}", folder)
    return None if arrays is None else _index(model, bank, digest, arrays)


def _index(model: Pretext, bank: Bank, digest: str, arrays: Arrays) -> Index:
    grid = stage_grids(model.encoder, bank.side)
    widths = {stage: arrays[f"{stage}.peak"].shape[1] for stage in grid}
    return Index(model.name, bank.key, digest, widths, grid, arrays)


def stage_grids(encoder, side: int) -> dict[str, tuple[int, int]]:
    """(h, w) of the maps of every stage for pictures of side x side px."""
    import torch

    with torch.inference_mode():
        maps = encoder(torch.zeros(1, 3, side, side, device=next(encoder.parameters()).device))
    return {stage: tuple(found.shape[2:]) for stage, found in maps.items()}
