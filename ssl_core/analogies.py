"""Questions for word vectors: analogies and pairs of words that people rated, and how often vectors answer as people do.

Analogies: Google's set (Mikolov et al., 2013) and a hand-written one about what can be seen. Similarity: WordSim-353
(Finkelstein et al., 2002) and SimLex-999 (Hill et al., 2015). gensim's package carries the three published files.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ssl_core.word_vectors import WordVectors

VISUAL = Path(__file__).parent.parent / "assets" / "visual_analogies.txt"
PAIRS = {"WordSim-353": "wordsim353.tsv", "SimLex-999": "simlex999.txt"}


class Analogy(NamedTuple):
    """a is to b as c is to d."""

    section: str
    a: str
    b: str
    c: str
    d: str


class Answers(NamedTuple):
    """How a set of analogies was answered: asked (in the vocabulary) of `total`, and shares of right answers, 0 to 1.

    `nearest` is what one gets by naming the nearest neighbour of the third word, `guess` by naming any word but the
    three of the question.
    """

    asked: int
    total: int
    right: float
    nearest: float
    guess: float


class Ratings(NamedTuple):
    """How well cosines agree with people: pairs in the vocabulary of `total`, and Spearman's rank correlation (nan if < 3)."""

    asked: int
    total: int
    spearman: float


def read_analogies(text: str) -> list[Analogy]:
    """Questions in the format of questions-words.txt, lower-cased; lines from "#" on are remarks. ValueError names a bad line.

    >>> read_analogies(": number\\ndog dogs man men")
    [Analogy(section='number', a='dog', b='dogs', c='man', d='men')]
    """
    found, section = [], ""
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].lower().split()
        if words and words[0].startswith(":"):
            section = " ".join(words)[1:].strip()
        elif len(words) == 4:
            found.append(Analogy(section, *words))
        elif words:
            raise ValueError(f"line {number} holds {len(words)} words, not four: {line[:60]!r}")
    return found


def google() -> list[Analogy]:
    """The 19,544 questions of Google's set."""
    return read_analogies(_packaged("questions-words.txt"))


def visual() -> list[Analogy]:
    """The hand-written questions about what can be seen."""
    return read_analogies(VISUAL.read_text(encoding="utf-8"))


def rated_pairs(name: str) -> list[tuple[str, str, float]]:
    """The pairs of a set in PAIRS, lower-cased, with people's mean rating."""
    rows = (line.split("\t") for line in _packaged(PAIRS[name]).splitlines() if not line.startswith("#"))
    return [(one.lower(), other.lower(), float(rating)) for one, other, rating in rows if _is_number(rating)]


def covered(questions: Iterable[Analogy], words: Iterable[str]) -> list[Analogy]:
    """The questions all of whose words are known."""
    known = set(words)
    return [question for question in questions if known.issuperset(question[1:])]


def answer_analogies(vectors: WordVectors, questions: Sequence[Analogy]) -> Answers:
    """Ask those of `questions` whose words are known; query words may not be answers, as in the literature."""
    asked = covered(questions, vectors.words)
    if not asked:
        return Answers(0, len(questions), float("nan"), float("nan"), float("nan"))
    a, b, c, d = (np.array([vectors.rows[question[place]] for question in asked]) for place in range(1, 5))
    right = _named(vectors.vectors, vectors.vectors[b] - vectors.vectors[a] + vectors.vectors[c], (a, b, c)) == d
    nearest = _named(vectors.vectors, vectors.vectors[c], (a, b, c)) == d
    guess = 1 / max(1, len(vectors.words) - 3)
    return Answers(len(asked), len(questions), float(right.mean()), float(nearest.mean()), guess)


def compare_ratings(vectors: WordVectors, pairs: Sequence[tuple[str, str, float]]) -> Ratings:
    """Spearman's correlation of cosines with people's ratings over the pairs whose words are known."""
    from scipy.stats import spearmanr

    asked = [(vectors.similarity(a, b), rating) for a, b, rating in pairs if a in vectors.rows and b in vectors.rows]
    agreement = float(spearmanr(*zip(*asked, strict=True)).statistic) if len(asked) > 2 else float("nan")
    return Ratings(len(asked), len(pairs), agreement)


def _named(vectors: np.ndarray, directions: np.ndarray, without: Sequence[np.ndarray]) -> np.ndarray:
    """The row of the nearest word for each direction (N, D), none of `without`: (N,). In parts, so that K may be large."""
    found = []
    for start in range(0, len(directions), 512):
        scores = directions[start : start + 512] @ vectors.T
        for rows in without:
            scores[np.arange(len(scores)), rows[start : start + 512]] = -np.inf
        found.append(scores.argmax(1))
    return np.concatenate(found)


def _packaged(name: str) -> str:
    """A file that comes with gensim, found without importing it."""
    from importlib.util import find_spec

    return (Path(find_spec("gensim").origin).parent / "test" / "test_data" / name).read_text(encoding="utf-8")


def _is_number(text: str) -> bool:
    return text.strip().replace(".", "", 1).isdigit()
