"""Words from the sentences that people wrote under photographs: tokens, how often each occurs, and the vocabulary."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

# Runs of letters of any script, joined by an apostrophe or a hyphen: "t-shirt", "child's".
TOKEN = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
LONGEST = 48  # bytes of a word in UTF-8; what is longer is no word
LEAST_SHARE = 0.004  # of a word that may set a photograph apart


def tokens(sentence: str) -> list[str]:
    """The words of a sentence, lower-cased, in order; figures, punctuation and symbols are dropped.

    >>> tokens("A dog's T-shirt, 2 <b>cats</b> & a Straße ☃")
    ['a', "dog's", 't-shirt', 'b', 'cats', 'b', 'a', 'straße']
    """
    return [word for word in TOKEN.findall(sentence.lower().replace("’", "'")) if len(word.encode()) <= LONGEST]


def count_words(photos: Iterable[Sequence[str]]) -> Counter[str]:
    """How often each word occurs in the sentences of all photographs (each a sequence of sentences)."""
    counts: Counter[str] = Counter()
    for sentences in photos:
        for sentence in sentences:
            counts.update(tokens(sentence))
    return counts


def vocabulary(counts: Counter[str], size: int, dropped: int) -> tuple[str, ...]:
    """The `size` most frequent words without the `dropped` ones that are more frequent still; ties by the alphabet.

    >>> vocabulary(Counter({"a": 9, "dog": 5, "cat": 2, "ant": 2, "zebra": 1}), size=3, dropped=1)
    ('dog', 'ant', 'cat')
    """
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    return tuple(ranked[dropped : dropped + size])


def times_usual(shares: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """How many times as likely each word is under a photograph as it is usually written.

    `shares` (K',) are P(word | photo), `counts` (K,) how often each word was written. Returned is (K',).

    >>> times_usual(np.array([0.5, 0.5]), np.array([30, 10]))
    array([0.66666667, 2.        ])
    """
    written = counts[: len(shares)].astype(np.float64)
    return shares * max(written.sum(), 1) / np.maximum(written, 1)


def telling(shares: np.ndarray, counts: np.ndarray, count: int) -> np.ndarray:
    """Rows of the `count` words that set a photograph apart from others: of those with a share of 0.4 % or more, by `times_usual`.

    Below that share a rare word's chance decides.

    >>> telling(np.array([0.6, 0.398, 0.002]), np.array([60, 20, 1]), 2)
    array([1, 0])
    """
    return np.argsort(-np.where(shares >= LEAST_SHARE, times_usual(shares, counts), 0), kind="stable")[:count]
