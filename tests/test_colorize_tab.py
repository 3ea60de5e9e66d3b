"""Tab Colorize without a browser: what it hands to the page, and its endpoint for programs."""

import json
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest
import torch
from PIL import Image

from ssl_core import zoo
from ssl_core.ab_bins import annealed_mean
from tests.tiny_models import tiny_lab
from visualize.entropy_map import entropy_map
from visualize.lab import Lab
from visualize.tabs import colorize, colorize_api, explained
from visualize.widgets.posterior_lens import LensFiles, data_url, relative_logs

HYPERCOLUMNS = "hypercolumn-colorization-histograms"
PHOTO = "coffee"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A lab whose colorization networks are untrained and tiny."""
    yield from tiny_lab(tmp_path_factory.mktemp("checkpoints"), *colorize.METHODS)


@pytest.fixture(scope="module")
def files() -> LensFiles:
    return LensFiles()


@pytest.fixture(scope="module")
def scenes(lab, files) -> list[dict]:
    return [json.loads(value) for value in colorize.show(lab, files, PHOTO)]


@pytest.fixture
def photo_file(lab, tmp_path) -> str:
    path = tmp_path / "photo.png"
    Image.fromarray(lab.photo(PHOTO).pixels).save(path)
    return str(path)


def answers(scene: dict, kind: str) -> list[dict]:
    return [model for model in scene["models"] if model["kind"] == kind]


def test_answers_arrive_one_by_one_and_in_the_order_of_the_story(scenes, lab):
    done = [len(scene["models"]) - len(answers(scene, "waiting")) for scene in scenes]
    assert done == list(range(len(colorize.models_of(lab)) + 1))
    titles = [model["title"] for model in scenes[-1]["models"]]
    assert titles == ["Regression", "Classification", "Rebalanced", "Hypercolumns"]


def test_the_page_can_fetch_the_photo_without_loss(scenes, lab):
    assert (np.asarray(Image.open(scenes[0]["photo"])) == lab.photo(PHOTO).pixels).all()


def test_the_file_holds_the_posterior(scenes, lab):
    for model in answers(scenes[-1], "posterior"):
        posterior = lab.model(model["name"]).posterior(lab.photo(PHOTO).pixels)
        codes = np.fromfile(model["path"], "<f2").astype(np.float32)
        z = np.exp(codes.reshape(model["height"], model["width"], len(model["bins"])) / 0.38)
        mean = (z / z.sum(-1, keepdims=True)) @ np.array(model["bins"], np.float32)
        there = annealed_mean(torch.from_numpy(posterior.log_probabilities)[None], 0.38)[0].movedim(0, -1)
        np.testing.assert_allclose(mean, there, atol=0.1)


def test_the_file_holds_the_histograms(scenes, lab):
    (model,) = answers(scenes[-1], "histograms")
    found = lab.model(HYPERCOLUMNS).histograms(lab.photo(PHOTO).pixels)
    cells = np.fromfile(model["path"], "<f4").reshape(model["height"], model["width"], 2, model["bins"])
    np.testing.assert_array_equal(cells[:, :, 0], np.moveaxis(found.hue, 0, -1))
    np.testing.assert_array_equal(cells[:, :, 1], np.moveaxis(found.chroma, 0, -1))


def test_half_precision_is_enough_at_low_temperatures():
    rng = np.random.default_rng(0)
    logs = rng.normal(-6, 3, (261, 4, 4)).astype(np.float32)
    halves = relative_logs(logs).astype("<f2").astype(np.float32)
    for temperature in (0.1, 0.02):
        exact, near = (
            np.exp(np.moveaxis(a, 0, -1) / temperature) for a in (logs - logs.max(0), np.moveaxis(halves, -1, 0))
        )
        np.testing.assert_allclose(near / near.sum(-1, keepdims=True), exact / exact.sum(-1, keepdims=True), atol=0.01)


def test_regression_is_a_picture(scenes, lab):
    (model,) = answers(scenes[-1], "picture")
    expected = lab.model(model["name"]).colorize(lab.photo(PHOTO).pixels) * 255
    assert np.abs(np.asarray(Image.open(model["path"])).astype(float) - expected).max() <= 0.51


def test_a_fault_of_the_posterior_is_not_taken_for_regression(files):
    def posterior(pixels):
        raise ValueError("a fault")

    model = SimpleNamespace(config=SimpleNamespace(regression=False, rebalance=False), posterior=posterior)
    with pytest.raises(ValueError, match="a fault"):
        colorize.answer(model, np.zeros((8, 8, 3), np.uint8), files.folder())


def test_names_of_files_cannot_be_guessed(scenes, files):
    for path in [scenes[-1]["photo"], *(model["path"] for model in scenes[-1]["models"])]:
        assert path.startswith(Path(files.root.name).as_posix())
        assert len(Path(path).parent.name) >= 32
        assert PHOTO not in path


def test_files_go_when_their_folder_is_forgotten(files):
    folder = files.folder()
    path = Path(folder.picture(np.zeros((2, 3, 3), np.uint8)))
    assert path.exists()
    del folder
    assert not path.exists()


def test_a_grey_photo_says_so(lab, files):
    scene = json.loads(next(colorize.show(lab, files, "camera")))
    assert scene["has_color"] is False


def test_an_unknown_photo_is_one_sentence(lab, files):
    (scene,) = [json.loads(value) for value in colorize.show(lab, files, "upload-000000000000000000000000")]
    assert "message" in scene
    assert "photo" not in scene


def test_a_damaged_network_leaves_the_others_alone(files, tmp_path, monkeypatch, scenes):
    for name in ("colorization-rebalanced", "colorization-regression"):
        (tmp_path / name).mkdir()
        for file in ("config.json", "model.safetensors"):
            (tmp_path / name / file).write_bytes((zoo.folder() / name / file).read_bytes())
    (tmp_path / "colorization-rebalanced" / "model.safetensors").write_bytes(b"no weights")
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(tmp_path))
    scene = json.loads(list(colorize.show(Lab(), files, PHOTO))[-1])
    regression, rebalanced = scene["models"]
    assert "--source SRC" in rebalanced["message"]
    assert regression["kind"] == "picture"


def test_no_network_at_all_is_one_sentence(files, tmp_path, monkeypatch):
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(tmp_path))
    scene = json.loads(list(colorize.show(Lab(), files, PHOTO))[-1])
    assert "train" in scene["message"]
    assert scene["photo"]


def test_words_tell_the_training_and_are_no_template(lab):
    table = explained.trainings(colorize.models_of(lab))
    assert all(name in table for name in colorize.models_of(lab))
    assert not set("${}") & set(table)


def test_the_entropy_map_is_even_in_scale():
    shades = entropy_map(np.linspace(0, 5, 50)[None], most=5.0)[0].astype(int).sum(-1)
    assert shades[-1] > shades[0]
    with pytest.raises(ValueError, match="entropy map"):
        entropy_map(np.zeros((2, 2, 2)), most=1.0)
    assert data_url(np.zeros((1, 1, 3), np.uint8)).startswith("data:image/png;base64,")


class TestEndpoint:
    def test_it_colours_a_file(self, lab, photo_file, scenes):
        picture, figures = colorize_api.colorize_file(
            lab, lambda: colorize.models_of(lab), photo_file, 0.1, "colorization-classification"
        )
        expected = lab.model("colorization-classification").colorize(lab.photo(PHOTO).pixels, 0.1) * 255
        assert np.abs(picture.astype(float) - expected).max() <= 0.51
        assert figures["model"] == "colorization-classification"
        assert 0 < figures["chroma"] < 2 * figures["chroma_true"]
        assert 0 < figures["auc_percent"] <= 100

    def test_a_network_without_temperature_takes_any(self, lab, photo_file, scenes):
        picture, figures = colorize_api.colorize_file(
            lab, lambda: colorize.models_of(lab), photo_file, 0.9, HYPERCOLUMNS
        )
        expected = lab.model(HYPERCOLUMNS).colorize(lab.photo(PHOTO).pixels) * 255
        assert np.abs(picture.astype(float) - expected).max() <= 0.51
        assert figures["model"] == HYPERCOLUMNS

    def test_a_grey_photo_has_no_figures_of_truth(self, lab, tmp_path, scenes):
        Image.fromarray(lab.photo("camera").pixels).save(tmp_path / "grey.png")
        _, figures = colorize_api.colorize_file(
            lab, lambda: colorize.models_of(lab), str(tmp_path / "grey.png"), 1.0, ""
        )
        assert "auc_percent" not in figures

    @pytest.mark.parametrize("temperature", [-0.1, 1.1, float("nan"), float("inf"), "warm"])
    def test_temperatures_that_are_none(self, lab, photo_file, temperature):
        with pytest.raises(gr.Error, match=r"0 \(the mode\) to 1 \(the mean\)"):
            colorize_api.colorize_file(lab, lambda: colorize.models_of(lab), photo_file, temperature, "")

    def test_bad_files_and_names_are_sentences(self, lab, photo_file, tmp_path):
        (tmp_path / "text.jpg").write_text("not a picture")
        for photo, model in ((None, ""), (str(tmp_path / "text.jpg"), ""), (photo_file, "colorization-purple")):
            with pytest.raises(gr.Error) as refused:
                colorize_api.colorize_file(lab, lambda: colorize.models_of(lab), photo, 0.38, model)
            assert str(refused.value.message).endswith((".", "?"))

    def test_one_pixel_is_enough(self, lab, tmp_path, scenes):
        Image.new("RGB", (1, 1), (200, 30, 30)).save(tmp_path / "one.png")
        picture, _ = colorize_api.colorize_file(lab, lambda: colorize.models_of(lab), str(tmp_path / "one.png"))
        assert picture.shape == (1, 1, 3)
