"""Colour as a choice among bins of the ab plane: Zhang, Isola, Efros (ECCV 2016), sections 2.1 to 2.3."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from ssl_core.color import rgb_to_lab

STEP = 10.0  # sec 2.1: the ab plane in bins 10 apart
REACH = 110  # |a| and |b| of every sRGB colour stay below this
TEMPERATURE = 0.38  # sec 2.3
# enough to hold the five nearest of any sRGB colour: in the middle of four bins, eight more tie for the fifth place
CANDIDATES = 12


@lru_cache(maxsize=1)
def gamut_bins() -> Tensor:
    """The ab grid points, 10 apart, that are the nearest one of some sRGB colour: (Q, 2) float32.

    A grid point belongs if a colour of the gamut falls into its square. Over all lightnesses the gamut's shadow on the
    ab plane is the shadow of the RGB cube's faces, so the faces, every level of them, are all that needs looking at.
    (The authors' 313 bins have a further rim around these; we follow the rule instead of the count.)
    """
    level = torch.linspace(0, 1, 256)
    u, v = torch.meshgrid(level, level, indexing="ij")
    faces = [torch.stack(_insert(u, v, torch.full_like(u, end), axis)) for axis in range(3) for end in (0.0, 1.0)]
    ab = rgb_to_lab(torch.stack(faces))[:, 1:]
    points = torch.unique((ab / STEP).round().permute(0, 2, 3, 1).reshape(-1, 2), dim=0)
    return (points + 0.0) * STEP  # + 0.0 turns -0 into 0


def _insert(u: Tensor, v: Tensor, fixed: Tensor, axis: int) -> list[Tensor]:
    channels = [u, v]
    channels.insert(axis, fixed)
    return channels


@lru_cache(maxsize=1)
def _nearest_table() -> Tensor:
    """The nearest `CANDIDATES` bins of every whole-numbered ab: (2R + 1, 2R + 1, CANDIDATES) int64."""
    axis = torch.arange(-REACH, REACH + 1, dtype=torch.float32)
    ab = torch.stack(torch.meshgrid(axis, axis, indexing="ij"), dim=-1).reshape(-1, 2)
    distance = torch.cdist(ab, gamut_bins())
    return distance.topk(CANDIDATES, largest=False).indices.reshape(len(axis), len(axis), CANDIDATES)


@lru_cache(maxsize=2)
def _tables(device: torch.device) -> tuple[Tensor, Tensor]:
    """The table of nearest bins and the bins, kept on the device: a training step would wait for its copies."""
    return _nearest_table().to(device), gamut_bins().to(device)


def _candidates(ab: Tensor) -> tuple[Tensor, Tensor]:
    """The bins among which the nearest to each colour are: (..., 2) -> numbers (..., CANDIDATES), and their squared distances."""
    table, bins = _tables(ab.device)
    a, b = (ab.round().long().clamp(-REACH, REACH) + REACH).unbind(-1)
    near = table[a, b]
    return near, (bins[near] - ab[..., None, :]).square().sum(-1)


def nearest_bin(ab: Tensor) -> Tensor:
    """The bin nearest to each colour: (..., 2) -> (...) int64.

    >>> gamut_bins()[nearest_bin(torch.tensor([12.0, -7.0]))].tolist()
    [10.0, -10.0]
    """
    near, distance = _candidates(ab)
    return near.gather(-1, distance.argmin(-1, keepdim=True))[..., 0]


def soft_encode(ab: Tensor, neighbours: int = 5, sigma: float = 5.0) -> tuple[Tensor, Tensor]:
    """Sec 2.1: the nearest bins of each colour and their Gaussian weights, which sum to 1.

    ab (..., 2) -> indices (..., neighbours) int64 and weights (..., neighbours) float32; all other bins have weight 0.
    The candidates come from a table at whole-numbered ab; which of them are nearest is then decided exactly, for five neighbours
    and fewer.

    >>> bins, weights = soft_encode(torch.tensor([20.0, 20.0]))
    >>> gamut_bins()[bins[0]].tolist(), round(weights.sum().item(), 6)
    ([20.0, 20.0], 1.0)
    """
    near, squared = _candidates(ab)
    closest = squared.topk(neighbours, largest=False)
    return near.gather(-1, closest.indices), torch.softmax(-closest.values / (2 * sigma**2), dim=-1)


def smooth_prior(counts: Tensor, sigma: float = 5.0) -> Tensor:
    """p~ of sec 2.2: how often each bin occurs, (Q,), smoothed by a Gaussian over the ab grid; sums to 1."""
    bins = gamut_bins().to(counts.device)
    kernel = torch.exp(-torch.cdist(bins, bins).square() / (2 * sigma**2))
    smooth = (kernel / kernel.sum(0)) @ (counts / counts.sum())
    return smooth / smooth.sum()


def class_weights(prior: Tensor, mix: float = 0.5) -> Tensor:
    """Eq. 4: w ~ ((1 - lambda) p~ + lambda / Q)^-1 with E[w] = sum p~ w = 1. prior (Q,) -> (Q,).

    >>> class_weights(torch.tensor([0.5, 0.5]), 0.5).tolist()
    [1.0, 1.0]
    """
    weights = 1 / ((1 - mix) * prior + mix / len(prior))
    return weights / (prior * weights).sum()


def annealed_mean(log_probabilities: Tensor, temperature: float) -> Tensor:
    """Eq. 5: f_T(z) = exp(log z / T) / sum exp(log z / T), then the mean over bins. (B, Q, h, w) -> (B, 2, h, w).

    T = 1 is the mean, T -> 0 the mode; `TEMPERATURE` is the paper's. ValueError for a T that is not in [0, 1].
    """
    if not 0 <= temperature <= 1:
        raise ValueError(
            f"A temperature lies between 0, the likeliest colour, and 1, the mean of all; got {temperature}."
        )
    bins = gamut_bins().to(log_probabilities)
    if temperature == 0:
        return bins[log_probabilities.argmax(1)].movedim(-1, 1)
    below_best = log_probabilities - log_probabilities.amax(
        1, keepdim=True
    )  # or a T near 0 would make all of them -inf
    return torch.einsum("bqhw,qc->bchw", torch.softmax(below_best / temperature, dim=1), bins)
