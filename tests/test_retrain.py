"""`train --all`: which of two networks is kept, and that an interrupted round goes on."""

import json

import numpy as np
import pytest
import torch

from ssl_core import checkpoint
from ssl_core.pretexts import build
from ssl_core.retrain import held_out_error, retrain, shares

RUN = {"minutes": 1.0, "images": 64, "images_per_second": 32.0, "waiting_share": 0.25}
NAMES = ("context-encoder-l2", "context-encoder-joint")


@pytest.fixture
def folders(tmp_path):
    """A shipped folder with the first network, whose weights are all ones, and an empty one to grow new networks in."""
    shipped, staged = tmp_path / "shipped", tmp_path / "staged"
    save(shipped / NAMES[0], 1.0)
    return shipped, staged


def save(folder, value):
    task = build(folder.name, "tiny")
    with torch.no_grad():
        for parameter in task.parameters():
            parameter.fill_(value)
    checkpoint.save(task, folder, RUN)


def mark(folder):
    """The value that `save` filled a checkpoint with; CheckpointError if there is none."""
    return next(checkpoint.load(folder).parameters()).flatten()[0].item()


def run(folders, errors, trained=None, minutes=None):
    def train(name, share, staged):
        if trained is not None:
            trained.append((name, share))
        save(staged / name, 2.0)

    def error(folder):
        return errors[folder.name][0 if mark(folder) == 1.0 else 1]

    minutes = minutes or dict.fromkeys(NAMES, 5.0)
    return list(retrain(minutes, train, error, *folders))


def test_the_better_network_is_kept_and_a_missing_one_is_filled(folders):
    outcomes = run(folders, {NAMES[0]: (0.5, 0.4), NAMES[1]: (0.5, 0.4)})
    assert [(o.model, o.old, o.new, o.kept) for o in outcomes] == [
        (NAMES[0], 0.5, 0.4, "new"),
        (NAMES[1], None, 0.4, "new"),
    ]
    assert [mark(folders[0] / name) for name in NAMES] == [2.0, 2.0]
    assert outcomes[0].waiting_percent == 25 and outcomes[0].images == 64


@pytest.mark.parametrize("new", [0.5, 0.6])
def test_a_network_that_is_no_better_does_not_replace_the_old(folders, new):
    before = (folders[0] / NAMES[0] / "model.safetensors").read_bytes()
    (outcome,) = run(folders, {NAMES[0]: (0.5, new)}, minutes={NAMES[0]: 5.0})
    assert outcome.kept == "old"
    assert (folders[0] / NAMES[0] / "model.safetensors").read_bytes() == before


def test_a_damaged_network_is_replaced(folders):
    (folders[0] / NAMES[0] / "model.safetensors").write_bytes(b"damaged")
    (outcome,) = run(folders, {NAMES[0]: (0.1, 0.6)}, minutes={NAMES[0]: 5.0})
    assert outcome.kept == "new" and outcome.old is None and mark(folders[0] / NAMES[0]) == 2.0


def test_an_interrupted_round_goes_on_where_it_stopped(folders):
    errors, trained = {NAMES[0]: (0.5, 0.4), NAMES[1]: (0.5, 0.4)}, []
    run(folders, errors, trained, {NAMES[0]: 5.0})
    again = run(folders, errors, trained)
    assert trained == [(NAMES[0], 5.0), (NAMES[1], 5.0)]
    assert json.loads((folders[1] / NAMES[0] / "outcome.json").read_text())["kept"] == again[0].kept == "new"


def test_what_is_only_for_the_training_stays_behind(folders):
    def train(name, share, staged):
        save(staged / name, 2.0)
        (staged / name / "resume.safetensors").write_bytes(b"state")

    list(retrain({NAMES[0]: 1.0}, train, mark, *folders))
    list(retrain({NAMES[1]: 1.0}, train, mark, *folders))
    assert {file.name for file in (folders[0] / NAMES[1]).iterdir()} == {"model.safetensors", "config.json"}


def test_shares_of_the_budget():
    assert shares(None, {"a": 60, "b": 20}) == {"a": 60, "b": 20}
    assert sum(shares(10, {"a": 60, "b": 20}).values()) == pytest.approx(10)


@pytest.mark.parametrize("name", NAMES)
def test_a_worse_network_has_a_larger_error(name):
    """Weights that were moved at random fill worse than weights that learned the batch."""
    torch.manual_seed(0)
    task, raw = build(name, "tiny"), {"image": torch.rand(8, 3, 4, 4).repeat_interleave(8, 2).repeat_interleave(8, 3)}
    before = held_out_error(task, [raw])
    player = task.players()[0]
    optimizer = torch.optim.Adam(player.parameters, 1e-2)
    for step in range(40):
        task.train()
        batch = task.make_batch(raw, np.random.default_rng(step))
        sum(player.loss(task(batch.inputs), batch.targets).values()).backward(inputs=player.parameters)
        optimizer.step()
        optimizer.zero_grad()
    assert held_out_error(task, [raw]) < before
    assert held_out_error(task, [raw]) == held_out_error(task, [raw])
