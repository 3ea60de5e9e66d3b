"""What somebody meets who writes a task of their own: what is missing is said, and what changes is not gone on with unseen."""

from dataclasses import replace

import numpy as np
import pytest

from ssl_core import checkpoint, zoo
from ssl_core.checkpoint import STATE
from ssl_core.pretext import Pretext, Recipe, Variant, recipes
from ssl_core.pretexts import PRETEXTS, UnknownModelError, build
from ssl_core.train_command import build_task
from ssl_core.trainer import Plan, train

RECIPE = Recipe(1, batch=2)


class Half(Pretext):
    """A task of which half is there."""

    method = "half"
    question = "What is missing?"
    departs = "Nowhere."
    sizes = {"tiny": None}
    variants = {"done": Variant("Begin.", {}, recipes(1, 1, 1e-3))}

    def loss(self, outputs, targets):
        return {}


def packs():
    return [np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), np.uint8)]


def run(folder, steps, recipe=RECIPE, **changes):
    task = build("context-encoder-l2", "tiny")
    if changes:
        task = type(task)(replace(task.config, **changes), task.variant)
    return list(train(task, packs(), Plan(recipe, steps=steps), folder))


def test_a_task_says_what_it_lacks(monkeypatch):
    monkeypatch.setitem(PRETEXTS, "half", Half)
    with pytest.raises(TypeError, match=r"^Half lacks paper, make_batch, panels\. ssl_core/pretext.py"):
        build("half-done", "tiny")
    monkeypatch.setattr(Half, "paper", None, raising=False)
    with pytest.raises(TypeError, match=r"^Half lacks make_batch, panels, forward\. "):
        build("half-done", "tiny")


def test_only_an_unknown_name_or_size_is_told_as_one(monkeypatch):
    monkeypatch.delitem(PRETEXTS["context-encoder"].sizes, "tiny")
    with pytest.raises(UnknownModelError, match="context-encoder-l2 has no size tiny. It has: paper, small"):
        build("context-encoder-l2", "tiny")

    def broken(config, variant):
        raise KeyError("tinny")

    monkeypatch.setattr(PRETEXTS["context-encoder"], "build", broken)
    with pytest.raises(KeyError, match="tinny"):  # with its traceback
        build_task("context-encoder-l2", "small", 0)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"scales": ((0.4, 1.0),)}, "whole run"),
        ({"scales": ((1.0, 1.0), (0.4, 0.5))}, "whole run"),
        ({"scales": ()}, "whole run"),
        ({"crop": 60}, "share of a side"),
        ({"crop": 0}, "share of a side"),
    ],
)
def test_a_recipe_that_would_fail_later_fails_at_once(wrong, told):
    with pytest.raises(ValueError, match=told):
        Recipe(1, **wrong)


@pytest.mark.parametrize("steps", [1, 2])  # a run that is finished, and one that goes on
def test_a_run_does_not_go_on_with_other_numbers(tmp_path, steps):
    run(tmp_path, 1)
    kept = (tmp_path / STATE).read_bytes()
    with pytest.raises(
        checkpoint.CheckpointError, match=r"has in its Config central 0.3\d*, not central 0.5\. Use --fresh"
    ):
        run(tmp_path, steps, central=0.5)
    with pytest.raises(checkpoint.CheckpointError, match=r"has in its recipe crop 0.75, not crop 0.5\. Use --fresh"):
        run(tmp_path, steps, replace(RECIPE, crop=0.5))
    assert (tmp_path / STATE).read_bytes() == kept
    assert len(run(tmp_path, 2, replace(RECIPE, minutes=9, learning_rate=1e-4))) == 1


def test_what_a_first_training_has_begun_is_no_model_yet(tmp_path, monkeypatch):
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(tmp_path))
    for name in ("begun", "unreadable", "context-encoder-l2"):
        (tmp_path / name).mkdir()
    (tmp_path / "begun" / STATE).write_bytes(b"state")
    run(tmp_path / "context-encoder-l2", 1)
    assert set(zoo.names()) == {"unreadable", "context-encoder-l2"}
