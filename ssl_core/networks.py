"""Encoders with named stages, and the blocks that several papers use."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ssl_core.color import rgb_to_lightness


class Conv(NamedTuple):
    """One convolution, followed by batch normalisation and a ReLU."""

    width: int
    kernel: int = 3
    stride: int = 1
    dilation: int = 1
    padding: int | None = None  # None keeps the size (at stride 1)


class Pool(NamedTuple):
    """Overlapping max pooling, as in AlexNet (Krizhevsky et al., 2012, section 3.4)."""

    kernel: int = 3
    stride: int = 2


Layout = dict[str, tuple[Conv | Pool, ...]]

# AlexNet's convolutional part; on 227 px pool5 is 6 x 6 x 256 = 9216.
ALEXNET: Layout = {
    "conv1": (Conv(96, 11, 4, padding=0), Pool()),
    "conv2": (Conv(256, 5), Pool()),
    "conv3": (Conv(384),),
    "conv4": (Conv(384),),
    "conv5": (Conv(256),),
    "pool5": (Pool(),),
}

# The encoder of the shipped networks: five stages and a first stride of 4 like AlexNet's, at a cost that two laptop
# cores can train. Two thirds of the time of a first stride of 2 went into its two finest stages.
SMALL: Layout = {
    "conv1": (Conv(48, 7, 4),),
    "conv2": (Conv(96, 3, 2),),
    "conv3": (Conv(128),),
    "conv4": (Conv(192, 3, 2),),
    "conv5": (Conv(192), Conv(192, dilation=2)),
}

TINY: Layout = {
    "conv1": (Conv(8, 3, 2),),
    "conv2": (Conv(8, 3, 2),),
    "conv3": (Conv(12),),
    "conv4": (Conv(16, 3, 2),),
    "conv5": (Conv(16),),
}


class SignedRgb(nn.Module):
    """RGB in [0, 1] -> [-1, 1]."""

    channels = 3

    def forward(self, image: Tensor) -> Tensor:
        return image * 2 - 1


class Lightness(nn.Module):
    """RGB in [0, 1] -> CIE lightness, scaled from 0..100 to [-1, 1]: what a colorization network may see."""

    channels = 1

    def forward(self, image: Tensor) -> Tensor:
        return rgb_to_lightness(image) / 50 - 1


class Encoder(nn.Module):
    """A chain of named stages. `forward` takes RGB in [0, 1], (B, 3, H, W), and returns {stage: feature map}.

    `front` says what of the picture the network sees; it has an attribute `channels` and may take further arguments
    of `forward` (a mask, say), which it must be able to do without.
    """

    def __init__(self, layout: Layout, front: nn.Module) -> None:
        super().__init__()
        self.front = front
        self.stages = nn.ModuleDict()
        self.widths: dict[str, int] = {}
        width = front.channels
        for name, parts in layout.items():
            layers: list[nn.Module] = []
            for part in parts:
                layers.append(nn.MaxPool2d(*part) if isinstance(part, Pool) else convolution(width, part))
                width = width if isinstance(part, Pool) else part.width
            self.stages[name] = nn.Sequential(*layers)
            self.widths[name] = width

    def forward(self, image: Tensor, *seen: Tensor) -> dict[str, Tensor]:
        return self.after_front(self.front(image, *seen))

    def after_front(self, features: Tensor) -> dict[str, Tensor]:
        """The stages of what `front` made of a picture."""
        found = {}
        for name, stage in self.stages.items():
            found[name] = features = stage(features)
        return found


def convolution(width: int, part: Conv) -> nn.Sequential:
    """Convolution, batch normalisation, ReLU."""
    padding = part.dilation * (part.kernel // 2) if part.padding is None else part.padding
    conv = nn.Conv2d(width, part.width, part.kernel, part.stride, padding, part.dilation, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(part.width), nn.ReLU(inplace=True))


def up_convolution(width: int, out: int) -> nn.Sequential:
    """Doubles height and width: a 4 x 4 convolution with a fractional stride of 1/2, batch normalisation, ReLU."""
    conv = nn.ConvTranspose2d(width, out, 4, 2, 1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(out), nn.ReLU(inplace=True))


class Residual(nn.Module):
    """Two convolutions added to what goes in, normalised first (He et al., ECCV 2016, fig. 1b); the first one looks twice as
    far. The last starts near zero, so that a fresh block hardly changes anything. (B, width, H, W) -> the same shape.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        far, near = nn.Conv2d(width, width, 3, padding=2, dilation=2, bias=False), nn.Conv2d(width, width, 3, padding=1)
        nn.init.normal_(near.weight, std=1e-3)
        layers = (nn.BatchNorm2d(width), nn.ReLU(inplace=True), far, nn.BatchNorm2d(width), nn.ReLU(inplace=True), near)
        self.branch = nn.Sequential(*layers)

    def forward(self, features: Tensor) -> Tensor:
        return features + self.branch(features)


