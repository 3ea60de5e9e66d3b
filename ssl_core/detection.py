"""Which things are where: a light head without anchors on an encoder, frozen or fine-tuned, and its average precision.

FCOS: Fully Convolutional One-Stage Object Detection. Tian, Shen, Chen, He. ICCV 2019. Every cell inside of a box says its class, how far
away its four sides are, and how near the cell is to the middle; no boxes are proposed. Departures, each for the size of a laptop: one
level instead of five, on conv3, conv4 and conv5 together; one 3 x 3 convolution for all answers instead of four for each of two; only
cells near the middle of a box learn from it, as in the authors' later version, and the cell that holds the very middle always does, as
in Objects as Points (Zhou, Wang, Kraehenbuehl, 2019, sec 3), so that no small thing goes without one.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ssl_core.annotated import Boxed
from ssl_core.boxes import Found, average_precisions, generalized_iou, suppress
from ssl_core.dense import STAGES, Budget, Features, Learner, choose, measured, seeded
from ssl_core.transfer_budget import Point

FROZEN = Budget(steps=600, batch=16, learning_rate=3e-3)
TUNED = Budget(steps=300, batch=16, learning_rate=2e-3)
WIDTH = 64
RADIUS = 1.5  # cells: how far from the middle of a box a cell may lie and learn from it
PRIOR = 0.01  # Focal Loss, sec 3.3 and 4.1: how likely a class is in any cell before anything is learned
FOCUS, BALANCE = 2.0, 0.25  # gamma and alpha of the focal loss
NOTHING = -1  # the class of a cell that lies in no box
CANDIDATES, LEAST, OVERLAP, MOST = 200, 0.02, 0.5, 100


class DetectionHead(nn.Module):
    """{stage: (B, C, h', w')} -> (B, classes + 5, h, w): logits of the classes and of the nearness to the middle, then four distances.

    Distances to the left, top, right and bottom side of the box are given as logarithms of cells (FCOS, sec 3.1: exp(x)).
    """

    def __init__(self, widths: dict[str, int], classes: int, width: int = WIDTH) -> None:
        super().__init__()
        self.classes = classes
        self.norms = nn.ModuleDict({name: nn.BatchNorm2d(widths[name], affine=False) for name in STAGES})
        self.narrow = nn.ModuleDict({name: nn.Conv2d(widths[name], width, 1) for name in STAGES})
        self.mixed = nn.Sequential(nn.BatchNorm2d(width), nn.ReLU(inplace=True))
        self.tower = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)
        )
        self.what, self.where = nn.Conv2d(width, classes, 1), nn.Conv2d(width, 5, 1)
        nn.init.constant_(self.what.bias, -math.log((1 - PRIOR) / PRIOR))
        nn.init.zeros_(self.where.weight)
        nn.init.constant_(self.where.bias[1:], math.log(2.0))

    def forward(self, features: Features) -> Tensor:
        size = max((maps.shape[2:] for maps in features.values()), key=lambda shape: shape[0] * shape[1])
        mixed = self.mixed(
            sum(
                F.interpolate(
                    self.narrow[name](self.norms[name](maps)), size=size, mode="bilinear", align_corners=False
                )
                for name, maps in features.items()
            )
        )
        seen = self.tower(mixed)
        return torch.cat((self.what(seen), self.where(seen)), dim=1)


def middles(rows: int, columns: int, side: int) -> np.ndarray:
    """The middle of each cell of a map laid over a square of `side` px, in reading order: (rows * columns, 2) px, across and down.

    >>> middles(1, 2, 8).tolist()
    [[2.0, 4.0], [6.0, 4.0]]
    """
    down, across = np.mgrid[:rows, :columns]
    return np.stack([(across.ravel() + 0.5) * side / columns, (down.ravel() + 0.5) * side / rows], axis=1)


def assign(boxes: np.ndarray, labels: np.ndarray, cells: np.ndarray, stride: float) -> tuple[np.ndarray, np.ndarray]:
    """What each of (C, 2) cell middles is to answer: class (C,) int64, -1 for nothing, and box (C, 4) px.

    A cell answers for a box (FCOS, sec 3.1) if its middle lies inside and within 1.5 cells of the middle of the box, or if that middle
    lies in the cell; for the smallest of several.

    >>> assign(np.array([[0.0, 0.0, 8.0, 8.0]]), np.array([3]), np.array([[4.0, 4.0], [12.0, 4.0]]), 8.0)[0].tolist()
    [3, -1]
    """
    classes, targets = np.full(len(cells), NOTHING), np.zeros((len(cells), 4), np.float32)
    if not len(boxes):
        return classes, targets
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    off = np.abs(cells[:, None] - middle).max(axis=2)
    inside = ((cells[:, None] > boxes[:, :2]) & (cells[:, None] < boxes[:, 2:])).all(axis=2)
    mine = (inside & (off <= RADIUS * stride)) | (off <= stride / 2)
    area = np.where(mine, (boxes[:, 2:] - boxes[:, :2]).prod(axis=1), np.inf)
    best, some = area.argmin(axis=1), mine.any(axis=1)
    classes[some], targets[some] = labels[best[some]], boxes[best[some]]
    return classes, targets


def centerness(distances: Tensor) -> Tensor:
    """(n,) in [0, 1] from distances (n, 4) to left, top, right, bottom: FCOS, eq. 3; 0 outside of the box.

    >>> centerness(torch.tensor([[1.0, 2.0, 1.0, 2.0], [1.0, 1.0, 4.0, 1.0]])).tolist()
    [1.0, 0.5]
    """
    pairs = distances.clamp(min=0).unflatten(1, (2, 2)).transpose(1, 2)  # left with right, top with bottom
    return (pairs.amin(dim=2) / pairs.amax(dim=2).clamp(min=1e-6)).prod(dim=1).sqrt()


def focal_loss(logits: Tensor, truth: Tensor) -> Tensor:
    """The sum over all cells and classes of -a (1 - p)^2 log p, p the likelihood of the truth (0 or 1); both of the same shape.

    Lin and others (Focal Loss for Dense Object Detection, ICCV 2017, eq. 5): a is 1/4 for a class that is there and 3/4 for the rest.
    """
    right = torch.where(truth > 0, logits, -logits)
    balance = torch.where(truth > 0, BALANCE, 1 - BALANCE)
    return -(balance * torch.sigmoid(-right) ** FOCUS * F.logsigmoid(right)).sum()


def decode(distances: Tensor, cells: Tensor, stride: float) -> Tensor:
    """Boxes (..., C, 4) px from the logarithms of distances in cells (..., C, 4), seen from (C, 2) middles: FCOS, eq. 1 turned round."""
    reach = distances.clamp(max=6.0).exp() * stride
    return torch.cat((cells - reach[..., :2], cells + reach[..., 2:]), dim=-1)


def detection_loss(answers: Tensor, labels: Tensor, boxes: Tensor, cells: Tensor, stride: float) -> Tensor:
    """FCOS, eq. 2, over the cells that answer for a box: focal loss of the classes, 1 - GIoU of the boxes, cross entropy of the middle.

    answers (B, K + 5, h, w) of the head; labels (B, C) with -1 for nothing, boxes (B, C, 4) px, cells (C, 2) px with C = h * w.
    """
    flat = answers.flatten(2).transpose(1, 2)
    classes = flat.shape[2] - 5
    there = labels >= 0
    count = there.sum().clamp(min=1)
    truth = F.one_hot(labels.clamp(min=0), classes) * there[..., None]
    loss = focal_loss(flat[..., :classes], truth) / count
    if not there.any():
        return loss
    at = cells.expand(len(labels), -1, -1)[there]
    near = centerness(torch.cat((at - boxes[there][:, :2], boxes[there][:, 2:] - at), dim=1))
    said = decode(flat[..., classes + 1 :], cells, stride)[there]
    loss = loss + (1 - generalized_iou(said, boxes[there])).sum() / count
    return loss + F.binary_cross_entropy_with_logits(flat[..., classes][there], near, reduction="sum") / count


def read_boxes(answers: Tensor, side: int) -> list[Found]:
    """What the head finds in each picture, a square of `side` px, from its answers (B, K + 5, h, w).

    FCOS, sec 3.3: a box counts as much as its class is likely times as near the cell is to its middle. Of overlapping boxes of a class
    the strongest stays.
    """
    rows, columns = answers.shape[2:]
    flat = answers.float().flatten(2).transpose(1, 2)
    cells = torch.from_numpy(middles(rows, columns, side)).to(flat)
    classes = flat.shape[2] - 5
    scores = flat[..., :classes].sigmoid() * flat[..., classes : classes + 1].sigmoid()
    boxes = decode(flat[..., classes + 1 :], cells, side / columns).clamp(0, side).cpu().numpy()
    strongest, places = scores.flatten(1).topk(min(CANDIDATES, scores[0].numel()), dim=1)
    found = []
    for box, score, place in zip(boxes, strongest.cpu().numpy(), places.cpu().numpy(), strict=True):
        place, score = place[score > LEAST], score[score > LEAST]
        label = place % classes
        stay = suppress(box[place // classes], score, label, OVERLAP)[:MOST]
        found.append(Found(box[place // classes][stay], label[stay], score[stay]))
    return found


def detect(
    encoder: nn.Module, data: Boxed, seed: int, share: float = 1.0, frozen: bool = True, budget: Budget | None = None
) -> Generator[Point, None, float]:
    """Train the head on a share of the training pictures, and unless `frozen` a copy of the encoder with it.

    encoder: RGB (B, 3, h, w) in [0, 1] to stages conv3 to conv5, with `widths`; it is left as it was but for its mode. Yields a Point
    after every step, the last with the score; returns the mean over the classes of the average precision at IoU 0.5, in [0, 1], on the
    test split. Can be stopped at any step.
    """
    chosen = choose(len(data.train.pictures), share, seed)
    head = seeded(lambda: DetectionHead(encoder.widths, len(data.classes)), seed)
    learner = Learner(measured(encoder, data.train.pictures), head, frozen)
    side = data.train.pictures.shape[2]

    def loss(answers: Tensor, indices: np.ndarray, mirrored: np.ndarray) -> Tensor:
        rows, columns = answers.shape[2:]
        cells, stride = middles(rows, columns, side), side / columns
        wanted = []
        for index, turned in zip(chosen[indices], mirrored, strict=True):
            boxes = data.train.boxes[index]
            boxes = (
                np.stack((side - boxes[:, 2], boxes[:, 1], side - boxes[:, 0], boxes[:, 3]), axis=1)
                if turned
                else boxes
            )
            wanted.append(assign(boxes, data.train.labels[index], cells, stride))
        labels, boxes = (torch.from_numpy(np.stack(kind)).to(answers.device) for kind in zip(*wanted, strict=True))
        return detection_loss(answers, labels, boxes, torch.from_numpy(cells).to(answers), stride)

    point = None
    for point in learner.learn(data.train.pictures[chosen], loss, budget or (FROZEN if frozen else TUNED), seed):
        yield point
    found = [one for _, answers in learner.answers(data.test.pictures) for one in read_boxes(answers, side)]
    score = float(np.nanmean(average_precisions(found, data.test.boxes, data.test.labels, len(data.classes))))
    if point is not None:
        yield replace(point, score=score)
    return score
