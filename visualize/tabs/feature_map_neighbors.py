"""Nearest neighbours in the original space, for the picture that was picked or the photograph of the strip, in each network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ssl_core.bank import Bank
from ssl_core.neighbors import nearest, unit_length
from visualize.jpeg_uri import jpeg_uri
from visualize.model_titles import title_of
from visualize.tabs.feature_map_asked import Asked
from visualize.tabs.feature_map_work import Maps

if TYPE_CHECKING:
    from ssl_core.features import Index

SHOWN = 8
WAITING = "Follows when this network has looked through all pictures."


def rows(maps: Maps, bank: Bank, asked: Asked, photo_key: str) -> list[dict]:
    """The prop `rows`: the query, then its nearest pictures in each network. Never computes an index.

    Where the photograph of the strip cannot be read they are a sentence, because the map needs none. Errors: CheckpointError.
    """
    from ssl_core.photo import PhotoError

    picked = asked.picked if asked.picked < len(bank) else -1
    try:
        query, name = asked_for(maps, bank, photo_key, picked)
    except PhotoError as error:
        return without_rows(error)
    source = bank.place(picked).photo if picked >= 0 else photo_key
    title = "The picked picture" if picked >= 0 else f"{name}, the photo of the strip"
    same = np.array([maps.lab.strip_key(place) == source or place.photo == source for place in bank.places])
    left = np.flatnonzero(~same | asked.same)
    note = "" if asked.same or len(left) == len(bank) else "its own photo is left out"
    told = [{"of": asked.picked, "title": title, "note": note, "entries": [{"src": jpeg_uri(query, 88), "text": name}]}]
    for model, stage in asked.pairs:
        index = maps.lab.index(model)
        row = {"title": f"{title_of(model)}, {stage}", "marked": len(told) == 1}
        if index is None:
            told.append(row | {"message": WAITING, "entries": []})
            continue
        found, cosines = near(maps, bank, index, stage, query if picked < 0 else picked, left)
        entries = [{"index": int(i), "figure": f"{c:.2f}"} for i, c in zip(found, cosines, strict=True)]
        told.append(row | {"note": f"nearest of {len(left):,} by cosine", "entries": entries})
    return told


def without_rows(error: Exception) -> list[dict]:
    """The prop `rows` where there are no neighbours to show, with the reason."""
    return [{"title": "Nearest neighbours", "message": str(error), "entries": []}]


def asked_for(maps: Maps, bank: Bank, photo_key: str, picked: int) -> tuple[np.ndarray, str]:
    """The picture (side, side, 3) uint8 whose neighbours are wanted, and its name. Errors: PhotoError."""
    from ssl_core.photo import square

    if picked >= 0:
        return bank.pixels(picked), bank.names[picked]
    photo = maps.lab.photo(photo_key)
    return square(photo.pixels, bank.side), photo.name


def near(
    maps: Maps, bank: Bank, index: Index, stage: str, query: np.ndarray | int, left: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Indices and cosines of the nearest pictures among those of `left`, a picture of the bank itself left out."""
    features = maps.features(index, stage)
    if isinstance(query, int):
        asked, left = features[query : query + 1], left[left != query]
    else:
        from ssl_core.features import summarize

        asked = unit_length(summarize(maps.lab.model(index.model).encoder, query[None])[f"{stage}.mean"])
    if not len(left):
        return np.zeros(0, int), np.zeros(0)
    found, cosines = nearest(asked, features[left], SHOWN)
    return left[found[0]], cosines[0]
