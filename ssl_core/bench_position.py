"""How often a network says rightly which of the eight neighbours a patch is, with and without the defence against lenses.

The game of Doersch, Gupta, Efros (ICCV 2015), on whole photographs: nine patches each, moved by the same jitter for every network,
and eight questions about the one in the middle. Chance is one in eight. Beside the share of right answers stand the shares with the
right row and the right column, chance 3/8 for a row or column at the edge and 2/8 for the middle one, 11/32 over the eight questions;
and the answers that are right but for left and right swapped: photographs were mirrored in training, so that much must stay open.
Whether a network goes by colours, and so possibly by the fringes that lenses leave, is seen by showing it the photographs in grey.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from ssl_core.bench import Column, Report

METHOD = "relative-position"
SEED = 2015
BATCH = 32  # photographs
COLUMNS = (
    Column("answer", "network"),
    Column("accuracy_percent", "right, %", ".1f"),
    Column("row_percent", "right row, %", ".1f"),
    Column("column_percent", "right column, %", ".1f"),
    Column("mirrored_percent", "right but mirrored, %", ".1f"),
    Column("grey_percent", "right without colours, %", ".1f"),
    Column("cross_entropy_nats", "cross entropy, nats", ".3f"),
)


def questions(model, photos: np.ndarray) -> np.ndarray:
    """The nine patches of each photograph (N, S, S, 3) uint8, brought to the side of the model: (N, 9, p, p, 3) uint8.

    The jitter of the photograph at an index is the same in every run, for every network of one geometry.
    """
    from ssl_core.photo import square
    from ssl_core.pretexts.relative_position import nine_patches

    config = model.config
    cut = [
        nine_patches(square(photo, config.side), config, np.random.default_rng([SEED, index]))[0]
        for index, photo in enumerate(photos)
    ]
    return np.stack(cut)


def answers(model, photos: np.ndarray, progress: Callable = lambda it, **_: it) -> np.ndarray:
    """How likely the network finds each direction: (N, 8, 8), question by answer. `progress` wraps the loop, as tqdm does."""
    patches = questions(model, photos)
    starts = progress(range(0, len(photos), BATCH), desc=model.name, unit="batch")
    return np.concatenate([model.guess(patches[start : start + BATCH]) for start in starts])


def grey(photos: np.ndarray) -> np.ndarray:
    """Photographs (N, S, S, 3) uint8 with the mean of its channels in all three channels of a pixel.

    >>> grey(np.array([[[[0, 30, 60]]]], np.uint8)).tolist()
    [[[[30, 30, 30]]]]
    """
    return np.repeat(np.rint(photos.mean(axis=-1, keepdims=True)).astype(np.uint8), 3, axis=-1)


def confusion(probabilities: np.ndarray) -> np.ndarray:
    """Share of each answer to each question, (8, 8), true direction by said one; rows sum to 1. probabilities: (N, 8, 8).

    >>> bool((confusion(np.eye(8)[None]) == np.eye(8)).all())
    True
    """
    return np.eye(8)[probabilities.argmax(axis=2)].mean(axis=0)


def figures(probabilities: np.ndarray) -> dict:
    """The figures of one network from its answers (N, 8, 8), in per cent of all questions, and its confusion in per cent.

    >>> figures(np.eye(8)[None])["accuracy_percent"]
    100.0
    """
    from ssl_core.pretexts.relative_position import DIRECTIONS, NAMES

    shares = confusion(probabilities)
    down, right = np.array(DIRECTIONS).T
    mirrored = np.array([DIRECTIONS.index((row, -column)) for row, column in DIRECTIONS])
    sides = np.flatnonzero(right)  # above and below are their own mirror images
    of_true = probabilities[:, np.arange(8), np.arange(8)]
    return {
        "accuracy_percent": _percent(np.diag(shares).mean()),
        "row_percent": _percent((shares * (down[:, None] == down)).sum(axis=1).mean()),
        "column_percent": _percent((shares * (right[:, None] == right)).sum(axis=1).mean()),
        "mirrored_percent": _percent(shares[sides, mirrored[sides]].sum() / 8),
        "cross_entropy_nats": round(float(-np.log(np.maximum(of_true, 1e-12)).mean()), 4),
        "confusion_percent": {
            name: dict(zip(NAMES, (_percent(share) for share in row), strict=True))
            for name, row in zip(NAMES, shares, strict=True)
        },
    }


def chance() -> dict:
    """The figures of answering by an eight-sided die: the expected shares."""
    from ssl_core.pretexts.relative_position import DIRECTIONS

    down, right = np.array(DIRECTIONS).T
    return {
        "answer": "chance",
        "accuracy_percent": _percent(1 / 8),
        "row_percent": _percent((down[:, None] == down).mean()),
        "column_percent": _percent((right[:, None] == right).mean()),
        "mirrored_percent": _percent((right != 0).sum() / 64),
        "cross_entropy_nats": round(float(np.log(8)), 4),
    }


def remarks(rows: list[dict]) -> tuple[str, ...]:
    """What the defence costs or gains, and which directions each network tells best and worst, in sentences."""
    right = {row["answer"].rpartition("-")[2]: row["accuracy_percent"] for row in rows}
    said = []
    if {"dropping", "plain"} <= right.keys():
        points = right["dropping"] - right["plain"]
        said.append(
            f"The defence against chromatic aberration changes the share of right answers by {points:+.1f} points."
        )
    for row in rows:
        if not row.get("confusion_percent"):
            continue
        if row["answer"].endswith("-plain"):
            lost = row["accuracy_percent"] - row["grey_percent"]
            said.append(f"Without colours, and so without fringes, {row['answer']} loses {lost:.1f} points.")
        own = {name: said_[name] for name, said_ in row["confusion_percent"].items()}
        best, worst = max(own, key=own.get), min(own, key=own.get)
        pairs = [
            (share, true, other) for true, said_ in row["confusion_percent"].items() for other, share in said_.items()
        ]
        share, true, other = max(pair for pair in pairs if pair[1] != pair[2])
        said.append(
            f"{row['answer']} tells {best!r} best ({own[best]:.0f} %) and {worst!r} worst ({own[worst]:.0f} %); "
            f"it most often takes {true!r} for {other!r} ({share:.0f} %)."
        )
    return tuple(said)


def report(photos: np.ndarray, described: str, models: Iterable[str], load: Callable) -> Report:
    """The bench: every network on every photograph, (N, 128, 128, 3) uint8. `load(name)` gives a RelativePosition."""
    from tqdm import tqdm

    rows = [chance()]
    for name in models:
        model = load(name)
        found = figures(answers(model, photos, tqdm))
        found["grey_percent"] = figures(answers(model, grey(photos), tqdm))["accuracy_percent"]
        rows.append({"answer": name, "model": name} | found)
    measured_on = f"Measured on {described}, eight questions on each; the middle patch of nine is asked about."
    return Report("position", measured_on, COLUMNS, tuple(rows), remarks(rows))


def _percent(share: float) -> float:
    return round(100.0 * float(share), 2)
