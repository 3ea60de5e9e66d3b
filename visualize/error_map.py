"""The error map: how far each hidden pixel of a filled picture is from the photograph."""

import numpy as np

from visualize.entropy_map import viridis

TOP = 0.5  # errors above half the range look alike: almost none are larger, and small ones stay visible
STOPS = 9


def error_map(answer: np.ndarray, truth: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Mean absolute error over RGB of each hidden pixel in viridis, 0 (dark) to TOP (bright); known pixels in dimmed grey.

    answer, truth: (H, W, 3) float in [0, 1]; hidden: (H, W) bool. Returns (H, W, 3) uint8. ValueError when shapes differ.

    >>> grey = np.full((2, 2, 3), 0.5)
    >>> error_map(grey, grey, np.ones((2, 2), bool))[0, 0].tolist() == viridis(np.zeros(1))[0].tolist()
    True
    """
    if answer.shape != truth.shape or hidden.shape != truth.shape[:2]:
        raise ValueError(
            f"An error map compares pictures of one size, got {answer.shape}, {truth.shape} and {hidden.shape}."
        )
    error = np.abs(answer - truth).mean(axis=-1) / TOP
    grey = np.repeat(truth.mean(axis=-1, keepdims=True), 3, axis=-1) * 0.35 * 255
    return np.where(hidden[..., None], viridis(error), grey.astype(np.uint8))


def scale_stops() -> list[str]:
    """Colours from 0 to TOP in even steps, as CSS writes them, for a scale beside the map."""
    return ["rgb({}, {}, {})".format(*color) for color in viridis(np.linspace(0, 1, STOPS))]
