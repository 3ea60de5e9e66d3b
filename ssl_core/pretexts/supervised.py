"""ImageNet Classification with Deep Convolutional Neural Networks. Krizhevsky, Sutskever, Hinton. NIPS 2012.

No pretext task, but what all of them are compared with: people sorted the photographs into classes, and the network has to
say the class. Its last layer is the class activation mapping of Zhou et al. (Learning Deep Features for Discriminative
Localization, CVPR 2016): scores are means over places, so that one can see where in a photograph a class comes from.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ssl_core import networks
from ssl_core.pretext import Batch, Paper, Pretext, Variant, recipes, to_picture
from ssl_core.pretexts.noisy_words import UNKNOWN, lit
from ssl_core.sources import SourceError

LAYOUTS = {"alexnet": networks.ALEXNET, "small": networks.SMALL, "tiny": networks.TINY}
LONGEST = 64  # bytes of "set/class" in UTF-8


@dataclass(frozen=True)
class Config:
    """Numbers of the paper; `sizes` below says where the shipped network departs from them."""

    side: int = 227
    encoder: str = "alexnet"
    classes: int = 1000  # sec 2
    dropout: float = 0.5  # sec 4.2
    left_out: tuple[str, ...] = ()  # sets whose labels it may not see, because it is raced on them


def cross_entropy(scores: Tensor, classes: Tensor) -> Tensor:
    """Sec 3.5, multinomial logistic regression: the mean of -log softmax(scores)_class over the photographs that have a class.

    `scores` (B, K); `classes` (B,) int64, -1 for a photograph of a class that the network does not know. 0 if there is none.

    >>> round(cross_entropy(torch.zeros(2, 8), torch.tensor([3, -1])).item(), 4)  # log 8
    2.0794
    """
    return F.cross_entropy(scores, classes, ignore_index=-1, reduction="sum") / (classes >= 0).sum().clamp(1)


def known_classes(labels: Sequence[str], most: int, left_out: Sequence[str]) -> tuple[str, ...]:
    """The `most` frequent classes "set/class" in the order of the alphabet, without those of the sets `left_out` and of
    sets that have one class alone, which say nothing.

    >>> known_classes(["pets/cat", "pets/cat", "pets/dog", "rooms/room", "scenes/sea", "scenes/wood"], 9, ["scenes"])
    ('pets/cat', 'pets/dog')
    """
    sets = defaultdict(set)
    for label in labels:
        sets[label.split("/")[0]].add(label)
    useful = {one for name, found in sets.items() if len(found) > 1 and name not in left_out for one in found}
    counts = Counter(label for label in labels if label in useful)
    return tuple(sorted(sorted(counts, key=lambda label: (-counts[label], label))[:most]))


class Supervised(Pretext):
    """Which class did people put it into?"""

    method = "supervised"
    question = "Which class did people put it into?"
    paper = Paper(
        "ImageNet Classification with Deep Convolutional Neural Networks",
        "Krizhevsky, Sutskever, Hinton",
        "NIPS",
        2012,
        "https://papers.nips.cc/paper/4824-imagenet-classification-with-deep-convolutional-neural-networks",
    )
    departs = (
        "The encoder that all teachers of the lab share instead of AlexNet, and one linear layer on the mean over places instead of three "
        "layers, for 400 classes at most. It never sees the labels of Caltech-101 and of the Intel scenes, on which it is raced; "
        "where its data below hold tiny.zip, it does see those of the 200 tiny classes, on which it is raced too."
    )
    needs = ("image", "label")
    sizes = {
        "paper": Config(),
        "small": Config(128, "small", 400, 0.2, ("caltech101", "intel_scene")),
        "tiny": Config(32, "tiny", 16, 0.0),
    }
    variants = {
        "labels": Variant(
            "Say into which of some hundred classes people sorted a photograph: no free signal, the end to compare with.",
            {},
            recipes(36, 6, 2e-3, crop=0.5, scales=((0.4, 0.5), (0.75, 0.75), (1.0, 1.0)), weight_decay=5e-4),
        ),
    }

    def __init__(self, config: Config, variant: str) -> None:
        super().__init__(config, variant)
        self.encoder = networks.Encoder(LAYOUTS[config.encoder], networks.SignedRgb())
        self.dropout = nn.Dropout(config.dropout)
        self.last = nn.Linear(self.encoder.widths[list(self.encoder.widths)[-1]], config.classes)
        self.register_buffer("spelled", torch.zeros(config.classes, LONGEST, dtype=torch.uint8))
        self.index: dict[str, int] = {}
        self.labelled = np.zeros(0, np.int64)

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes "set/class" in the order of the last layer's rows; fewer than those where there are fewer."""
        rows = self.spelled.cpu().numpy()
        return tuple(bytes(row[row > 0]).decode(errors="ignore") for row in rows if row[0])

    @property
    def known(self) -> int:
        """How many rows of the last layer have a class; all of them before labels were read."""
        return int((self.spelled[:, 0] > 0).sum()) or self.config.classes

    def read_labels(self, labels: Sequence[str]) -> None:
        """Take the classes from the labels "set/class" of the training photographs. SourceError if there are not two."""
        labels = [self._short(label) for label in labels]
        found = known_classes(labels, self.config.classes, self.config.left_out)
        if len(found) < 2:
            raise SourceError(
                "There are not two classes to tell apart. Train on photographs sorted into a folder for each class."
            )
        self.spelled.zero_()
        for row, label in enumerate(found):
            letters = list(label.encode())
            self.spelled[row, : len(letters)] = torch.tensor(letters, dtype=torch.uint8)
        self.index = {label: row for row, label in enumerate(self.classes)}
        self.labelled = np.flatnonzero([label in self.index for label in labels])

    @staticmethod
    def _short(label: str) -> str:
        return label.encode()[:LONGEST].decode(errors="ignore")

    def choose(self, rng: np.random.Generator, photos: int, count: int) -> np.ndarray:
        """Any photograph of a class that the network knows."""
        if not len(self.labelled):
            return super().choose(rng, photos, count)
        return self.labelled[rng.integers(0, len(self.labelled), count)]

    def make_batch(self, raw: dict[str, Tensor], rng: np.random.Generator) -> Batch:
        """The photographs and their classes: raw["label"] holds "set/class"."""
        if not self.index:
            self.index = {label: row for row, label in enumerate(self.classes)}
        rows = [self.index.get(self._short(label), -1) for label in raw["label"]]
        return Batch({"image": raw["image"]}, {"class": torch.tensor(rows, device=raw["image"].device)})

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """{"image"} -> scores (B, K) of the classes."""
        features = list(self.encoder(inputs["image"]).values())[-1]
        return self.last(self.dropout(features.mean((2, 3))))[:, : self.known]

    def loss(self, outputs: Tensor, targets: dict[str, Tensor]) -> dict[str, Tensor]:
        """Sec 3.5, `cross_entropy` of the scores (B, K) and targets["class"] (B,): {"class": nats}."""
        return {"class": cross_entropy(outputs, targets["class"])}

    @torch.inference_mode()
    def error(self, raw: dict[str, Tensor], rng: np.random.Generator) -> float:
        """Its loss, and a price for each photograph whose class it does not know: one with fewer classes has less to choose among."""
        inputs, targets = self.eval().make_batch(raw, rng)
        unknown = (targets["class"] < 0).float().mean().item()
        return (1 - unknown) * cross_entropy(self(inputs), targets["class"]).item() + unknown * UNKNOWN

    @torch.inference_mode()
    def class_maps(self, image: Tensor) -> Tensor:
        """Zhou et al., eq. 2: the score of every class at every place of a picture (1, 3, H, W) in [0, 1], (K, h, w)."""
        features = list(self.eval().encoder(image.to(self.device)).values())[-1][0]
        maps = torch.einsum("kd,dhw->khw", self.last.weight, features) + self.last.bias[:, None, None]
        return maps[: self.known].float().cpu()

    def panels(self, raw: dict[str, Tensor], rng: np.random.Generator, **knobs: float) -> dict[str, np.ndarray]:
        """For the likeliest classes, the photograph lit where the class's score comes from; and the whole photograph."""
        truth, size = to_picture(raw["image"][0]), (self.config.side, self.config.side)
        seen = F.interpolate(raw["image"][:1], size=size, mode="bilinear", antialias=True).clamp(0, 1)
        maps = self.class_maps(seen)
        classes, rows = self.classes, maps.mean((1, 2)).argsort(descending=True)[:2].tolist()
        names = [classes[row].split("/")[-1] if classes else f"class {row + 1}" for row in rows]
        lit_up = {
            f"where it sees “{name}”": lit(truth, maps[row].numpy()) for name, row in zip(names, rows, strict=True)
        }
        return {**lit_up, "the truth": truth}
