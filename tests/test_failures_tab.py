"""Tab Failures without a browser: what it answers the page, with any model that colours or fills, and its endpoint."""

import time
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from ssl_core import checkpoint
from ssl_core.failures import MODES
from tests.tiny_models import save_tiny
from visualize.failure_map import failure_map
from visualize.jobs import Jobs, own_key
from visualize.lab import Lab
from visualize.tabs import failures_api, failures_gallery, failures_photo, failures_table
from visualize.tabs.asked import AskedError, named
from visualize.tabs.failures_table import Board
from visualize.tabs.inpaint import open_hole
from visualize.widgets import mask_pad

NAMES = ("context-encoder-l2", "colorization-regression", "colorization-rebalanced")
HOMES = {
    "context-encoder": {"id": "inpaint", "title": "Inpaint"},
    "colorization": {"id": "colorize", "title": "Colorize"},
}


def home(name: str) -> dict | None:
    return HOMES.get(name.rpartition("-")[0])


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    """Two networks that colour, one that fills, one that does neither; all untrained and tiny."""
    return save_tiny(tmp_path_factory.mktemp("checkpoints"), (*NAMES, "denoising-autoencoder-mixed"))


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    """Six photographs, one of them not square, and a file that is none."""
    folder, rng = tmp_path_factory.mktemp("photos"), np.random.default_rng(0)
    for number in range(6):
        size = (60, 90, 3) if number == 0 else (64, 64, 3)
        color = rng.integers(0, 256, 3)
        picture = np.clip(color + rng.normal(0, 20, size).cumsum(axis=0) / 4, 0, 255).astype(np.uint8)
        Image.fromarray(picture).save(folder / f"photo-{number}.png")
    (folder / "broken.png").write_bytes(b"no picture")
    return folder


@pytest.fixture(scope="module")
def board(models, photos):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRETEXT_LAB_CHECKPOINTS", str(models))
        lab = Lab(str(photos))
        lab.bank()
        yield Board(lab, home)


@pytest.fixture(scope="module")
def judged(board) -> Board:
    """The board after every network has judged the bank."""
    jobs = Jobs()
    for name in NAMES:
        answer = judge_to_the_end(board, jobs, name)
        assert answer["ready"] and answer["cells"]
    return board


def judge_to_the_end(board: Board, jobs: Jobs, name: str) -> dict:
    until = time.monotonic() + 600
    while time.monotonic() < until:
        answer = failures_table.judge(board, jobs, {"model": name, "start": True})
        if answer.get("ready") or answer.get("error"):
            return answer
        assert answer["done"] <= answer["total"]
        time.sleep(0.2)
    raise AssertionError("judging did not end")


def gallery(board: Board, model: str, mode: str) -> list[dict]:
    """All tiles, asked for as the page asks."""
    found, total = [], 1
    while len(found) < total:
        answer = failures_gallery.tiles(board, {"model": model, "mode": mode, "start": len(found)})
        total = answer["total"]
        if not answer["tiles"]:
            break
        found += answer["tiles"]
    return found


def test_the_table_names_every_network_that_colours_or_fills(judged):
    table = failures_table.table(judged, {})
    assert [model["name"] for model in table["models"]] == list(NAMES)
    assert [model["tasks"] for model in table["models"]] == [["inpaint"], ["colorize"], ["colorize"]]
    assert [mode["id"] for mode in table["modes"]] == [mode.id for mode in MODES]
    assert table["pictures"] == 6 and table["skipped"] == 1 and table["at_once"]
    for model in table["models"]:
        for mode, (_, over, count) in model["cells"].items():
            assert 0 <= over <= 1 and 0 < count <= 6, mode


def test_before_the_judging_there_is_a_table_without_figures(models, photos, monkeypatch, tmp_path):
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(models))
    monkeypatch.setenv("PRETEXT_LAB_CACHE", str(tmp_path))
    fresh = Board(Lab(str(photos)), home)
    table = failures_table.table(fresh, {})
    assert [model["cells"] for model in table["models"]] == [None] * 3
    assert failures_gallery.tiles(fresh, {"model": NAMES[1], "mode": "sepia"}) == {"waiting": True}
    assert failures_table.judge(fresh, Jobs(), {"model": NAMES[1]}) == {"running": False, "done": 0, "total": 0}


