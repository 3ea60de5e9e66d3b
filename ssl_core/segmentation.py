"""What lies at every pixel: a linear head on the hypercolumns of an encoder, frozen or fine-tuned, and its mean IoU.

The probe of Zhang, Isola, Efros (Colorful Image Colorization, ECCV 2016, sec 3.2) and of the papers after it, at the size of a laptop:
instead of the fully convolutional network of Long, Shelhamer, Darrell (CVPR 2015) one 1 x 1 convolution on conv3, conv4 and conv5
(Hariharan and others, Hypercolumns, CVPR 2015), so that what is measured is the features and not the head.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ssl_core.annotated import IGNORE, Segmented
from ssl_core.dense import STAGES, Budget, Features, Learner, choose, measured, seeded
from ssl_core.transfer_budget import Point

FROZEN = Budget(steps=600, batch=16, learning_rate=2e-2)
TUNED = Budget(steps=250, batch=16, learning_rate=2e-3)
POWER = 0.5
EVERY = 2  # px: the loss is taken at every other pixel of every other row, other ones each time


class Hypercolumns(nn.Module):
    """Scores of every class at every cell of the finest of the stages: {stage: (B, C, h', w')} -> (B, classes, h, w).

    A 1 x 1 convolution on the stages, each scaled up bilinearly to the finest and all laid on top of each other, is linear, and so is the
    scaling: the sum of a convolution of each stage, scaled up afterwards, is the same map for a fraction of the work. Before it each
    channel is brought to mean 0 and variance 1, because the scales of the features differ from teacher to teacher by more than a
    learning rate can serve.
    """

    def __init__(self, widths: dict[str, int], classes: int) -> None:
        super().__init__()
        self.norms = nn.ModuleDict({name: nn.BatchNorm2d(widths[name], affine=False) for name in STAGES})
        self.scores = nn.ModuleDict({name: nn.Conv2d(widths[name], classes, 1) for name in STAGES})

    def forward(self, features: Features) -> Tensor:
        size = max((maps.shape[2:] for maps in features.values()), key=lambda shape: shape[0] * shape[1])
        return sum(
            F.interpolate(self.scores[name](self.norms[name](maps)), size=size, mode="bilinear", align_corners=False)
            for name, maps in features.items()
        )


def class_weights(masks: np.ndarray, classes: int, power: float = POWER) -> np.ndarray:
    """(classes,) float32: how much a pixel of each class counts in the loss, from masks (N, h, w) uint8, 255 ignored.

    Median frequency balancing (Eigen and Fergus, ICCV 2015; on CamVid first by Badrinarayanan and others, SegNet, PAMI 2017): the
    median of the frequencies over the frequency of the class, which is its share of the pixels of the pictures that show it. To the
    power of 1/2, between that and none. A class that the masks do not show has the weight 0.

    >>> class_weights(np.array([[[0, 0, 1, 1]]]), 3, power=1.0).tolist()
    [1.0, 1.0, 0.0]
    """
    counts = np.stack([np.bincount(mask[mask != IGNORE].ravel(), minlength=classes) for mask in masks]).astype(float)
    own, shown = counts.sum(axis=0), ((counts > 0) * counts.sum(axis=1, keepdims=True)).sum(axis=0)
    there = own > 0
    frequency = own[there] / shown[there]
    weights = np.zeros(classes, np.float32)
    weights[there] = (np.median(frequency) / frequency) ** power
    return weights


def confusion(truth: np.ndarray, said: np.ndarray, classes: int) -> np.ndarray:
    """Pixels by true class (rows) and said class (columns), (classes, classes) int64; those whose truth is 255 are left out.

    >>> confusion(np.array([0, 1, 1, 255]), np.array([0, 0, 1, 1]), 2).tolist()
    [[1, 0], [1, 1]]
    """
    known = truth != IGNORE
    pairs = truth[known].astype(np.int64) * classes + said[known]
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def intersection_over_union(counts: np.ndarray) -> np.ndarray:
    """(classes,) in [0, 1] of a confusion matrix: pixels that truth and answer share over those that either has; NaN without truth.

    >>> intersection_over_union(np.array([[1, 0], [1, 1]])).tolist()
    [0.5, 0.5]
    """
    own, union = np.diag(counts), counts.sum(axis=0) + counts.sum(axis=1) - np.diag(counts)
    return np.where(counts.sum(axis=1) > 0, own / np.maximum(union, 1), np.nan)


def mean_iou(counts: np.ndarray) -> float:
    """The mean IoU in [0, 1] over the classes that the truth shows, from one confusion matrix over all pixels of a split.

    >>> mean_iou(np.array([[1, 0, 0], [1, 1, 0], [0, 0, 0]]))
    0.5
    """
    return float(np.nanmean(intersection_over_union(counts)))


def segment(
    encoder: nn.Module,
    data: Segmented,
    seed: int,
    share: float = 1.0,
    frozen: bool = True,
    budget: Budget | None = None,
) -> Generator[Point, None, float]:
    """Train the head on a share of the training pictures, and unless `frozen` a copy of the encoder with it.

    encoder: RGB (B, 3, h, w) in [0, 1] to stages conv3 to conv5, with `widths`; it is left as it was but for its mode. Yields a Point
    after every step, the last with the score; returns the mean IoU in [0, 1] on the test split. Can be stopped at any step.
    """
    chosen = choose(len(data.train.pictures), share, seed)
    pictures, masks = data.train.pictures[chosen], data.train.masks[chosen]
    head = seeded(lambda: Hypercolumns(encoder.widths, len(data.classes)), seed)
    learner = Learner(measured(encoder, data.train.pictures), head, frozen)
    weights = torch.from_numpy(class_weights(masks, len(data.classes))).to(learner.device)
    rng = np.random.default_rng([seed, 3])

    def loss(scores: Tensor, indices: np.ndarray, mirrored: np.ndarray) -> Tensor:
        down, across = rng.integers(0, EVERY, 2)
        truth = np.where(mirrored[:, None, None], masks[indices][:, :, ::-1], masks[indices])[
            :, down::EVERY, across::EVERY
        ]
        truth = torch.from_numpy(truth.astype(np.int64)).to(scores.device)
        full = F.interpolate(scores, size=truth.shape[1:], mode="bilinear", align_corners=False)
        each = F.cross_entropy(full, truth, weights, ignore_index=IGNORE, reduction="sum")
        # The weights of the pixels that were seen: a batch in which nobody says anything has the loss 0, not 0 / 0.
        return each / weights[truth[truth != IGNORE]].sum().clamp(min=1e-6)

    point = None
    for point in learner.learn(pictures, loss, budget or (FROZEN if frozen else TUNED), seed):
        yield point
    score = mean_iou(counted(learner, data))
    if point is not None:
        yield replace(point, score=score)
    return score


def counted(learner: Learner, data: Segmented) -> np.ndarray:
    """The confusion matrix (classes, classes) of a head over all pixels of the test split."""
    counts = np.zeros((len(data.classes),) * 2, np.int64)
    for start, scores in learner.answers(data.test.pictures):
        truth = data.test.masks[start : start + len(scores)]
        full = F.interpolate(scores, size=truth.shape[1:], mode="bilinear", align_corners=False)
        counts += confusion(truth, full.argmax(dim=1).cpu().numpy(), len(data.classes))
    return counts
