"""The wall of the tab "Neurons": each unit of a stage as one small tile, and the values by which the tiles are sorted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from visualize.jpeg_uri import FULL_COLOR, jpeg_uri
from visualize.model_titles import title_of
from visualize.patch_window import cut, patch_window, sheet
from visualize.tabs.asked import AskedError
from visualize.tabs.neurons_asked import Asked, Bench

if TYPE_CHECKING:
    from ssl_core.bank import Bank
    from ssl_core.features import Index
    from ssl_core.pretext import Pretext
    from ssl_core.units import Detectors

START = "colorization-rebalanced"
TILE, COLUMNS = 56, 16  # px of a tile on the sheet, shown at about 40; tiles in a row of the sheet
NO_LABELS = (
    "This bank has no labels to detect. A folder of photographs whose subfolders are classes has: start with --photos."
)
TIGHT = 1.0  # a tile shows the receptive field and nothing around it


def networks(bench: Bench, query: dict) -> dict:
    """All networks that have units, by name and as a person says it, and which to start with."""
    names = bench.lab.model_names()
    if not names:
        raise AskedError("No trained network is here. Train one: python -m ssl_core train colorization-classification.")
    listed = [{"name": name, "title": title_of(name)} for name in names]
    start = START if START in names else names[0]
    return {"networks": listed, "start": start}


def wall(bench: Bench, query: dict) -> dict:
    """Every unit of a stage: tiles on one sheet, values to sort by (None for a unit without one), and what the bank is.

    Until the bank is indexed the tiles come from one `photo`, so that there is something to look at from the start: the chosen one,
    or a starter photograph where that cannot be read.
    """
    # at the network's first stage, where its own has none of that name
    asked = bench.read({"model": query.get("model")})
    widths = asked.model.encoder.widths
    if query.get("stage") in tuple(widths):
        asked = replace(asked, stage=query["stage"])
    told = {
        "stage": asked.stage,
        "count": asked.width,
        "columns": COLUMNS,
        "stages": [{"name": name, "width": width} for name, width in widths.items()],
        "filters": first_filters(bench, asked),
        "notice": bench.lab.bank_changed(),
        "indexed": asked.index is not None,
    }
    if asked.index is not None:
        return told | bank_wall(bench, asked)
    photo, problem = bench.to_look_at(str(query.get("photo")))
    return told | ({"notice": problem} if problem else {}) | photo_wall(bench, asked, photo)


def bank_wall(bench: Bench, asked: Asked) -> dict:
    """Tiles and values over the whole bank."""
    from ssl_core import units

    index, stage, bank = asked.index, asked.stage, bench.bank()

    def make() -> dict:
        values = {
            "peak": numbers(units.highest_peak(index, stage)),
            "sparsity": numbers(bench.over_bank(asked, units.sparsity)),
            "label": None,
        }
        found = {"label": [], "told": told_of(bank), "labelled": bank.labels is not None, "detecting": NO_LABELS}
        if bank.labels is not None:
            values["label"], found["label"], found["detecting"] = detecting(bench, asked, bank)
        return found | {"values": values, "sheet": tiles_uri(bank_tiles(asked, bank))}

    return bench.kept.keep(("wall", asked.model.name, index.model_hash, bank.key, stage), make)


def detectors_of(bench: Bench, asked: Asked, bank: Bank) -> Detectors | None:
    """Every unit of the stage as a detector of every label, computed once; None where the labels are too few."""
    from ssl_core import units

    def detectors(index: Index, stage: str) -> Detectors | None:
        return units.detectors(index, stage, bank.labels)

    return bench.over_bank(asked, detectors)


def detecting(bench: Bench, asked: Asked, bank: Bank) -> tuple[list | None, list[str], str]:
    """For each unit its best average precision and the label it is reached for, and a sentence on how many units detect something."""
    from ssl_core import units

    found = detectors_of(bench, asked, bank)
    if found is None:
        return None, [], f"To detect labels, two of them need {units.FEWEST} pictures or more each."
    label, precision = found.best()
    halfway = ", or half of the way from chance to 1" if found.chance.max() > units.LIKELY else ""
    told = (
        f"{int(found.detecting().sum())} of {asked.width} units detect something: an average precision of "
        f"{units.DETECTS:g} or more for one of {len(found.labels)} labels, and three times chance{halfway}."
    )
    return numbers(precision), [found.labels[one] for one in label], told


def photo_wall(bench: Bench, asked: Asked, photo: str) -> dict:
    """Tiles and peaks from one photograph, for the time until the bank has been looked through."""
    maps, picture = bench.photo_maps(asked.model, asked.stage, photo), bench.small_photo(photo)
    count, _, columns = maps.shape
    flat = maps.reshape(count, -1)
    places = [divmod(int(place), columns) for place in flat.argmax(axis=1)]
    tiles = np.stack([tile(picture, asked.model, asked.stage, place) for place in places])
    return {
        "values": {"peak": numbers(flat.max(axis=1)), "sparsity": None, "label": None},
        "label": [],
        "photo": photo,
        "told": f"So far: the best place in one photo, {bench.lab.photo(photo).name}",
        "labelled": False,
        "detecting": NO_LABELS,
        "sheet": tiles_uri(tiles),
    }


def bank_tiles(asked: Asked, bank: Bank) -> np.ndarray:
    """For each unit the receptive field of its largest activation in the bank, (C, 56, 56, 3) uint8."""
    peak, columns = asked.index.peak(asked.stage), asked.index.grid[asked.stage][1]
    best = peak.argmax(axis=0)
    places = asked.index.peak_at(asked.stage)[best, np.arange(peak.shape[1])]
    needed, which = np.unique(best, return_inverse=True)  # one picture may be the best of many units
    pictures = bank.pixels_of(needed)
    return np.stack(
        [
            tile(pictures[row], asked.model, asked.stage, divmod(int(place), columns))
            for row, place in zip(which, places, strict=True)
        ]
    )


def tile(picture: np.ndarray, model: Pretext, stage: str, place: tuple[int, int]) -> np.ndarray:
    """The receptive field of one place (y, x) of a stage's map, cut from a picture: (56, 56, 3) uint8."""
    height, width = picture.shape[:2]
    window, _ = patch_window(field_box(model, stage, *place), width, height, TIGHT)
    return cut(picture, window, TILE)


