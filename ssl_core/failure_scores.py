"""How every model fails on every picture of a bank: scores that are computed once, kept, and summed up as a table."""

from __future__ import annotations

import ast
import io
import tokenize
import zlib
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ssl_core.bank import PHOTO_SIDE, Bank, Progress
from ssl_core.bank_measures import kept, measure_steps, weights_hash
from ssl_core.failures import MODES, Mode, judge_color, judge_fill, tasks_of
from ssl_core.masks import central_region
from ssl_core.photo import has_color

if TYPE_CHECKING:
    from ssl_core.failures_color import Finding
    from ssl_core.pretext import Pretext

KIND = "failures"
# What scores come from besides weights and pictures: the detectors, what paints, and the modules of ssl_core that these import.
CODE = (
    *("failure_scores", "failures", "failures_color", "failures_edges", "failures_inpaint"),
    *("ab_bins", "color", "hue_chroma", "masks", "metrics", "networks", "photo", "picture_file", "posterior"),
    *("pretext", "view", "windows"),
    *("pretexts/colorization", "pretexts/context_encoder", "pretexts/hypercolumn_colorization", "pretexts/split_brain"),
)
# of the largest square of its photograph: on smaller ones the networks' cells are coarser than what is judged
LARGE = 0.6
OVERLAP = 0.25  # intersection over union: more, and two pictures of a gallery show the same


class Summary(NamedTuple):
    """One cell of the table: mean score, share of pictures at the threshold or over it (0 to 1), and how many were judged."""

    mean: float
    over: float
    judged: int


@dataclass(frozen=True, eq=False)
class Scores:
    """One model's scores: `values` (n, modes) float32, NaN where a mode was not judged; row j is picture `positions[j]` of the bank."""

    model: str
    positions: np.ndarray = field(repr=False)
    values: np.ndarray = field(repr=False)

    def of(self, mode: Mode) -> np.ndarray:
        """The scores of a mode, (n,)."""
        return self.values[:, MODES.index(mode)]

    def summary(self, mode: Mode) -> Summary | None:
        """The cell of the table; None where no picture was judged, because the model cannot do the task or the bank is grey."""
        judged = self.of(mode)[np.isfinite(self.of(mode))]
        return (
            Summary(float(judged.mean()), float((judged >= mode.threshold).mean()), len(judged))
            if len(judged)
            else None
        )

    def worst(self, mode: Mode, bank: Bank, count: int) -> list[tuple[int, float]]:
        """(position in the bank, score) of the worst pictures, worst first; at most `count`, none with a score of 0.

        Of parts of one photograph that overlap by more than a quarter only the worst is taken.
        """
        scores, chosen = self.of(mode), []
        for row in np.argsort(-np.nan_to_num(scores, nan=-1.0), kind="stable"):
            if not scores[row] > 0 or len(chosen) == count:
                break
            position = int(self.positions[row])
            if all(overlap(bank.place(position), bank.place(other)) <= OVERLAP for other, _ in chosen):
                chosen.append((position, float(scores[row])))
        return chosen


@dataclass(frozen=True)
class Numbered:
    """A bank as `measure_steps` reads it, whose pictures are their positions: to judge one needs to know where it comes from."""

    key: str
    positions: np.ndarray

    def __len__(self) -> int:
        return len(self.positions)

    def pixels_of(self, rows: slice) -> np.ndarray:
        """Positions in the bank, (n,)."""
        return self.positions[rows]


def judged_positions(bank: Bank) -> np.ndarray:
    """Which pictures of a bank are judged: all whole photographs, and the larger parts of those that were cut up."""
    largest: dict[str, int] = {}
    for place in bank.places:
        if place.box:
            largest[place.photo] = max(largest.get(place.photo, 0), place.box[2])
    large = [place.box is None or place.box[2] >= LARGE * largest[place.photo] for place in bank.places]
    return np.flatnonzero(large)


def score_steps(model: Pretext, bank: Bank, folder: Path | None = None) -> Generator[Progress, None, Scores]:
    """Judge a bank with a model: yields Progress, returns Scores; goes on where it was stopped (see `measure_steps`)."""
    numbered = Numbered(bank.key, judged_positions(bank))
    arrays = yield from measure_steps(numbered, KIND, score_key(model), partial_scores(model, bank), folder)
    return Scores(model.name, numbered.positions, arrays["scores"])


def load_scores(model: Pretext, bank: Bank, folder: Path | None = None) -> Scores | None:
    """The finished scores of a model on a bank, shipped or kept, or None when they have not been made or are damaged."""
    from ssl_core.shipped_failures import shipped

    found = shipped(model, bank)
    if found is not None:
        return found
    numbered = Numbered(bank.key, judged_positions(bank))
    arrays = kept(numbered, KIND, score_key(model), folder)
    return None if arrays is None else Scores(model.name, numbered.positions, arrays["scores"])


