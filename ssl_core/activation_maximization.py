"""The picture that excites a unit most, by gradient ascent: Olah, Mordvintsev, Schubert, "Feature Visualization" (Distill, 2017).

Plain ascent on pixels ends in invisible noise. Two of the article's remedies are used: the picture is described by Fourier coefficients
and by decorrelated colours, so that steps go along what differs in photographs ("Preconditioning and Parameterization"), and it is
turned, scaled and shifted a little before each step, so that only what survives this is rewarded ("Transformation robustness").
"""

from __future__ import annotations

import copy
import math
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ssl_core.array_cache import folder_of, read_arrays, write_arrays
from ssl_core.bank_measures import weights_hash

if TYPE_CHECKING:
    from ssl_core.pretext import Pretext

SIDE, STEPS, RATE = 128, 160, 0.05
SHOWN_EVERY = 8  # steps between two pictures
REDIRECTED = 16  # first steps in which units that are silent still pass on what would wake them
TURN, SCALE, SHIFT = 5.0, 0.08, 8.0  # degrees, share, px: how far a picture is moved before each step
# Square root of the covariance of ImageNet colours, columns by falling variance: lucid's `color_correlation_svd_sqrt`.
COLORS = ((0.26, 0.09, 0.02), (0.27, 0.00, -0.05), (0.27, -0.09, 0.03))


class Synthetic(NamedTuple):
    """A picture on its way: (side, side, 3) uint8, the unit's mean activation over its map, its peak, and step of steps."""

    picture: np.ndarray
    mean: float
    peak: float
    step: int
    steps: int


class FourierPicture(nn.Module):
    """A picture (1, 3, side, side) in [0, 1] made from Fourier coefficients of three decorrelated colour channels, or of one grey."""

    def __init__(self, side: int, generator: torch.Generator, grey: bool = False) -> None:
        super().__init__()
        rows, columns = torch.fft.fftfreq(side)[:, None], torch.fft.rfftfreq(side)[None]
        frequency = torch.sqrt(rows**2 + columns**2)
        # All frequencies get the energy that they have in photographs, which falls as 1/f.
        self.register_buffer("scale", side / frequency.clamp(min=1 / side) / 4)
        basis = torch.tensor(COLORS)
        self.register_buffer("colors", torch.ones(3, 1) if grey else basis / basis.norm(dim=0).max())
        channels = self.colors.shape[1]
        self.spectrum = nn.Parameter(0.01 * torch.randn((channels, *frequency.shape, 2), generator=generator))
        self.side = side

    def forward(self) -> Tensor:
        spectrum = torch.view_as_complex(self.spectrum) * self.scale
        plane = torch.fft.irfft2(spectrum, s=(self.side, self.side))
        return torch.sigmoid(torch.einsum("rc,chw->rhw", self.colors, plane))[None]


class Redirect(torch.autograd.Function):
    """ReLU forward; backward, a silent unit passes on a gradient that would make it fire."""

    @staticmethod
    def forward(context, features: Tensor) -> Tensor:
        context.save_for_backward(features)
        return features.clamp(min=0)

    @staticmethod
    def backward(context, gradient: Tensor) -> Tensor:
        (features,) = context.saved_tensors
        return torch.where((features < 0) & (gradient > 0), 0, gradient)


class RedirectedReLU(nn.Module):
    """A ReLU whose silent units can be woken while `open` is set; a plain ReLU afterwards."""

    open = True

    def forward(self, features: Tensor) -> Tensor:
        return Redirect.apply(features) if self.open else features.relu()


def moved(picture: Tensor, generator: torch.Generator) -> Tensor:
    """The picture turned, scaled and shifted by chance, mirrored at its edges: same shape."""
    turn, scale, right, down = (2 * torch.rand(4, generator=generator) - 1).tolist()
    angle, size = math.radians(TURN * turn), 1 + SCALE * scale
    cosine, sine = size * math.cos(angle), size * math.sin(angle)
    shift = 2 * SHIFT / picture.shape[-1]
    theta = torch.tensor([[[cosine, -sine, shift * right], [sine, cosine, shift * down]]])
    grid = F.affine_grid(theta, picture.shape, align_corners=False)
    return F.grid_sample(picture, grid, padding_mode="reflection", align_corners=False)


