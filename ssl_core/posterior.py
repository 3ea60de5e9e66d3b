"""A distribution over the colours of one photograph, and what can be read off it without running the network again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ssl_core.ab_bins import annealed_mean
from ssl_core.color import paint
from ssl_core.pretext import to_picture


@dataclass(frozen=True)
class Posterior:
    """What the network believes about the colours of one photograph."""

    bins: np.ndarray  # (Q, 2) float32, ab of each bin
    log_probabilities: np.ndarray  # (Q, h, w) float32, natural logarithms
    lightness: np.ndarray  # (H, W) float32, 0..100

    @property
    def probabilities(self) -> np.ndarray:
        """(Q, h, w) float32; over Q they sum to 1."""
        return np.exp(self.log_probabilities)

    @property
    def entropy(self) -> np.ndarray:
        """How undecided the network is at each place, in nats: (h, w) float32, 0 to log Q."""
        return -(self.probabilities * self.log_probabilities).sum(0)

    def annealed_mean(self, temperature: float) -> np.ndarray:
        """The photograph in the colours of a temperature from 0 (the mode) to 1 (the mean): (H, W, 3) float32 sRGB in [0, 1]."""
        ab = annealed_mean(torch.from_numpy(self.log_probabilities)[None], temperature)
        return to_picture(paint(torch.from_numpy(self.lightness)[None, None], ab)[0])
