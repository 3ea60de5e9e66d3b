"""Learning Visual Features from Large Weakly Supervised Data. Joulin, van der Maaten, Jabri, Vasilache. ECCV 2016.

Under photographs on the web stand words that nobody checked. A network that has to say which words those are learns what
is to be seen, although most of the words are noise; and because one row of its last layer has to fit all photographs
that carry a word, words that go with similar photographs get similar rows: the last layer is a dictionary of word vectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ssl_core import networks
from ssl_core.ab_bins import REACH
from ssl_core.color import rgb_to_lab
from ssl_core.networks import Conv
from ssl_core.photo import as_photo
from ssl_core.pretext import Batch, Paper, Pretext, Variant, recipes, to_picture, to_tensor
from ssl_core.sentences import LONGEST, count_words, telling, tokens, vocabulary

LAYOUTS = {"alexnet": networks.ALEXNET, "small": networks.SMALL, "tiny": networks.TINY}
LOSSES = ("one-versus-all", "multi-class", "sampled")


@dataclass(frozen=True)
class Config:
    """Numbers of the paper; `sizes` below says where the shipped network departs from them."""

    side: int = 227
    encoder: str = "alexnet"
    width: int = 4096  # of a word vector: AlexNet's last but one layer
    dropout: float = 0.5
    words: int = 100_000  # K, sec 3.1: 1,000, 10,000 and 100,000
    dropped: int = 500  # sec 3.1: the most frequent words, which say nothing of a photograph
    most: int = 128  # sec 3.3: words of an image that one step looks at, at most
    loss: str = "multi-class"  # sec 3.2
    uniform: bool = True  # sec 3.3: pick a word uniformly, then a photograph with that word


UNKNOWN = (
    11.5  # nats, as one of a hundred thousand that are equally likely: what it costs not to know a word or a class
)


def one_versus_all(scores: Tensor, present: Tensor, counts: Tensor, total: float) -> Tensor:
    """Sec 3.2, the one-versus-all logistic loss, one balanced classifier for each word:

    l = - sum_n sum_k [ y_nk / N_k log s(w_k.f_n) + (1 - y_nk) / (N - N_k) log(1 - s(w_k.f_n)) ],  s the logistic function.

    `scores` (B, K) are w_k.f_n, `present` (B, K) are y_nk in {0, 1}, `counts` (K,) are N_k, how many of the N = `total`
    samples carry word k. Returned is N l / (B K): the mean over samples and words, in which a word that is half of the time
    there weighs 2 on either side.

    >>> round(one_versus_all(torch.zeros(1, 1), torch.ones(1, 1), torch.tensor([2.0]), 4).item(), 4)  # 4 / 2 log 2
    1.3863
    """
    there = present * total / counts.clamp(1)
    absent = (1 - present) * total / (total - counts).clamp(1)
    return -(there * F.logsigmoid(scores) + absent * F.logsigmoid(-scores)).mean()


def multi_class(scores: Tensor, words: Tensor) -> Tensor:
    """Sec 3.2, the multi-class logistic loss, in which the words of a photograph compete with all others:

    l = - sum_n sum_k y_nk log( exp(w_k.f_n) / sum_j exp(w_j.f_n) ).

    `scores` (B, K) are w_k.f_n; `words` (B, L) int64 are the words of each sample, filled up with -1. Returned is l / B.

    >>> round(multi_class(torch.zeros(1, 8), torch.tensor([[3, 5, -1]])).item(), 4)  # 2 log 8
    4.1589
    """
    there = words >= 0
    chosen = scores.gather(1, words.clamp(0)) - scores.logsumexp(1, keepdim=True)
    return -(chosen * there).sum() / len(scores)


def sampled_multi_class(features: Tensor, weight: Tensor, bias: Tensor, words: Tensor) -> Tensor:
    """Sec 3.3, the same with the partition function summed over C alone, the words that occur in this batch:

    l = - sum_n sum_k y_nk log( exp(w_k.f_n) / sum_{c in C} exp(w_c.f_n) ).

    Only the rows of C are read and get a gradient, so a step costs |C| and not K. A sum of positive terms over a part is
    never more than that over all: E[log sum_C] <= log Z, the loss is a lower bound of the full one.
    `features` (B, D), `weight` (K, D), `bias` (K,), `words` (B, L) int64 filled up with -1. Returned is l / B.

    >>> round(sampled_multi_class(torch.zeros(1, 4), torch.zeros(8, 4), torch.zeros(8), torch.tensor([[3, 5]])).item(), 4)
    1.3863
    """
    sampled, places = words.clamp(0).unique(return_inverse=True)
    scores = features @ F.embedding(sampled, weight).T + bias[sampled]
    return multi_class(scores, places.masked_fill(words < 0, -1))


def present(words: Tensor, count: int) -> Tensor:
    """Rows of words (B, L), filled up with -1, as (B, count) of zeros and ones.

    >>> present(torch.tensor([[2, 0, -1]]), 4)
    tensor([[1., 0., 1., 0.]])
    """
    marks = torch.zeros(len(words), count + 1, device=words.device)
    return marks.scatter_(1, words.remainder(count + 1), 1.0)[:, :count]


class LightnessAndColor(nn.Module):
    """RGB in [0, 1] -> CIE lightness scaled to [-1, 1], and a and b to about [-1, 1].

    Its first channel is what a colorization network sees, so the encoder can go on from one: with no weight on the other
    two channels it gives the same features.
    """

    channels = 3

    def forward(self, image: Tensor) -> Tensor:
        lightness, ab = rgb_to_lab(image).split((1, 2), 1)
        return torch.cat((lightness / 50 - 1, ab / REACH), 1)


class NoisyWords(Pretext):
    """Which words belong to it?"""

    method = "noisy-words"
    question = "Which words belong to it?"
    paper = Paper(
        "Learning Visual Features from Large Weakly Supervised Data",
        "Joulin, van der Maaten, Jabri, Vasilache",
        "ECCV",
        2016,
        "https://arxiv.org/abs/1511.02251",
    )
    departs = (
        "The encoder that all teachers of the lab share instead of AlexNet. Sentences that people wrote for photographs instead of the "
        "words around them on the web; 1,000 words, before which the 6 most frequent were dropped, not 500."
    )
    needs = ("image", "words")
    sizes = {
        "paper": Config(),
        "small": Config(side=128, encoder="small", width=256, dropout=0.3, words=1000, dropped=6),
        "tiny": Config(side=32, encoder="tiny", width=16, dropout=0.0, words=64, dropped=2),
    }
    variants = {
        "1k": Variant(
            "Say which words people wrote under a photograph, whether or not they can be seen.",
            {},
            recipes(25, 6, 1.5e-3, crop=0.6, scales=((0.75, 0.5), (0.9, 0.75), (1.0, 1.0))),
            trunk="colorization-classification",
        ),
    }

    def __init__(self, config: Config, variant: str) -> None:
        super().__init__(config, variant)
        self.encoder = networks.Encoder(LAYOUTS[config.encoder], LightnessAndColor())
        last = self.encoder.widths[list(self.encoder.widths)[-1]]
        # A 1 x 1 convolution before the mean over places, so that a word's score is a mean of scores by place.
        self.project = networks.convolution(last, Conv(config.width, 1))
        self.dropout = nn.Dropout(config.dropout)
        self.last = nn.Linear(config.width, config.words)
        # Next to nothing: a word that is seldom seen then keeps no chance direction.
        nn.init.normal_(self.last.weight, std=1e-3)
        nn.init.zeros_(self.last.bias)
        self.register_buffer("spelled", torch.zeros(config.words, LONGEST, dtype=torch.uint8))
        self.register_buffer("counts", torch.zeros(config.words))
        self.register_buffer("total", torch.zeros(1))
        self.carriers: list[np.ndarray] = []
        self.index: dict[str, int] = {}

    def start_from(self, trunk: Pretext) -> None:
        """The encoder of a colorization network; the weights on a and b, which it never saw, start at 0."""
        weights = trunk.encoder.state_dict()
        for name, mine in self.encoder.state_dict().items():
            if weights[name].shape != mine.shape:
                lightness, weights[name] = weights[name], torch.zeros_like(mine)
                weights[name][:, :1] = lightness
        self.encoder.load_state_dict(weights)

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The words, most frequent first; fewer than K where the sentences have fewer."""
        rows = self.spelled.cpu().numpy()
        return tuple(bytes(row[row > 0]).decode() for row in rows if row[0])

    @property
    def known(self) -> int:
        """How many rows of the last layer have a word; all of them before there is a vocabulary."""
        return int((self.spelled[:, 0] > 0).sum()) or self.config.words

    def read_words(self, photos: Sequence[Sequence[str]]) -> None:
        """Take the vocabulary from the sentences of the training photographs, and find the photographs of each word."""
        found = vocabulary(count_words(photos), self.config.words, self.config.dropped)
        self.index = {word: row for row, word in enumerate(found)}
        carriers: list[list[int]] = [[] for _ in found]
        counts = np.zeros(self.config.words)
        for number, sentences in enumerate(photos):
            rows = [self.rows_of(sentence) for sentence in sentences]
            for row in set().union(*rows):
                carriers[row].append(number)
            np.add.at(counts, [row for sentence in rows for row in sentence], 1)
        self.carriers = [np.array(photos_of_word) for photos_of_word in carriers]
        self.counts.copy_(torch.from_numpy(counts))
        self.total.fill_(sum(map(len, photos)))
        for row, word in enumerate(found):
            letters = list(word.encode())
            self.spelled[row, : len(letters)] = torch.tensor(letters, dtype=torch.uint8)
        with torch.no_grad():
            self.last.bias.copy_(self.starting_bias())

    def starting_bias(self) -> Tensor:
        """Scores before anything is learned: how frequent a word is, where the loss asks for that. (K,)"""
        if self.config.loss == "one-versus-all" or self.config.uniform:
            return torch.zeros_like(self.last.bias)
        return (self.counts.clamp(1) / self.total).log()

    def rows_of(self, sentence: str) -> list[int]:
        """The rows of a sentence's words, each once, in order."""
        if not self.index:
            self.index = {word: row for row, word in enumerate(self.vocabulary)}
        return list(dict.fromkeys(self.index[word] for word in tokens(sentence) if word in self.index))

    def choose(self, rng: np.random.Generator, photos: int, count: int) -> np.ndarray:
        """Sec 3.3, class-uniform sampling: a word uniformly, then a photograph under which somebody wrote it."""
        if not self.config.uniform or not self.carriers:
            return super().choose(rng, photos, count)
        words = rng.integers(0, len(self.carriers), count)
        shares = rng.random(count)
        return np.array(
            [self.carriers[w][int(share * len(self.carriers[w]))] for w, share in zip(words, shares, strict=True)]
        )

    def make_batch(self, raw: dict[str, Tensor], rng: np.random.Generator) -> Batch:
        """One of the sentences of each photograph, at random, as a bag of words: raw["words"] holds them all."""
        bags = []
        for sentences in raw["words"]:
            rows = np.array(self.rows_of(sentences[rng.integers(len(sentences))]), dtype=np.int64)
            bags.append(rng.permutation(rows)[: self.config.most])
        words = np.full((len(bags), max(1, *map(len, bags))), -1)
        for row, bag in enumerate(bags):
            words[row, : len(bag)] = bag
        return Batch({"image": raw["image"]}, {"words": torch.from_numpy(words).to(raw["image"].device)})

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """{"image"} -> features f (B, D), whose products with the rows of the last layer are the words' scores."""
        return self.dropout(self.places(inputs["image"]).mean((2, 3)))

    def places(self, image: Tensor) -> Tensor:
        """The features at every place of the last stage, (B, D, h, w)."""
        return self.project(list(self.encoder(image).values())[-1])

    def loss(self, outputs: Tensor, targets: dict[str, Tensor]) -> dict[str, Tensor]:
        """The loss that the configuration names."""
        words, weight, bias = targets["words"], self.last.weight, self.last.bias
        if self.config.loss == "sampled":
            return {"sampled": sampled_multi_class(outputs, weight, bias, words)}
        scores = self.last(outputs)[:, : self.known].float()
        if self.config.loss == "multi-class":
            return {"multi-class": multi_class(scores, words)}
        there, counts = present(words, self.known), self.counts[: self.known]
        return {"one-versus-all": one_versus_all(scores, there, counts, self.total.item())}

    def error(self, raw: dict[str, Tensor], rng: np.random.Generator) -> float:
        """Its loss, and a price for each word that it does not know: a network with fewer words has less to choose among."""
        said = [sentences[rng.integers(len(sentences))] for sentences in raw["words"]]
        unknown = sum(len(set(tokens(sentence))) - len(self.rows_of(sentence)) for sentence in said)
        return super().error(raw | {"words": [(sentence,) for sentence in said]}, rng) + UNKNOWN * unknown / len(said)

    @torch.inference_mode()
    def word_scores(self, photo: np.ndarray) -> np.ndarray:
        """log P(word | photo) of a photograph (H, W, 3), in the order of the vocabulary: float32 (K',), all at most 0."""
        return self.scores_of(self.seen(photo)).log_softmax(1)[0].cpu().numpy()

    @torch.inference_mode()
    def scores_of(self, image: Tensor) -> Tensor:
        """Scores of the words of the vocabulary for pictures (B, 3, H, W) in [0, 1]: (B, K')."""
        return self.eval().last(self({"image": image.to(self.device)}))[:, : self.known]

    @torch.inference_mode()
    def word_maps(self, photo: np.ndarray, rows: Sequence[int]) -> np.ndarray:
        """Where in the photograph the scores of some words come from: float32 (n, h, w), the mean of each is its score.

        The score is a product with a mean over places, so it is the mean of products by place: the class activation map of
        Zhou et al. (CVPR 2016, eq. 2).
        """
        places, rows = self.eval().places(self.seen(photo))[0], list(rows)
        by_place = torch.einsum("nd,dhw->nhw", self.last.weight[rows], places) + self.last.bias[rows, None, None]
        return by_place.float().cpu().numpy()

    def seen(self, photo: np.ndarray) -> Tensor:
        """A photograph as the network sees it: squeezed to the square that it learned from, (1, 3, side, side)."""
        size = (self.config.side, self.config.side)
        picture = F.interpolate(to_tensor(as_photo(photo)), size=size, mode="bilinear", antialias=True)
        return picture.clamp(0, 1).to(self.device)

    def panels(self, raw: dict[str, Tensor], rng: np.random.Generator, **knobs: float) -> dict[str, np.ndarray]:
        """For the two most telling words, the photograph lit where the word's score comes from; and the whole photograph."""
        truth = to_picture(raw["image"][0])
        vocabulary, rows = self.vocabulary, telling(np.exp(self.word_scores(truth)), self.counts.cpu().numpy(), 2)
        words = [vocabulary[row] if vocabulary else f"word {row + 1}" for row in rows]
        maps = zip(words, self.word_maps(truth, rows), strict=True)
        return {**{f"where it sees “{word}”": lit(truth, places) for word, places in maps}, "the truth": truth}


def lit(photo: np.ndarray, places: np.ndarray) -> np.ndarray:
    """A photograph (H, W, 3) in [0, 1], dimmed to a quarter where the map (h, w) is lowest. Same shape, float32."""
    spread = torch.from_numpy(places - places.min())[None, None] / max(float(np.ptp(places)), 1e-9)
    bright = F.interpolate(spread, size=photo.shape[:2], mode="bilinear", antialias=True)[0, 0].clamp(0, 1).numpy()
    return (photo * (0.25 + 0.75 * bright[..., None])).astype(np.float32)
