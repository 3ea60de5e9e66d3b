"""Tab "Position" without a browser: the rounds that it hands to the page, bad photos and models, and the endpoint."""

import base64
import io
import json
import shutil

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from ssl_core import checkpoint, zoo
from ssl_core.photo import PhotoError
from ssl_core.pretexts import build
from ssl_core.pretexts.relative_position import NAMES, neighbours
from tests.tiny_models import tiny_lab
from visualize.lab import Lab
from visualize.tabs import relative_position, relative_position_api, relative_position_words
from visualize.tabs.relative_position_round import draw_square
from visualize.widgets.position_board import EXAMPLE

METHOD = relative_position.METHODS[0]
PHOTO = "chelsea"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A lab whose networks are untrained and tiny."""
    yield from tiny_lab(tmp_path_factory.mktemp("checkpoints"), METHOD)


@pytest.fixture(scope="module")
def config(lab):
    return lab.model(lab.models(METHOD)[0]).config


def pixels_of(uri: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))))


def upload(lab, picture) -> str:
    data = io.BytesIO()
    picture.save(data, "PNG")
    return lab.add(data.getvalue()).key


def test_a_round_holds_what_the_networks_were_given(lab, config):
    told = relative_position.asked(lab, PHOTO, 3)
    square = draw_square(lab.photo(PHOTO).pixels, config, 3)
    seen = pixels_of(told["seen"])
    np.testing.assert_array_equal(seen, square.seen)
    for (left, top, share), patch in zip(told["boxes"], square.patches, strict=True):
        x, y, length = (round(part * config.side) for part in (left, top, share))
        np.testing.assert_array_equal(seen[y : y + length, x : x + length], patch)
    assert [network["title"] for network in told["networks"]] == ["Dropping", "Plain"]
    for network in told["networks"]:
        likely = lab.model(network["name"]).guess(square.patches)[told["direction"]]
        np.testing.assert_allclose(network["likely"], likely, atol=1e-4)
    assert told["message"] == "" and json.dumps(told)


def test_the_square_that_a_person_sees_is_the_one_of_the_networks(lab, config):
    told, square = relative_position.asked(lab, PHOTO, 5), draw_square(lab.photo(PHOTO).pixels, config, 5)
    left, top, size = square.box
    part = lab.photo(PHOTO).pixels[top : top + size, left : left + size]
    assert part.shape[:2] == (size, size)
    sharp = np.asarray(Image.fromarray(part).resize(pixels_of(told["sharp"]).shape[1::-1]))
    assert np.abs(pixels_of(told["sharp"]).astype(int) - sharp).mean() < 4


def test_rounds_differ_and_repeat(lab, config):
    pixels = lab.photo(PHOTO).pixels
    rounds = [draw_square(pixels, config, number) for number in range(60)]
    assert len({square.box for square in rounds}) > 40 and {square.direction for square in rounds} == set(range(8))
    again = draw_square(pixels, config, 7)
    assert again.box == rounds[7].box and again.direction == rounds[7].direction
    np.testing.assert_array_equal(again.patches, rounds[7].patches)


def test_a_flat_patch_is_not_asked_about_where_another_shows_something(config):
    pixels = np.full((200, 200, 3), 120, np.uint8)
    pixels[100:] = np.random.default_rng(0).integers(0, 256, (100, 200, 3))
    for number in range(20):
        square = draw_square(pixels, config, number)
        patch = square.patches[neighbours()[1][square.direction]]
        assert patch.std() > 4 or square.patches.reshape(9, -1).std(axis=1)[[0, 1, 2, 3, 5, 6, 7, 8]].max() < 4


class TestBadPhotos:
    def test_smaller_than_the_grid_of_patches(self, lab, config):
        key = upload(lab, Image.effect_noise((config.side + 40, config.side - 1), 80))
        told = relative_position.asked(lab, key, 1)
        assert f"{config.side + 40} x {config.side - 1} pixels" in told["message"] and told["message"].endswith(".")
        assert [list(network) for network in told["networks"]] == [["name", "title"]] * 2 and "seen" not in told

    def test_exactly_the_grid(self, lab, config):
        key = upload(lab, Image.effect_noise((config.side, config.side), 80))
        assert relative_position.asked(lab, key, 1)["message"] == ""

    def test_flat(self, lab):
        told = relative_position.asked(lab, upload(lab, Image.new("RGB", (90, 90), (40, 90, 160))), 1)
        assert "one flat colour" in told["message"] and told["message"].endswith(".")

    def test_grey_is_no_obstacle(self, lab):
        assert relative_position.asked(lab, "camera", 1)["networks"]

    def test_gone(self, lab):
        assert "upload it again" in relative_position.asked(lab, "upload-" + "0" * 24, 1)["message"]


def test_the_value_of_the_board_may_be_anything(lab):
    for value, number in (
        ("round-7", 7),
        ("round-999999", 999999),
        ("round-1e99", EXAMPLE),
        ("round--1", EXAMPLE),
        ("", EXAMPLE),
        (None, EXAMPLE),
        ("round-²", EXAMPLE),
    ):
        assert relative_position.show(lab, PHOTO, value)["asked"]["round"] == number


def test_a_damaged_network_leaves_the_other_alone_and_answers_once_it_is_mended(lab, tmp_path, monkeypatch):
    shutil.copytree(zoo.folder(), tmp_path / "checkpoints")
    weights = tmp_path / "checkpoints" / "relative-position-dropping" / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(b"no weights")
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(tmp_path / "checkpoints"))
    fresh = Lab()
    dropping, plain = relative_position.asked(fresh, PHOTO, 1)["networks"]
    assert "--source SRC" in dropping["error"] and "likely" not in dropping
    assert len(plain["likely"]) == 8
    weights.write_bytes(whole)
    assert all("likely" in one for one in relative_position.asked(fresh, PHOTO, 1)["networks"])


def test_without_a_network_a_person_plays_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(tmp_path))
    told = relative_position.asked(Lab(), PHOTO, 1)
    assert "alone" in told["message"] and told["networks"] == [] and told["seen"]
    assert relative_position_words.ours(()) == ""


def test_a_network_of_another_geometry_says_so(tmp_path, monkeypatch):
    checkpoint.save(build("relative-position-dropping", "tiny"), tmp_path / "relative-position-dropping", {"rank": 0})
    checkpoint.save(build("relative-position-plain", "small"), tmp_path / "relative-position-plain", {"rank": 1})
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(tmp_path))
    first, second = relative_position.asked(Lab(), PHOTO, 1)["networks"]
    assert "likely" in first and "32 px" in second["error"]


def test_words_hold_no_template(lab):
    told = relative_position_words.ours(lab.models(METHOD))
    assert "8 pixels" in told and not set("${}") & set(told)


class TestEndpoint:
    @pytest.fixture
    def photo_file(self, lab, tmp_path) -> str:
        Image.fromarray(lab.photo(PHOTO).pixels).save(tmp_path / "photo.png")
        return str(tmp_path / "photo.png")

    def test_it_says_what_the_network_says(self, lab, config, photo_file):
        told = relative_position_api.place_in_file(lab, METHOD, photo_file, 4, "relative-position-plain")
        square = draw_square(lab.photo(PHOTO).pixels, config, 4)
        likely = lab.model("relative-position-plain").guess(square.patches)[square.direction]
        assert told["square"] == list(square.box) and told["direction"] == NAMES[square.direction]
        assert told["said"] == NAMES[int(likely.argmax())] and list(told["likely"]) == list(NAMES)
        assert sum(told["likely"].values()) == pytest.approx(1, abs=1e-3)

    @pytest.mark.parametrize("number", [-1, 1_000_000, 1.5, float("nan"), float("inf")])
    def test_rounds_that_are_none(self, lab, photo_file, number):
        with pytest.raises(gr.Error, match="whole number from 0 to 999999"):
            relative_position_api.place_in_file(lab, METHOD, photo_file, number)

    def test_bad_files_and_names_are_sentences(self, lab, photo_file, tmp_path):
        (tmp_path / "text.jpg").write_text("not a picture")
        Image.new("RGB", (5, 5)).save(tmp_path / "small.png")
        for photo, model in (
            (None, ""),
            (str(tmp_path / "text.jpg"), ""),
            (str(tmp_path / "small.png"), ""),
            (photo_file, "nobody"),
        ):
            with pytest.raises(gr.Error) as refused:
                relative_position_api.place_in_file(lab, METHOD, photo, 1, model)
            assert str(refused.value.message).endswith((".", "?"))


def test_a_round_is_drawn_once(lab, monkeypatch):
    relative_position.asked(lab, PHOTO, 11)
    monkeypatch.setattr(relative_position, "draw_square", lambda *_: pytest.fail("drawn again"))
    relative_position.asked(lab, PHOTO, 11)
    with pytest.raises(PhotoError):
        draw_square(np.zeros((10, 10, 3), np.uint8), lab.model(lab.models(METHOD)[0]).config, 0)
