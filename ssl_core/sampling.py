"""Random crops of packed photographs, batch by batch: the trainer's view of the data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ssl_core.selection import held_out
from ssl_core.sources import SourceError

Notes = dict[
    str, Sequence[Sequence]
]  # by key of a task's `needs`: for every pack, one value for each of its photographs


class Crops:
    """Draws training crops from packed arrays, (N, S, S, 3) uint8 each, all of one S.

    The selection slice, set aside for choices between networks, is never drawn. On a GPU the arrays live there.
    `notes` hold what else a task needs of every photograph of every pack: {"words": its sentences, "label": its class}; a
    photograph without one of them is then not drawn either.
    """

    def __init__(
        self,
        packs: Sequence[np.ndarray],
        device: torch.device,
        notes: Notes | None = None,
    ) -> None:
        sides = {pack.shape[1] for pack in packs}
        if len(sides) != 1:
            raise ValueError(f"All photographs must be packed at one size to be mixed; these are {sorted(sides)} px.")
        self.packs, self.side, self.device = list(packs), sides.pop(), device
        self.places = np.concatenate(
            [
                np.stack((np.full(kept.size, number), kept), axis=1)
                for number, kept in enumerate(map(_train_part, packs))
            ]
        )
        for noted in (notes or {}).values():
            self.places = np.array([place for place in self.places if noted[place[0]][place[1]]]).reshape(-1, 2)
        self.notes = {key: [noted[pack][index] for pack, index in self.places] for key, noted in (notes or {}).items()}
        if not len(self.places):
            raise ValueError("There is no photograph to train on.")
        self.resident = None
        if device.type == "cuda":
            rows = [torch.from_numpy(pack[self.places[self.places[:, 0] == n, 1]]) for n, pack in enumerate(packs)]
            self.resident = torch.cat(rows).to(device)

    def __len__(self) -> int:
        return len(self.places)

    def draw(self, rng: np.random.Generator, count: int, side: int, least: float) -> Tensor:
        """`crop` of `count` photographs, each as likely as any other."""
        return self.crop(rng, rng.integers(0, len(self), count), side, least)

    def raw(self, rng: np.random.Generator, chosen: np.ndarray, side: int, least: float) -> dict:
        """What a task's `make_batch` takes, of the photographs `chosen`: "image", and a list for every kind of note."""
        noted = {key: [values[index] for index in chosen] for key, values in self.notes.items()}
        return {"image": self.crop(rng, chosen, side, least), **noted}

    def crop(self, rng: np.random.Generator, chosen: np.ndarray, side: int, least: float) -> Tensor:
        """Crops that keep `least` to all of a photograph's side, half of them mirrored, scaled to `side` px.

        `chosen` (count,) are indices below len(self). Returns (count, 3, side, side) float32 in [0, 1]. The scale is one
        per batch, the place one per picture.
        """
        count = len(chosen)
        cut = max(1, round(self.side * rng.uniform(least, 1)))
        tops, lefts = rng.integers(0, self.side - cut + 1, (2, count))
        mirrored = rng.random(count) < 0.5
        crops = self._resident_crops if self.resident is not None else self._packed_crops
        pixels = crops(chosen, tops, lefts, cut, mirrored)
        image = pixels.permute(0, 3, 1, 2).float() / 255
        if cut != side:
            image = F.interpolate(image, size=(side, side), mode="bilinear", antialias=True)
        return image.contiguous(memory_format=torch.channels_last)

    def _packed_crops(self, chosen, tops, lefts, cut, mirrored) -> Tensor:
        out = np.empty((len(chosen), cut, cut, 3), np.uint8)
        for row, (pack, index) in enumerate(self.places[chosen]):
            part = self.packs[pack][index, tops[row] : tops[row] + cut, lefts[row] : lefts[row] + cut]
            out[row] = part[:, ::-1] if mirrored[row] else part
        return torch.from_numpy(out)

    def _resident_crops(self, chosen, tops, lefts, cut, mirrored) -> Tensor:
        steps = np.arange(cut)
        columns = np.where(mirrored[:, None], steps[::-1], steps) + lefts[:, None]
        index = (chosen[:, None, None], (tops[:, None] + steps)[:, :, None], columns[:, None, :])
        return self.resident[tuple(torch.from_numpy(np.ascontiguousarray(part)).to(self.device) for part in index)]


def _train_part(pack: np.ndarray) -> np.ndarray:
    """Indices of the photographs that are not set aside for selection."""
    return np.flatnonzero(~held_out(pack))


def held_out_raws(packs: Sequence[np.ndarray], notes: Notes | None, side: int, most: int = 512) -> Iterator[dict]:
    """The photographs that are set aside for selection, evenly spread, whole, scaled to `side` px, in batches of 64; `most` of
    them, which by default is enough for two trainings to differ by more than chance.

    Yields what a task's `make_batch` takes. SourceError if the packs are too small to have set any aside.
    """
    places = [
        (number, index)
        for number, pack in enumerate(packs)
        for index in np.flatnonzero(held_out(pack)).tolist()
        if all(noted[number][index] for noted in (notes or {}).values())
    ]
    if not places:
        raise SourceError("These photographs are too few to set some aside for choosing; take a larger source.")
    chosen = [places[at] for at in np.linspace(0, len(places) - 1, min(most, len(places))).astype(int)]
    for start in range(0, len(chosen), 64):
        part = chosen[start : start + 64]
        pixels = torch.from_numpy(np.stack([packs[number][index] for number, index in part]))
        image = F.interpolate(
            pixels.permute(0, 3, 1, 2).float() / 255, size=(side, side), mode="bilinear", antialias=True
        )
        noted = {key: [values[number][index] for number, index in part] for key, values in (notes or {}).items()}
        yield {"image": image.contiguous(memory_format=torch.channels_last), **noted}
