"""How a fill goes wrong: two detectors, each a plain function from the filled picture, the true one and the hole to a score and a map.

Pathak et al. (Context Encoders, CVPR 2016, sections 3.2 and 5.1) name both: the squared error alone blurs, and what does not fit its
surroundings shows a seam, against which they predict a band of known pixels too. The definitions are ours. Pictures are (H, W, 3) float
in [0, 1], `hidden` is (H, W) bool; a perfect fill scores 0.
"""

from __future__ import annotations

import numpy as np

from ssl_core.failures_color import Finding
from ssl_core.metrics import gradient_energy

LEAST_ENERGY = 2e-4  # gradient energy of a true surface without detail to lose: a step of 1 % from pixel to pixel
AROUND = 9  # px of outline over which a jump is taken together


def blur(filled: np.ndarray, truth: np.ndarray, hidden: np.ndarray) -> Finding:
    """How much smaller the steps from pixel to pixel are than the true ones inside the hole, in per cent.

    One minus the square root of the ratio of gradient energies, not below 0; 0 where the truth is smooth itself. Map: the local
    size of the steps (root mean square in 7 x 7 pixels) that is missing, in per cent of the range.
    """
    true_energy = gradient_energy(truth, hidden)
    share = 1.0 - (gradient_energy(filled, hidden) / true_energy) ** 0.5 if true_energy >= LEAST_ENERGY else 0.0
    missing = np.maximum(_local_steps(truth, hidden) - _local_steps(filled, hidden), 0.0)
    return Finding(100.0 * max(share, 0.0), (100.0 * missing).astype(np.float32))


def seam(filled: np.ndarray, truth: np.ndarray, hidden: np.ndarray) -> Finding:
    """How much larger the jump over the outline of the hole is than the true one, in per cent of the range.

    A jump is the mean signed step from the known to the hidden side over the 9 x 9 pixels around a pair of neighbours, so that
    texture, which goes up and down, is none; its size is the mean over RGB. Mean over all pairs of what is above the truth's.
    Map: the same for each pair, three pixels wide.

    >>> truth, hidden = np.full((6, 6, 3), 0.5), np.zeros((6, 6), bool)
    >>> hidden[2:4, 2:4] = True
    >>> round(seam(np.where(hidden[..., None], 0.6, truth), truth, hidden).score, 6), seam(truth, truth, hidden).score
    (10.0, 0.0)
    """
    from scipy import ndimage

    ours, theirs = _jumps(filled, hidden), _jumps(truth, hidden)
    excess = [np.maximum(mine - true, 0.0) for mine, true in zip(ours, theirs, strict=True)]
    pairs = np.concatenate([one[np.diff(hidden, axis=axis)] for axis, one in enumerate(excess)])
    where = ndimage.maximum_filter(np.maximum(*(_padded(one, axis) for axis, one in enumerate(excess))), 3)
    return Finding(100.0 * float(pairs.mean()) if pairs.size else 0.0, (100.0 * where).astype(np.float32))


def _jumps(picture: np.ndarray, hidden: np.ndarray) -> list[np.ndarray]:
    """Sizes of the mean jumps at the pairs of a hidden and a known neighbour, downwards and to the right; 0 at all other pairs."""
    from scipy import ndimage

    found = []
    for axis in (0, 1):
        inwards = np.diff(hidden.astype(np.float64), axis=axis)  # 1 from known to hidden, -1 from hidden to known
        signed = np.diff(picture, axis=axis) * inwards[..., None]
        share = ndimage.uniform_filter(np.abs(inwards), AROUND)
        mean = ndimage.uniform_filter(signed, (AROUND, AROUND, 0)) / np.maximum(share, 0.5 / AROUND**2)[..., None]
        found.append(np.abs(mean).mean(-1) * np.abs(inwards))
    return found


def _steps(picture: np.ndarray, hidden: np.ndarray) -> list[np.ndarray]:
    """Mean absolute steps over RGB inside the hole, to the neighbour below and to the one on the right; 0 elsewhere."""
    found = []
    for axis in (0, 1):
        first, second = (np.delete(hidden, end, axis) for end in (-1, 0))
        found.append(np.abs(np.diff(picture, axis=axis)).mean(-1) * (first & second))
    return found


def _padded(steps: np.ndarray, axis: int) -> np.ndarray:
    """Steps between neighbours along an axis, written on the first of each two: (H, W)."""
    return np.pad(steps, [(0, 1) if side == axis else (0, 0) for side in (0, 1)])


def _local_steps(picture: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Root mean square of the steps inside the hole, in the 7 x 7 pixels around each hidden one, (H, W); 0 elsewhere."""
    from scipy import ndimage

    energy = sum(_padded(one**2, axis) for axis, one in enumerate(_steps(picture, hidden)))
    share = ndimage.uniform_filter(hidden.astype(float), 7)
    return np.sqrt(np.maximum(ndimage.uniform_filter(energy, 7), 0.0) / np.maximum(share, 0.02)) * hidden
