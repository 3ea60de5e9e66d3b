"""What the tab "Context" shows of a photograph, as the page needs it: neighbours of a patch, what they foretell, the map, the clusters."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from visualize.jpeg_uri import jpeg_uri
from visualize.lab import Lab

if TYPE_CHECKING:
    from ssl_core.bank import Progress
    from ssl_core.patch_bank import Match, PatchBank, Query
    from ssl_core.patch_clusters import Found
    from ssl_core.patch_query import Box

MAT = 118  # grey of what lies outside a photograph
START = 0.2  # side of a patch over the shorter side of its photograph
ROWS = (
    ("small", "Small patches", "nearest by HOG; crossed out: pruned"),
    ("pruned", "Pruned by context", "of the small patches"),
    ("large", "Large patches", "nearest by HOG, context and all"),
)
MAP_STEPS = 9  # patches of the map along the longer side
SHOWN_CLUSTERS, SHOWN_DISCARDED = 12, 6


def patches_steps(lab: Lab) -> Generator[Progress, None, PatchBank]:
    """The patches of the lab's bank, made once. Errors: BankError, PhotoError, PatchError."""
    from ssl_core.patch_bank import patch_bank_steps

    bank = yield from lab.bank_steps()
    patches = lab.opened.get(("patches", bank.key))
    if patches is None:
        patches = yield from lab.work.watch(("patches", bank.key), lambda: patch_bank_steps(bank))
        patches = lab.opened.keep(("patches", bank.key), lambda: patches)
    return patches


def read_patch(code: object, photo_key: str) -> tuple[float, float, float] | None:
    """Center x, center y and side of a patch from its code "x,y,side@photo", shares of the photograph; None for another photo's.

    >>> read_patch("0.5,0.25,0.2@coffee", "coffee"), read_patch("0.5,0.25,0.2@lion", "coffee"), read_patch("a,b", "coffee")
    ((0.5, 0.25, 0.2), None, None)
    """
    numbers, _, photo = str(code or "").partition("@")
    try:
        x, y, side = (float(number) for number in numbers.split(","))
    except ValueError:
        return None
    good = photo == photo_key and all(0 <= number <= 1 for number in (x, y, side))
    return (x, y, side) if good else None


def asked_query(lab: Lab, patches: PatchBank, photo_key: str, box: Box) -> Query:
    """The patch `box` of a photograph of the strip as neighbours are looked for. Errors: PhotoError, PatchError."""
    from ssl_core.patch_query import query_of

    query = query_of(lab.photo(photo_key).pixels, box, patches.config)
    places = {lab.strip_key(place): number for number, place in enumerate(first_places(patches))}
    number = places.get(photo_key, -1)
    if number < 0:
        return query
    whole = first_places(patches)[number].box is None
    return query._replace(photo=number, box=(0.0, 0.0, float(patches.bank.side)) if whole else query.box)


def first_places(patches: PatchBank) -> list:
    """One place of each photograph of the bank, in the order of `patches.photos`."""
    _, first = np.unique(patches.photo, return_index=True)
    return [patches.bank.place(int(index)) for index in first]


def neighbors(lab: Lab, patches: PatchBank, query: Query, truth: np.ndarray) -> dict:
    """The three rows of neighbours and what each foretells; `truth` are the pixels of the query's window. Errors: PatchError."""
    small, large = patches.nearest([query])[0], patches.nearest([query], large=True)[0]
    cluster, kept = patches.cluster(query, small), patches.config.kept
    as_large = patches.cluster(query, large[:kept])
    left = [small[index - 1] for index in cluster.members[1:]]
    lists = {
        "small": (small[:kept], cluster.first.scores[1 : kept + 1], None),
        "pruned": (left, cluster.judgement.scores[1:], cluster.consistency),
        "large": (large[:kept], as_large.judgement.scores[1:], as_large.consistency),
    }
    rows = []
    for name, title, note in ROWS:
        matches, scores, consistency = lists[name]
        tiles = [tile(lab, patches, match, score) for match, score in zip(matches, scores, strict=True)]
        for match, one in zip(matches, tiles, strict=True):
            one["pruned"] = name == "small" and match not in left
        row = {"name": name, "title": title, "note": note, "tiles": tiles, "foretold": foretold(patches, matches)}
        rows.append(row | {"consistency": None if consistency is None else float(consistency)})
    return {"rows": rows, "truth": jpeg_uri(truth, 88), "candidates": len(small)}


