"""A checkpoint is what was saved, or an error that says what to do."""

import errno
import json
import os
from pathlib import Path

import pytest
import torch

from ssl_core import cards, checkpoint, word_files, zoo
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


def stored(folder):
    return checkpoint.read_config(folder)["config"]


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
        (lambda folder: change(folder, training=[]), "is not from this project: training missing or of another kind"),
        (lambda folder: change(folder, scores=3, method=["a"]), "project: method, scores missing or of another kind"),
        (lambda folder: change(folder, config={**stored(folder), "decoder": 3}), "No network can be built as"),
        (lambda folder: change(folder, config={**stored(folder), "decoder": [-3]}), "No network can be built as"),
        (other_weights, "are not those of"),
        (poisoned_weights, "not numbers"),
    ],
)
def test_anything_wrong_is_named_with_what_to_do(folder, harm, says):
    harm(folder)
    with pytest.raises(checkpoint.CheckpointError, match=says) as caught:
        checkpoint.load(folder)
    again = " --fresh" if "another version" in says else ""  # its state cannot be gone on with either
    remedy = f"`python -m ssl_core train colorization-regression --source SRC{again} --folder {folder.parent}`"
    assert remedy in str(caught.value) and "git" not in str(caught.value), "git knows nothing of this folder"


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (cut_weights, "is damaged"),
        (lambda folder: (folder / checkpoint.WEIGHTS).unlink(), "There is no model.safetensors"),
        (lambda folder: change(folder, variant="sorcery"), "which this version does not know"),
    ],
)
def test_a_card_that_cannot_be_written_says_what_to_do(folder, harm, says):
    harm(folder)
    with pytest.raises(checkpoint.CheckpointError, match=rf"{says}.* Train it again: .* --folder {folder.parent}`\.$"):
        cards.card(folder)


def test_words_of_a_network_in_another_folder_are_trained_there(folder):
    (folder / checkpoint.WEIGHTS).unlink()
    with pytest.raises(checkpoint.CheckpointError, match=rf"\. Train it again: .* --folder {folder.parent}`\.$"):
        word_files.read_vocabulary(folder)


def test_what_is_shipped_is_restored_by_git(folder, monkeypatch):
    monkeypatch.setattr(checkpoint, "SHIPPED", folder.parent)
    monkeypatch.chdir(folder)
    cut_weights(folder)
    for path in (folder, Path("../colorization-regression")):
        with pytest.raises(checkpoint.CheckpointError) as caught:
            checkpoint.load(path)
        assert "`git checkout -- checkpoints/colorization-regression`" in str(caught.value)
        assert "`python -m ssl_core train colorization-regression --source SRC`" in str(caught.value)


@pytest.mark.parametrize(("method", "file"), [("open", checkpoint.WEIGHTS), ("read_text", checkpoint.CONFIG)])
def test_a_file_that_may_not_be_read_is_not_called_damaged(folder, method, file, monkeypatch):
    read = getattr(Path, method)

    def refuse(path, *args, **options):
        if path.name == file:
            raise PermissionError(13, "Permission denied", str(path))
        return read(path, *args, **options)

    monkeypatch.setattr(Path, method, refuse)
    with pytest.raises(checkpoint.CheckpointError, match=f"{file} may not be read by this user. Allow reading"):
        checkpoint.load(folder)


@pytest.mark.parametrize("mask", [0o022, 0o027, 0o077])
def test_files_are_for_whom_the_umask_says(folder, mask):
    before = os.umask(mask)
    try:
        checkpoint.save(build("colorization-regression", "tiny"), folder, {})
    finally:
        os.umask(before)
    modes = {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}
    assert modes == dict.fromkeys((checkpoint.WEIGHTS, checkpoint.CONFIG), 0o666 & ~mask)


def test_a_full_disk_is_one_sentence_and_leaves_the_old_file(folder, monkeypatch):
    before = {file: file.read_bytes() for file in folder.iterdir()}

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(checkpoint.CheckpointError, match="cannot be written: No space left on device. Make room"):
        checkpoint.save(build("colorization-regression", "tiny"), folder, {})
    assert {file: file.read_bytes() for file in folder.iterdir()} == before


def test_what_safetensors_cannot_write_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(checkpoint.CheckpointError, match="cannot be written: .*Make room or allow writing there"):
        checkpoint.write_tensors(tmp_path / "file" / "state.safetensors", {"a": torch.zeros(2)})


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
    with pytest.raises(checkpoint.CheckpointError, match="There is no model called ''"):
        zoo.load("")


def test_a_model_with_an_odd_configuration_is_listed_all_the_same(folder, monkeypatch):
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(folder.parent))
    change(folder, training=[])
    assert zoo.names() == ("colorization-regression",)


def test_an_empty_folder_has_no_models(tmp_path, monkeypatch):
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(tmp_path / "nowhere"))
    assert zoo.names() == ()


@pytest.mark.parametrize("method", ["iterdir", "is_dir"])
def test_a_folder_of_models_that_may_not_be_read_is_one_sentence(folder, method, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(folder.parent))
    monkeypatch.setattr(Path, method, refuse)
    with pytest.raises(checkpoint.CheckpointError, match=f"{folder.parent.name} may not be read by this user. Allow"):
        zoo.names()
