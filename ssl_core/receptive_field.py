"""What a unit can see, computed from the layers, and what it does look at, measured by covering parts of the picture."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from torch import nn

if TYPE_CHECKING:
    from ssl_core.networks import Encoder
    from ssl_core.pretext import Pretext

POSITIONS = 16  # of the occluder along each side: 256 passes of the network for one map
LOOKS_AT = 0.25  # a place matters if covering it changes the answer by this share of the largest change


class Field(NamedTuple):
    """The receptive field of the units of a stage, in px of the network's input.

    size : side of the square that one unit sees; stride : distance between the squares of neighbouring units;
    offset : left and upper edge of the first unit's square, negative where padding lets it hang over the edge
    """

    size: int
    stride: int
    offset: int

    def box(self, y: int, x: int) -> tuple[int, int, int, int]:
        """(left, top, width, height) of the square seen by the unit at row y and column x; it may hang over the edge.

        >>> Field(7, 4, -3).box(0, 2)
        (5, -3, 7, 7)
        """
        return self.offset + x * self.stride, self.offset + y * self.stride, self.size, self.size

    def box_within(self, y: int, x: int, height: int, width: int) -> tuple[int, int, int, int]:
        """The part of `box` that lies inside a picture of height x width px.

        >>> Field(7, 4, -3).box_within(0, 2, 32, 32)
        (5, 0, 7, 4)
        """
        left, top, *_ = self.box(y, x)
        right, bottom = min(width, left + self.size), min(height, top + self.size)
        left, top = max(0, left), max(0, top)
        return left, top, max(0, right - left), max(0, bottom - top)


def field_of(layers: Iterable[nn.Module]) -> Field:
    """The receptive field at the end of a chain of convolutions and poolings; other layers do not widen it.

    size and stride after Araujo, Norris, Sim, "Computing Receptive Fields of Convolutional Neural Networks" (Distill, 2019), eq. 2 and 3.

    >>> field_of([nn.Conv2d(3, 8, 7, 4, 3), nn.ReLU(), nn.Conv2d(8, 8, 3, 1, 2, dilation=2)])
    Field(size=23, stride=4, offset=-11)
    """
    size, stride, offset = 1, 1, 0
    for layer in layers:
        if isinstance(layer, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d):
            kernel, step, pad, dilation = (
                _side(layer, name) for name in ("kernel_size", "stride", "padding", "dilation")
            )
            size += (kernel - 1) * dilation * stride
            offset -= pad * stride
            stride *= step
    return Field(size, stride, offset)


def receptive_field(encoder: Encoder, stage: str) -> Field:
    """The theoretical receptive field of a named stage, from kernel sizes, strides, paddings and dilations.

    An encoder may hold several chains of stages side by side (split-brain): the first counts. Raises KeyError for an unknown stage.
    """
    chains = (
        module.stages for module in encoder.modules() if isinstance(getattr(module, "stages", None), nn.ModuleDict)
    )
    for stages in chains:
        if stage in stages:
            names = list(stages)[: list(stages).index(stage) + 1]
            return field_of(layer for name in names for layer in stages[name].modules())
    raise KeyError(f"This encoder has no stage {stage!r}.")


class EffectiveField(NamedTuple):
    """Where the response of one unit at one place comes from.

    change : (H, W) float32 in [0, 1], by how much covering each pixel changed the response, the largest change being 1
    y, x : the place on the grid of the stage; activation : its response to the whole picture
    box : (left, top, width, height) of the theoretical field inside the picture, px
    size : px, side of the square with the area of all places that matter (a quarter of the largest change or more)
    """

    change: np.ndarray
    y: int
    x: int
    activation: float
    box: tuple[int, int, int, int]
    size: float


def effective_field(model: Pretext, stage: str, unit: int, picture: np.ndarray, seed: int = 0) -> EffectiveField:
    """Slide a small patch of noise over the receptive field of a unit's strongest place and watch its response.

    Zhou, Khosla, Lapedriza, Oliva, Torralba, "Object Detectors Emerge in Deep Scene CNNs" (ICLR 2015, section 3.2); there 11 x 11 px every
    3 px of 227. Here the patch visits 16 x 16 places of the theoretical field, half overlapping its neighbours, so that units of
    early stages are measured as finely as their field asks for. picture : (H, W, 3) uint8 sRGB.
    """
    import torch

    encoder, height, width = model.encoder.eval(), *picture.shape[:2]
    image = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None].float().to(model.device) / 255
    with torch.inference_mode():
        response = encoder(image)[stage][0, unit]
        y, x = divmod(int(response.argmax()), response.shape[1])
        activation = float(response[y, x])
        box = receptive_field(encoder, stage).box_within(y, x, height, width)
        patches = list(occluders(box))
        noise = torch.from_numpy(np.random.default_rng(seed).random((3, height, width), dtype=np.float32)).to(image)
        change, covered = np.zeros((height, width)), np.zeros((height, width))
        for start in range(0, len(patches), 64):
            several = patches[start : start + 64]
            batch = image.repeat(len(several), 1, 1, 1)
            for one, (left, top, right, bottom) in zip(batch, several, strict=True):
                one[:, top:bottom, left:right] = noise[:, top:bottom, left:right]
            answers = (encoder(batch)[stage][:, unit, y, x] - activation).abs().cpu().numpy()
            for answer, (left, top, right, bottom) in zip(answers, several, strict=True):
                change[top:bottom, left:right] += answer
                covered[top:bottom, left:right] += 1
    change /= np.maximum(covered, 1)
    change = (change / change.max() if change.max() > 0 else change).astype(np.float32)
    return EffectiveField(change, y, x, activation, box, math.sqrt((change >= LOOKS_AT).sum()))


def occluders(box: tuple[int, int, int, int]) -> Iterable[tuple[int, int, int, int]]:
    """Patches (left, top, right, bottom) that cover a box (left, top, width, height), each half over the next.

    >>> list(occluders((0, 0, 3, 1)))
    [(0, 0, 2, 1), (1, 0, 3, 1)]
    """
    left, top, width, height = box
    step = max(1, math.ceil(max(width, height) / POSITIONS))
    for y in range(top, max(top + 1, top + height - step), step):
        for x in range(left, max(left + 1, left + width - step), step):
            yield x, y, min(x + 2 * step, left + width), min(y + 2 * step, top + height)


def _side(layer: nn.Module, name: str) -> int:
    value = getattr(layer, name, 1)
    return value[0] if isinstance(value, tuple) else value
