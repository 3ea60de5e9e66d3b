"""The map of the tab "Words": all words or a group of them, by PCA, t-SNE, UMAP, or on two axes that one defines with words."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import gradio as gr
import numpy as np

from visualize.lab import Lab
from visualize.tabs.asked import AskedError
from visualize.tabs.feature_map_asked import read, whole
from visualize.tabs.feature_map_work import Turns
from visualize.tabs.words_asked import known
from visualize.tabs.words_vectors import checked
from visualize.widgets.linked_map import groups_of, layout_of, points_of

FREQUENT = 300
AXES = ("left", "right", "bottom", "top")
# The groups of the talk; of each, those words are shown that stand in the vocabulary.
GROUPS = {
    "Gendered words": "man woman men women boy girl boys girls he she him her his himself guy guys lady ladies male female mother "
    "father son daughter brother sister bride groom cowboy",
    "Music and arts": "music guitar violin drums piano band stage microphone instruments singing sings sing playing dance dancing "
    "dances performing perform performance concert art artist paint painting painted statue sculpture graffiti costume",
    "Garden": "garden flower flowers plants grass lawn tree trees leaves bush bushes branch yard backyard park fountain hose sprinkler "
    "soil dirt bench fence",
}


def groups_offered(lab: Lab) -> list[list[str]]:
    """What the choice of words offers: [value, title]."""
    many = len(known(lab).first.words)
    frequent = [[str(FREQUENT), f"the {FREQUENT} most frequent"]] if many > FREQUENT else []
    return [["all", f"all {many:,}"], *frequent, *([name, name] for name in GROUPS)]


def rows_of(words: tuple[str, ...], group: str) -> np.ndarray:
    """Which words of a vocabulary a choice shows: their rows, most frequent first."""
    if group in GROUPS:
        wanted = set(GROUPS[group].split())
        return np.array([row for row, word in enumerate(words) if word in wanted], np.int64)
    return np.arange(min(len(words), FREQUENT) if group == str(FREQUENT) else len(words))


def draw(lab: Lab, turns: Turns, given: dict) -> Iterator[tuple[dict, dict]]:
    """Updates of the desk and of the map until it is drawn. What is wrong becomes a sentence in the tab.

    Ends early when a newer question comes from the same page.
    """
    from ssl_core.checkpoint import CheckpointError
    from ssl_core.layouts import LayoutError

    asked = read(given, ())
    turns.begin(asked)
    try:
        with closing(_drawn(lab, given or {})) as steps:
            for told, update in steps:
                if turns.old(asked):
                    return
                yield gr.update(mapped=told | {"turn": asked.turn}), update
    except (AskedError, CheckpointError, LayoutError) as error:
        yield gr.update(mapped={"turn": asked.turn, "message": str(error)}), gr.skip()


def stop(turns: Turns, given: dict) -> None:
    """End what is being drawn for a page."""
    asked = read(given, ())
    turns.begin(replace(asked, turn=asked.turn + 1))


def _drawn(lab: Lab, given: dict) -> Iterator[tuple[dict, dict]]:
    """What the desk is told of the map, and the update of the map."""
    from ssl_core.layouts import FEWEST, FEWEST_NONLINEAR, METHODS

    at_hand = known(lab)
    kind, method = str(given.get("kind") or "visual"), str(given.get("layout") or "pca")
    if kind not in at_hand.vectors:
        raise AskedError(f"There are no vectors called {kind[:20]}: choose one of the list.")
    if method != "axes" and method not in METHODS:
        raise AskedError("There is no such map: choose one of the list.")
    vectors = at_hand.vectors[kind]
    rows = rows_of(vectors.words, str(given.get("group") or "all"))
    words = [vectors.words[row] for row in rows]
    if method != "axes" and len(words) < (FEWEST if method == "pca" else FEWEST_NONLINEAR):
        raise AskedError(
            f"{METHODS[method].title} needs more words than the {len(words)} of this group: choose more words, or axes of your own."
        )
    key = f"{at_hand.name} {kind} {given.get('group')}"
    base = {"points": points_of(f"words {key}", words, ("word", "words")), "colors": colors_of(words)}
    if method == "axes":
        xy, caption = on_axes(at_hand, vectors, rows, given)
        yield {"words": words}, gr.update(**base, layout=layout_of(f"{key} {caption}", xy, caption=caption))
        return
    for share, saying, xy in _laid(lab, method, vectors, rows, key):
        caption = f"{METHODS[method].title} of the {kind} vectors, {len(words):,} words"
        told = {"working": f"{METHODS[method].title}: {saying}" if share < 1 else "", "share": share}
        if xy is None:
            yield told, gr.skip()
            continue
        layout = layout_of(f"{key} {method} {share:.3f}", xy, caption=caption, growing=share < 1)
        yield told | {"words": words}, gr.update(**base, layout=layout)
        base = {}


def _laid(lab: Lab, method: str, vectors, rows: np.ndarray, key: str) -> Iterator[tuple[float, str, np.ndarray | None]]:
    """Share of the work, what is being done, and the map so far; a map that was made before comes at once."""
    from ssl_core.layouts import layout_steps

    place = ("word map", method, key)
    made = lab.standing.get(place)
    if made is not None:
        yield 1.0, "", made
        return
    xy = None
    with closing(lab.work.watch(place, lambda: layout_steps(method, vectors.vectors[rows]))) as steps:
        for step in steps:
            xy = step.xy if step.xy is not None else xy
            if step.share < 1:
                yield step.share, step.saying, step.xy
    lab.standing.keep(place, lambda: xy)
    yield 1.0, "", xy


def on_axes(at_hand, vectors, rows: np.ndarray, given: dict) -> tuple[np.ndarray, str]:
    """Words on two axes, each from one word to another: by their cosine with the difference. (N, 2) in [-1, 1], and a caption.

    Both axes are stretched to the map, each by itself: a cosine is small in many dimensions.
    """
    words, problems = checked(at_hand, given, AXES)
    if problems:
        raise AskedError(f"The {problems[0]['field']} end of the axes: {problems[0]['message']}")
    ends = (("left", "right"), ("top", "bottom"))  # the map's y grows downwards
    columns = []
    for low, high in ends:
        if words[low] == words[high]:
            raise AskedError(f"An axis needs two different words; both ends say “{words[low]}”.")
        cosines = vectors.cosines(vectors.direction((words[high],), (words[low],)))[rows]
        columns.append(cosines / max(float(np.abs(cosines).max()), 1e-6))
    caption = (
        f"From {words['left']} to {words['right']} (left to right), from {words['bottom']} to {words['top']} (upwards)"
    )
    return np.stack(columns, 1).astype(np.float32), caption


def colors_of(words: list[str]) -> dict:
    """Colour and shape of the groups of the talk, and of all other words."""
    names = [*GROUPS, "other words"]
    member = {word: number for number, listed in enumerate(GROUPS.values()) for word in listed.split()}
    return groups_of("group", names, np.array([member.get(word, len(names) - 1) for word in words]))


def picked(value: dict) -> dict:
    """The point that was picked on the map, for the desk; with another turn each time, since a page hears only of what changes."""
    return gr.update(picked={"index": whole((value or {}).get("picked"), -1, 10**6, -1), "turn": time.monotonic_ns()})
