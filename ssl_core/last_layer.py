"""A last layer learned on frozen features: what compares losses and vocabularies in seconds, all else being equal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ssl_core.pretexts.noisy_words import multi_class, one_versus_all, present, sampled_multi_class
from ssl_core.sentences import tokens, vocabulary

RATES = (1e-3, 4e-3, 1.6e-2)  # Adam's step sizes of which each loss gets the best on the slice held out for choices
STEPS, BATCH = 1500, 128


@dataclass(frozen=True)
class Bags:
    """The sentences of photographs as rows of a vocabulary: `rows[photo][sentence]` int64, each word once."""

    words: tuple[str, ...]
    rows: tuple[tuple[np.ndarray, ...], ...]

    @classmethod
    def of(cls, photos: Sequence[Sequence[str]], words: Sequence[str]) -> Bags:
        """The sentences of `photos` in the vocabulary `words`."""
        index = {word: row for row, word in enumerate(words)}
        found = [
            [list(dict.fromkeys(index[word] for word in tokens(one) if word in index)) for one in written]
            for written in photos
        ]
        return cls(tuple(words), tuple(tuple(np.array(rows, np.int64) for rows in photo) for photo in found))

    def counts(self) -> tuple[np.ndarray, int]:
        """In how many sentences each word stands (K,), and how many sentences there are."""
        every = [rows for photo in self.rows for rows in photo]
        return np.bincount(np.concatenate(every), minlength=len(self.words)), len(every)

    def batch(self, photos: np.ndarray, rng: np.random.Generator) -> Tensor:
        """One sentence of each photograph, at random: (B, L) int64, filled up with -1."""
        chosen = [self.rows[photo][rng.integers(len(self.rows[photo]))] for photo in photos]
        words = np.full((len(chosen), max(1, *map(len, chosen))), -1)
        for row, bag in enumerate(chosen):
            words[row, : len(bag)] = bag
        return torch.from_numpy(words)


def learn(features: Tensor, bags: Bags, loss: str, rate: float, steps: int = STEPS, seed: int = 0) -> torch.nn.Linear:
    """A last layer for `loss` on standardised features (N, D) of N photographs, photographs drawn uniformly.

    Every loss sees the same photographs and sentences in the same order, and Adam with a rate that falls like a cosine.
    """
    rng, (counts, total) = np.random.default_rng(seed), bags.counts()
    layer = torch.nn.Linear(features.shape[1], len(bags.words))
    torch.nn.init.zeros_(layer.weight)
    torch.nn.init.zeros_(layer.bias)
    if loss != "one-versus-all":
        with torch.no_grad():
            layer.bias.copy_(torch.from_numpy(np.log(np.maximum(counts, 1) / total)))
    optimizer = torch.optim.Adam(layer.parameters(), rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    counts = torch.from_numpy(counts).float()
    for _ in range(steps):
        photos = rng.integers(0, len(features), BATCH)
        value = _value(layer, features[photos], bags.batch(photos, rng), loss, (counts, total))
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        schedule.step()
    return layer.requires_grad_(False)


def _value(layer: torch.nn.Linear, features: Tensor, words: Tensor, loss: str, seen: tuple[Tensor, int]) -> Tensor:
    if loss == "sampled":
        return sampled_multi_class(features, layer.weight, layer.bias, words)
    scores = layer(features)
    if loss == "multi-class":
        return multi_class(scores, words)
    return one_versus_all(scores, present(words, scores.shape[1]), *seen)


def precision_at(
    scores: np.ndarray, truth: Sequence[set[int]], counts: Sequence[int] = (1, 5, 10)
) -> tuple[float, ...]:
    """Mean share of the k best-scored words that somebody wrote, for each k. `scores` (N, K), `truth` rows by photograph.

    >>> precision_at(np.array([[0.1, 0.9, 0.5]]), [{1, 0}], (1, 2))
    (1.0, 0.5)
    """
    most = max(counts)
    best = np.argsort(-scores, axis=1, kind="stable")[:, :most]
    hits = np.array([[row in known for row in rows] for rows, known in zip(best, truth, strict=True)])
    return tuple(float(hits[:, :count].mean()) for count in counts)


def larger_vocabulary(counts, size: int, dropped: int, least: int = 3) -> tuple[str, ...]:
    """The `size` most frequent words that stand at least `least` times in the sentences."""
    return tuple(word for word in vocabulary(counts, size, dropped) if counts[word] >= least)
