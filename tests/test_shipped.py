"""What ships so that the first pictures are there at once: maps and failure scores of every model, made from its present weights."""

import errno
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from ssl_core import bench, checkpoint, shipped_failures, shipped_layouts, transfer_board, word_files, zoo
from ssl_core.__main__ import main
from ssl_core.bank import starter_bank
from ssl_core.failure_scores import Scores
from ssl_core.failures import MODES, tasks_of
from ssl_core.features import index_steps
from ssl_core.steps import drained
from tests.tiny_models import save_tiny

SEEDED = ("tsne", "umap")


@pytest.fixture(scope="module")
def bank():
    return starter_bank()


def neighbors_shared(one: np.ndarray, other: np.ndarray, k: int = 10) -> float:
    """The share of a point's k neighbours on one map that are its neighbours on the other."""
    near = [cKDTree(xy).query(xy, k + 1)[1][:, 1:] for xy in (one, other)]
    return float((near[0][:, :, None] == near[1][:, None, :]).any(axis=2).mean())


def test_every_model_ships_with_its_maps(bank):
    for name in zoo.names():
        stages = shipped_layouts.stages_shipped(name)
        assert stages, f"{name} has no maps for its weights: python -m ssl_core layouts --write"
        for method in SEEDED:
            laid = shipped_layouts.shipped(name, stages[-1], method, bank.key)
            assert laid is not None, f"{name} {method}: python -m ssl_core layouts --write"
            assert laid.xy.shape == (len(bank), 2) and np.abs(laid.xy).max() <= 1
            assert 0.5 < laid.faith.trust <= 1 and 0 < laid.faith.kept <= laid.faith.k


def test_every_model_that_can_fail_ships_with_its_scores(bank):
    for model in filter(tasks_of, map(zoo.load, zoo.names())):
        assert shipped_failures.shipped(model, bank), f"{model.name}: python -m ssl_core failures --write"


def test_there_are_no_maps_of_models_that_are_gone():
    assert {path.stem for path in shipped_layouts.FOLDER.glob("*.json")} <= set(zoo.names())


def test_a_shipped_map_can_be_made_again(bank):
    """t-SNE magnifies the last digit, in which processors differ; what a person reads from the map, who is near whom, must come back."""
    name = "colorization-rebalanced"
    index = drained(index_steps(zoo.load(name), bank))
    stage = shipped_layouts.stages_shipped(name)[-1]
    shipped = shipped_layouts.shipped(name, stage, "tsne", bank.key)
    again = shipped_layouts.lay_out(index.mean(stage), "tsne")
    assert stage == index.stages[-1]
    assert again.faith.trust == pytest.approx(shipped.faith.trust, abs=0.02)
    assert again.faith.kept == pytest.approx(shipped.faith.kept, abs=0.5)
    assert neighbors_shared(again.xy, shipped.xy) > 0.6
    chance = shipped.xy[np.random.default_rng(0).permutation(len(bank))]
    assert neighbors_shared(again.xy, chance) < 0.1


@pytest.mark.parametrize("command", ["layouts", "failures"])
def test_what_ships_is_renewed_for_the_shipped_models_alone(command, tmp_path, monkeypatch, capsys):
    models, begun = save_tiny(tmp_path / "models", ("colorization-regression",)), []
    monkeypatch.setattr(f"ssl_core.shipped_{command}.write_all", lambda *_: begun.append(command) or begun)
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", "")  # which `--checkpoints` sets
    assert main([command, "--write", "--checkpoints", str(models)]) == 1 and not begun
    told = capsys.readouterr().err
    assert f"those in {models} are others" in told and "leave out --checkpoints" in told
    monkeypatch.setattr(checkpoint, "SHIPPED", models)
    assert main([command, "--write"]) == 0 and begun


REPORT = bench.Report("a", "Measured.", (), ({},))
SCORES = Scores("a", np.arange(1), np.full((1, len(MODES)), np.nan, np.float32))
INDEX = SimpleNamespace(stages=("conv1",), bank_key="")
WRITERS = {
    "layouts/a.json": lambda folder: list(shipped_layouts.write("a", INDEX, folder / "layouts")),
    "failures/a.json": lambda folder: shipped_failures.write(SCORES, "", "", folder / "failures"),
    "transfer.json": lambda folder: transfer_board.write_board({}),
    "words.safetensors": lambda folder: word_files.write_words(folder, np.ones((1, 2)), np.ones((3, 4)), {}),
    "vocabulary.txt": lambda folder: word_files.write_vocabulary(folder, ["dog"], [2]),
    "README.md": lambda folder: bench.write_readme(REPORT, folder / "README.md"),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_is_one_sentence_and_leaves_the_old_file(name, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shipped_layouts, "METHODS", {})  # maps take a while
    monkeypatch.setattr(transfer_board, "FILE", tmp_path / "transfer.json")
    monkeypatch.setattr(word_files, "read_vocabulary", lambda _: (("dog",), np.ones((1, 4), np.float32)))
    (tmp_path / "README.md").write_text("<!-- bench:a --><!-- /bench:a -->")
    WRITERS[name](tmp_path)
    assert (tmp_path / name).stat().st_mode == (tmp_path / "README.md").stat().st_mode
    monkeypatch.setattr("os.replace", full)
    (tmp_path / "README.md").write_text("<!-- bench:a --><!-- /bench:a -->")
    files = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    with pytest.raises(checkpoint.CheckpointError, match=f"{name} cannot be written: No space left on device. Make"):
        WRITERS[name](tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == files


@pytest.mark.parametrize(
    "asked", ["layouts --write", "failures --write", "words --source nowhere", "bench transfer --write --packs ."]
)
def test_a_folder_that_cannot_be_written_is_told_before_any_work(asked, tmp_path, monkeypatch, capsys):
    def refuse(**_):
        raise PermissionError(13, "Permission denied")

    save_tiny(tmp_path, ("noisy-words-1k",))
    for file in ("photos.zip", "tiny.zip", "voc.zip"):
        (tmp_path / file).touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(tmp_path))
    monkeypatch.setattr(checkpoint, "SHIPPED", tmp_path)
    monkeypatch.setattr("ssl_core.command_settings.TemporaryFile", refuse)
    for work in ("shipped_layouts.write_all", "shipped_failures.write_all", "bench_transfer_command.run"):
        monkeypatch.setattr(f"ssl_core.{work}", None)
    assert main(asked.split()) == 1
    told = capsys.readouterr().err
    assert "Nothing can be written to" in told and "Permission denied. Allow writing there, or " in told
