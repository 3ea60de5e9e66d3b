"""A checkpoint is what was saved, or an error that says what to do."""

import json

import pytest
import torch

from ssl_core import checkpoint, zoo
from ssl_core.pretexts import build


@pytest.fixture
def folder(tmp_path):
    torch.manual_seed(0)
    path = tmp_path / "colorization-regression"
    checkpoint.save(build("colorization-regression", "tiny"), path, {"sources": ["x"], "rank": 4})
    return path


def change(folder, **fields):
    path = folder / checkpoint.CONFIG
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def cut_weights(folder):
    path = folder / checkpoint.WEIGHTS
    path.write_bytes(path.read_bytes()[:-100])


def other_weights(folder):
    checkpoint.save(build("context-encoder-l2", "tiny"), folder.parent / "other", {})
    (folder.parent / "other" / checkpoint.WEIGHTS).replace(folder / checkpoint.WEIGHTS)


def poisoned_weights(folder):
    tensors, _ = checkpoint.read_tensors(folder / checkpoint.WEIGHTS)
    tensors["prior"].fill_(float("nan"))
    checkpoint.write_tensors(folder / checkpoint.WEIGHTS, tensors)


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (cut_weights, "is damaged"),
        (lambda folder: (folder / checkpoint.WEIGHTS).write_bytes(b"hello"), "is damaged"),
        (lambda folder: (folder / checkpoint.WEIGHTS).write_bytes(b""), "is damaged"),
        (lambda folder: (folder / checkpoint.WEIGHTS).unlink(), "There is no model.safetensors"),
        (lambda folder: (folder / checkpoint.CONFIG).unlink(), "There is no config.json"),
        (lambda folder: (folder / checkpoint.CONFIG).write_text("{"), "cannot be read as JSON"),
        (lambda folder: (folder / checkpoint.CONFIG).write_text("[1]"), "is not from this project"),
        (lambda folder: change(folder, method="sorcery"), "which this version does not know"),
        (lambda folder: change(folder, config={"side": 32}), "from another version"),
        (other_weights, "are not those of"),
        (poisoned_weights, "not numbers"),
    ],
)
def test_anything_wrong_is_named_with_what_to_do(folder, harm, says):
    harm(folder)
    with pytest.raises(checkpoint.CheckpointError, match=says) as caught:
        checkpoint.load(folder)
    assert "git checkout" in str(caught.value) and "train colorization-regression" in str(caught.value)


def test_scores_are_added_to_those_that_are_there(folder):
    checkpoint.write_scores(folder, {"a": 1})
    checkpoint.write_scores(folder, {"b": 2})
    assert checkpoint.read_config(folder)["scores"] == {"a": 1, "b": 2}
    checkpoint.load(folder)


def test_the_zoo_lists_in_order_and_loads_once(folder, monkeypatch):
    checkpoint.save(build("context-encoder-l2", "tiny"), folder.parent / "context-encoder-l2", {"rank": 0})
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(folder.parent))
    assert zoo.names() == ("context-encoder-l2", "colorization-regression")
    assert zoo.load("colorization-regression") is zoo.load("colorization-regression")
    with pytest.raises(checkpoint.CheckpointError, match="There are: context-encoder-l2, colorization-regression"):
        zoo.load("nothing")


def test_an_empty_folder_has_no_models(tmp_path, monkeypatch):
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(tmp_path / "nowhere"))
    assert zoo.names() == ()
