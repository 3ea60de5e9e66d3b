"""Which pictures of a bank fit a word: the score of every word of a vocabulary on every picture, computed once and kept."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ssl_core.bank import Bank, Progress
from ssl_core.bank_measures import kept, measure_steps, weights_hash

if TYPE_CHECKING:
    from ssl_core.pretexts.noisy_words import NoisyWords

KIND = "words"


def score_steps(model: NoisyWords, bank: Bank, folder: Path | None = None) -> Generator[Progress, None, np.ndarray]:
    """log P(word | picture) of every picture: yields Progress, returns (N, K) float16; interrupted work goes on where it was."""
    import torch

    def measure(pictures: np.ndarray) -> dict[str, np.ndarray]:
        image = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255
        return {"scores": model.scores_of(image).log_softmax(1).half().cpu().numpy()}

    found = yield from measure_steps(bank, KIND, _key(model), measure, folder)
    return found["scores"]


def load_scores(model: NoisyWords, bank: Bank, folder: Path | None = None) -> np.ndarray | None:
    """The finished scores (N, K) float16 of a model and a bank, or None when they have not been made or are damaged."""
    found = kept(bank, KIND, _key(model), folder)
    return None if found is None else found["scores"]


def best_pictures(scores: np.ndarray, row: int, count: int, places: list | None = None) -> list[int]:
    """The `count` pictures on which a word scores highest, best first, at most one from each of `places` if given."""
    order, seen, found = np.argsort(-scores[:, row].astype(np.float32), kind="stable"), set(), []
    for index in order:
        place = places[index] if places is not None else int(index)
        if place not in seen:
            seen.add(place)
            found.append(int(index))
        if len(found) == count:
            break
    return found


def _key(model: NoisyWords) -> str:
    return f"{model.name}-{weights_hash(model)}"
