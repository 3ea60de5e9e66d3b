"""Colour in polar form: the hue and the chroma of CIELAB, as histograms and back, Larsson et al. (ECCV 2016), sections 3 and 4.

The paper's hue and chroma are those of the HSL bicone; ours are the angle and the length of (a, b), so that the lightness that is
left when a colour is taken away is the same CIE lightness for all colorization networks of the lab.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ssl_core.color import lab_to_rgb, rgb_to_lab

CHROMA_REACH = 128.0  # CIELAB units: the last bin also holds the few sRGB colours beyond
FADING = 0.03  # eta: how sure of a hue, as the length of eq. 9's z, is sure enough to paint it in full


def hue_and_chroma(ab: Tensor) -> tuple[Tensor, Tensor]:
    """(..., 2) -> hue in [0, 2 pi) and chroma >= 0, each (...). Grey has hue 0.

    >>> [round(value.item(), 4) for value in hue_and_chroma(torch.tensor([0.0, -10.0]))]
    [4.7124, 10.0]
    """
    a, b = ab.unbind(-1)
    return torch.atan2(b, a) % math.tau, torch.hypot(a, b)


def to_ab(hue: Tensor, chroma: Tensor) -> Tensor:
    """Hue in radians and chroma, each (...), -> (..., 2)."""
    return torch.stack((chroma * hue.cos(), chroma * hue.sin()), dim=-1)


def turn_hues(rgb: Tensor, degrees: float) -> Tensor:
    """A picture with all hues turned, lightness and chroma kept, (..., 3, H, W) sRGB in [0, 1]; what sRGB lacks is clipped.

    >>> turn_hues(torch.tensor([0.5, 0.5, 0.5])[:, None, None], 90.0).flatten().mul(100).round().tolist()
    [50.0, 50.0, 50.0]
    """
    light, a, b = rgb_to_lab(rgb).unbind(-3)
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return lab_to_rgb(torch.stack((light, cos * a - sin * b, sin * a + cos * b), dim=-3))


def hue_bin(hue: Tensor, bins: int) -> Tensor:
    """The bin, 0 to K - 1, in which an angle lies; bin k is centred on theta_k = 2 pi (k + 0.5) / K."""
    return (hue / math.tau * bins).long() % bins


def chroma_bin(chroma: Tensor, bins: int) -> Tensor:
    """The bin, 0 to K - 1, in which a chroma lies; each is CHROMA_REACH / K wide."""
    return (chroma / CHROMA_REACH * bins).long().clamp(0, bins - 1)


def histogram(indices: Tensor, bins: int) -> Tensor:
    """How often each bin occurs along the last axis: (..., n) int64 -> (..., K) float32 that sums to 1.

    >>> histogram(torch.tensor([0, 2, 2, 2]), 4).tolist()
    [0.25, 0.0, 0.75, 0.0]
    """
    share = torch.full(indices.shape, 1 / indices.shape[-1], device=indices.device)
    return torch.zeros(*indices.shape[:-1], bins, device=indices.device).scatter_add_(-1, indices, share)


def kl_divergence(target: Tensor, logits: Tensor) -> Tensor:
    """D_KL(y || f) over the last axis, f = softmax(logits): (..., K) twice -> (...) nats, >= 0.

    >>> round(kl_divergence(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 0.0])).item() / math.log(2), 4)
    1.0
    """
    cross_entropy = -(target * logits.log_softmax(-1)).sum(-1)
    return (cross_entropy + torch.xlogy(target, target).sum(-1)).clamp(min=0)


def median_chroma(histograms: Tensor) -> Tensor:
    """The chroma at which the cumulative sum, linear within each bin, passes one half: (..., K) -> (...) CIELAB units.

    >>> median_chroma(torch.tensor([0.0, 0.5, 0.25, 0.25])).item() / CHROMA_REACH
    0.5
    """
    bins = histograms.shape[-1]
    total = histograms.cumsum(-1)
    at = (total < 0.5 - 1e-6).sum(-1, keepdim=True).clamp(max=bins - 1)
    mass = histograms.gather(-1, at)
    below = total.gather(-1, at) - mass
    return ((at + (0.5 - below) / mass.clamp(min=1e-12)) * (CHROMA_REACH / bins))[..., 0]


def expected_chroma(histograms: Tensor) -> Tensor:
    """The mean over the centres of the bins: (..., K) -> (...) CIELAB units.

    >>> expected_chroma(torch.tensor([0.5, 0.5])).item() / CHROMA_REACH
    0.5
    """
    bins = histograms.shape[-1]
    centres = (torch.arange(bins, device=histograms.device) + 0.5) * (CHROMA_REACH / bins)
    return histograms @ centres


def circular_mean(histograms: Tensor) -> tuple[Tensor, Tensor]:
    """z = 1/K sum_k f_h(k) e^(i theta_k), theta_k = 2 pi (k + 0.5) / K: its angle in [0, 2 pi) and its length, 0 to 1/K.

    >>> [round(value.item(), 4) for value in circular_mean(torch.tensor([0.5, 0.5, 0.0, 0.0]))]
    [1.5708, 0.1768]
    """
    bins = histograms.shape[-1]
    theta = (torch.arange(bins, device=histograms.device) + 0.5) * (math.tau / bins)
    x, y = (histograms @ wave / bins for wave in (theta.cos(), theta.sin()))
    return torch.atan2(y, x) % math.tau, torch.hypot(x, y)


def fade(length: Tensor) -> Tensor:
    """Chromatic fading: by how much the chroma of a pixel is reduced whose hue is undecided, min(|z| / eta, 1).

    >>> fade(torch.tensor([0.0, 0.015, 0.031])).tolist()
    [0.0, 0.5, 1.0]
    """
    return (length / FADING).clamp(max=1)
