"""The loop: bounded, resumable after a kill, the same on one process and on two, and loud when a loss is not finite."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ssl_core import checkpoint
from ssl_core.pretext import Recipe
from ssl_core.pretexts import build
from ssl_core.trainer import Plan, Run, train

ROOT = Path(__file__).parents[1]
RECIPE = Recipe(1, batch=8, learning_rate=1e-3, averaging=0.9)


def packs(count=60, side=32):
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (count, 4, 4, 3), dtype=np.uint8)
    return [np.repeat(np.repeat(coarse, side // 4, 1), side // 4, 2)]


def fresh(name="context-encoder-l2"):
    torch.manual_seed(0)
    return build(name, "tiny")


def forgetful(task):
    """Chance of the network's own, beside that of its data."""
    task.encoder.stages["conv5"].append(torch.nn.Dropout(0.3))
    return task


def same(one, two):
    return all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), two.state_dict().values(), strict=True))


@pytest.mark.parametrize("name", ["context-encoder-joint", "colorization-rebalanced"])
def test_an_interrupted_run_ends_like_one_that_was_not(name, tmp_path, monkeypatch):
    monkeypatch.setattr("ssl_core.trainer.SAVE_EVERY", 0.0)
    plan = Plan(RECIPE, steps=6, seed=3)
    whole = forgetful(fresh(name))
    losses = [step.losses for step in train(whole, packs(), plan)]
    run = train(forgetful(fresh(name)), packs(), plan, tmp_path)
    first = [next(run).losses for _ in range(3)]
    run.close()
    torch.manual_seed(99)
    again = forgetful(build(name, "tiny"))
    rest = list(train(again, packs(), plan, tmp_path))
    assert [step.index for step in rest] == [4, 5, 6]
    assert first + [step.losses for step in rest] == losses
    assert same(again, whole)


@pytest.mark.parametrize("way", ["closed", "interrupted"])
def test_a_run_that_is_stopped_early_ends_like_one_that_was_not(way, tmp_path, monkeypatch):
    plan, whole = Plan(RECIPE, steps=5, seed=3), fresh("context-encoder-joint")
    list(train(whole, packs(), plan))
    stopped = train(fresh("context-encoder-joint"), packs(), plan, tmp_path)
    next(stopped), next(stopped)
    if way == "closed":
        stopped.close()
    else:
        with interrupted_step(monkeypatch), pytest.raises(KeyboardInterrupt):
            next(stopped)
    assert [file.name for file in tmp_path.iterdir()] == [checkpoint.STATE], (
        "weights of a moment should not replace a trained network"
    )
    again = fresh("context-encoder-joint")
    rest = list(train(again, packs(), plan, tmp_path))
    assert rest[0].index == (3 if way == "closed" else 4)
    assert same(again, whole)


@contextmanager
def interrupted_step(monkeypatch):
    """Steps in which Ctrl-C is pressed when the first of the players has learned and the second has not."""

    def share(run, parameters):
        if parameters is run.players[-1].parameters:
            signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a test run in the background may ignore Ctrl-C
    with monkeypatch.context() as patched:
        patched.setattr(Run, "_share_gradients", share)
        yield
    signal.signal(signal.SIGINT, before)


def test_the_loss_goes_down():
    steps = list(train(fresh(), packs(), Plan(replace(RECIPE, learning_rate=1e-2), steps=60)))
    course = [sum(step.losses.values()) for step in steps]
    assert np.mean(course[-10:]) < 0.7 * np.mean(course[:10])


def test_minutes_bound_a_run():
    started = time.monotonic()
    steps = list(train(fresh(), packs(), Plan(RECIPE, minutes=0.02)))
    assert steps and steps[-1].progress < 1 and 1.0 <= steps[-1].seconds < 5 and time.monotonic() - started < 20


def test_the_learning_rate_rises_then_falls_to_nothing():
    plan = Plan(RECIPE, steps=100)
    rates = [plan.learning_rate(step / 100) for step in range(101)]
    assert rates.index(max(rates)) in (2, 3, 4) and rates[-1] < 1e-9 and min(rates) >= 0


def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_the_last_good_state(tmp_path, monkeypatch):
    monkeypatch.setattr("ssl_core.trainer.SAVE_EVERY", 0.0)
    task = fresh()
    run = train(task, packs(), Plan(RECIPE, steps=20), tmp_path)
    next(run), next(run)
    good = (tmp_path / checkpoint.STATE).read_bytes()
    with torch.no_grad():
        next(task.parameters()).fill_(float("nan"))
    with pytest.raises(FloatingPointError, match="context-encoder-l2: the loss .*painter.* is nan at step 2"):
        next(run)
    assert (tmp_path / checkpoint.STATE).read_bytes() == good
    assert checkpoint.load(tmp_path).name == "context-encoder-l2"


def test_the_state_of_another_model_is_refused(tmp_path):
    list(train(fresh(), packs(), Plan(RECIPE, steps=1), tmp_path))
    with pytest.raises(checkpoint.CheckpointError, match="is the state of context-encoder-l2"):
        list(train(fresh("context-encoder-joint"), packs(), Plan(RECIPE, steps=2), tmp_path))


FACTS = {"sources": ["A, 60 photographs"], "size": "tiny", "trunk": None, "trunk_run": {"images": 6000}}


