"""`bench words`, all of it: the vectors of the shipped model, the three losses on equal terms, and the cost of a step."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ssl_core import bench_word_losses, bench_words, zoo
from ssl_core.bench import SIDE, Report, open_split
from ssl_core.last_layer import RATES, Bags, larger_vocabulary, learn, precision_at
from ssl_core.selection import held_out
from ssl_core.sentences import count_words
from ssl_core.sources import Source, SourceError, pack
from ssl_core.word_vectors import WordVectors, meaning, unit_rows

AT_A_TIME = 64  # photographs that a network looks at together


class Written(NamedTuple):
    """Photographs (N, 128, 128, 3) uint8 with the sentences under each."""

    images: np.ndarray
    sentences: list[tuple[str, ...]]


def reports(spec: str, split: str | None, name: str, load: Callable, progress: Callable) -> tuple[Report, ...]:
    """Measure the model `name` on a source with sentences. `load(name)` gives a model; `progress` is tqdm or its like.

    Errors: SourceError, CheckpointError.
    """
    model = load(name)
    trunk = load(model.variants[model.variant].trunk)
    train, source = _written(spec, "train")
    held = held_out(train.images)
    learned, chosen = _part(train, ~held), _part(train, held)
    if not chosen.sentences:
        raise SourceError(f"{source.described} are too few to hold out a slice for choices. Take a larger source.")
    seen, described = chosen, f"{source.described}, the held-out slice"
    if split != "selection":
        seen, source = _written(spec, split)
        described = source.described if source.split == "val" else f"{source.described}, those learned from among them"
    sets = [
        (trunk_features(trunk, part.images, progress), Bags.of(part.sentences, model.vocabulary))
        for part in (learned, chosen, seen)
    ]
    rows = bench_word_losses.loss_rows(*sets, progress)
    shipped = precision_at(
        _scores(model, seen.images, progress), [set(np.concatenate(p).tolist()) for p in sets[2][1].rows]
    )
    return (
        bench_words.report(zoo.folder() / name, _larger(model, learned, progress)),
        bench_word_losses.losses_report(rows, described, name, shipped, trunk.name),
        bench_word_losses.costs_report(progress, model=model),
    )


def trunk_features(trunk, images: np.ndarray, progress: Callable) -> Tensor:
    """The last stage of an encoder, its mean over places: (N, C)."""
    return _each(images, lambda image: list(trunk.encoder(image).values())[-1].mean((2, 3)), progress, trunk)


def _scores(model, images: np.ndarray, progress: Callable) -> np.ndarray:
    return _each(images, model.scores_of, progress, model).numpy()


def _larger(model, learned: Written, progress: Callable) -> tuple[WordVectors, WordVectors] | None:
    """Vectors of a larger vocabulary: a last layer on the frozen features of the shipped network, and word2vec."""
    from ssl_core.word2vec import train_word2vec

    words = larger_vocabulary(count_words(learned.sentences), bench_words.LARGER, model.config.dropped)
    if len(words) <= len(model.vocabulary):
        return None
    features = _each(learned.images, lambda image: model({"image": image}), progress, model)
    mean, spread = features.mean(0), features.std(0).clamp(1e-6)
    layer = learn((features - mean) / spread, Bags.of(learned.sentences, words), "multi-class", RATES[1])
    rows = meaning(layer.weight.numpy(), (mean / spread).numpy(), np.ones(len(mean)))
    return WordVectors(words, rows), WordVectors(words, unit_rows(train_word2vec(learned.sentences, words)))


@torch.inference_mode()
def _each(images: np.ndarray, answer: Callable[[Tensor], Tensor], progress: Callable, model) -> Tensor:
    model.eval()
    found = []
    for start in progress(range(0, len(images), AT_A_TIME), desc=f"features of {model.name}", unit="batch"):
        pixels = torch.from_numpy(np.array(images[start : start + AT_A_TIME]))
        found.append(answer(pixels.permute(0, 3, 1, 2).float() / 255))
    return torch.cat(found).clone()


def _written(spec: str, split: str | None) -> tuple[Written, Source]:
    source = open_split(spec, split)
    images = pack(source, SIDE)
    part = Written(images, source.kept_sentences())
    return _part(part, np.array([bool(written) for written in part.sentences])), source


def _part(written: Written, kept: np.ndarray) -> Written:
    rows = np.flatnonzero(kept)
    return Written(written.images[rows], [written.sentences[row] for row in rows])
