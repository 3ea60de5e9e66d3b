"""The words of a trained `noisy-words` model and their vectors, read from its folder without loading the network.

model.safetensors holds the vocabulary and the rows of the last layer; word2vec.safetensors, beside it, what word2vec learned
from the same sentences for the same words; vocabulary.txt lists the words with their counts, for people.
"""

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ssl_core.checkpoint import WEIGHTS, CheckpointError
from ssl_core.word_vectors import WordVectors, concatenated, unit_rows

WORD2VEC, VOCABULARY = "word2vec.safetensors", "vocabulary.txt"
KINDS = ("visual", "word2vec", "both")


def read_visual(folder: Path, listed: bool = True) -> WordVectors:
    """The rows of the last layer, their mean taken away, as vectors of length 1. CheckpointError if they cannot be had.

    `listed`: also if vocabulary.txt, where it is there, lists other words.
    """
    stored, _ = _read(folder / WEIGHTS, ("spelled", "last.weight"), _retrain(folder))
    words = tuple(bytes(row[row > 0]).decode("utf-8", "replace") for row in stored["spelled"] if row[0])
    if not words:
        raise CheckpointError(f"{folder.name} holds no vocabulary: it was not trained on sentences. {_retrain(folder)}")
    path = folder / VOCABULARY
    if listed and path.is_file() and read_listed(path) != words:
        raise CheckpointError(
            f"The words in {folder.name}/{VOCABULARY} are not those of the weights beside it. {_rewrite(folder)}"
        )
    return WordVectors(words, unit_rows(stored["last.weight"][: len(words)], centered=True))


def read_word2vec(folder: Path, words: Sequence[str]) -> WordVectors:
    """The vectors of word2vec for `words`. CheckpointError if they are missing or of another vocabulary."""
    stored, note = _read(folder / WORD2VEC, ("vectors",), _rewrite(folder))
    if note.get("vocabulary") != checksum(words) or len(stored["vectors"]) != len(words):
        raise CheckpointError(
            f"{folder.name}/{WORD2VEC} was made for another vocabulary than that of the weights. {_rewrite(folder)}"
        )
    return WordVectors(tuple(words), unit_rows(stored["vectors"]))


def read_all(folder: Path) -> dict[str, WordVectors]:
    """{"visual", "word2vec", "both"}. CheckpointError says what is missing and what to do."""
    visual = read_visual(folder)
    text = read_word2vec(folder, visual.words)
    return {"visual": visual, "word2vec": text, "both": concatenated(visual, text)}


def write_word2vec(folder: Path, words: Sequence[str], vectors: np.ndarray, settings: dict[str, object]) -> Path:
    """Keep word2vec's vectors (K, D) for `words` in half precision; the file is replaced whole. Returns its path."""
    import os

    from safetensors.numpy import save_file

    note = {"vocabulary": checksum(words), **{key: str(value) for key, value in settings.items()}}
    path, partial = folder / WORD2VEC, folder / f"{WORD2VEC}.partial"
    save_file({"vectors": np.ascontiguousarray(vectors, np.float16)}, partial, metadata=note)
    os.replace(partial, path)
    return path


def write_vocabulary(folder: Path, words: Sequence[str], counts: Sequence[int]) -> Path:
    """List the words and in how many sentences each stands, one a line. Returns the file's path."""
    path = folder / VOCABULARY
    lines = (f"{word}\t{int(count)}\n" for word, count in zip(words, counts, strict=True))
    path.write_text("".join(lines), encoding="utf-8")
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


def _read(path: Path, names: Sequence[str], remedy: str) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            return {name: file.get_tensor(name) for name in names}, file.metadata() or {}
    except FileNotFoundError:
        raise CheckpointError(f"There is no {path.name} in {path.parent.name}. {remedy}") from None
    except (SafetensorError, OSError, ValueError):
        raise CheckpointError(f"{path.parent.name}/{path.name} is damaged. {remedy}") from None


def _retrain(folder: Path) -> str:
    return (
        f"Restore it with `git checkout -- checkpoints/{folder.name}`, or train it again: "
        f"`python -m ssl_core train {folder.name} --source captions.zip`."
    )


def _rewrite(folder: Path) -> str:
    return (
        f"Restore it with `git checkout -- checkpoints/{folder.name}`, or write it again: "
        "`python -m ssl_core words --source captions.zip`."
    )
