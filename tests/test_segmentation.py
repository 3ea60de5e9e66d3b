"""Segmentation: mean IoU against scikit-learn and a loop over pixels, and stripes of colours that a head must learn."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.metrics import confusion_matrix, jaccard_score

from ssl_core.annotated import IGNORE, Scenes, Segmented
from ssl_core.dense import STAGES, Budget, Kept, choose, measured, pixels
from ssl_core.segmentation import Hypercolumns, class_weights, confusion, intersection_over_union, mean_iou, segment
from tests.tiny_models import finished, tiny_encoder

FROZEN = pytest.mark.parametrize("frozen", [True, False], ids=["frozen", "fine-tuned"])
COLOURS = np.array([(220, 40, 40), (40, 200, 60), (50, 60, 220)], np.uint8)


def stripes(count, seed):
    """Pictures 32 x 48 of noisy stripes, 8 to 24 px wide, each of one of three colours; its class at every pixel, a border ignored."""
    rng = np.random.default_rng(seed)
    masks = np.zeros((count, 32, 48), np.uint8)
    for mask in masks:
        at = 0
        while at < 48:
            width = int(rng.integers(8, 25))
            mask[:, at : at + width] = rng.integers(0, 3)
            at += width
    noise = rng.normal(0, 12, (*masks.shape, 3))
    pictures = (COLOURS[masks] + noise).clip(0, 255).astype(np.uint8)
    masks[:, :2] = IGNORE
    return Scenes(pictures, masks)


@pytest.fixture(scope="module")
def data():
    return Segmented("stripes", ("red", "green", "blue"), stripes(24, 0), stripes(6, 1), stripes(12, 2))


@FROZEN
def test_stripes_are_learned_and_the_score_comes_last(data, frozen):
    points, score = finished(segment(tiny_encoder(), data, 0, frozen=frozen, budget=Budget(60, 8, 2e-2)))
    assert score > 0.8
    assert [point.step for point in points] == [*range(1, 61), 60] and {point.steps for point in points} == {60}
    assert points[-1].score == score and {point.score for point in points[:-1]} == {None}
    seconds = [point.seconds for point in points]
    assert seconds == sorted(seconds) and seconds[0] > 0
    assert np.mean([point.loss for point in points[-10:]]) < points[0].loss / 2


@FROZEN
def test_the_encoder_that_was_given_stays_as_it_was(data, frozen):
    given = measured(tiny_encoder(), data.train.pictures)
    before = {name: value.clone() for name, value in given.state_dict().items()}
    finished(segment(given, data, 0, frozen=frozen, budget=Budget(4, 8, 1e-2)))
    assert all(torch.equal(value, before[name]) for name, value in given.state_dict().items())
    assert all(parameter.grad is None for parameter in given.parameters())


def test_fine_tuning_moves_the_encoder_to_a_better_loss(data):
    """With features that a head alone cannot use, only what changes the encoder can learn."""
    blind = measured(tiny_encoder(), data.train.pictures)
    with torch.no_grad():
        for name in STAGES:
            for layer in blind.stages[name].modules():
                if isinstance(layer, torch.nn.BatchNorm2d):
                    layer.weight.mul_(0.0)
                    layer.bias.fill_(1e-3)
    scores = [
        finished(segment(blind, data, 0, frozen=frozen, budget=Budget(60, 8, 1e-2)))[1] for frozen in (True, False)
    ]
    assert scores[0] < 0.3 < 0.6 < scores[1]


@FROZEN
def test_a_seed_decides_everything(data, frozen):
    def run(seed):
        return finished(segment(tiny_encoder(), data, seed, 0.5, frozen, Budget(5, 4, 1e-2)))

    (first, one), (second, two), (other, _) = run(3), run(3), run(4)
    assert one == two and [point.loss for point in first] == [point.loss for point in second]
    assert [point.loss for point in first] != [point.loss for point in other]


def test_only_the_chosen_share_of_the_labels_is_seen(data):
    """What lies in the masks of the other pictures changes nothing, be it nonsense."""
    chosen = choose(24, 0.25, 5)
    masks = np.full_like(data.train.masks, 2)
    masks[chosen] = data.train.masks[chosen]
    spoiled = Segmented(data.name, data.classes, Scenes(data.train.pictures, masks), data.choice, data.test)
    runs = [finished(segment(tiny_encoder(), one, 5, 0.25, budget=Budget(6, 8, 1e-2)))[1] for one in (data, spoiled)]
    assert len(chosen) == 6 and runs[0] == runs[1]
    assert finished(segment(tiny_encoder(), spoiled, 5, 1.0, budget=Budget(6, 8, 1e-2)))[1] != runs[0]


@pytest.mark.parametrize("share", [0.0, -1.0, 1.5])
def test_a_share_is_above_nothing_and_at_most_all(data, share):
    with pytest.raises(ValueError, match="share of the labels lies above 0"):
        next(segment(tiny_encoder(), data, 0, share))


def test_a_run_can_be_stopped_and_an_exploding_one_says_what_to_do(data):
    steps = segment(tiny_encoder(), data, 0, budget=Budget(1000, 8, 1e-2))
    next(steps)
    steps.close()
    with pytest.raises(FloatingPointError, match="take a lower learning rate"):
        finished(segment(tiny_encoder(), data, 0, frozen=False, budget=Budget(30, 8, 1e30)))


def test_kept_features_are_those_of_the_encoder_in_half_precision(data):
    network = measured(tiny_encoder(), data.train.pictures).eval()
    kept = Kept(network, data.train.pictures)
    for indices, mirrored in (([3, 1, 3], [False, True, True]), ([1, 3], [True, False])):
        indices, mirrored = np.array(indices), np.array(mirrored)
        found = kept(indices, mirrored)
        for row, (index, turned) in enumerate(zip(indices, mirrored, strict=True)):
            picture = data.train.pictures[index][:, ::-1] if turned else data.train.pictures[index]
            with torch.no_grad():
                wanted = network(torch.from_numpy(picture / np.float32(255)).permute(2, 0, 1)[None])
            for stage in STAGES:
                torch.testing.assert_close(found[stage][row], wanted[stage][0], rtol=2e-3, atol=2e-3)
    assert kept.known.sum() == 3  # (3), (1 mirrored) and (3 mirrored), each found once


def test_an_untrained_encoder_gets_statistics_and_a_trained_one_keeps_its_own(data):
    raw = tiny_encoder()
    seen = measured(raw, data.train.pictures)
    assert seen is not raw and measured(seen, data.train.pictures) is seen
    with torch.no_grad():
        maps = seen.eval()(pixels(data.train.pictures, np.zeros(24, bool), torch.device("cpu")))
    first = seen.stages["conv1"][0][0](seen.front(pixels(data.train.pictures, np.zeros(24, bool), torch.device("cpu"))))
    torch.testing.assert_close(seen.stages["conv1"][0][1].running_mean, first.mean((0, 2, 3)), rtol=1e-3, atol=1e-4)
    assert 0.2 < maps["conv5"].std() < 2


def test_the_head_is_a_1x1_convolution_on_the_stages_scaled_up_and_laid_on_top_of_each_other():
    torch.manual_seed(0)
    widths = {"conv3": 3, "conv4": 5, "conv5": 2}
    features = {"conv3": torch.rand(2, 3, 8, 12), "conv4": torch.rand(2, 5, 4, 6), "conv5": torch.rand(2, 2, 4, 6)}
    head = Hypercolumns(widths, 4).eval()
    columns = torch.cat([F.interpolate(maps, size=(8, 12), mode="bilinear") for maps in features.values()], dim=1)
    weight = torch.cat([head.scores[name].weight for name in features], dim=1) / (1 + 1e-5) ** 0.5
    bias = sum(head.scores[name].bias for name in features)
    torch.testing.assert_close(head(features), F.conv2d(columns, weight, bias))


@pytest.mark.parametrize("seed", range(5))
def test_the_score_is_that_of_scikit_learn_and_of_a_loop(seed):
    rng = np.random.default_rng(seed)
    truth, said = rng.choice([0, 1, 2, 4, IGNORE], (3, 9, 11)), rng.integers(0, 5, (3, 9, 11))
    counts = confusion(truth, said, 5)
    known = truth != IGNORE
    assert (counts == confusion_matrix(truth[known], said[known], labels=range(5))).all()
    shown = [0, 1, 2, 4]
    each = jaccard_score(truth[known], said[known], labels=shown, average=None)
    np.testing.assert_allclose(intersection_over_union(counts)[shown], each)
    loop = []
    for label in shown:
        pairs = [(a == label, b == label) for a, b in zip(truth.ravel(), said.ravel(), strict=True) if a != IGNORE]
        loop.append(sum(a and b for a, b in pairs) / sum(a or b for a, b in pairs))
    assert np.isnan(intersection_over_union(counts)[3])
    assert mean_iou(counts) == pytest.approx(np.mean(loop)) == pytest.approx(each.mean())


def test_a_class_that_is_said_but_never_true_costs_the_others_and_counts_not_itself():
    assert mean_iou(confusion(np.array([0, 0, 1, 1]), np.array([0, 2, 1, 1]), 3)) == (1 / 2 + 1) / 2


def test_median_frequency_balancing_by_hand():
    """Class 0: 6 of 8 pixels of two pictures; class 1: 1 of the 4 of its picture; class 2: 1 of 4. Median of 3/4, 1/4, 1/4 is 1/4."""
    masks = np.array([[[0, 0, 0, 1]], [[0, 0, 0, 2]], [[IGNORE] * 4]], np.uint8)
    np.testing.assert_allclose(class_weights(masks, 4, power=1.0), [1 / 3, 1, 1, 0])
    np.testing.assert_allclose(class_weights(masks, 4, power=0.5), [3**-0.5, 1, 1, 0], rtol=1e-6)
    np.testing.assert_allclose(class_weights(masks, 4, power=0.0), [1, 1, 1, 0])
