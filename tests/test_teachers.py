"""Who races: shipped networks between the untrained and the supervised end, and what their pre-training cost."""

import json

import pytest
import torch

from ssl_core import checkpoint
from ssl_core.pretexts import build
from ssl_core.teachers import SUPERVISED, UNTRAINED, encoder_of, teachers


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """Two networks, the second of which started from the first and was trained in two goes."""
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(tmp_path))
    first = {"minutes": 10.0, "images": 100, "rank": 0, "trunk": None}
    second = {"minutes": 4.0, "images": 40, "rank": 1, "trunk": "colorization-classification"}
    second["trunk_run"] = {"minutes": 8.0, "images": 80}  # the first has trained on since
    second["before"] = {"minutes": 1.0, "images": 7}  # contained in the figures above, as the card says
    torch.manual_seed(0)
    checkpoint.save(build("colorization-classification", "tiny"), tmp_path / "colorization-classification", first)
    checkpoint.save(build("colorization-rebalanced", "tiny"), tmp_path / "colorization-rebalanced", second)
    return tmp_path


def test_cost_counts_the_training_that_led_to_a_network_and_no_later_one(shipped):
    found = {teacher.name: teacher for teacher in teachers()}
    assert list(found) == [UNTRAINED, "colorization-classification", "colorization-rebalanced"]
    assert (found[UNTRAINED].minutes, found[UNTRAINED].images) == (0, 0)
    assert (found["colorization-rebalanced"].minutes, found["colorization-rebalanced"].images) == (12.0, 120)
    assert [teacher.kind for teacher in found.values()] == ["untrained", "self-supervised", "self-supervised"]


def test_labels_come_last_and_damaged_checkpoints_are_left_out(shipped):
    torch.manual_seed(0)
    task = build(SUPERVISED, "tiny")
    task.read_labels(["pets/cat", "pets/dog"])
    checkpoint.save(task, shipped / SUPERVISED, {"minutes": 2.0, "images": 20, "rank": 0})
    (shipped / "colorization-rebalanced" / "config.json").write_text(json.dumps([]))
    found = teachers()
    assert [teacher.kind for teacher in found] == ["untrained", "self-supervised", "supervised"]


def test_an_encoder_is_a_copy_that_may_be_trained(shipped):
    one, other = encoder_of("colorization-classification"), encoder_of("colorization-classification")
    next(one.parameters()).data.zero_()
    assert next(other.parameters()).abs().sum() > 0 and next(other.parameters()).requires_grad


def test_the_untrained_encoder_follows_its_seed():
    picture = torch.rand(1, 3, 32, 32)
    same, again, other = (encoder_of(UNTRAINED, seed)(picture)["conv5"] for seed in (1, 1, 2))
    assert torch.equal(same, again) and not torch.equal(same, other)


def test_an_unknown_teacher_is_named(shipped):
    with pytest.raises(checkpoint.CheckpointError, match="no model called 'nobody'"):
        encoder_of("nobody")
