"""The words of a trained `noisy-words` model and their vectors, read from its folder without loading the network.

model.safetensors holds the vocabulary and the rows of the last layer. Beside it words.safetensors holds mean and spread of the
features that these rows are multiplied with, and what word2vec learned from the same sentences for the same words;
vocabulary.txt lists the words with their counts, for people.
"""

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ssl_core.checkpoint import WEIGHTS, CheckpointError, opened, remedy, replacing, restore_or
from ssl_core.word_vectors import WordVectors, concatenated, meaning, unit_rows

WORDS, VOCABULARY = "words.safetensors", "vocabulary.txt"
KINDS = ("visual", "word2vec", "both")


def read_vocabulary(folder: Path) -> tuple[tuple[str, ...], np.ndarray]:
    """The words that the weights know, and the rows of the last layer (K, D). CheckpointError if they cannot be had."""
    stored, _ = _read(folder / WEIGHTS, ("spelled", "last.weight"), remedy(folder))
    words = tuple(bytes(row[row > 0]).decode("utf-8", "replace") for row in stored["spelled"] if row[0])
    if not words:
        raise CheckpointError(f"{folder.name} holds no vocabulary: it was not trained on sentences. {remedy(folder)}")
    return words, stored["last.weight"][: len(words)].astype(np.float32)


def read_all(folder: Path) -> dict[str, WordVectors]:
    """{"visual", "word2vec", "both"}. CheckpointError says what is missing or does not fit the weights, and what to do."""
    words, weight = read_vocabulary(folder)
    path = folder / VOCABULARY
    if path.is_file() and read_listed(path) != words:
        raise CheckpointError(
            f"The words in {folder.name}/{VOCABULARY} are not those of the weights beside it. {_rewrite(folder)}"
        )
    stored, note = _read(folder / WORDS, ("word2vec", "mean", "spread"), _rewrite(folder))
    fits = note.get("vocabulary") == checksum(words) and len(stored["word2vec"]) == len(words)
    if not fits or note.get("weights") != weights_checksum(weight):
        raise CheckpointError(
            f"{folder.name}/{WORDS} was made for other weights than those beside it. {_rewrite(folder)}"
        )
    visual = WordVectors(words, meaning(weight, stored["mean"], stored["spread"]))
    text = WordVectors(words, unit_rows(stored["word2vec"]))
    return {"visual": visual, "word2vec": text, "both": concatenated(visual, text)}


def write_words(folder: Path, word2vec: np.ndarray, features: np.ndarray, settings: dict[str, object]) -> Path:
    """Keep word2vec's vectors (K, D), and mean and spread of the network's features (N, E); the file is replaced whole.

    CheckpointError if there is no vocabulary, or the disk refuses.
    """
    from safetensors.numpy import save_file

    words, weight = read_vocabulary(folder)
    note = {"vocabulary": checksum(words), "weights": weights_checksum(weight)}
    note |= {key: str(value) for key, value in settings.items()}
    arrays = {
        "word2vec": np.ascontiguousarray(word2vec, np.float16),
        "mean": features.mean(0).astype(np.float32),
        "spread": features.std(0).astype(np.float32),
    }
    path = folder / WORDS
    with replacing(path) as partial:
        save_file(arrays, partial, metadata=note)
    return path


def write_vocabulary(folder: Path, words: Sequence[str], counts: Sequence[int]) -> Path:
    """List the words and in how many sentences each stands, one a line. Returns the file's path; CheckpointError if the disk refuses."""
    path = folder / VOCABULARY
    lines = (f"{word}\t{int(count)}\n" for word, count in zip(words, counts, strict=True))
    with replacing(path) as partial:
        partial.write_text("".join(lines), encoding="utf-8")
    return path


def read_listed(path: Path) -> tuple[str, ...]:
    """The words of a vocabulary.txt, in order. CheckpointError if it is no text."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise CheckpointError(f"{path.parent.name}/{path.name} cannot be read. {_rewrite(path.parent)}") from None
    return tuple(line.split("\t")[0] for line in lines if line)


def checksum(words: Sequence[str]) -> str:
    """A short mark of a vocabulary and its order.

    >>> checksum(("dog", "cat")) == checksum(("cat", "dog"))
    False
    """
    return f"{zlib.crc32(chr(10).join(words).encode()):08x}"


def weights_checksum(weight: np.ndarray) -> str:
    """A short mark of the rows of a last layer."""
    return f"{zlib.crc32(np.ascontiguousarray(weight, np.float16).tobytes()):08x}"


def _read(path: Path, names: Sequence[str], otherwise: str) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    with opened(path, "numpy", otherwise) as file:
        return {name: file.get_tensor(name) for name in names}, file.metadata() or {}


def _rewrite(folder: Path) -> str:
    name = Path(folder).absolute().name
    return restore_or("write", folder, f"words --source captions.zip --model {name}", "--checkpoints")