def test_what_is_judged_is_not_judged_again(judged):
    jobs, key = Jobs(), own_key({}, "failures", NAMES[0])
    done = jobs.ask(key, lambda: judged.score_steps(NAMES[0]), {"start": True})
    assert done.ended.wait(60)
    assert failures_table.judge(judged, jobs, {"model": NAMES[0], "start": True})["ready"] and jobs.jobs[key] is done


def test_a_large_bank_is_judged_when_somebody_asks_for_it(judged, monkeypatch):
    monkeypatch.setattr(failures_table, "AT_ONCE", 5)
    assert not failures_table.table(judged, {})["at_once"]


def test_judging_can_be_stopped_and_goes_on(board, tmp_path, monkeypatch):
    monkeypatch.setenv("PRETEXT_LAB_CACHE", str(tmp_path))
    fresh, jobs = Board(board.lab, home), Jobs()
    failures_table.judge(fresh, jobs, {"model": NAMES[0], "start": True})
    stopped = failures_table.judge(fresh, jobs, {"model": NAMES[0], "stop": True})
    assert stopped.get("ready") or not stopped["running"]
    assert judge_to_the_end(fresh, jobs, NAMES[0])["ready"]


@pytest.mark.parametrize("name", NAMES[1:])
def test_the_gallery_of_a_colouring_is_worst_first(judged, name):
    tiles = gallery(judged, name, "desaturated")
    scores = [tile["score"] for tile in tiles]
    assert tiles and scores == sorted(scores, reverse=True) and min(scores) > 0
    assert len({tile["photo"] for tile in tiles}) == len(tiles)
    for tile in tiles:
        assert judged.lab.photo(tile["photo"]).name == tile["name"] and tile["mask"] == ""
        assert all(tile[face].startswith("data:image/jpeg;base64,") for face in ("src", "truth", "map"))


def test_a_tile_of_inpainting_carries_the_hole_that_was_judged(judged):
    tiles = gallery(judged, "context-encoder-l2", "blur")
    assert tiles
    wide = next(tile for tile in tiles if tile["name"] == "photo-0.png")
    for tile in tiles:
        hole = open_hole(judged.lab, tile["photo"], tile["mask"])  # as the tab Inpaint reads it
        rows, columns = np.flatnonzero(hole.hidden.any(1)), np.flatnonzero(hole.hidden.any(0))
        side = min(hole.hidden.shape)
        assert abs(len(rows) - side / 2) <= 1 and abs(len(columns) - side / 2) <= 1
    hole = open_hole(judged.lab, wide["photo"], wide["mask"]).hidden
    assert hole.shape == (60, 90) and not hole[:, :25].any() and not hole[:, 65:].any()


def test_the_hole_of_a_part_lies_in_that_part():
    mask = mask_pad.decode_mask(failures_gallery.square_hole((100, 0, 100, 100), 100, 200))
    assert mask[64:192, 160:224].all() and mask.sum() == 128 * 64


def test_the_chosen_photo_says_what_it_shows(board):
    answer = failures_photo.on_photo(board, {"model": "colorization-regression", "photo": "coffee"})
    modes = answer["tasks"]["colorize"]["modes"]
    assert len(modes) == 8 and not answer["grey"]
    for mode in MODES[:8]:
        assert modes[mode.id]["over"] == (modes[mode.id]["score"] >= mode.threshold)
    filled = failures_photo.on_photo(board, {"model": "context-encoder-l2", "photo": "coffee"})
    assert set(filled["tasks"]) == {"inpaint"} and filled["tasks"]["inpaint"]["mask"] == "central-region"


