"""The four protocols: that they learn, what they leave alone, and what they refuse."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from ssl_core import networks
from ssl_core.pretexts import build
from ssl_core.transfer import augment_features, budget_for, fine_tune, joint, learn_jointly, probe_live
from ssl_core.transfer_budget import TransferError
from ssl_core.transfer_learner import Learner
from ssl_core.transfer_networks import Augmented, pooled
from ssl_core.transfer_pictures import turns
from tests.stripes import ALL, CLASSES, PROTOCOLS, SIDE, budget, encoder, make_task, pretext, run, same, state


@pytest.fixture(scope="module", params=["single", "several"])
def task(request):
    return make_task(several=request.param == "several")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_each_protocol_learns(task, protocol):
    steps = {
        "fine-tune": lambda: fine_tune(encoder(), task, ALL, budget(), 0),
        "feature augmentation": lambda: augment_features(encoder(5), encoder(), task, ALL, budget(), 0),
        "joint learning": lambda: learn_jointly(pretext(), task, ALL, budget(), 0, 0.1),
        "linear probe": lambda: probe_live(encoder(), task, ALL, budget(200), 0),
    }[protocol]()
    points, score = run(steps)
    assert score > (0.9 if protocol != "linear probe" else 0.6), "chance is a third"
    assert [point.step for point in points] == list(range(1, points[-1].steps + 1))
    assert points[-1].score == score
    measured = [point.step for point in points if point.score is not None]
    assert len(measured) == 5 and measured[-1] == points[-1].steps
    assert np.mean([p.loss for p in points[-5:]]) < 0.7 * np.mean([p.loss for p in points[:5]])
    assert all(before.seconds < after.seconds for before, after in zip(points, points[1:], strict=False))


def test_what_is_frozen_stays_to_the_bit():
    task, frozen, trained = make_task(), encoder(5), encoder()
    before, other = state(frozen), state(trained)
    run(augment_features(frozen, trained, task, ALL, budget(4), 0))
    assert same(frozen, before) and not same(trained, other)
    run(probe_live(frozen, task, ALL, budget(4), 0))
    assert same(frozen, before)
    run(fine_tune(frozen, task, ALL, budget(4), 0))
    assert not same(frozen, before)


def test_frozen_features_are_used():
    """With B's features taken away the head of an augmented network still sees A."""
    mixed = Augmented(encoder(5), encoder(), len(CLASSES), SIDE, 0).eval()
    image = torch.rand(4, 3, SIDE, SIDE)
    assert mixed.head.linear.in_features == 2 * sum(mixed.encoder.widths.values())
    expected = torch.cat((pooled(mixed.frozen, image), pooled(mixed.encoder, image)), dim=1)
    assert torch.equal(mixed(image), mixed.head(expected))
    assert not torch.equal(pooled(mixed.frozen, image), pooled(mixed.encoder, image))


def test_a_pretext_task_of_weight_0_changes_nothing():
    task = make_task()
    one, two = pretext(), pretext()
    alone, score = run(fine_tune(one.encoder, task, ALL, budget(6), 3))
    beside, other = run(learn_jointly(two, task, ALL, budget(6), 3, 0.0))
    assert [point.loss for point in alone] == [point.loss for point in beside] and score == other
    assert same(two.encoder, one.encoder.state_dict())
    assert same(two.decoder, pretext().decoder.state_dict())
    weighted, _ = run(learn_jointly(pretext(), task, ALL, budget(6), 3, 1.0))
    assert [point.loss for point in weighted] != [point.loss for point in alone]


def test_joint_learning_adds_the_gradients():
    """d(task + w pretext) = d task + w d pretext, each taken alone on the same batches."""
    task, weight = make_task(), 0.7
    learner = Learner(joint(pretext(), task, budget(), 0, weight), task, ALL, budget(), 0)
    learner.optimizer.step = lambda: None  # keeps the gradients of the first step
    learner.step()
    found = [parameter.grad.clone() for parameter in learner.network.encoder.parameters()]

    fresh = joint(pretext(), task, budget(), 0, weight)
    fresh.teach()
    images, labels = learner.material.draw(turns(0, 0, 20, 60), np.random.default_rng((0, 0, 0)))
    own = torch.autograd.grad(F.cross_entropy(fresh(images), labels), list(fresh.encoder.parameters()))
    rng = np.random.default_rng((0, 0, 1))
    raw = {"image": fresh.crops.crop(rng, rng.integers(0, 60, 10), fresh.pretext.config.side, 0.6)}
    batch = fresh.pretext.make_batch(raw, rng)
    loss = sum(fresh.pretext.loss(fresh.pretext(batch.inputs), batch.targets).values())
    other = torch.autograd.grad(loss, list(fresh.encoder.parameters()))
    for both, one, two in zip(found, own, other, strict=True):
        torch.testing.assert_close(both, one + weight * two, rtol=1e-4, atol=1e-6)