def score_key(model: Pretext) -> str:
    """What scores depend on besides the bank: the model, its weights, and the code that paints and judges."""
    return f"{model.name}-{weights_hash(model)}-{_code()}"


@lru_cache(maxsize=1)
def _code() -> str:
    code = (bare_code((Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8")) for name in CODE)
    return f"{zlib.crc32(''.join(code).encode()):08x}"


def bare_code(source: str) -> str:
    """Python source without docstrings, comments and white space: equal for two files that differ in nothing else.

    >>> bare_code("a = 1  # one") == bare_code("# one\\na =  1")
    True
    """
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            said = node.body[0]
            lines[said.lineno - 1 : said.end_lineno] = [""] * (said.end_lineno - said.lineno + 1)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    return "".join("".join(lines).split())


def partial_scores(model: Pretext, bank: Bank) -> Callable[[np.ndarray], dict[str, np.ndarray]]:
    """The measure of `measure_steps`: positions (n,) -> {"scores": (n, modes) float32}."""
    painter = Painter(model, bank)

    def measure(positions: np.ndarray) -> dict[str, np.ndarray]:
        scores = np.full((len(positions), len(MODES)), np.nan, np.float32)
        for row, position in enumerate(positions.tolist()):
            findings = {}
            for task in tasks_of(model):
                findings |= painter.judge(position, task)[2]
            scores[row] = [findings[mode.id].score if mode.id in findings else np.nan for mode in MODES]
        return {"scores": scores}

    return measure


class Painter:
    """A model at work on a bank: it colours whole photographs and cuts the pictures out, as the tab shows them, and fills centres.

    `paint_photo` may be given to keep what was painted: a function of the photograph's name and what makes its painted pixels.
    """

    def __init__(self, model: Pretext, bank: Bank, keep: Callable[[str, Callable], np.ndarray] | None = None):
        self.model, self.bank, self.keep = model, bank, keep or self._keep_one
        self.last: tuple[str, np.ndarray] | None = None

    def judge(self, position: int, task: str) -> tuple[np.ndarray, np.ndarray, dict[str, Finding]]:
        """The true picture, what the model makes of it (as `pair` gives them), and every finding of a task on it."""
        truth, painted = self.pair(position, task)
        if task == "colorize":
            return truth, painted, judge_color(painted, truth, bool(has_color(truth)))
        return truth, painted, judge_fill(painted, truth, central_region(*truth.shape[:2]))

    def pair(self, position: int, task: str) -> tuple[np.ndarray, np.ndarray]:
        """The true picture (h, w, 3) uint8 and what the model makes of it, float32 in [0, 1]."""
        place = self.bank.place(position)
        if task == "inpaint":
            truth = self.bank.pixels(position)
            return truth, self.model.inpaint(truth, central_region(*truth.shape[:2]))
        if place.box is None:
            truth = self.bank.pixels(position)
            return truth, self.model.colorize(truth)
        left, top, width, height = place.box
        inside = (slice(top, top + height), slice(left, left + width))
        photo = starter_photo(place.photo)
        painted = self.keep(place.photo, lambda: np.rint(self.model.colorize(photo) * 255).astype(np.uint8))
        return photo[inside], painted[inside] / np.float32(255)

    def _keep_one(self, photo: str, paint: Callable[[], np.ndarray]) -> np.ndarray:
        """The parts of one photograph follow each other."""
        if self.last is None or self.last[0] != photo:
            self.last = photo, paint()
        return self.last[1]


@lru_cache(maxsize=24)
def starter_photo(name: str) -> np.ndarray:
    """A starter photograph as the page shows it, (H, W, 3) uint8, longest side at most 640. Raises PhotoError."""
    from ssl_core.starter import starter

    pixels = next(photo for photo in starter() if photo.name == name).load(PHOTO_SIDE)
    pixels.setflags(write=False)
    return pixels


def overlap(one, other) -> float:
    """Intersection over union of two places of a bank, 0 to 1; 0 for different photographs, 1 for the same whole one.

    >>> from ssl_core.bank import Place
    >>> overlap(Place("cat", (0, 0, 10, 10)), Place("cat", (5, 0, 10, 10))), overlap(Place("cat", None), Place("dog", None))
    (0.3333333333333333, 0.0)
    """
    if one.photo != other.photo:
        return 0.0
    if one.box is None or other.box is None:
        return 1.0
    (left, top, wide, high), (x, y, width, height) = one.box, other.box
    shared = max(0, min(left + wide, x + width) - max(left, x)) * max(0, min(top + high, y + height) - max(top, y))
    return shared / (wide * high + width * height - shared)
