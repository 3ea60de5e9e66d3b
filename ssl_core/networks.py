"""Encoders with named stages, and the blocks that several papers use."""

from __future__ import annotations

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
        features, found = self.front(image, *seen), {}
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


class Decoder(nn.Module):
    """From the last stage of an encoder to a map of `out` channels, finer by a factor of 2 for each of `ups`.

    `widths` are those of the encoder's stages by name, `ups` those of the up-convolutions. After the first of these come,
    added through a 1 x 1 convolution, the encoder's stages named in `skips`; after all of them `refine` convolutions.
    """

    def __init__(
        self, widths: dict[str, int], ups: tuple[int, ...], skips: tuple[str, ...], refine: int, out: int
    ) -> None:
        super().__init__()
        self.last, self.skipped = list(widths)[-1], skips
        width = widths[self.last]
        self.up, self.skips = nn.ModuleList(), nn.ModuleList()
        for index, wide in enumerate(ups):
            self.up.append(up_convolution(width, wide))
            if index < len(skips):
                self.skips.append(nn.Conv2d(widths[skips[index]], wide, 1))
            width = wide
        self.refine = nn.Sequential(*(convolution(width, Conv(width)) for _ in range(refine)))
        self.head = nn.Conv2d(width, out, 1)

    def forward(self, stages: dict[str, Tensor]) -> Tensor:
        features = stages[self.last]
        for index, up in enumerate(self.up):
            features = up(features)
            if index < len(self.skips):
                features = features + self.skips[index](stages[self.skipped[index]])
        return self.head(self.refine(features))


def resize(features: Tensor, size: tuple[int, int]) -> Tensor:
    """(B, C, H, W) scaled bilinearly to `size`, antialiased; untouched if it has that size."""
    if tuple(features.shape[2:]) == tuple(size):
        return features
    return F.interpolate(features, size=tuple(size), mode="bilinear", antialias=True)


def multiply_adds(model: nn.Module, *inputs: Tensor) -> int:
    """Multiply-adds of one forward pass in convolutions and linear layers, counted by PyTorch itself."""
    from torch.utils.flop_counter import FlopCounterMode

    was_training = model.training
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        model.eval()(*inputs)
    model.train(was_training)
    return counter.get_total_flops() // 2