def test_the_second_player_is_left_out():
    task, painter = make_task(), build("context-encoder-joint", "tiny")
    before = state(painter.judge)
    network = joint(painter, task, budget(), 0, 1.0)
    terms = network.beside(np.random.default_rng(0))
    assert set(terms) == {"pretext reconstruction"}
    run(learn_jointly(painter, task, ALL, budget(3), 0, 1.0))
    assert all(torch.equal(value, before[name]) for name, value in painter.judge.named_parameters())


def test_the_pretext_pass_leaves_the_statistics_alone():
    """The encoder is scored on whole coloured pictures; statistics of patches and of pictures in grey would be wrong for them."""
    network = joint(pretext("relative-position-dropping"), make_task(), budget(), 0, 1.0)
    network.teach()
    before = state(network.encoder)
    assert sum(network.beside(np.random.default_rng(0)).values()) > 0
    means = [name for name in before if name.endswith(("running_mean", "running_var"))]
    assert means and all(torch.equal(network.encoder.state_dict()[name], before[name]) for name in means)
    network(torch.rand(4, 3, SIDE, SIDE))
    assert not any(torch.equal(network.encoder.state_dict()[name], before[name]) for name in means)


def test_a_loss_that_is_not_finite_stops_the_run():
    broken = encoder()
    with torch.no_grad():
        next(broken.parameters()).fill_(math.nan)
    with pytest.raises(TransferError, match=r"loss of fine-tune on Stripes is nan at step 0.*lower learning rate"):
        run(fine_tune(broken, make_task(), ALL, budget(4), 0))


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (lambda task: fine_tune(encoder(), task, np.array([], int), budget(), 0), "larger share"),
        (lambda task: fine_tune(encoder(), task, np.array([3]), budget(), 0), "larger share"),
        (lambda task: fine_tune(encoder(), task, np.array([0, 60]), budget(), 0), "has 60 to learn from"),
        (lambda task: fine_tune(build("patch-context-hog", "tiny").encoder, task, ALL, budget(), 0), "no weights"),
        (
            lambda task: fine_tune(encoder(0, networks.ALEXNET), task, ALL, budget(side=16), 0),
            "16 px are too small",
        ),
        (lambda task: learn_jointly(build("noisy-words-1k", "tiny"), task, ALL, budget(), 0, 1.0), "from words"),
        (lambda task: learn_jointly(build("patch-context-hog", "tiny"), task, ALL, budget(), 0, 1.0), "learns nothing"),
        (lambda task: learn_jointly(pretext(), task, ALL, budget(), 0, -1.0), "0 or more"),
        (lambda task: learn_jointly(pretext(), task, ALL, budget(), 0, math.nan), "0 or more"),
    ],
)
def test_what_cannot_be_done_is_said(steps, said):
    with pytest.raises(TransferError, match=said):
        run(steps(make_task()))


def test_the_same_seed_gives_the_same_run_and_another_seed_another():
    task = make_task()
    losses = [[p.loss for p in run(fine_tune(encoder(), task, ALL, budget(4), seed))[0]] for seed in (0, 0, 1)]
    assert losses[0] == losses[1] != losses[2]


def test_budgets_are_the_same_for_few_labels_and_larger_for_all():
    assert budget_for("fine-tune", 0.01) == budget_for("fine-tune", 0.1)
    assert budget_for("fine-tune", 1.0).steps > budget_for("fine-tune", 0.1).steps
    assert budget_for("linear probe", 1.0, side=64).side == 64
    assert budget_for("joint learning", 1.0) == budget_for("fine-tune", 1.0)
