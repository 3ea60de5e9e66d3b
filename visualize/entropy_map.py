"""Entropy of a posterior, pixel by pixel, as a picture: where the network is sure of a colour, and where any colour would do."""

import numpy as np

# viridis (van der Walt and Smith, 2015) at equal steps: even in lightness, and legible without colour vision
VIRIDIS = (
    (68, 1, 84),
    (72, 40, 120),
    (62, 74, 137),
    (49, 104, 142),
    (38, 130, 142),
    (31, 158, 137),
    (53, 183, 121),
    (109, 205, 89),
    (180, 222, 44),
    (253, 231, 37),
)


def viridis(share: np.ndarray) -> np.ndarray:
    """Shares (...) in [0, 1], clipped, as colours (..., 3) uint8.

    >>> viridis(np.array([0.0, 1.0])).tolist()
    [[68, 1, 84], [253, 231, 37]]
    """
    at = np.clip(np.asarray(share, np.float64), 0.0, 1.0) * (len(VIRIDIS) - 1)
    channels = [np.interp(at, np.arange(len(VIRIDIS)), channel) for channel in np.array(VIRIDIS, np.float64).T]
    return np.rint(np.stack(channels, axis=-1)).astype(np.uint8)


def entropy_map(entropy: np.ndarray, most: float) -> np.ndarray:
    """Entropy (h,w) in nats as a picture (h,w,3) uint8; violet is 0, yellow is `most`, the entropy of a network that knows nothing.

    One scale, ln Q, for every photograph and model, so that two maps can be compared.
    Errors: ValueError on an array that is not (h,w), or `most` not above 0.

    >>> entropy_map(np.array([[0.0, 5.6]]), most=5.6).tolist()
    [[[68, 1, 84], [253, 231, 37]]]
    """
    entropy = np.asarray(entropy)
    if entropy.ndim != 2 or not most > 0.0:
        raise ValueError(
            f"An entropy map takes (h,w) nats and their largest value above 0, got {entropy.shape} and {most}."
        )
    return viridis(entropy / most)
