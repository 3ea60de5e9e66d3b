"""Detection: what each cell is to answer, its loss and its boxes by hand, and coloured squares that must be found."""

import numpy as np
import pytest
import torch

from ssl_core.annotated import Boxed, Boxes
from ssl_core.dense import Budget, measured
from ssl_core.detection import (
    DetectionHead,
    assign,
    centerness,
    decode,
    detect,
    detection_loss,
    focal_loss,
    middles,
    read_boxes,
)
from tests.tiny_models import finished, tiny_encoder

FROZEN = pytest.mark.parametrize("frozen", [True, False], ids=["frozen", "fine-tuned"])
COLOURS = np.array([(230, 40, 40), (40, 60, 230)], np.uint8)


def squares(count, seed):
    """Pictures 48 x 48 of grey noise with one or two squares of 12 to 24 px, red or blue; one in six shows none."""
    rng = np.random.default_rng(seed)
    pictures = rng.integers(90, 160, (count, 48, 48, 3)).astype(np.uint8)
    boxes, labels = [], []
    for index, picture in enumerate(pictures):
        found, named = [], []
        for half in rng.permutation(2)[: 0 if index % 6 == 5 else rng.integers(1, 3)]:
            size = int(rng.integers(12, 24))
            left, top = int(rng.integers(0, 24 - size + 1)) + 24 * int(half), int(rng.integers(0, 48 - size + 1))
            label = int(rng.integers(0, 2))
            picture[top : top + size, left : left + size] = COLOURS[label]
            found.append((left, top, left + size, top + size))
            named.append(label)
        boxes.append(np.array(found, np.float32).reshape(-1, 4))
        labels.append(np.array(named, np.int64))
    return Boxes(pictures, tuple(boxes), tuple(labels))


@pytest.fixture(scope="module")
def data():
    return Boxed("squares", ("red", "blue"), squares(48, 0), squares(6, 1), squares(18, 2))


@FROZEN
def test_squares_are_found_and_the_score_comes_last(data, frozen):
    points, score = finished(detect(tiny_encoder(), data, 0, frozen=frozen, budget=Budget(80, 8, 2e-2)))
    assert score > 0.5
    assert [point.step for point in points] == [*range(1, 81), 80]
    assert points[-1].score == score and {point.score for point in points[:-1]} == {None}
    assert np.mean([point.loss for point in points[-10:]]) < points[0].loss / 2


@FROZEN
def test_the_encoder_that_was_given_stays_as_it_was(data, frozen):
    given = measured(tiny_encoder(), data.train.pictures)
    before = {name: value.clone() for name, value in given.state_dict().items()}
    finished(detect(given, data, 0, frozen=frozen, budget=Budget(3, 4, 1e-2)))
    assert all(torch.equal(value, before[name]) for name, value in given.state_dict().items())
    assert all(parameter.grad is None for parameter in given.parameters())


@FROZEN
def test_a_seed_decides_everything(data, frozen):
    def run(seed):
        points, score = finished(detect(tiny_encoder(), data, seed, 0.5, frozen, Budget(4, 4, 1e-2)))
        return score, [point.loss for point in points]

    first, second, other = run(3), run(3), run(4)
    assert first == second and first[1] != other[1]


def test_a_share_without_a_single_box_is_learned_without_a_fault(data):
    """Of one picture in six nothing is shown, and a small share may consist of those."""
    empty = tuple(np.zeros((0, 4), np.float32) for _ in data.train.boxes)
    bare = Boxes(data.train.pictures, empty, tuple(np.zeros(0, np.int64) for _ in empty))
    points, score = finished(
        detect(
            tiny_encoder(), Boxed("bare", data.classes, bare, data.choice, data.test), 0, 0.1, budget=Budget(4, 4, 1e-2)
        )
    )
    assert np.isfinite([point.loss for point in points]).all() and 0 <= score <= 1


