"""Word vectors and what one does with them: neighbours, similarity, analogies. numpy alone, so that a page answers at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

import numpy as np

from ssl_core.sentences import tokens

SUGGESTED = 3


class UnknownWordError(ValueError):
    """A word outside the vocabulary. Its text is a sentence; `suggestions` are the closest spelled words inside."""

    def __init__(self, word: str, suggestions: Sequence[str]) -> None:
        shown = word if len(word) <= 30 else f"{word[:29]}…"
        known = f" Closest in spelling: {', '.join(suggestions)}." if suggestions else ""
        super().__init__(f"The vocabulary does not hold “{shown}”.{known}")
        self.word, self.suggestions = word, tuple(suggestions)


@dataclass(frozen=True)
class WordVectors:
    """One vector for each word: `words` most frequent first, `vectors` (K, D) float32 of length 1 (or 0, for a word never seen)."""

    words: tuple[str, ...]
    vectors: np.ndarray
    rows: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.vectors.shape[0] != len(self.words):
            raise ValueError(f"{len(self.words)} words do not go with {self.vectors.shape[0]} vectors")
        object.__setattr__(self, "rows", {word: row for row, word in enumerate(self.words)})

    def row(self, word: str) -> int:
        """The row of a word, however it is capitalised. Raises UnknownWordError."""
        found = self.rows.get(word.strip().lower())
        if found is None:
            raise UnknownWordError(word.strip(), self.spelled_like(word))
        return found

    def __getitem__(self, word: str) -> np.ndarray:
        """The vector (D,) of a word. Raises UnknownWordError."""
        return self.vectors[self.row(word)]

    def spelled_like(self, word: str, count: int = SUGGESTED) -> list[str]:
        """The `count` words of the vocabulary whose spelling is closest, most alike first; none that shares no letter with `word`."""
        wanted = " ".join(tokens(word[:40]))
        if not wanted:
            return []
        matcher = SequenceMatcher(autojunk=False)
        matcher.set_seq2(wanted)
        scores = []
        for rank, known in enumerate(self.words):
            matcher.set_seq1(known)
            scores.append((-matcher.ratio(), rank, known))
        return [known for score, _, known in sorted(scores)[:count] if score]

    def similarity(self, one: str, other: str) -> float:
        """Cosine of two words, -1 to 1. Raises UnknownWordError."""
        return float(self[one] @ self[other])

    def cosines(self, direction: np.ndarray) -> np.ndarray:
        """Cosine of every word with a direction (D,): (K,) float32; zeros if the direction is zero."""
        length = float(np.linalg.norm(direction))
        return self.vectors @ (direction / length) if length > 1e-6 else np.zeros(len(self.words), np.float32)

    def direction(self, plus: Sequence[str], minus: Sequence[str] = ()) -> np.ndarray:
        """The sum of some words' vectors less that of others, (D,). Raises UnknownWordError."""
        total = np.zeros(self.vectors.shape[1], np.float32)
        for word in plus:
            total = total + self[word]
        for word in minus:
            total = total - self[word]
        return total

    def nearest(self, direction: np.ndarray, count: int, without: Sequence[str] = ()) -> list[tuple[str, float]]:
        """The `count` words of the largest cosine with a direction (D,), with that cosine; those of `without` left out."""
        cosines = self.cosines(direction).copy()
        cosines[[self.row(word) for word in without]] = -np.inf
        return [(self.words[row], float(cosines[row])) for row in _largest(cosines, count)]

    def analogy(self, a: str, b: str, c: str, count: int = 10, show_query: bool = False) -> list[tuple[str, float]]:
        """What is to `c` as `b` is to `a`: the words nearest to b - a + c (Mikolov et al., 2013), with their cosines.

        The three query words are left out unless `show_query`. Raises UnknownWordError.
        """
        return self.nearest(self.direction((b, c), (a,)), count, () if show_query else (a, b, c))

    def rank_of(self, word: str, direction: np.ndarray, without: Sequence[str] = ()) -> int:
        """Which place, from 1, a word takes among the words nearest to a direction; those of `without` do not count."""
        cosines = self.cosines(direction).copy()
        own = cosines[self.row(word)]
        cosines[[self.row(other) for other in without if self.row(other) != self.row(word)]] = -np.inf
        return int((cosines > own).sum()) + 1


def meaning(weight: np.ndarray, mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """What the rows of a last layer (K, D) say of words, as rows of length 1: (K, D) float32.

    `mean` and `spread` (D,) are those of the features over photographs. Two things in the rows are no meaning and are taken away.
    The multi-class loss does not change when one vector is added to all rows, so their mean is free. And what a row has in
    the direction of the mean feature gives the word the same score on every photograph: it says how frequent the word is.
    Features count in units of their spread, so that a feature which hardly changes does not decide what is alike.
    """
    spread = np.maximum(np.asarray(spread, np.float32), 1e-6)
    rows = (weight - weight.mean(0)).astype(np.float32) * spread
    usual = mean / spread
    usual = usual / max(float(np.linalg.norm(usual)), 1e-9)
    return unit_rows(rows - np.outer(rows @ usual, usual))


def unit_rows(matrix: np.ndarray) -> np.ndarray:
    """Rows of a matrix (K, D) scaled to length 1; rows of zeros stay. float32."""
    matrix = np.asarray(matrix, np.float32)
    return matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-9)


def concatenated(one: WordVectors, other: WordVectors) -> WordVectors:
    """Both vectors of a word behind each other, each of the same weight: cosines are the means of both. Same words needed.

    >>> pair = WordVectors(("a", "b"), np.eye(2, dtype=np.float32))
    >>> round(concatenated(pair, WordVectors(("a", "b"), np.ones((2, 1), np.float32))).similarity("a", "b"), 4)
    0.5
    """
    if one.words != other.words:
        raise ValueError("the two vocabularies differ")
    return WordVectors(one.words, unit_rows(np.concatenate((one.vectors, other.vectors), 1)))


def _largest(scores: np.ndarray, count: int) -> list[int]:
    order = np.argsort(-scores, kind="stable")[: max(0, count)]
    return [int(row) for row in order if np.isfinite(scores[row])]
