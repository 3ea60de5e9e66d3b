"""Tab Split-brain without a browser: what it hands to the page, turned hues, bad input, and its endpoint for programs."""

import gradio as gr
import numpy as np
import pytest
import torch
from PIL import Image
from skimage import color as reference

from ssl_core import hue_chroma, metrics
from tests.tiny_models import tiny_lab
from visualize.lab import Lab, Recent
from visualize.tabs import split_brain, split_brain_api
from visualize.widgets.posterior_lens import LensFiles

NAME, METHOD, PHOTO = "split-brain-lab", split_brain.METHODS[0], "coffee"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A lab whose split-brain network is untrained and tiny."""
    torch.manual_seed(0)
    yield from tiny_lab(tmp_path_factory.mktemp("checkpoints"), METHOD)


@pytest.fixture(scope="module")
def files() -> LensFiles:
    return LensFiles()


@pytest.fixture
def scene_of(lab, files):
    turned = Recent(4)
    return lambda photo=PHOTO, degrees=0: split_brain.scene_of(lab, files, turned, photo, degrees)


def read(part: dict) -> np.ndarray:
    """The probabilities of a file, (h, w, Q)."""
    logs = np.fromfile(part["path"], "<f2").astype(np.float32)
    found = np.exp(logs.reshape(part["height"], part["width"], len(part["bins"])))
    return found / found.sum(-1, keepdims=True)


def test_the_files_hold_what_each_half_says(scene_of, lab):
    scene, said = scene_of(), lab.model(NAME).predict(lab.photo(PHOTO).pixels)
    for part, logs in (("color", said.ab_log_probabilities), ("lightness", said.lightness_log_probabilities)):
        np.testing.assert_allclose(read(scene[part]), np.moveaxis(np.exp(logs), 0, -1), atol=2e-3)
    levels = np.array(scene["lightness"]["bins"])[:, 0]
    np.testing.assert_allclose(read(scene["lightness"]) @ levels, said.lightness(), atol=0.1)


def test_the_figures_are_those_of_the_pictures(scene_of, lab):
    figures, pixels = scene_of()["color"]["figures"], lab.photo(PHOTO).pixels
    pictures = lab.model(NAME).predict(pixels).pictures()
    truth, said = (reference.rgb2lab(picture) for picture in (pixels / 255, pictures["colours said"]))
    assert figures["auc"] == pytest.approx(metrics.color_auc(said[..., 1:], truth[..., 1:]), abs=0.02)
    assert figures["auc_grey"] == pytest.approx(metrics.color_auc(0 * truth[..., 1:], truth[..., 1:]), abs=0.02)
    errors = scene_of()["lightness"]["figures"]
    grey = reference.rgb2lab(pictures["lightness said"])[..., 0]
    assert errors["off"] == pytest.approx(np.abs(grey - truth[..., 0]).mean(), abs=0.1)
    assert errors["off_middle"] == pytest.approx(np.abs(50 - truth[..., 0]).mean(), abs=0.1)


def test_turning_the_hues_changes_what_the_second_half_sees_and_nothing_else(scene_of):
    plain, turned = scene_of(), scene_of(degrees=90)
    changed = {name for name in plain["pictures"] if plain["pictures"][name] != turned["pictures"][name]}
    assert {"colours seen"} <= changed <= set(split_brain.ASIDE)  # an untrained half may say the same grey again
    assert not np.array_equal(read(plain["lightness"]), read(turned["lightness"]))
    assert turned["color"] == plain["color"] and turned["lightness"]["path"] != plain["lightness"]["path"]
    assert turned["turn"] == 90 and scene_of(degrees=90)["lightness"]["path"] == turned["lightness"]["path"]
    assert scene_of()["pictures"] == plain["pictures"]


def test_hues_turn_and_lightness_and_chroma_stay():
    rng = np.random.default_rng(0)
    lab = np.concatenate([rng.uniform(45, 60, (9, 9, 1)), rng.uniform(-12, 12, (9, 9, 2))], -1)
    rgb = torch.from_numpy(reference.lab2rgb(lab)).movedim(-1, 0)
    before = reference.lab2lch(lab)
    after = reference.lab2lch(reference.rgb2lab(hue_chroma.turn_hues(rgb, 60.0).movedim(0, -1).numpy()))
    np.testing.assert_allclose(after[..., :2], before[..., :2], atol=0.05)
    turned = (after[..., 2] - before[..., 2] - np.pi / 3 + np.pi) % (2 * np.pi) - np.pi
    assert np.abs(turned * before[..., 1]).max() < 0.1


def test_a_grey_photo_is_not_turned_and_says_it_has_no_colour(scene_of):
    plain, turned = scene_of("camera"), scene_of("camera", 90)
    assert not plain["has_color"] and turned["pictures"] == plain["pictures"]


def test_the_smallest_upload_is_a_photograph(scene_of, lab, tmp_path):
    Image.new("RGB", (16, 16), (200, 30, 30)).save(tmp_path / "small.png")
    scene = scene_of(lab.add(tmp_path / "small.png").key)
    assert scene["pictures"] and (scene["width"], scene["height"]) == (16, 16)


def test_what_is_not_there_is_one_sentence(scene_of, files, tmp_path, monkeypatch):
    gone = scene_of("upload-000000000000000000000000")
    assert gone["message"].endswith(".") and "pictures" not in gone
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(tmp_path))
    assert "train" in split_brain.scene_of(Lab(), files, Recent(2), PHOTO, 0)["message"]
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / "config.json").write_text("not json")
    assert "--source SRC" in split_brain.scene_of(Lab(), files, Recent(2), PHOTO, 0)["message"]


def test_the_view_asks_for_turns_by_its_value(lab, files):
    update = split_brain.show(lab, files, Recent(2), PHOTO, "turn-45")
    assert update["scene"]["turn"] == -45
    assert split_brain.show(lab, files, Recent(2), PHOTO, "<script>")["scene"]["turn"] == 0


class TestEndpoint:
    def test_it_answers_with_two_pictures_and_figures(self, lab, tmp_path):
        Image.fromarray(lab.photo(PHOTO).pixels).save(tmp_path / "photo.png")
        colors, lightness, figures = split_brain_api.split_file(lab, METHOD, str(tmp_path / "photo.png"))
        expected = lab.model(NAME).predict(lab.photo(PHOTO).pixels).pictures()
        for picture, name in ((colors, "colours said"), (lightness, "lightness said")):
            assert np.abs(picture - expected[name] * 255).max() <= 0.51
        assert figures["model"] == NAME and 0 < figures["auc_percent"] <= 100 and figures["off"] > 0

    def test_bad_files_and_names_are_sentences(self, lab, tmp_path):
        (tmp_path / "text.jpg").write_text("not a picture")
        Image.new("RGB", (4, 4)).save(tmp_path / "photo.png")
        for photo, model in (
            (None, ""),
            (str(tmp_path / "text.jpg"), ""),
            (str(tmp_path / "photo.png"), "split-brain-rgb"),
        ):
            with pytest.raises(gr.Error) as refused:
                split_brain_api.split_file(lab, METHOD, photo, model)
            assert str(refused.value.message).endswith((".", "?"))
