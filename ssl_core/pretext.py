"""The contract of a pretext task: what every paper's file provides, and nothing that only one of them needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

PROVIDED = ("method", "question", "paper", "departs", "sizes", "variants")  # by every task


class Batch(NamedTuple):
    """What the network is given and what it is judged against; both are dicts of tensors with the batch first."""

    inputs: dict[str, Tensor]
    targets: dict[str, Tensor]


class Player(NamedTuple):
    """One optimiser's share of a task: its parameters, and the loss that only they minimise."""

    name: str
    parameters: list[nn.Parameter]
    loss: Callable[[Any, dict[str, Tensor]], dict[str, Tensor]]


@dataclass(frozen=True)
class Paper:
    """Where the idea comes from."""

    title: str
    authors: str
    venue: str
    year: int
    url: str


@dataclass(frozen=True)
class Recipe:
    """How one variant is trained on one kind of device.

    `scales` is the resolution schedule: ((0.4, 0.5), (1.0, 1.0)) trains on pictures of half the side for the first 40 %
    of the run, which costs a quarter.
    `crop` is the smallest share of a photograph's side that a training crop keeps. ValueError for a schedule that ends early, or
    another kind of crop.
    """

    minutes: float
    batch: int = 32
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    warm_up: float = 0.03
    averaging: float = 0.998
    crop: float = 0.75
    scales: tuple[tuple[float, float], ...] = ((1.0, 1.0),)

    def __post_init__(self) -> None:
        ends = [until for until, _ in self.scales]
        if not ends or ends != sorted(ends) or ends[-1] < 1:
            raise ValueError(
                f"The schedule {self.scales} has to rise to the whole run: ((0.4, 0.5), (1.0, 1.0)), for example."
            )
        if not 0 < self.crop <= 1:
            raise ValueError(f"`crop` is a share of a side, above 0 and at most 1, not {self.crop}.")

    def side(self, progress: float, full: int, least: int = 1) -> int:
        """Pixels of a training image at `progress` in [0, 1), where `full` are those at the end; never fewer than `least`.

        >>> [Recipe(1, scales=((0.4, 0.5), (1.0, 1.0))).side(progress, 128) for progress in (0.0, 0.39, 0.4, 0.99)]
        [64, 64, 128, 128]
        """
        return max(least, round(full * next(scale for until, scale in self.scales if progress < until)))


def recipes(cpu_minutes: float, cuda_minutes: float, learning_rate: float, **both: Any) -> dict[str, Recipe]:
    """One recipe in two columns, for a CPU and for a GPU, which differ in how long, how many pictures at once, and so in
    the size of a step; `both` are the fields that they share.
    """
    return {
        "cpu": Recipe(cpu_minutes, batch=32, learning_rate=learning_rate, **both),
        "cuda": Recipe(cuda_minutes, batch=256, learning_rate=2 * learning_rate, **both),
    }


@dataclass(frozen=True)
class Variant:
    """One shipped model of a method: what it changes in the configuration, whose weights it starts from, its recipes.

    Its name in `variants` is one word without a hyphen: the model is called method-name.
    `blend` is how far from the trunk's weights to the trained ones the shipped weights lie.
    """

    asked: str
    changes: dict[str, Any]
    recipes: dict[str, Recipe]
    trunk: str | None = None
    blend: float = 1.0


@dataclass(frozen=True)
class Knob:
    """A number that a person may turn in `panels`."""

    name: str
    low: float
    high: float
    start: float
    label: str = field(default="")


