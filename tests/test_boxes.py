"""Boxes: overlaps counted on a raster, suppression and average precision by slow loops written otherwise, and cases by hand."""

import numpy as np
import pytest
import torch

from ssl_core.boxes import Found, area_under, average_precisions, generalized_iou, hits, overlaps, suppress


def slow_iou(one, other):
    """Counted on a fine raster, not computed: boxes with corners at multiples of 1/4 within 0 to 8."""
    y, x = np.mgrid[0:8:0.25, 0:8:0.25] + 0.125

    def covers(box):
        return (x > box[0]) & (x < box[2]) & (y > box[1]) & (y < box[3])

    return (covers(one) & covers(other)).sum() / max(1, (covers(one) | covers(other)).sum())


def some_boxes(count, rng):
    corners = np.sort(rng.integers(0, 33, (count, 2, 2)), axis=1) / 4
    return corners.reshape(count, 4).astype(np.float32)


@pytest.mark.parametrize("seed", range(4))
def test_overlaps_are_those_of_a_raster(seed):
    rng = np.random.default_rng(seed)
    one, other = some_boxes(12, rng), some_boxes(9, rng)
    wanted = [[slow_iou(a, b) for b in other] for a in one]
    np.testing.assert_allclose(overlaps(one, other), wanted, atol=1e-9)
    assert overlaps(one, np.zeros((0, 4))).shape == (12, 0)


@pytest.mark.parametrize("seed", range(4))
def test_generalized_iou_is_iou_less_the_empty_share_of_the_hull(seed):
    rng = np.random.default_rng(seed)
    one, other = (boxes + (0, 0, 0.25, 0.25) for boxes in (some_boxes(20, rng), some_boxes(20, rng)))
    found = generalized_iou(torch.tensor(one), torch.tensor(other)).numpy()
    for value, a, b in zip(found, one, other, strict=True):
        hull = (max(a[2], b[2]) - min(a[0], b[0])) * (max(a[3], b[3]) - min(a[1], b[1]))
        areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
        shared = max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))
        union = sum(areas) - shared
        assert value == pytest.approx(shared / union - (hull - union) / hull)
    apart = generalized_iou(torch.tensor([[0.0, 0, 1, 1]]), torch.tensor([[3.0, 0, 4, 1]]))
    assert apart.item() == pytest.approx(-0.5)


@pytest.mark.parametrize("seed", range(6))
def test_suppression_is_that_of_the_book(seed):
    """Take the strongest that is left, strike what overlaps it in its class, begin anew."""
    rng = np.random.default_rng(seed)
    boxes, scores, labels = some_boxes(25, rng), rng.permutation(25) / 25, rng.integers(0, 2, 25)
    left, wanted = set(range(25)), []
    while left:
        best = max(left, key=lambda index: scores[index])
        wanted.append(best)
        left = {
            index
            for index in left - {best}
            if labels[index] != labels[best] or slow_iou(boxes[index], boxes[best]) <= 0.3
        }
    assert suppress(boxes, scores, labels, 0.3).tolist() == wanted


def slow_average_precision(found, boxes, labels, label):
    """For every recall that is reached, the best precision at that recall or beyond, each found by cutting the list at every length."""
    ranked = sorted(
        (
            (score, picture, box)
            for picture, one in enumerate(found)
            for box, said, score in zip(*one, strict=True)
            if said == label
        ),
        key=lambda detection: -detection[0],
    )
    total = sum(int((named == label).sum()) for named in labels)
    cuts = []
    for length in range(1, len(ranked) + 1):
        taken, right = set(), 0
        for _, picture, box in ranked[:length]:
            truths = [index for index in range(len(boxes[picture])) if labels[picture][index] == label]
            if not truths:
                continue
            best = max(truths, key=lambda index: (slow_iou(box, boxes[picture][index]), -index))
            if slow_iou(box, boxes[picture][best]) >= 0.5 and (picture, best) not in taken:
                taken.add((picture, best))
                right += 1
        cuts.append((right / total, right / length))
    return (
        sum(
            max((precision for recall, precision in cuts if recall >= (step + 1) / total - 1e-12), default=0.0)
            for step in range(total)
        )
        / total
    )


@pytest.mark.parametrize("seed", range(8))
def test_average_precision_is_that_of_cutting_the_list_everywhere(seed):
    rng = np.random.default_rng(seed)
    boxes = tuple(some_boxes(int(rng.integers(0, 5)), rng) for _ in range(6))
    labels = tuple(rng.integers(0, 2, len(one)) for one in boxes)
    scores = iter(rng.permutation(200) / 200)
    found = []
    for one in boxes:
        near = np.concatenate([one, one + rng.choice([0, 0.25, 0.5], one.shape), some_boxes(2, rng)])
        said = rng.integers(0, 2, len(near))
        found.append(Found(near.clip(0, 8).astype(np.float32), said, np.array([next(scores) for _ in near])))
    result = average_precisions(found, boxes, labels, 3)
    assert np.isnan(result[2])
    for label in (0, 1):
        assert result[label] == pytest.approx(slow_average_precision(found, boxes, labels, label))


def test_average_precision_by_hand():
    """Two things; found first, then a false alarm, then the other: precision 1 at recall 1/2 and 2/3 at recall 1, so 5/6."""
    truth = np.array([[0, 0, 10, 10], [20, 0, 30, 10]], np.float32)
    said = np.array([[0, 0, 10, 10], [50, 50, 60, 60], [20, 0, 30, 12]], np.float32)
    found = Found(said, np.zeros(3, np.int64), np.array([0.9, 0.8, 0.7]))
    both = np.zeros(2, np.int64)
    assert average_precisions([found], (truth,), (both,), 1)[0] == pytest.approx(5 / 6)
    assert area_under(np.array([0.5, 0.5, 1.0]), np.array([1, 1 / 2, 2 / 3])) == pytest.approx(5 / 6)
    nothing = Found(np.zeros((0, 4), np.float32), np.zeros(0, np.int64), np.zeros(0))
    assert average_precisions([nothing], (truth,), (both,), 2)[0] == 0


def test_a_true_box_is_found_once_and_exactly_half_is_enough():
    truth = np.array([[0, 0, 10, 10]], np.float32)
    said = np.array([[0, 0, 10, 5], [0, 0, 10, 10], [0, 0, 10, 4.9]], np.float32)
    found = Found(said, np.zeros(3, np.int64), np.array([0.9, 0.8, 0.7]))
    assert hits(found, truth, np.zeros(1, np.int64)).tolist() == [True, False, False]
    assert hits(found._replace(scores=np.array([0.7, 0.9, 0.8])), truth, np.zeros(1, np.int64)).tolist() == [
        False,
        True,
        False,
    ]
    assert hits(found, truth, np.ones(1, np.int64)).tolist() == [False] * 3
