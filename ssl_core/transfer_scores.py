"""How good an answer is: accuracy, average precision as VOC counts it since 2010, and its mean over classes. In numpy."""

import numpy as np


def score(scores: np.ndarray, labels: np.ndarray) -> float:
    """The score that fits the labels, in [0, 1]: accuracy for (N,), mean average precision for (N, C) bool. scores: (N, C)."""
    return mean_average_precision(scores, labels) if np.ndim(labels) == 2 else accuracy(scores, labels)


def accuracy(scores: np.ndarray, labels: np.ndarray) -> float:
    """Share of the pictures whose true class has the highest score, in [0, 1].

    scores : (N, C) of any scale, of equal ones the first wins; labels : (N,) int64. Raises ValueError for no pictures, shapes that do
    not fit, or NaN.

    >>> accuracy(np.array([[0.9, 0.1], [0.8, 0.2]]), np.array([0, 1]))
    0.5
    """
    scores, labels = _numbers(scores), np.asarray(labels)
    if scores.ndim != 2 or labels.shape != scores.shape[:1] or not len(labels):
        raise ValueError(f"Accuracy takes scores (N, C) and labels (N,), N > 0; got {scores.shape} and {labels.shape}.")
    return float((scores.argmax(axis=1) == labels).mean())


def average_precision(scores: np.ndarray, positive: np.ndarray) -> float:
    """Area under the precision-recall curve of one class, in [0, 1], over all its points, as VOC counts it from 2010 on.

    The precision at a recall is the best one at that recall or a higher one (VOC 2010 development kit, "Average Precision"); VOC 2007
    took its mean at eleven recalls instead. Equal scores are one point of the curve, so that a score that says the same of all
    pictures gets the share of the positives, in whatever order they lie.

    scores : (N,) of any scale, higher is surer; positive : (N,) bool
    NaN when nothing is positive. Raises ValueError for shapes that do not fit, or NaN scores.

    >>> average_precision(np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, False, True, False])).__round__(3)
    0.833
    """
    scores, positive = _numbers(scores), np.asarray(positive, dtype=bool)
    if scores.ndim != 1 or scores.shape != positive.shape:
        raise ValueError(
            f"Average precision takes scores (N,) and truth (N,); got {scores.shape} and {positive.shape}."
        )
    if not positive.any():
        return float("nan")
    hits = np.sort(scores[positive])
    # How many pictures, and how many of the positives, score at least as high as each positive.
    pictures = len(scores) - np.searchsorted(np.sort(scores), hits, side="left")
    found = len(hits) - np.searchsorted(hits, hits, side="left")
    return float(np.maximum.accumulate(found / pictures).mean())  # from the lowest score up: recall falls


def mean_average_precision(scores: np.ndarray, labels: np.ndarray) -> float:
    """Mean of `average_precision` over the classes that occur: (N, C) scores, (N, C) bool. Raises ValueError where none occurs.

    >>> mean_average_precision(np.array([[0.9, 0.3], [0.1, 0.2]]), np.array([[True, False], [False, False]]))
    1.0
    """
    scores, labels = np.asarray(scores), np.asarray(labels, dtype=bool)
    if scores.ndim != 2 or scores.shape != labels.shape or not labels.any():
        raise ValueError(
            f"Mean average precision takes scores and truth, (N, C) both, and one positive at least; got {scores.shape}, {labels.shape}."
        )
    there = labels.any(axis=0)
    return float(np.mean([average_precision(scores[:, column], labels[:, column]) for column in np.flatnonzero(there)]))


def _numbers(scores: np.ndarray) -> np.ndarray:
    scores = np.asarray(scores)
    if np.isnan(scores).any():
        raise ValueError("The scores hold values that are not numbers (NaN): the network or the probe has diverged.")
    return scores
