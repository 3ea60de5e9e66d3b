"""What a learner is given, what it measures, and that a run goes on where it stopped."""

import numpy as np
import pytest
import torch

from ssl_core import networks
from ssl_core.transfer_budget import TransferError
from ssl_core.transfer_learner import Learner
from ssl_core.transfer_networks import FineTuned, pooled, task_loss
from ssl_core.transfer_pictures import LEAST, Features, LabelledCrops, Pictures, whole
from ssl_core.transfer_tasks import Split, TransferTask
from tests.stripes import ALL, CLASSES, PROTOCOLS, SIDE, budget, encoder, make_task, network, same, state


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_resumed_run_is_the_uninterrupted_run(protocol, tmp_path):
    task, path = make_task(), tmp_path / "state.safetensors"
    whole_run = Learner(network(protocol), task, ALL, budget(8), 1)
    losses = [whole_run.step().loss for _ in range(8)]
    first = Learner(network(protocol), task, ALL, budget(8), 1)
    assert [first.step().loss for _ in range(3)] == losses[:3]
    first.save(path, ["a note"])
    second = Learner(network(protocol), task, ALL, budget(8), 1)
    assert second.restore(path) == ["a note"]
    assert (second.done, second.seconds, second.loss) == (3, first.seconds, losses[2])
    # Kernels add up batches of other sizes in another order, and a probe that goes on has other features to compute.
    assert [second.step().loss for _ in range(5)] == pytest.approx(losses[3:], rel=1e-5)
    for name, value in whole_run.network.taught().items():
        torch.testing.assert_close(second.network.taught()[name], value, rtol=1e-4, atol=1e-6)
    assert second.score() == whole_run.score()


def test_a_state_that_does_not_fit_is_refused(tmp_path):
    task, path = make_task(), tmp_path / "state.safetensors"
    learner = Learner(network("fine-tune"), task, ALL, budget(8), 1)
    learner.step()
    learner.save(path)
    wider = {**networks.TINY, "conv5": (networks.Conv(24),)}
    larger = FineTuned(encoder(0, wider), len(CLASSES), SIDE, 0)
    with pytest.raises(TransferError, match=r"another size: .*16, 16.* there and .24, 16"):
        Learner(larger, task, ALL, budget(8), 1).restore(path)
    for other in (
        Learner(network("fine-tune"), task, ALL, budget(8), 2),
        Learner(network("fine-tune"), task, ALL[:40], budget(8), 1),
        Learner(network("fine-tune"), task, ALL, budget(9), 1),
        Learner(network("fine-tune"), make_task(seed=1), ALL, budget(8), 1),
        Learner(network("fine-tune", seed=7), task, ALL, budget(8), 1),
    ):
        before = state(other.network)
        with pytest.raises(TransferError, match="of another task"):
            other.restore(path)
        assert same(other.network, before) and other.done == 0
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(TransferError, match="damaged"):
        learner.restore(path)


def test_only_chosen_pictures_are_learned_from():
    """Every picture is of one grey that tells which it is; Crops alone would leave out what the selection slice holds."""
    pictures = np.repeat(np.arange(200, dtype=np.uint8), 8 * 8 * 3).reshape(200, 8, 8, 3)
    task = TransferTask("grey", "Grey", "", ("a", "b"), *(Split(pictures, np.arange(200) % 2),) * 3)
    chosen = np.arange(0, 200, 3)
    material = Pictures(task, chosen, 8, torch.device("cpu"))
    images, labels = material.draw(np.arange(len(chosen)), np.random.default_rng(0))
    seen = (images.mean((1, 2, 3)) * 255).round().long()
    assert seen.tolist() == chosen.tolist() and labels.tolist() == (chosen % 2).tolist()
    crops = LabelledCrops(pictures, np.arange(200))
    assert len(crops) == 200 and list(crops.raw(np.random.default_rng(0), np.arange(3), 8, LEAST)) == ["image"]


def test_crops_keep_their_share_and_mirror():
    ramp = np.broadcast_to(np.arange(0, 256, 4, dtype=np.uint8)[:, None], (40, 64, 64, 3)).copy()
    images = LabelledCrops(ramp, np.arange(40)).crop(np.random.default_rng(0), np.arange(40), 64, LEAST)
    spread = (images[:, 0, 32].amax(1) - images[:, 0, 32].amin(1)) * 255 / 252
    assert spread.min() > LEAST - 0.05 and spread.max() < 1.01
    rising = (images[:, 0, 32, -1] > images[:, 0, 32, 0]).float().mean()
    assert 0.2 < rising < 0.8


def test_features_are_those_of_the_whole_picture():
    task, model = make_task(), encoder()
    features = Features(task, ALL, 24, model)
    found, labels = features.draw(np.array([5, 1, 5]), np.random.default_rng(0))
    with torch.no_grad():
        expected = pooled(model, whole(task.train.pictures[[5, 1, 5]], 24))
    torch.testing.assert_close(found, expected)
    assert labels.tolist() == task.train.labels[[5, 1, 5]].tolist()
    assert features.train.there.sum() == 2 and not features.test.there.any()


def test_the_task_loss_against_numpy():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(5, 4))
    labels = rng.integers(0, 4, 5)
    log_softmax = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    assert task_loss(torch.tensor(logits), torch.tensor(labels)).item() == pytest.approx(
        -log_softmax[np.arange(5), labels].mean()
    )
    holds = rng.random((5, 4)) < 0.5
    likely = 1 / (1 + np.exp(-logits))
    expected = -np.where(holds, np.log(likely), np.log(1 - likely)).sum(1).mean()
    assert task_loss(torch.tensor(logits), torch.tensor(holds)).item() == pytest.approx(expected)


def test_scores_on_a_part_are_scores_of_that_part():
    task = make_task()
    learner = Learner(network("fine-tune"), task, ALL, budget(8), 1)
    before = state(learner.network)
    places = np.linspace(0, 47, 12).astype(int)
    learner.network.eval()
    with torch.no_grad():
        right = learner.network(whole(task.test.pictures[places], SIDE)).argmax(1).numpy() == task.test.labels[places]
    assert learner.score(12) == pytest.approx(right.mean())
    assert learner.score() == learner.score(999) and same(learner.network, before)


def test_a_budget_in_seconds_ends_the_run():
    ticks = iter(range(1000))
    learner = Learner(network("fine-tune"), make_task(), ALL, budget(10**9, seconds=5.0), 0, lambda: next(ticks))
    while learner.progress < 1:
        point = learner.step()
    assert (point.step, point.seconds) == (5, 5)
