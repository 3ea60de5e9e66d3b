"""Unsupervised Visual Representation Learning by Context Prediction. Doersch, Gupta, Efros. ICCV 2015.

Cut a patch out of a photograph and one of its eight neighbours, and ask a network which of the eight it is: to answer, it
must know what things are made of and how their parts lie. Lines that run from patch to patch would give the answer away, so
between patches is a gap and each is moved at random; lenses bend colours differently towards the edge, which tells where
in the photograph a patch lay, so of each patch two of its three colour channels are replaced by noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ssl_core import networks
from ssl_core.pretext import Batch, Paper, Pretext, Variant, recipes, to_picture, to_tensor

LAYOUTS = {"alexnet": networks.ALEXNET, "small": networks.SMALL, "tiny": networks.TINY}
# The eight answers in reading order, as in their figure 2: rows down and columns right of the patch in the middle.
DIRECTIONS = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))
NAMES = ("above left", "above", "above right", "left", "right", "below left", "below", "below right")
MIDDLE = 4  # of the nine patches in reading order


@dataclass(frozen=True)
class Config:
    """Numbers of the paper; `sizes` below says where the shipped networks depart from them."""

    side: int = 398  # three patches, two gaps and the jitter; the paper lays its grid over larger photographs
    patch: int = 96  # sec 3: px
    gap: int = 48  # sec 3.1: about half a patch
    jitter: int = 7  # sec 3.1: each patch moves by up to 7 px in each direction
    encoder: str = "alexnet"
    embedding: int = 4096  # fc6, for each patch alone
    fusion: tuple[int, ...] = (4096, 4096)  # fc7 and fc8, for the two together
    drop: bool = True  # sec 3.1: two of three channels of each patch are replaced by noise
    noise: float = 0.01  # sec 3.1: its standard deviation, as a share of that of the channel that is left


def corners(side: int, patch: int, gap: int, moves: np.ndarray | None = None) -> np.ndarray:
    """Row and column of the first pixel of each of the nine patches in reading order, (..., 9, 2), for a square of `side` px.

    `moves`, (..., 9, 2) px, is how far each patch is moved from its place in the grid.

    >>> corners(128, 32, 8)[:, 0].tolist(), corners(128, 32, 8)[:, 1].tolist()
    ([8, 8, 8, 48, 48, 48, 88, 88, 88], [8, 48, 88, 8, 48, 88, 8, 48, 88])
    """
    steps = (side - patch) // 2 + np.arange(-1, 2) * (patch + gap)
    grid = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(9, 2)
    return grid if moves is None else grid + moves


def neighbours() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All ordered pairs of neighbours among the nine patches: number of the first, of the second, and the direction of the second.

    The first eight are the questions about the patch in the middle, in the order of the answers.

    >>> first, second, direction = neighbours()
    >>> len(first), first[:8].tolist(), second[:8].tolist()
    (40, [4, 4, 4, 4, 4, 4, 4, 4], [0, 1, 2, 3, 5, 6, 7, 8])
    >>> [NAMES[d] for d in direction[(first == 0) & (second == 4)]]
    ['below right']
    """
    found = [
        (first, 3 * (first // 3 + down) + first % 3 + right, direction)
        for first in (MIDDLE, *(number for number in range(9) if number != MIDDLE))
        for direction, (down, right) in enumerate(DIRECTIONS)
        if 0 <= first // 3 + down < 3 and 0 <= first % 3 + right < 3
    ]
    first, second, direction = np.array(found).T
    return first, second, direction


def draw_moves(count: int, jitter: int, rng: np.random.Generator) -> np.ndarray:
    """How far the patches of `count` photographs are moved, (count, 9, 2) whole px from -jitter to jitter.

    >>> moves = draw_moves(100, 2, np.random.default_rng(0))
    >>> moves.shape, int(moves.min()), int(moves.max())
    ((100, 9, 2), -2, 2)
    """
    return rng.integers(-jitter, jitter + 1, (count, 9, 2))


def cut_patches(image: Tensor, places: np.ndarray, patch: int) -> Tensor:
    """The patches at `places` (B, 9, 2) of pictures (B, 3, H, W): (B * 9, 3, patch, patch), those of a picture together."""
    return torch.stack(
        [
            one[:, top : top + patch, left : left + patch]
            for one, nine in zip(image, places.tolist(), strict=True)
            for top, left in nine
        ]
    )


def nine_patches(square: np.ndarray, config: Config, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Patches (9, p, p, 3) of one square picture (S, S, 3), S the `side` of `config`, and their corners (9, 2) px."""
    places = corners(config.side, config.patch, config.gap, draw_moves(1, config.jitter, rng))[0]
    return np.stack([square[y : y + config.patch, x : x + config.patch] for y, x in places]), places


def drop_colors(patches: Tensor, noise: float, rng: np.random.Generator) -> Tensor:
    """Sec 3.1: of each patch (N, 3, h, w) in [0, 1] one channel at random is kept; the others become noise about mid-grey.

    >>> patches = torch.rand(5, 3, 8, 8)
    >>> ((drop_colors(patches, 0.01, np.random.default_rng(0)) == patches).flatten(2).all(2).sum(1)).tolist()
    [1, 1, 1, 1, 1]
    """
    kept = torch.from_numpy(rng.integers(0, 3, len(patches))).to(patches.device)
    kept = F.one_hot(kept, 3).bool()[:, :, None, None]
    left = patches.masked_fill(~kept, 0).sum(1, keepdim=True)
    deviation = left.std((2, 3), keepdim=True)
    grains = torch.from_numpy(rng.standard_normal(tuple(patches.shape), dtype=np.float32)).to(patches)
    return torch.where(kept, patches, 0.5 + noise * deviation * grains)


class SurvivingRgb(nn.Module):
    """RGB in [-1, 1] times the share of its channels that survive the dropping of colours.

    A picture whose colours were dropped comes with the weight 1. A whole one has three channels where the network knows one, and
    gets 1/3: the first convolution then answers with the mean of what it would answer to each channel alone, as after dropout.
    """

    channels = 3

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, image: Tensor, weight: float | None = None) -> Tensor:
        return (image * 2 - 1) * (self.share if weight is None else weight)


class RelativePosition(Pretext):
    """Where does it belong?"""

    method = "relative-position"
    question = "Where does it belong?"
    paper = Paper(
        "Unsupervised Visual Representation Learning by Context Prediction",
        "Doersch, Gupta, Efros",
        "ICCV",
        2015,
        "https://arxiv.org/abs/1505.05192",
    )
    departs = (
        "The encoder that all teachers of the lab share instead of AlexNet, on patches of 32 px of 128. 40 questions are asked "
        "about nine patches instead of one about two. The gap is a quarter of a patch, not half, and patches are not scaled down at random."
    )
    sizes = {
        "paper": Config(),
        "small": Config(side=128, patch=32, gap=8, jitter=3, encoder="small", embedding=256, fusion=(256,)),
        "tiny": Config(side=32, patch=8, gap=2, jitter=0, encoder="tiny", embedding=32, fusion=(32,)),
    }
    variants = {
        "dropping": Variant(
            "Say which of the eight neighbours a patch is, two of its three colour channels dropped.",
            {},
            recipes(70, 8, 2e-3, crop=0.6),
        ),
        "plain": Variant(
            "Say which of the eight neighbours a patch is, seeing all its colours.",
            {"drop": False},
            recipes(70, 8, 2e-3, crop=0.6),
        ),
    }

    def __init__(self, config: Config, variant: str) -> None:
        super().__init__(config, variant)
        self.encoder = networks.Encoder(LAYOUTS[config.encoder], SurvivingRgb(1 / 3 if config.drop else 1.0))
        with torch.no_grad():
            last = list(self.encoder.eval()(torch.zeros(1, 3, config.patch, config.patch)).values())[-1]
        self.encoder.train()
        self.embed = dense(last[0].numel(), config.embedding)
        widths = (2 * config.embedding, *config.fusion)
        fused = [dense(before, after) for before, after in zip(widths, widths[1:], strict=False)]
        self.fuse = nn.Sequential(*fused, nn.Linear(widths[-1], len(DIRECTIONS)))

    def make_batch(self, raw: dict[str, Tensor], rng: np.random.Generator) -> Batch:
        """Nine patches of every picture, and so 40 questions: one for each ordered pair of neighbours."""
        image, config = raw["image"], self.config
        places = corners(config.side, config.patch, config.gap, draw_moves(len(image), config.jitter, rng))
        patches = cut_patches(image, places, config.patch)
        if config.drop:
            patches = drop_colors(patches, config.noise, rng)
        direction = torch.from_numpy(neighbours()[2]).to(image.device).repeat(len(image))
        return Batch({"image": patches}, {"direction": direction})

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """{"image": (B * 9, 3, p, p), nine patches of one picture in reading order} -> logits (B * 40, 8)."""
        first, second, _ = neighbours()
        return self.relate(self.encoder(inputs["image"], 1.0), first, second)

    def relate(self, stages: dict[str, Tensor], first: np.ndarray, second: np.ndarray) -> Tensor:
        """Late fusion, sec 3: each patch goes through the same layers alone, and meets the other only then.

        `first` and `second` (Q,) number the patches of each question, 0 to 8. Returns logits (B * Q, 8).
        """
        embedded = self.embed(list(stages.values())[-1].flatten(1)).unflatten(0, (-1, 9))
        return self.fuse(torch.cat((embedded[:, first], embedded[:, second]), dim=2).flatten(0, 1))

    def loss(self, outputs: Tensor, targets: dict[str, Tensor]) -> dict[str, Tensor]:
        """Cross entropy over the eight directions, each counting the same: a diagonal has fewer pairs among nine patches."""
        count = torch.bincount(targets["direction"], minlength=len(DIRECTIONS))
        return {"cross entropy": F.cross_entropy(outputs, targets["direction"], 1 / count.clamp(min=1).to(outputs))}

    @torch.inference_mode()
    def guess(self, patches: np.ndarray) -> np.ndarray:
        """How likely each direction is for the eight neighbours of a patch, or of many: (..., 8, 8), rows sum to 1.

        patches: (..., 9, p, p, 3) uint8 or float in [0, 1], in reading order, p the `patch` of the configuration. Each row is answered
        from its own patch and the middle one alone. No colours are dropped (see `SurvivingRgb`).
        """
        patches = np.asarray(patches)
        pixels = torch.from_numpy(np.ascontiguousarray(patches.reshape(-1, *patches.shape[-3:])))
        image = pixels.permute(0, 3, 1, 2).float() / (255.0 if patches.dtype == np.uint8 else 1.0)
        first, second, _ = neighbours()
        found = self.eval().relate(self.encoder(image.to(self.device)), first[:8], second[:8]).softmax(1)
        return found.cpu().numpy().reshape(*patches.shape[:-4], 8, 8)

    def panels(self, raw: dict[str, Tensor], rng: np.random.Generator, **knobs: float) -> dict[str, np.ndarray]:
        """The middle patch and a neighbour; the neighbour where the network puts it; both where they were, the rest dimmed."""
        truth = to_picture(raw["image"][0])
        size, side = min(truth.shape[:2]), self.config.side
        top, left = (truth.shape[0] - size) // 2, (truth.shape[1] - size) // 2
        square = to_tensor(truth[top : top + size, left : left + size])
        small = F.interpolate(square, size=(side, side), mode="bilinear", antialias=True).clamp(0, 1)
        patches, places = nine_patches(to_picture(small[0]), self.config, rng)
        asked, second = int(rng.integers(len(DIRECTIONS))), neighbours()[1]
        guessed = int(self.guess(patches)[asked].argmax())
        starts, length = (places * size / side).astype(int) + (top, left), max(1, self.config.patch * size // side)

        def paste(picture: np.ndarray, number: int, place: int) -> None:
            (y, x), (to_y, to_x) = starts[number], starts[place]
            picture[to_y : to_y + length, to_x : to_x + length] = truth[y : y + length, x : x + length]

        grey = np.full_like(truth, 0.46)
        pictures = {"what it sees": grey, "where it puts it": grey.copy(), "the truth": grey + 0.25 * (truth - grey)}
        where = ((MIDDLE - 1, MIDDLE + 1), (MIDDLE, second[guessed]), (MIDDLE, second[asked]))
        for picture, (middle, other) in zip(pictures.values(), where, strict=True):
            paste(picture, MIDDLE, middle)
            paste(picture, second[asked], other)
        return pictures


def dense(width: int, out: int) -> nn.Sequential:
    """A fully connected layer, batch normalisation (sec 3: without it their training stood still), ReLU."""
    return nn.Sequential(nn.Linear(width, out, bias=False), nn.BatchNorm1d(out), nn.ReLU(inplace=True))