def test_a_cell_answers_for_the_smallest_box_and_no_box_goes_without():
    cells = middles(4, 4, 32)
    large, small, speck = (0, 0, 32, 32), (8, 8, 24, 24), (25.5, 1, 27, 2)
    labels, boxes = assign(np.array([large, small, speck]), np.array([0, 1, 2]), cells, 8.0)
    grid = labels.reshape(4, 4)
    assert (grid[1:3, 1:3] == 1).all() and grid[0, 3] == 2
    assert boxes.reshape(4, 4, 4)[0, 3].tolist() == list(speck)
    alone = assign(np.array([(0, 0, 48, 48)]), np.array([0]), middles(6, 6, 48), 8.0)[0].reshape(6, 6)
    assert (alone[1:5, 1:5] == 0).all() and (alone == -1).sum() == 20


def test_centerness_by_hand():
    """Equation 3: sqrt(min(l, r) / max(l, r) * min(t, b) / max(t, b))."""
    found = centerness(torch.tensor([[2.0, 3.0, 8.0, 12.0], [5.0, 5.0, 5.0, 5.0], [-1.0, 2.0, 4.0, 2.0]]))
    assert found.tolist() == pytest.approx([0.25, 1.0, 0.0])


def test_focal_loss_by_its_definition():
    logits, truth = torch.randn(30, generator=torch.Generator().manual_seed(0)), torch.arange(30) % 3 == 0
    wanted = 0.0
    for logit, there in zip(logits.tolist(), truth.tolist(), strict=True):
        likely = 1 / (1 + np.exp(-logit)) if there else 1 - 1 / (1 + np.exp(-logit))
        wanted -= (0.25 if there else 0.75) * (1 - likely) ** 2 * np.log(likely)
    assert focal_loss(logits, truth.int()).item() == pytest.approx(wanted, rel=1e-5)


def test_the_right_answers_lose_nothing_and_are_read_back_as_the_boxes():
    truth, named = np.array([[4, 4, 28, 20], [2, 40, 62, 62]], np.float32), np.array([1, 0])
    cells = middles(8, 8, 64)
    labels, boxes = assign(truth, named, cells, 8.0)
    there = labels >= 0
    distances = np.concatenate([cells - boxes[:, :2], boxes[:, 2:] - cells], axis=1)
    answers = np.full((64, 2 + 5), -30.0, np.float32)
    answers[there, labels[there]] = 30.0
    near = centerness(torch.from_numpy(distances).float()).clamp(1e-6, 1 - 1e-6)
    answers[:, 2] = torch.logit(near)
    answers[there, 3:] = np.log(distances[there] / 8.0)
    tensor = torch.from_numpy(answers.T.reshape(1, 7, 8, 8))
    wanted = torch.from_numpy(labels)[None], torch.from_numpy(boxes)[None], torch.from_numpy(cells).float(), 8.0
    entropy = -(near * near.log() + (1 - near) * (1 - near).log())[torch.from_numpy(there)].mean()
    assert detection_loss(tensor, *wanted).item() == pytest.approx(entropy.item(), abs=1e-4)
    worse = tensor.clone()
    worse[:, 3:] += 0.5
    assert detection_loss(worse, *wanted) > detection_loss(tensor, *wanted) + 0.1
    (found,) = read_boxes(tensor, 64)
    assert sorted(found.labels.tolist()) == [0, 1]
    for box, label in zip(found.boxes, found.labels, strict=True):
        np.testing.assert_allclose(box, truth[named == label][0], atol=1e-3)


def test_distances_are_logarithms_of_cells():
    found = decode(torch.log(torch.tensor([[1.0, 2.0, 3.0, 0.5]])), torch.tensor([[20.0, 40.0]]), 4.0)
    torch.testing.assert_close(found, torch.tensor([[16.0, 32.0, 32.0, 42.0]]))


def test_the_head_starts_with_nearly_nothing_likely():
    features = {"conv3": torch.rand(2, 4, 8, 8), "conv4": torch.rand(2, 4, 4, 4), "conv5": torch.rand(2, 4, 4, 4)}
    answers = DetectionHead(dict.fromkeys(features, 4), 3)(features)
    assert answers.shape == (2, 8, 8, 8)
    assert 0.002 < answers[:, :3].sigmoid().mean() < 0.05
