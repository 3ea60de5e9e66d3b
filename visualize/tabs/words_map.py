"""The map of the tab "Words": all words or a group of them, by PCA, t-SNE, UMAP, or on two axes that one defines with words."""

from __future__ import annotations

from collections.abc import Iterator

import gradio as gr
import numpy as np

from visualize.lab import Lab
from visualize.tabs.asked import AskedError
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


def draw(lab: Lab, given: dict) -> Iterator[tuple[dict, dict]]:
    """Updates of the desk and of the map until it is drawn. What is wrong becomes a sentence in the tab."""
    from ssl_core.checkpoint import CheckpointError
    from ssl_core.layouts import LayoutError

    try:
        yield from _drawn(lab, given or {})
    except (AskedError, CheckpointError, LayoutError) as error:
        yield gr.update(mapped={"message": str(error)}), gr.skip()


def _drawn(lab: Lab, given: dict) -> Iterator[tuple[dict, dict]]:
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
    told, base = (
        {"words": words},
        {"points": points_of(f"words {key}", words, ("word", "words")), "colors": colors_of(words)},
    )
    if method == "axes":
        xy, caption = on_axes(at_hand, vectors, rows, given)
        yield gr.update(mapped=told), gr.update(**base, layout=layout_of(f"{key} {caption}", xy, caption=caption))
        return
    for share, saying, xy in _laid(lab, method, vectors, rows, key):
        caption = f"{METHODS[method].title} of the {kind} vectors, {len(words):,} words"
        told = {"words": words, "working": f"{METHODS[method].title}: {saying}" if share < 1 else "", "share": share}
        layout = (
            {"layout": layout_of(f"{key} {method} {share:.3f}", xy, caption=caption, growing=share < 1)}
            if xy is not None
            else {}
        )
        yield gr.update(mapped=told), gr.update(**base, **layout)
        base = {}


def _laid(lab: Lab, method: str, vectors, rows: np.ndarray, key: str) -> Iterator[tuple[float, str, np.ndarray | None]]:
    """Share of the work, what is being done, and the map so far; a map that was made before comes at once."""
    from ssl_core.layouts import layout_steps

    place = ("word map", method, key)
    made = lab.results.get(place)
    if made is not None:
        yield 1.0, "", made
        return
    xy = None
    for step in layout_steps(method, vectors.vectors[rows]):
        xy = step.xy if step.xy is not None else xy
        if step.share < 1:
            yield step.share, step.saying, step.xy
    lab.keep(place, lambda: xy)
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


def picked(lab: Lab, given: dict, value: dict) -> dict:
    """The word that was picked on the map, for the desk."""
    from ssl_core.checkpoint import CheckpointError

    try:
        index, at_hand = int((value or {}).get("picked", -1)), known(lab)
    except (AskedError, CheckpointError):
        return gr.skip()  # the desk says so already
    rows = rows_of(at_hand.first.words, str((given or {}).get("group") or "all"))
    if not 0 <= index < len(rows):
        return gr.skip()
    return gr.update(picked={"word": at_hand.first.words[rows[index]], "turn": index + 1})
