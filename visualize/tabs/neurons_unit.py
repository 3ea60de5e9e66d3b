"""One unit's page in the tab "Neurons": the patches that make it fire, its distribution, and its nearest unit in another network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from visualize.jpeg_uri import FULL_COLOR, jpeg_uri
from visualize.patch_window import patch_window
from visualize.tabs.asked import AskedError
from visualize.tabs.neurons_asked import Asked, Bench, patches_asked
from visualize.tabs.neurons_wall import detectors_of, face, field_box, numbers

if TYPE_CHECKING:
    from ssl_core.bank import Bank

BINS = 40
WIDE, WIDE_LEAST = 3.0, 24  # side of the view of a receptive field, in fields, and in px at least
CRISP = 40  # px; a window this small is shown in its own squares
# overlap (intersection over union) from which two receptive fields of one photograph show the same thing
SAME_SPOT = 0.3
POINTS = 1500  # of a scatter plot


def unit_page(bench: Bench, query: dict) -> dict:
    """Top patches, facts and distribution of one unit over the bank, or over the chosen photo until the bank is indexed."""
    asked, count = bench.read(query), patches_asked(query)
    if asked.index is None:
        return photo_page(bench, asked, count, str(query.get("photo")))
    key = ("unit", asked.model.name, asked.index.model_hash, bench.bank().key, asked.stage, asked.unit, count)
    return bench.kept.keep(key, lambda: bank_page(bench, asked, count)) | {"keep": True}


def bank_page(bench: Bench, asked: Asked, count: int) -> dict:
    """The page of a unit over the bank."""
    from ssl_core import units
    from ssl_core.receptive_field import receptive_field

    index, stage, unit, bank = asked.index, asked.stage, asked.unit, bench.bank()
    values = index.peak(stage)[:, unit].astype(np.float32)
    columns = index.grid[stage][1]
    shown = units.top_k(index, stage, unit, count, bank, receptive_field(asked.model.encoder, stage))
    shown = [picture for picture in shown.tolist() if values[picture] > 0]
    patches = []
    for picture in shown:
        place = divmod(int(index.peak_at(stage)[picture, unit]), columns)
        whence = {"picture": picture, "name": bank.names[picture], "photo": bench.lab.strip_key(bank.place(picture))}
        patches.append(patch(asked, bank.pixels(picture), place, values[picture]) | whence)
    told = facts_of(bench, asked, values) + shortage(len(patches), count)
    if bank.labels is not None:
        told += label_fact(bench, asked, bank)
    counts, edges = units.histogram(index, stage, unit, BINS)
    return {
        "unit": unit,
        "count": asked.width,
        "reach": reach(asked),
        "patches": patches,
        "facts": told,
        "histogram": {"counts": counts.tolist(), "low": float(edges[0]), "top": float(edges[-1]), "total": len(bank)},
    }


def facts_of(bench: Bench, asked: Asked, values: np.ndarray) -> list[str]:
    """What the activations (N,) of a unit over the bank say of it, in a few words."""
    from ssl_core import units

    share, count = float((values > 0).mean()), len(values)
    if not share:
        return [f"This unit fires on none of the {count:,} pictures"]
    often = f"{100 * share:.0f} %" if round(100 * share) else f"{int((values > 0).sum()):,}"
    told = [f"peak {values.max():.3g}", f"fires on {often} of {count:,} pictures"]
    return [*told, f"sparsity {bench.over_bank(asked, units.sparsity)[asked.unit]:.2f}"]


def shortage(there: int, wanted: int) -> list[str]:
    """A few words where a unit has fewer patches than were asked for."""
    return ["no more patches"] if 0 < there < wanted else []


def label_fact(bench: Bench, asked: Asked, bank: Bank) -> list[str]:
    """What a unit detects best, with chance beside it; nothing where the labels are too few."""
    found = detectors_of(bench, asked, bank)
    if found is None:
        return []
    label, precision = (array[asked.unit] for array in found.best())
    return [f"best at {found.labels[label]}: average precision {precision:.2f}, chance {found.chance[label]:.2f}"]


def box_ends(box: tuple[float, float, float, float]) -> np.ndarray:
    """Left, top, right, bottom of a box given as left, top, width, height."""
    left, top, width, height = box
    return np.array([left, top, left + width, top + height], np.float64)


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of two boxes (left, top, right, bottom).

    >>> overlap(np.array([0, 0, 2, 2]), np.array([1, 0, 3, 2]))
    0.3333333333333333
    """
    sides = np.clip(np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2]), 0, None)
    shared = float(sides.prod())
    union = float((one[2:] - one[:2]).prod() + (other[2:] - other[:2]).prod()) - shared
    return shared / union if union > 0 else 0.0


