"""`train --all`: which of two networks is kept, and that an interrupted round goes on."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from ssl_core import checkpoint
from ssl_core.__main__ import main
from ssl_core.pretexts import build, model_names
from ssl_core.retrain import held_out_error, retrain, shares

RUN = {"minutes": 1.0, "images": 64, "images_per_second": 32.0, "waiting_share": 0.25}
CLASSES = ("flat", "steep")
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


def test_a_folder_that_fills_up_is_one_sentence(folders):
    (folders[0] / NAMES[1]).write_text("a file where a folder should be")
    with pytest.raises(checkpoint.CheckpointError, match="cannot be written"):
        run(folders, {NAMES[0]: (0.5, 0.4), NAMES[1]: (0.5, 0.4)})
    assert mark(folders[0] / NAMES[0]) == 2.0


def test_a_network_whose_loss_is_no_number_stops_only_itself(folders):
    def train(name, share, staged):
        if name == NAMES[0]:
            raise FloatingPointError("The loss is nan.")
        save(staged / name, 2.0)

    told = []
    (outcome,) = retrain(dict.fromkeys(NAMES, 5.0), train, mark, *folders, told.append)
    assert outcome.model == NAMES[1] and told == ["The loss is nan. The shipped one stays."]
    assert mark(folders[0] / NAMES[0]) == 1.0


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


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A folder of 60 pictures in two classes with a sentence under each: enough for the selection slice to hold some."""
    folder, rng = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    for name in CLASSES:
        (folder / name).mkdir()
    for number in range(60):
        corners = rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)
        Image.fromarray(corners).resize((128, 128), Image.Resampling.BICUBIC).save(
            folder / CLASSES[number % 2] / f"{number:02}.png"
        )
    words = ["dog", "cat", "boat", "tree", "bird", "car", "sea", "hat", "sun", "moon"]
    captions = {f"{n:02}.png": [f"the big old red {words[n % 10]} and a {words[n // 6]}"] for n in range(60)}
    (folder / "captions.json").write_text(json.dumps(captions))
    return folder


def everything(source, folder, *more):
    return main(
        ["train", "--all", "--source", str(source), "--steps", "1", "--size", "tiny", "--folder", str(folder), *more]
    )


def test_all_networks_are_trained_from_nothing(source, tmp_path, capsys):
    folder = tmp_path / "checkpoints"
    assert everything(source, folder) == 0
    table = capsys.readouterr().out
    for name in model_names():
        assert name in table and checkpoint.load(folder / name).name == name
        assert (folder / name / "README.md").exists()
    assert not (tmp_path / "runs" / "weights").exists()


def test_all_without_sentences_and_labels_leaves_what_needs_them_as_it_is(source, tmp_path, capsys):
    folder, other = tmp_path / "checkpoints", tmp_path / "pictures"
    other.mkdir()
    for picture in source.rglob("*.png"):
        (other / picture.name).symlink_to(picture)
    assert everything(other, folder) == 0
    told = capsys.readouterr().err
    assert "noisy-words-1k needs sentences" in told and "supervised-labels needs labels" in told
    assert not any((folder / name).exists() for name in ("noisy-words-1k", "supervised-labels"))
    assert (folder / "context-encoder-l2").exists()


def test_a_folder_with_networks_of_another_size_is_told_before_any_training(source, tmp_path, capsys):
    folder = tmp_path / "checkpoints"
    checkpoint.save(build("split-brain-lab", "small"), folder / "split-brain-lab", {"size": "small"})
    assert everything(source, folder) == 1
    told = capsys.readouterr().err
    assert "split-brain-lab holds a network of size small, with which one of size tiny" in told
    assert not (tmp_path / "runs").exists()


def test_a_network_that_is_built_otherwise_is_replaced_and_said_so(source, tmp_path, capsys):
    folder = tmp_path / "checkpoints"
    old = build("denoising-autoencoder-mixed", "small")
    checkpoint.save(old, folder / old.name, {"size": "tiny"})
    assert everything(source, folder) == 0
    assert f"{old.name} cannot be compared with" in capsys.readouterr().err
    assert checkpoint.load(folder / old.name).config == build(old.name, "tiny").config


def test_a_source_too_small_to_choose_on_is_told(tmp_path, source, capsys):
    few = tmp_path / "few"
    few.mkdir()
    (few / "00.png").symlink_to(source / CLASSES[0] / "00.png")
    assert everything(few, tmp_path / "checkpoints") == 1
    assert "too few" in capsys.readouterr().err


def test_classes_that_cannot_be_told_apart_are_told_before_any_training(source, tmp_path, capsys):
    for picture in source.rglob("*.png"):  # two sets of one class each
        place = tmp_path / "pictures" / f"set of {picture.parent.name}" / picture.parent.name / picture.name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(picture)
    assert everything(tmp_path / "pictures", tmp_path / "checkpoints") == 1
    assert "There are not two classes" in capsys.readouterr().err and not (tmp_path / "checkpoints").exists()


def test_an_interrupted_round_of_other_photographs_is_not_gone_on_with(source, tmp_path, capsys):
    begun = tmp_path / "runs" / "weights" / "checkpoints" / "begun.json"
    begun.parent.mkdir(parents=True)
    begun.write_text(json.dumps({"sources": ["other.zip"], "size": "tiny", "seed": 0}))
    assert everything(source, tmp_path / "checkpoints") == 1
    told = capsys.readouterr().err
    assert "A run with --source other.zip --size tiny --seed 0 was interrupted." in told and "--fresh" in told


def test_a_name_and_all_is_refused(source, capsys):
    assert main(["train", "context-encoder-l2", "--all", "--source", str(source)]) == 1
    assert "Say context-encoder-l2 or --all, not both." in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_told_before_any_training(source, tmp_path, capsys):
    (tmp_path / "photo.jpg").write_text("a picture")
    assert everything(source, tmp_path / "photo.jpg") == 1
    assert "Nothing can be written to" in capsys.readouterr().err and not (tmp_path / "runs").exists()


def test_train_without_a_name_says_so(source, capsys):
    assert main(["train", "--source", str(source)]) == 1
    assert "--all" in capsys.readouterr().err