def tile(lab: Lab, patches: PatchBank, match: Match, score: float) -> dict:
    """A patch of the bank with its context: picture, score in nats per cell, and where in which photograph of the strip it is."""
    place, (left, top, side) = patches.bank.place(match.picture), patches.box(match)
    key = lab.strip_key(place)
    told = {"src": jpeg_uri(window_picture(patches, match), 86), "score": round(float(score), 3), "name": place.photo}
    if place.box is None or key not in lab.shelf:
        return told
    height, width = lab.photo(key).pixels.shape[:2]
    center = ((left + side / 2) / width, (top + side / 2) / height)
    return told | {"key": key, "patch": f"{center[0]:.3f},{center[1]:.3f},{side / min(height, width):.3f}"}


def window_picture(patches: PatchBank, match: Match) -> np.ndarray:
    """Patch and context of a match, (S * cell, S * cell, 3) uint8, grey where they leave the picture."""
    cell, ring, size = patches.config.cell, patches.config.ring, patches.config.window
    pixels = patches.bank.pixels(match.picture)
    around = np.pad(pixels, ((ring * cell, ring * cell), (ring * cell, ring * cell), (0, 0)), constant_values=MAT)
    top, left = match.row * cell, match.column * cell
    return around[top : top + size * cell, left : left + size * cell]


def foretold(patches: PatchBank, matches: Sequence[Match]) -> str:
    """The mean picture of patches and their context, over those that see a pixel, as a data URI."""
    pictures = np.stack([window_picture(patches, match) for match in matches]).astype(np.float32)
    visible = patches.windows(matches)[1].repeat(patches.config.cell, 1).repeat(patches.config.cell, 2)[..., None]
    count = visible.sum(0)
    mean = np.where(count > 0, (pictures * visible).sum(0) / np.maximum(count, 1), MAT)
    return jpeg_uri(mean.round().astype(np.uint8), 88)


def map_of(lab: Lab, patches: PatchBank, photo_key: str) -> list[dict]:
    """Patches all over a photograph with their scores, the mean over their cluster; flat ones are left out. Errors: PhotoError, PatchError.

    Each is {"x", "y", "side"} as in a patch's code, and "score" in nats per cell.
    """
    from ssl_core.patch_bank import MOST_SEARCHED, PatchError
    from ssl_core.patch_query import fit_box

    height, width = lab.photo(photo_key).pixels.shape[:2]
    side = fit_box((0.5, 0.5), START, height, width).side
    step = max(side / 2, max(height, width) / MAP_STEPS)
    boxes, queries = [], []
    for y in middles(height, side, step):
        for x in middles(width, side, step):
            box = fit_box((x, y), START, height, width)
            try:
                queries.append(asked_query(lab, patches, photo_key, box))
            except PatchError:
                continue
            boxes.append(box)
    quick = replace(patches, config=replace(patches.config, dropped=1.0))
    found = []
    for box, query, matches in zip(
        boxes, queries, patches.nearest(queries, among=MOST_SEARCHED) if queries else (), strict=True
    ):
        cluster = quick.cluster(query, matches)
        told = {"x": (box.left + box.side / 2) / width, "y": (box.top + box.side / 2) / height}
        score = float(cluster.judgement.scores.mean())
        found.append({name: round(value, 3) for name, value in (told | {"side": START, "score": score}).items()})
    return found


def middles(length: int, side: float, step: float) -> list[float]:
    """Where centers of patches stand along `length` pixels, evenly, as shares of it, so that none leaves the photograph.

    >>> middles(100, 20, 30)
    [0.1, 0.366667, 0.633333, 0.9]
    """
    count = max(1, round((length - side) / step) + 1)
    first, last = (0.5, 0.5) if count == 1 else (side / 2 / length, 1 - side / 2 / length)
    return np.linspace(first, last, count).round(6).tolist()


def told_cluster(lab: Lab, patches: PatchBank, found: Found) -> dict:
    """A cluster as the page shows it: its members, the seed first, and its consistency."""
    from ssl_core.patch_clusters import members

    scores = found.cluster.judgement.scores
    tiles = [tile(lab, patches, match, score) for match, score in zip(members(found), scores, strict=True)]
    return {"consistency": round(found.cluster.consistency, 3), "tiles": tiles}


def ranked(lab: Lab, patches: PatchBank, clusters: Sequence[Found]) -> dict:
    """The best consistent clusters and the worst of the discarded, with how many there are of each."""
    good = [one for one in clusters if one.cluster.consistency > 0]
    bad = [one for one in clusters if one.cluster.consistency <= 0][::-1]
    return {
        "found": len(good),
        "discarded": len(bad),
        "clusters": [told_cluster(lab, patches, one) for one in good[:SHOWN_CLUSTERS]],
        "worst": [told_cluster(lab, patches, one) for one in bad[:SHOWN_DISCARDED]],
        "bank": patches.bank.described,
    }