def residuals(widths: Sequence[int], counts: tuple[int, ...]) -> nn.ModuleList:
    """Residual blocks for each of `widths`, as many as `counts` says, none beyond its end. ValueError if it is the longer one."""
    counts = (*counts, *(0,) * (len(widths) - len(counts)))
    return nn.ModuleList(
        nn.Sequential(*(Residual(width) for _ in range(count))) for width, count in zip(widths, counts, strict=True)
    )


class Ladder(nn.Module):
    """From the last stage of an encoder upwards: up-convolutions, each twice as fine as the one before.

    `widths` are those of the encoder's stages by name, `ups` those of the up-convolutions. After the first of these come,
    added through a 1 x 1 convolution, the encoder's stages named in `skips`. `deep` counts the residual blocks before the first
    up-convolution, after it, and so on.
    """

    def __init__(
        self, widths: dict[str, int], ups: Sequence[int], skips: tuple[str, ...], deep: tuple[int, ...]
    ) -> None:
        super().__init__()
        self.last, self.skipped = list(widths)[-1], skips
        steps = (widths[self.last], *ups)
        self.up = nn.ModuleList(up_convolution(below, above) for below, above in pairwise(steps))
        self.skips = nn.ModuleList(nn.Conv2d(widths[stage], up, 1) for stage, up in zip(skips, ups, strict=False))
        self.deep = residuals(steps, deep)

    def climb(self, features: Tensor, stages: dict[str, Tensor]) -> Tensor:
        """`features` (B, C, h, w), in the shape of the last of `stages`, -> (B, ups[-1], 2^n h, 2^n w)."""
        features = self.deep[0](features)
        for index, up in enumerate(self.up):
            features = up(features)
            if index < len(self.skips):
                features = features + self.skips[index](stages[self.skipped[index]])
            features = self.end_rung(index, self.deep[index + 1](features))
        return features

    def end_rung(self, rung: int, features: Tensor) -> Tensor:
        """What a kind of ladder does besides at the end of each of its rungs; the shape stays."""
        return features


class Decoder(Ladder):
    """A ladder to a map of `out` channels; before the last layer come `refine` convolutions."""

    def __init__(
        self,
        widths: dict[str, int],
        ups: tuple[int, ...],
        skips: tuple[str, ...],
        refine: int,
        out: int,
        deep: tuple[int, ...] = (),
    ) -> None:
        super().__init__(widths, ups, skips, deep)
        width = (widths[self.last], *ups)[-1]
        self.refine = nn.Sequential(*(convolution(width, Conv(width)) for _ in range(refine)))
        self.head = nn.Conv2d(width, out, 1)

    def forward(self, stages: dict[str, Tensor]) -> Tensor:
        return self.head(self.refine(self.climb(stages[self.last], stages)))


class Finish(nn.Module):
    """Three convolutions at the picture's own size, added to what a decoder painted cell by cell: where cells meet, nothing tells.

    `seen` counts the channels they look at besides the painted ones. The last starts near zero: a fresh one hardly changes anything.
    """

    def __init__(self, seen: int, width: int) -> None:
        super().__init__()
        first, last = nn.Conv2d(3 + seen, width, 3, padding=1), nn.Conv2d(width, 3, 3, padding=1)
        nn.init.normal_(last.weight, std=1e-3)
        nn.init.zeros_(last.bias)
        middle = nn.Conv2d(width, width, 3, padding=2, dilation=2)
        self.layers = nn.Sequential(first, nn.ReLU(inplace=True), middle, nn.ReLU(inplace=True), last)

    def forward(self, painted: Tensor, *seen: Tensor) -> Tensor:
        """(B, 3, H, W), and maps of the same size -> (B, 3, H, W)."""
        return painted + self.layers(torch.cat((painted, *seen), dim=1))


def cross_entropy(logits: Tensor, classes: Tensor) -> Tensor:
    """The mean over all places: logits (B, C, h, w), classes (B, h, w) int64 -> scalar.

    One row for each place: given pictures that lie channels last in memory, `F.cross_entropy` takes ten times as long.
    """
    return F.cross_entropy(logits.movedim(1, -1).flatten(0, 2), classes.flatten())


def resize(features: Tensor, size: tuple[int, int]) -> Tensor:
    """(B, C, H, W) scaled bilinearly to `size`, antialiased; untouched if it has that size."""
    if tuple(features.shape[2:]) == tuple(size):
        return features
    # not written for bfloat16 on CPUs
    return F.interpolate(features.float(), size=tuple(size), mode="bilinear", antialias=True)


def multiply_adds(model: nn.Module, *inputs: Tensor) -> int:
    """Multiply-adds of one forward pass in convolutions and linear layers, counted by PyTorch itself."""
    from torch.utils.flop_counter import FlopCounterMode

    was_training = model.training
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        model.eval()(*inputs)
    model.train(was_training)
    return counter.get_total_flops() // 2
