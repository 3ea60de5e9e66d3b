"""What ships so that the first pictures are there at once: maps and failure scores of every model, made from its present weights."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from ssl_core import checkpoint, shipped_failures, shipped_layouts, zoo
from ssl_core.__main__ import main
from ssl_core.bank import starter_bank
from ssl_core.failures import tasks_of
from ssl_core.features import index_steps
from tests.tiny_models import save_tiny
from visualize.shared_work import drained

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
