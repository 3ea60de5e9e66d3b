"""Boxes, as (n, 4) arrays of left, top, right, bottom in px, in plain numpy and PyTorch: overlap, suppression, average precision."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from torch import Tensor

MATCH = 0.5  # IoU from which a detection counts as found, as in the PASCAL VOC


class Found(NamedTuple):
    """What is found in one picture: boxes (n, 4) float32 px, labels (n,) int64 and scores (n,) in [0, 1], highest first."""

    boxes: np.ndarray
    labels: np.ndarray
    scores: np.ndarray


def overlaps(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """IoU in [0, 1] of each of (n, 4) boxes with each of (m, 4): (n, m); 0 where one has no area.

    >>> overlaps(np.array([[0, 0, 2, 2]]), np.array([[1, 0, 3, 2], [5, 5, 6, 6]])).round(3).tolist()
    [[0.333, 0.0]]
    """
    one, other = np.asarray(one, np.float64)[:, None], np.asarray(other, np.float64)[None]
    sides = np.minimum(one[..., 2:], other[..., 2:]) - np.maximum(one[..., :2], other[..., :2])
    shared = sides.clip(min=0).prod(axis=-1)
    areas = [(boxes[..., 2:] - boxes[..., :2]).clip(min=0).prod(axis=-1) for boxes in (one, other)]
    union = areas[0] + areas[1] - shared
    return np.divide(shared, union, out=np.zeros_like(union), where=union > 0)


def suppress(boxes: np.ndarray, scores: np.ndarray, labels: np.ndarray, most: float) -> np.ndarray:
    """Indices of the boxes that stay, highest score first: one goes if it overlaps a stronger one of its class by more than `most`.

    >>> boxes = np.array([[0, 0, 9, 9], [0, 0, 9, 10], [0, 0, 9, 9]])
    >>> suppress(boxes, np.array([0.5, 0.9, 0.1]), np.array([0, 0, 1]), 0.6).tolist()
    [1, 2]
    """
    order = np.argsort(-scores, kind="stable")
    clash = (overlaps(boxes[order], boxes[order]) > most) & (labels[order][:, None] == labels[order])
    stays = np.ones(len(order), bool)
    for place in range(len(order)):
        if stays[place]:
            stays[place + 1 :] &= ~clash[place, place + 1 :]
    return order[stays]


def generalized_iou(one: Tensor, other: Tensor) -> Tensor:
    """(n,) in (-1, 1] of boxes (n, 4) pair by pair: IoU less the share of their common hull that neither fills.

    Rezatofighi and others (CVPR 2019, algorithm 1). It has a gradient where two boxes do not touch.
    """
    low, high = one[:, :2].maximum(other[:, :2]), one[:, 2:].minimum(other[:, 2:])
    shared = (high - low).clamp(min=0).prod(dim=1)
    union = (one[:, 2:] - one[:, :2]).prod(dim=1) + (other[:, 2:] - other[:, :2]).prod(dim=1) - shared
    hull = (one[:, 2:].maximum(other[:, 2:]) - one[:, :2].minimum(other[:, :2])).prod(dim=1)
    return shared / union.clamp(min=1e-6) - (hull - union) / hull.clamp(min=1e-6)


def area_under(recall: np.ndarray, precision: np.ndarray) -> float:
    """Average precision of all points, as in the PASCAL VOC from 2010 on: the area under the curve made monotone.

    recall, precision: (n,) after each detection, strongest first. Precision at a recall is the best at that recall or beyond
    (Everingham and others, IJCV 2010, sec 4.2, with all points instead of eleven).

    >>> area_under(np.array([0.5, 0.5, 1.0]), np.array([1.0, 0.5, 2 / 3])).__round__(4)
    0.8333
    """
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(recall, prepend=0.0) * best).sum())


def average_precisions(
    found: list[Found], boxes: tuple[np.ndarray, ...], labels: tuple[np.ndarray, ...], classes: int
) -> np.ndarray:
    """(classes,) average precision at IoU 0.5 in [0, 1] over all pictures; NaN for a class that no picture shows.

    found, boxes (n, 4) and labels (n,) by picture. A detection is judged by the true box of its class that it overlaps most: right if
    by half or more and no stronger detection has taken that box, as in the development kit of the PASCAL VOC.
    """
    scores = np.concatenate([one.scores for one in found])
    said = np.concatenate([one.labels for one in found])
    right = np.concatenate([hits(one, true, named) for one, true, named in zip(found, boxes, labels, strict=True)])
    there = np.bincount(np.concatenate(labels), minlength=classes)
    order = np.argsort(-scores, kind="stable")
    result = np.full(classes, np.nan)
    for label in np.flatnonzero(there):
        of_class = right[order][said[order] == label]
        true = np.cumsum(of_class)
        result[label] = area_under(true / there[label], true / np.arange(1, len(true) + 1)) if len(true) else 0.0
    return result


def hits(found: Found, boxes: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(n,) bool, which detections of one picture are right: within a picture the order of scores decides, as over all pictures."""
    right, taken = np.zeros(len(found.scores), bool), np.zeros(len(boxes), bool)
    if not len(boxes):
        return right
    shared = np.where(found.labels[:, None] == labels, overlaps(found.boxes, boxes), -1.0)
    for place in np.argsort(-found.scores, kind="stable"):
        best = int(shared[place].argmax())
        right[place] = shared[place, best] >= MATCH and not taken[best]
        taken[best] |= right[place]
    return right