def field_box(model: Pretext, stage: str, y: int, x: int) -> tuple[float, float, float, float]:
    """Left, top, width, height of the theoretical receptive field of a place of a stage, in pixels; it may leave the picture."""
    from ssl_core.receptive_field import receptive_field

    return receptive_field(model.encoder, stage).box(y, x)


def tiles_uri(tiles: np.ndarray) -> str:
    """Tiles (N, 56, 56, 3) uint8 on one sheet of 16 a row, as a JPEG data URI."""
    return jpeg_uri(sheet(tiles, COLUMNS), 85)


def first_filters(bench: Bench, asked: Asked) -> str | None:
    """The weights of the first layer as tiles on a sheet, where the asked stage is the first; None elsewhere."""
    if asked.stage != next(iter(asked.model.encoder.widths)):
        return None

    def make() -> str | None:
        from visualize.filter_pictures import filter_pictures

        found = first_weights(asked.model)
        if not found:
            return None
        return tiles_uri(np.concatenate([filter_pictures(weights, seen, TILE) for weights, seen in found]))

    return bench.kept.keep(("filters", asked.model.name, id(asked.model)), make)


def first_weights(model: Pretext) -> list[tuple[np.ndarray, str]]:
    """Filters (N, C, k, k) of the first convolution of each encoder in a model's encoder, and what their channels see.

    With their sign as it stands after batch normalisation, so that light means "fires".
    """
    from torch import nn

    from ssl_core.networks import Encoder

    found = []
    for encoder in (module for module in model.encoder.modules() if isinstance(module, Encoder)):
        first = next(iter(encoder.stages.values()))
        layers = [layer for layer in first.modules() if isinstance(layer, nn.Conv2d | nn.BatchNorm2d)]
        weights = layers[0].weight.detach().float().cpu().numpy()
        if len(layers) > 1 and isinstance(layers[1], nn.BatchNorm2d):
            weights = weights * np.sign(layers[1].weight.detach().cpu().numpy())[:, None, None, None]
        found.append((weights, {1: "L", 2: "ab"}.get(weights.shape[1], "RGB")))
    return found if sum(len(weights) for weights, _ in found) == next(iter(model.encoder.widths.values())) else []


def told_of(bank: Bank) -> str:
    """What is being looked through, and what of it could not be read."""
    return f"Best of {bank.described}" + (f"; {bank.skipped:,} could not be read" if bank.skipped else "")


def numbers(values: np.ndarray) -> list[float | None]:
    """Values as JSON carries them: four digits, None for those that are not a number.

    >>> numbers(np.array([1.23456, np.nan]))
    [1.235, None]
    """
    return [float(f"{value:.4g}") if np.isfinite(value) else None for value in np.asarray(values, np.float64).tolist()]


def face(picture: np.ndarray) -> str:
    """A whole small picture as a data URI."""
    return jpeg_uri(picture, 92, FULL_COLOR)