def patch(asked: Asked, picture: np.ndarray, place: tuple[int, int], value: float) -> dict:
    """One patch as the page draws it: the window around the receptive field and what of it is lit, and a wider view."""
    height, width = picture.shape[:2]
    box = field_box(asked.model, asked.stage, *place)
    (left, top, side), lit = patch_window(box, width, height)
    window = picture[top : top + side, left : left + side]
    first, upper, size = view_window(box, width, height)
    return {
        "src": jpeg_uri(window, 93, FULL_COLOR),
        "crisp": side <= CRISP,
        "lit": lit,
        "value": float(value),
        "view": face(picture[upper : upper + size, first : first + size]),
        "field": ((np.array(box) - (first, upper, 0, 0)) / size).tolist(),
        "at": list(place),
    }


def view_window(box: tuple[float, float, float, float], width: int, height: int) -> tuple[int, int, int]:
    """Left, top and side of the square in which a receptive field is drawn: most of the picture, unless the field is tiny."""
    return patch_window(box, width, height, WIDE, WIDE_LEAST)[0]


def photo_page(bench: Bench, asked: Asked, count: int, photo: str) -> dict:
    """The page of a unit from one photograph: the places of it where the unit fires most, apart from each other."""
    picture, found = bench.small_photo(photo), bench.photo_maps(asked.model, asked.stage, photo)[asked.unit]
    values, name = found.astype(np.float32), bench.lab.photo(photo).name
    patches, boxes = [], []
    for flat in np.argsort(-values, axis=None, kind="stable").tolist():
        place = divmod(flat, values.shape[1])
        if values[place] <= 0 or len(patches) == count:
            break
        box = box_ends(field_box(asked.model, asked.stage, *place))
        if not any(overlap(box, other) > SAME_SPOT for other in boxes):
            boxes.append(box)
            patches.append(
                patch(asked, picture, place, values[place]) | {"picture": flat, "name": name, "photo": photo}
            )
    facts = [f"peak {float(values.max()):.3g} on this photo"] if patches else ["This unit does not fire on this photo."]
    facts += shortage(len(patches), count)
    return {"unit": asked.unit, "count": asked.width, "reach": reach(asked), "patches": patches, "facts": facts}


def reach(asked: Asked) -> int:
    """Pixels of a side of the theoretical receptive field."""
    return round(field_box(asked.model, asked.stage, 0, 0)[2])


def face_off(bench: Bench, query: dict) -> dict:
    """The page of the unit of another network (`versus`) whose activations over the bank go most with those of the asked one."""
    from ssl_core import units

    asked, count = bench.read(query), patches_asked(query)
    other = bench.read({"model": query.get("versus"), "stage": None})
    stages = tuple(other.model.encoder.widths)
    if asked.stage not in stages:
        raise AskedError(f"{other.model.name} has no layer {asked.stage}; it has {', '.join(stages)}.")
    if asked.index is None or other.index is None:
        return {"waiting": "Comes as soon as both networks have looked through the bank."}
    unit, correlation = units.nearest_unit(asked.index, other.index, asked.stage, asked.unit)
    page = unit_page(bench, {"model": other.model.name, "stage": asked.stage, "unit": unit, "k": count})
    ours, theirs = asked.index.peak(asked.stage)[:, asked.unit], other.index.peak(asked.stage)[:, unit]
    some = np.linspace(0, len(ours) - 1, min(len(ours), POINTS)).astype(int)
    pairs = [numbers(ours[some]), numbers(theirs[some])]
    return page | {"correlation": float(correlation), "pairs": pairs, "pictures": len(ours), "keep": True}
