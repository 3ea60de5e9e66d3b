"""How near an answer is to the photograph: the figures of the two papers, as pure functions on numpy arrays.

Inpainting (Pathak et al., "Context Encoders: Feature Learning by Inpainting", CVPR 2016, table 1): mean L1 loss and mean L2 loss
in per cent, and PSNR; here over the hidden pixels only. Gradient energy is ours: it says how sharp a fill is, whether or not it is right.
Colour (Zhang et al., "Colorful Image Colorization", ECCV 2016, section 3.1): the area under the curve of pixels within an error
threshold in the ab plane, plain and weighted.

Pictures are (H, W, 3) with values in [0, 1]; a region is (H, W) bool, True where the pixels count (the hidden ones), or None for
the whole picture. Colours are (..., 2) in the a, b of CIELAB. Figures over many photographs are made by `ssl_core.bench`.
"""

import numpy as np

AB_THRESHOLD = 150.0


def psnr(a: np.ndarray, b: np.ndarray, where: np.ndarray | None = None) -> float:
    """Peak signal-to-noise ratio in decibels, 10 log10(1 / mean squared error), peak 1, over the pixels of `where`.

    Infinite where the two agree exactly. Over many photographs the papers' convention, and ours, is the mean of each photograph's
    PSNR: the PSNR of the mean error comes to about 0.9 dB less on photographs, and the hard ones decide it alone.
    Raises ValueError on shapes that differ or a region without pixels.

    >>> round(psnr(np.zeros((2, 2, 3)), np.full((2, 2, 3), 0.1)), 6)
    20.0
    >>> psnr(np.ones((2, 2, 3)), np.ones((2, 2, 3)))
    inf
    """
    error = float(np.square(_differences(a, b, where)).mean())
    return 10.0 * float(np.log10(1.0 / error)) if error > 0.0 else float("inf")


def l1_percent(a: np.ndarray, b: np.ndarray, where: np.ndarray | None = None) -> float:
    """Mean absolute difference over the pixels of `where`, in per cent of the range: 0 (equal) to 100. Raises as `psnr` does.

    >>> l1_percent(np.zeros((2, 2, 3)), np.full((2, 2, 3), 0.25))
    25.0
    """
    return 100.0 * float(np.abs(_differences(a, b, where)).mean())


def l2_percent(a: np.ndarray, b: np.ndarray, where: np.ndarray | None = None) -> float:
    """Mean squared difference over the pixels of `where`, in per cent of the range squared: 0 to 100. Raises as `psnr` does.

    >>> l2_percent(np.zeros((2, 2, 3)), np.full((2, 2, 3), 0.5))
    25.0
    """
    return 100.0 * float(np.square(_differences(a, b, where)).mean())


def gradient_energy(image: np.ndarray, where: np.ndarray | None = None) -> float:
    """Sharpness: the mean squared step from a pixel to its neighbour on the right plus that to its neighbour below.

    Mean over RGB and over the pairs whose two ends both lie in `where`, so that the seam around a hole does not count as detail.
    0 (flat) to 2, for values in [0, 1]. A region without any such pair has no detail: 0. Raises as `psnr` does.

    >>> ramp = np.repeat(np.arange(4)[None, :, None] / 10, 4, axis=0).repeat(3, axis=2)
    >>> round(gradient_energy(ramp), 6)
    0.01
    """
    image = np.asarray(image, np.float64)
    inside = _region(image, where)
    across = np.square(image[:, 1:] - image[:, :-1])[inside[:, 1:] & inside[:, :-1]]
    down = np.square(image[1:] - image[:-1])[inside[1:] & inside[:-1]]
    return sum(float(steps.mean()) for steps in (across, down) if steps.size)


def color_auc(ab_pred: np.ndarray, ab_true: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Area under the curve "share of pixels whose ab error is at most t", t from 0 to 150, in per cent: 100 is perfect.

    Zhang et al., section 3.1. A pixel with error d counts from t = d on, so its part of the area is 1 - d / 150, not below 0, and the
    mean of that is the integral exactly, without thresholds to choose.

    Parameters
    ----------
    ab_pred, ab_true : (..., 2) colours, same shape.
    weights : (...) >= 0, how much each pixel counts; None for the plain figure. The paper's class-balanced figure is
        `class_weights(prior, 0.0)[nearest_bin(ab_true)]` of `ssl_core.ab_bins`.

    Raises
    ------
    ValueError on shapes that differ, no pixels, or weights that sum to nothing.

    >>> true = np.array([[0.0, 0.0], [30.0, 40.0]])
    >>> round(color_auc(np.zeros((2, 2)), true), 4), round(color_auc(np.zeros((2, 2)), true, np.array([0.0, 1.0])), 4)
    (83.3333, 66.6667)
    """
    ab_pred, ab_true = np.asarray(ab_pred, np.float64), np.asarray(ab_true, np.float64)
    if ab_pred.shape != ab_true.shape or ab_true.shape[-1:] != (2,) or not ab_true.size:
        raise ValueError(
            f"color_auc compares two arrays of ab pairs of one shape, got {ab_pred.shape} and {ab_true.shape}."
        )
    within = np.maximum(1.0 - np.linalg.norm(ab_pred - ab_true, axis=-1) / AB_THRESHOLD, 0.0)
    if weights is None:
        return 100.0 * float(within.mean())
    weights = np.asarray(weights, np.float64)
    if weights.shape != within.shape or not weights.sum() > 0.0:
        raise ValueError(f"color_auc takes one weight >= 0 per pixel: {within.shape}, not all 0; got {weights.shape}.")
    return 100.0 * float((weights * within).sum() / weights.sum())


def mean_chroma(ab: np.ndarray) -> float:
    """Mean distance from grey, sqrt(a^2 + b^2), in CIELAB units: 0 for a grey picture. `ab` is (..., 2), not empty.

    >>> mean_chroma(np.array([[3.0, 4.0], [0.0, 0.0]]))
    2.5
    """
    ab = np.asarray(ab, np.float64)
    if ab.shape[-1:] != (2,) or not ab.size:
        raise ValueError(f"mean_chroma takes ab pairs, (..., 2), got {ab.shape}.")
    return float(np.linalg.norm(ab, axis=-1).mean())


def _differences(a: np.ndarray, b: np.ndarray, where: np.ndarray | None) -> np.ndarray:
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.shape != b.shape:
        raise ValueError(f"The two pictures must have one shape to be compared, got {a.shape} and {b.shape}.")
    return (a - b)[_region(a, where)]


def _region(image: np.ndarray, where: np.ndarray | None) -> np.ndarray:
    if image.ndim < 2:
        raise ValueError(f"A picture is (H, W, 3), got {image.shape}.")
    inside = np.ones(image.shape[:2], bool) if where is None else np.asarray(where, bool)
    if inside.shape != image.shape[:2]:
        raise ValueError(
            f"The region is {inside.shape}, the picture {image.shape[:2]}: they must have one height and width."
        )
    if not inside.any():
        raise ValueError("The region has no pixels: there is nothing to compare. Hide some part of the photo first.")
    return inside