def test_an_uploaded_grey_photo_is_judged_where_that_makes_sense(board, tmp_path):
    Image.fromarray(np.tile(np.arange(90, dtype=np.uint8)[:, None] * 2, (1, 120))).save(tmp_path / "grey.png")
    key = board.lab.add(tmp_path / "grey.png").key
    answer = failures_photo.on_photo(board, {"model": "colorization-rebalanced", "photo": key})
    assert answer["grey"]
    assert set(answer["tasks"]["colorize"]["modes"]) == {mode.id for mode in MODES[:8] if not mode.needs_color}


@pytest.mark.parametrize("model", ["", "denoising-autoencoder-mixed", "colorization-purple"])
@pytest.mark.parametrize("mode", ["sepia", "<b>", None])
def test_what_is_not_there_is_a_sentence(judged, model, mode):
    query = {"model": model or ("" if mode == "sepia" else "colorization-regression"), "mode": mode}
    with pytest.raises(AskedError, match="Choose one of"):
        failures_gallery.tiles(judged, query)
    assert named("failure_tiles", lambda asked: failures_gallery.tiles(judged, asked))(query)["error"].endswith(".")


def test_a_mode_of_another_task_has_an_empty_gallery(judged):
    assert failures_gallery.tiles(judged, {"model": "colorization-regression", "mode": "blur"}) == {
        "total": 0,
        "start": 0,
        "tiles": [],
    }


def test_a_photo_that_is_gone_is_a_sentence(board):
    answer = named("failure_photo", lambda asked: failures_photo.on_photo(board, asked))
    assert "upload it again" in answer({"model": NAMES[1], "photo": "upload-0"})["error"]


def test_a_damaged_network_is_named_and_the_others_are_judged(models, photos, tmp_path, monkeypatch):
    import shutil

    folder = tmp_path / "checkpoints"
    shutil.copytree(models, folder)
    weights = folder / NAMES[1] / checkpoint.WEIGHTS
    weights.write_bytes(weights.read_bytes()[:500])
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(folder))
    table = failures_table.table(Board(Lab(str(photos)), home), {})
    assert NAMES[1] in table["notice"] and [model["name"] for model in table["models"]] == [NAMES[0], NAMES[2]]
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(tmp_path / "nothing"))
    assert "Train one" in failures_table.table(Board(Lab(), home), {})["error"]


def test_the_map_is_grey_where_nothing_is_found():
    picture = np.random.default_rng(0).random((8, 8, 3))
    where = np.zeros((8, 8))
    where[2, 3], where[4, 4] = 5.0, 50.0
    drawn = failure_map(where, picture, top=10.0).astype(int)
    colored = (drawn.max(-1) - drawn.min(-1)) > 0
    assert colored.tolist() == (where > 0).tolist()
    assert drawn[4, 4].tolist() == [253, 231, 37]
    with pytest.raises(ValueError, match="failure map"):
        failure_map(where[:4], picture, top=1.0)


class TestEndpoint:
    def test_it_scores_a_file(self, board, tmp_path):
        Image.fromarray(board.lab.photo("coffee").pixels).save(tmp_path / "coffee.png")
        told = failures_api.failures_of_file(board, str(tmp_path / "coffee.png"), "colorization-regression")
        shown = failures_photo.on_photo(board, {"model": "colorization-regression", "photo": "coffee"})["tasks"][
            "colorize"
        ]
        assert {mode: one["score"] for mode, one in told.items()} == {
            mode: one["score"] for mode, one in shown["modes"].items()
        }

    @pytest.mark.parametrize("model", ["", None, "denoising-autoencoder-mixed"])
    def test_bad_requests_are_sentences(self, board, tmp_path, model):
        Image.new("RGB", (4, 4)).save(tmp_path / "small.png")
        with pytest.raises(gr.Error) as refused:
            failures_api.failures_of_file(board, str(tmp_path / "small.png"), model)
        assert refused.value.message.endswith(".")
        with pytest.raises(gr.Error, match="missing"):
            failures_api.failures_of_file(board, None, NAMES[0])