@pytest.mark.parametrize(
    ("change", "seed", "told"),
    [
        ({"sources": ["B", "C"]}, 0, "was trained on A, 60 photographs, not B and C."),
        ({"size": "small"}, 0, "has --size tiny, not small."),
        ({"trunk": "context-encoder-l2"}, 0, "started from random weights, not context-encoder-l2."),
        (
            {"trunk_run": {"images": 9000}},
            0,
            "from a trunk that had seen 6,000 pictures, not a trunk that had seen 9,000 pictures.",
        ),
        ({}, 1, "has --seed 0, not 1."),
    ],
)
@pytest.mark.parametrize("steps", [1, 2])
def test_a_run_goes_on_as_it_began_or_not_at_all(change, seed, told, steps, tmp_path):
    list(train(fresh(), packs(), Plan(RECIPE, steps=1), tmp_path, FACTS))
    before = contents(tmp_path)
    with pytest.raises(checkpoint.CheckpointError, match=told + " Use --fresh to start anew, or another --folder"):
        list(train(fresh(), packs(), Plan(RECIPE, steps=steps, seed=seed), tmp_path, FACTS | change))
    assert contents(tmp_path) == before


def contents(folder):
    return {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in folder.iterdir()}


def test_a_state_that_does_not_say_how_it_began_goes_on_if_it_fits(tmp_path):
    list(train(fresh(), packs(), Plan(RECIPE, steps=1), tmp_path))
    tensors, note = checkpoint.read_tensors(tmp_path / checkpoint.STATE)
    del note["origin"]
    checkpoint.write_tensors(tmp_path / checkpoint.STATE, tensors, note)
    with pytest.raises(checkpoint.CheckpointError, match=r"at another --size .* Use --fresh to start anew.*folder\.$"):
        list(train(build("context-encoder-l2", "small"), packs(), Plan(RECIPE, steps=2), tmp_path))
    assert [step.index for step in train(fresh(), packs(), Plan(RECIPE, steps=2), tmp_path, FACTS)] == [2]
    (tmp_path / checkpoint.STATE).write_bytes(b"hello")
    with pytest.raises(checkpoint.CheckpointError, match=r"resume.safetensors is damaged. Start anew with --fresh.$"):
        list(train(fresh(), packs(), Plan(RECIPE, steps=2), tmp_path))


def test_a_finished_run_writes_nothing_unless_its_checkpoint_is_gone(tmp_path):
    list(train(fresh(), packs(), Plan(RECIPE, steps=2), tmp_path))
    checkpoint.write_scores(tmp_path, {"inpaint": {"psnr": 20.0}})
    before, weights = contents(tmp_path), tmp_path / checkpoint.WEIGHTS
    assert list(train(fresh(), packs(), Plan(RECIPE, steps=2), tmp_path)) == []
    assert contents(tmp_path) == before
    weights.write_bytes(b"damaged")
    assert list(train(fresh(), packs(), Plan(RECIPE, steps=2), tmp_path)) == []
    assert weights.read_bytes() == before[checkpoint.WEIGHTS][0]


SCRIPT = """
import json, os, torch, numpy as np
from pathlib import Path
from ssl_core import trainer
from ssl_core.pretext import Recipe
from ssl_core.pretexts import build
trainer.SAVE_EVERY = 0.0
rng = np.random.default_rng(0)
stack = np.repeat(np.repeat(rng.integers(0, 256, (60, 4, 4, 3), dtype=np.uint8), 8, 1), 8, 2)
torch.manual_seed(0)
plan = trainer.Plan(Recipe(1, batch=8, averaging=0.9), steps={steps})
for step in trainer.train(build("{name}", "tiny"), [stack], plan, Path(r"{folder}")):
    with open(r"{folder}-losses-" + os.environ.get("RANK", "0"), "a") as log:
        print(json.dumps(step.losses), file=log)
"""


def test_a_killed_process_goes_on_from_its_last_state(tmp_path):
    code = SCRIPT.format(steps=10**6, name="context-encoder-l2", folder=tmp_path)
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    deadline = time.monotonic() + 120
    while not (tmp_path / checkpoint.STATE).exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    reached = json.loads(checkpoint.read_tensors(tmp_path / checkpoint.STATE)[1]["run"])["step"]
    following = next(train(fresh(), packs(), Plan(RECIPE, steps=10**6), tmp_path))
    assert reached >= 1 and following.index == reached + 1


def test_two_processes_keep_one_set_of_weights(tmp_path):
    script = tmp_path / "run.py"
    script.write_text(SCRIPT.format(steps=4, name="context-encoder-joint", folder=tmp_path / "two"))
    launcher = ["-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2", "--num_machines", "1"]
    command = [sys.executable, *launcher, "--mixed_precision", "no", "--dynamo_backend", "no", str(script)]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr[-2000:]
    training = checkpoint.read_config(tmp_path / "two")["training"]
    assert (training["processes"], training["steps"], training["images"]) == (2, 4, 32)
    logs = [(tmp_path / f"two-losses-{rank}").read_text().splitlines() for rank in (0, 1)]
    together = [json.loads(line)["painter/reconstruction"] for log in logs for line in log]
    assert len(together) == 8
    plan = Plan(RECIPE, steps=4)
    alone = [step.losses["painter/reconstruction"] for step in train(fresh("context-encoder-joint"), packs(), plan)]
    assert np.mean(together) == pytest.approx(np.mean(alone), rel=0.35)


def test_the_next_batch_is_made_while_the_network_learns(monkeypatch):
    task, made = fresh(), []
    make = task.make_batch
    monkeypatch.setattr(
        task, "make_batch", lambda raw, rng: made.append(threading.current_thread().name) or make(raw, rng)
    )
    run = train(task, packs(), Plan(replace(RECIPE, scales=((0.5, 0.5), (1.0, 1.0))), steps=4))
    next(run)
    run.close()
    assert made == ["batches_0"] * 2, "one to learn from, one ahead"
