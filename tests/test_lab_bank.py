"""The bank and the indexes as the tabs get them from the lab."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ssl_core import checkpoint, pretexts
from ssl_core.bank import BankError
from ssl_core.steps import drained
from visualize.lab import MOST_OF_FOLDER, Lab

NAME = "context-encoder-l2"


@pytest.fixture
def models(tmp_path, monkeypatch):
    """A folder with one tiny model and a cache of its own."""
    torch.manual_seed(0)
    checkpoint.save(pretexts.build(NAME, "tiny"), tmp_path / "models" / NAME, {"rank": 0})
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(tmp_path / "models"))
    monkeypatch.setenv("PRETEXT_LAB_CACHE", str(tmp_path / "cache"))
    return tmp_path


def photographs(folder: Path, count: int) -> Path:
    rng = np.random.default_rng(0)
    for number in range(count):
        path = folder / "cd"[number % 2] / f"{number:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)).save(path)
    return folder


def test_every_patch_of_the_starter_bank_leads_to_its_photograph():
    lab = Lab()
    bank = lab.bank()
    assert lab.bank() is bank and lab.bank_at_hand() is bank and lab.bank_changed() == ""
    for index in range(0, len(bank), 50):
        place = bank.place(index)
        key = lab.strip_key(place)
        assert key in lab.keys and lab.about(key)["name"].lower() == place.photo
        left, top, width, height = place.box
        pixels = lab.photo(key).pixels
        part = Image.fromarray(pixels[top : top + height, left : left + width]).resize((8, 8), Image.Resampling.BOX)
        patch = Image.fromarray(bank.pixels(index)).resize((8, 8), Image.Resampling.BOX)
        assert np.abs(np.asarray(part).astype(int) - np.asarray(patch)).mean() < 3


def test_every_photograph_of_a_folder_can_be_opened_though_the_strip_shows_only_some(models):
    lab = Lab(str(photographs(models / "mine", MOST_OF_FOLDER + 20)))
    assert sum(key.startswith("folder-") for key in lab.keys) == MOST_OF_FOLDER
    assert lab.bank_at_hand() is None and lab.index(NAME) is None  # it must be read first
    bank = drained(lab.bank_steps())
    assert len(bank) == MOST_OF_FOLDER + 20 and bank.labels[0] == "c" and lab.bank_at_hand() is bank
    keys = [lab.strip_key(bank.place(index)) for index in range(len(bank))]
    assert len(set(keys)) == len(bank) and set(keys) > {key for key in lab.keys if key.startswith("folder-")}
    assert (
        lab.photo(keys[-1]).pixels.shape == (12, 16, 3)
        and lab.photo(keys[-1]).name == f"{len(bank) // 2 * 2 - 1:03d}.png"
    )


def test_an_index_is_made_once_and_found_again(models):
    lab = Lab(str(photographs(models / "mine", 40)))
    assert lab.index(NAME) is None
    steps = lab.index_steps(NAME)
    seen = []
    while True:
        try:
            seen.append(next(steps))
        except StopIteration as finished:
            index = finished.value
            break
    assert len(index) == 40 and seen[-1].done == seen[-1].total == 40
    assert lab.index(NAME) is index and drained(lab.index_steps(NAME)) is index
    again = Lab(str(models / "mine")).index(NAME)
    assert again is not index and np.array_equal(again.peak("conv5"), index.peak("conv5"))


def test_a_model_that_is_broken_says_so(models):
    (models / "models" / NAME / "model.safetensors").write_bytes(b"broken")
    lab = Lab(str(photographs(models / "mine", 3)))
    lab.bank()
    with pytest.raises(checkpoint.CheckpointError, match="damaged"):
        drained(lab.index_steps(NAME))
    with pytest.raises(checkpoint.CheckpointError):
        lab.index(NAME)
    assert len(lab.bank()) == 3


def test_a_folder_of_broken_pictures_says_so_and_the_strip_goes_on(models):
    (models / "bad").mkdir()
    (models / "bad" / "a.jpg").write_text("text")
    lab = Lab(str(models / "bad"))
    for ask in (lab.bank, lambda: drained(lab.index_steps(NAME))):
        with pytest.raises(BankError, match="None of the pictures"):
            ask()
    assert lab.photo("coffee").pixels.size


def test_a_folder_that_changes_is_noticed(models, monkeypatch):
    monkeypatch.setattr("ssl_core.bank.LOOK_AGAIN", 0.0)
    folder = photographs(models / "mine", 4)
    lab = Lab(str(folder))
    assert lab.bank_changed() == "" and len(lab.bank()) == 4
    photographs(folder, 6)
    assert "have changed" in lab.bank_changed() and len(lab.bank()) == 4