class Pretext(nn.Module):
    """A pretext task: corruption, network, loss and decoding of one paper.

    Class attributes name the method, and say where the shipped networks depart from the paper; `config` is the paper's
    frozen dataclass of numbers, with `side`, the pixels of a training image. `encoder` maps RGB in [0, 1] of shape
    (B, 3, H, W) to a dict of named stages (feature maps), "conv1" to "conv5" first. Its `widths` are their channels by name, and
    its `stages`, an nn.ModuleDict, the layers of each, from which the receptive fields follow; `networks.Encoder` has all that.
    """

    method: ClassVar[str]
    question: ClassVar[str]
    paper: ClassVar[Paper]
    departs: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ("image",)
    sizes: ClassVar[dict[str, Any]]
    variants: ClassVar[dict[str, Variant]]
    knobs: ClassVar[tuple[Knob, ...]] = ()
    encoder: nn.Module

    def __init__(self, config: Any, variant: str) -> None:
        super().__init__()
        self.config = config
        self.variant = variant

    @classmethod
    def check_whole(cls) -> None:
        """TypeError, a sentence, if a task lacks something that every task provides."""
        lacks = [name for name in PROVIDED if not hasattr(cls, name)]
        learns = not lacks and any(about.recipes for about in cls.variants.values())
        asked = ("make_batch", "panels", *(("forward", "loss") if learns else ()))
        lacks += [name for name in asked if getattr(cls, name) is getattr(Pretext, name)]
        if lacks:
            raise TypeError(f"{cls.__name__} lacks {', '.join(lacks)}. ssl_core/pretext.py says what a task provides.")

    @classmethod
    def build(cls, variant: str, size: str = "small") -> Pretext:
        """A freshly initialised network of a variant ("l2") at a size ("tiny", "small", "paper")."""
        return cls(replace(cls.sizes[size], **cls.variants[variant].changes), variant)

    @property
    def name(self) -> str:
        """The name of the shipped model, "context-encoder-l2"."""
        return f"{self.method}-{self.variant}"

    @property
    def asked(self) -> str:
        """One line: what this network was asked to do."""
        return self.variants[self.variant].asked

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    @property
    def least_side(self) -> int:
        """Pixels of the smallest training image that the network takes: no schedule of a recipe goes below. By default any."""
        return 1

    def prepare(self, raws: Iterable[dict[str, Tensor]]) -> None:
        """One pass over the data before training, for statistics kept in buffers. Most tasks need none."""

    def start_from(self, trunk: Pretext) -> None:
        """Take over the weights of a trained relative; by default the encoder's. Raises if the shapes differ."""
        self.encoder.load_state_dict(trunk.encoder.state_dict())

    def read_words(self, photos: Sequence[Sequence[str]]) -> None:
        """Before training and before `prepare`: the sentences of every training photograph, for tasks that need "words"."""

    def read_labels(self, labels: Sequence[str]) -> None:
        """Before training and before `prepare`: the class of every training photograph, for tasks that need "label"."""

    def choose(self, rng: np.random.Generator, photos: int, count: int) -> np.ndarray:
        """Which of the training photographs, 0 to `photos` - 1, the next batch of `count` is made of: by default any."""
        return rng.integers(0, photos, count)

    def make_batch(self, raw: dict[str, Tensor], rng: np.random.Generator) -> Batch:
        """Corrupt, split or pair: raw["image"] is (B, 3, H, W) in [0, 1]. All chance comes from `rng`.

        The trainer calls it from another thread, while the network learns from the batch before: it may use nothing that learns.
        """
        raise NotImplementedError

    def loss(self, outputs: Any, targets: dict[str, Tensor]) -> dict[str, Tensor]:
        """Named, weighted terms, each a scalar >= 0; their sum is minimised by the first player."""
        raise NotImplementedError

    @torch.inference_mode()
    def error(self, raw: dict[str, Tensor], rng: np.random.Generator) -> float:
        """By how much the network fails on photographs it never saw, to compare two trainings of it: by default its loss."""
        batch = self.eval().make_batch(raw, rng)
        return sum(self.players()[0].loss(self(batch.inputs), batch.targets).values()).item()

    def players(self) -> list[Player]:
        """Who learns. One player with every parameter unless a paper sets several against each other."""
        return [Player(self.method, list(self.parameters()), self.loss)]

    def panels(self, raw: dict[str, Tensor], rng: np.random.Generator, **knobs: float) -> dict[str, np.ndarray]:
        """What to look at to judge this task on one photograph: caption -> (H, W, 3) float32 in [0, 1]."""
        raise NotImplementedError


def to_picture(image: Tensor) -> np.ndarray:
    """(3, H, W) tensor -> (H, W, 3) float32 array clipped to [0, 1]."""
    return image.detach().clamp(0, 1).permute(1, 2, 0).float().cpu().numpy()


def to_tensor(picture: np.ndarray) -> Tensor:
    """(H, W, 3) float array in [0, 1] -> (1, 3, H, W) float32 tensor."""
    return torch.tensor(np.ascontiguousarray(picture, dtype=np.float32)).permute(2, 0, 1)[None]


def blend_weights(task: Pretext, trunk: Pretext, share: float) -> None:
    """Move the weights of `task` back towards those of the trunk that it was trained from: 0 is the trunk, 1 changes nothing.

    Network interpolation, Wang et al., ESRGAN (ECCV workshops 2018, section 3.4): between a network trained for a small
    error and its adversarially trained offspring lies a path along which one is traded for the other.
    """
    theirs = trunk.state_dict()
    for name, mine in task.state_dict().items():
        if name in theirs and mine.is_floating_point() and mine.shape == theirs[name].shape:
            mine.copy_(theirs[name].lerp(mine, share))