def maximize(
    model: Pretext, stage: str, unit: int, seed: int = 0, steps: int = STEPS, side: int = SIDE
) -> Generator[Synthetic, None, Synthetic]:
    """Gradient ascent on the mean activation of a unit over its map; yields the picture every few steps, returns the last.

    `mean` and `peak` are measured on the picture as it is shown, not moved. The model is not changed.
    """
    encoder = prepared(model.encoder)
    generator = torch.Generator().manual_seed(seed)
    # What sees lightness only would leave the colours to chance, and spend blue as a dark grey.
    canvas = FourierPicture(side, generator, grey=getattr(encoder.front, "channels", 3) == 1)
    optimizer = torch.optim.Adam(canvas.parameters(), RATE)
    for step in range(1, steps + 1):
        if step == REDIRECTED + 1:
            close(encoder, stage)
        with torch.enable_grad():
            loss = -encoder(moved(canvas(), generator))[stage][0, unit].mean()
            optimizer.zero_grad()
            loss.backward(inputs=list(canvas.parameters()))
        optimizer.step()
        if step % SHOWN_EVERY == 0 or step == steps:
            shown = _shown(encoder, canvas, stage, unit, (step, steps))
            yield shown
    return shown


def prepared(encoder: nn.Module) -> nn.Module:
    """A copy of an encoder on the CPU with frozen weights and redirected ReLUs."""
    twin = copy.deepcopy(encoder).cpu().eval().requires_grad_(False)
    for parent in list(twin.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.ReLU):
                setattr(parent, name, RedirectedReLU())
    return twin


def close(encoder: nn.Module, stage: str) -> None:
    """Make all redirected ReLUs plain again but the last one of the stage: there a silent place still has to learn to fire."""
    ends = [
        [relu for relu in module.stages[stage].modules() if isinstance(relu, RedirectedReLU)][-1:]
        for module in encoder.modules()
        if stage in getattr(module, "stages", ())
    ]
    kept = [relu for end in ends for relu in end]
    for module in encoder.modules():
        if isinstance(module, RedirectedReLU):
            module.open = module in kept


def _shown(encoder: nn.Module, canvas: FourierPicture, stage: str, unit: int, at: tuple[int, int]) -> Synthetic:
    with torch.no_grad():
        pixels = (canvas() * 255).round()
        answer = encoder(pixels / 255)[stage][0, unit]
    picture = pixels[0].permute(1, 2, 0).byte().numpy()
    return Synthetic(picture, float(answer.mean()), float(answer.max()), *at)


def maximize_once(
    model: Pretext, stage: str, unit: int, seed: int = 0, folder: Path | None = None
) -> Generator[Synthetic, None, Synthetic]:
    """`maximize`, kept in the user's cache by weights, stage, unit and seed; when it is there already it comes at once.

    A full disk only means that it is made anew next time.
    """
    found = kept(model, stage, unit, seed, folder)
    if found is not None:
        yield found
        return found
    found = yield from maximize(model, stage, unit, seed, STEPS)
    try:
        write_arrays(
            _path(model, stage, unit, seed, folder),
            {"picture": found.picture, "figures": np.array([found.mean, found.peak])},
        )
    except OSError:
        return found
    return found


def kept(model: Pretext, stage: str, unit: int, seed: int = 0, folder: Path | None = None) -> Synthetic | None:
    """The picture that `maximize_once` has made for these weights before, or None."""
    arrays = read_arrays(_path(model, stage, unit, seed, folder))
    return None if arrays is None else Synthetic(arrays["picture"], *arrays["figures"].tolist(), STEPS, STEPS)


def _path(model: Pretext, stage: str, unit: int, seed: int, folder: Path | None) -> Path:
    name = f"{model.name}-{weights_hash(model.encoder)}-{stage}-{unit}-{seed}-{STEPS}.safetensors"
    return (folder or folder_of("banks")) / "synthetic" / name
