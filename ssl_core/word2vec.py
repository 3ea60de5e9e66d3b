"""word2vec on the sentences under photographs: words known by their company in text alone, to set beside the visual ones.

Skip-gram with negative sampling (Mikolov et al., NeurIPS 2013), by gensim, with the settings of that paper where the
corpus is as small as ours.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ssl_core.sentences import tokens

SETTINGS = {"vector_size": 256, "window": 5, "negative": 5, "sample": 1e-3, "epochs": 30, "min_count": 5}


def train_word2vec(photos: Sequence[Sequence[str]], words: Sequence[str], seed: int = 0) -> np.ndarray:
    """Vectors (K, D) float32 for `words` from the sentences of `photos`; zeros for a word that is too rare for it.

    One thread, so that a seed gives the same vectors again.
    """
    from gensim.models import Word2Vec

    sentences = [tokens(sentence) for written in photos for sentence in written]
    found = np.zeros((len(words), SETTINGS["vector_size"]), np.float32)
    model = Word2Vec(sg=1, workers=1, seed=seed, **SETTINGS)
    model.build_vocab(sentences)
    if len(model.wv):  # else no word is frequent enough
        model.train(sentences, total_examples=model.corpus_count, epochs=model.epochs)
    for row, word in enumerate(words):
        if word in model.wv:
            found[row] = model.wv[word]
    return found


def features_of(model, images: np.ndarray) -> np.ndarray:
    """What a noisy-words network makes of photographs (N, side, side, 3) uint8: (N, D) float32."""
    import torch

    with torch.inference_mode():
        batches = (torch.from_numpy(images[start : start + 64]) for start in range(0, len(images), 64))
        found = [model.eval()({"image": batch.permute(0, 3, 1, 2).float() / 255}) for batch in batches]
        return torch.cat(found).numpy()


def write_words(folder: Path, photos: Sequence[Sequence[str]], features: np.ndarray, described: str) -> list[Path]:
    """Train word2vec for the vocabulary of the model in `folder`, and write what `word_files.read_all` needs there.

    `photos` are the sentences of the training photographs, `features` (N, D) what the network makes of some of them,
    `described` says whose. CheckpointError if there is no model.
    """
    from ssl_core import word_files
    from ssl_core.sentences import count_words

    words, _ = word_files.read_vocabulary(folder)
    counts = count_words(photos)
    settings = {"trained_on": described, "method": "word2vec: skip-gram, gensim", **SETTINGS}
    return [
        word_files.write_words(folder, train_word2vec(photos, words), features, settings),
        word_files.write_vocabulary(folder, words, [counts[word] for word in words]),
    ]
