"""The tab "Inpaint": mask codes, the answers to a mask, what is said when there is none."""

import base64
import io
import shutil
import zlib

import numpy as np
import pytest
from PIL import Image

from ssl_core import baselines, masks, metrics, zoo
from visualize.entropy_map import viridis
from visualize.error_map import error_map
from visualize.lab import Lab, Recent
from visualize.tabs import inpaint, inpaint_fills, inpaint_words
from visualize.widgets.answers import hole_box
from visualize.widgets.mask_pad import MaskCodeError, decode_mask, encode_mask, fit_mask, read_code

KEY = "coffee"


@pytest.fixture(scope="module")
def lab():
    return Lab()


@pytest.fixture(scope="module")
def answered(lab):
    """Photo, mask, quick answers and later answers of one painted mask."""
    painted = np.zeros((256, 256), bool)
    painted[60:150, 80:190] = True
    kept, code = Recent(8), encode_mask(painted)
    quick = inpaint.fill(lab, kept, KEY, code)
    return (
        lab.photo(KEY).pixels,
        fit_mask(painted, *lab.photo(KEY).pixels.shape[:2]),
        quick,
        inpaint.follow(lab, kept, KEY, code)["later"],
    )


def opened(patch):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(patch["src"].split(",")[1]))).convert("RGB"))


def test_mask_code_round_trip():
    rng = np.random.default_rng(0)
    for mask in (rng.random((256, 256)) < 0.5, np.zeros((256, 256), bool), np.ones((256, 256), bool)):
        assert (decode_mask(encode_mask(mask)) == mask).all()


@pytest.mark.parametrize(
    "code",
    [
        "",
        "z",
        "zz!!",
        "central",
        "random-region-12345678",
        "z" + "A" * 20_000,
        7,
        None,
        "z" + base64.b64encode(b"hello").decode(),
    ],
)
def test_unreadable_mask_codes_get_a_sentence(code):
    with pytest.raises(MaskCodeError, match="cannot be read. Paint a new one"):
        read_code(code, inpaint.preset_mask)


def test_a_mask_code_cannot_unpack_to_more_than_a_mask():
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = deflate.compress(bytes(5_000_000)) + deflate.flush()
    with pytest.raises(MaskCodeError):
        decode_mask("z" + base64.urlsafe_b64encode(bomb).decode())


def test_presets_follow_their_seed():
    first, again, other = (read_code(f"random-region-{seed}", inpaint.preset_mask) for seed in (3, 3, 4))
    assert (first == again).all() and (first != other).any()
    assert (read_code("central-region", inpaint.preset_mask) == masks.central_region(256, 256)).all()


@pytest.mark.parametrize("height, width", [(400, 600), (600, 512), (64, 640), (1, 1), (3, 7)])
def test_the_mask_keeps_its_place_on_any_photo(height, width):
    mask = fit_mask(masks.central_region(256, 256), height, width)
    assert mask.shape == (height, width)
    if min(height, width) > 8:
        assert mask.mean() == pytest.approx(0.25, abs=0.02)
        assert mask[height // 2, width // 2] and not mask[height // 8, width // 2]


def test_all_answers_stand_side_by_side(answered):
    _, _, quick, later = answered
    names = [answer["id"] for answer in quick["answers"]]
    assert names == [*zoo_names(), "border_mean", "telea", "biharmonic"]
    assert {answer["id"] for answer in quick["answers"] if answer.get("waiting")} == {"telea", "biharmonic"}
    assert {answer["id"] for answer in later["answers"]} == {"telea", "biharmonic"}
    assert set(later["errors"]) == set(names)


def zoo_names():
    return [name for name in zoo.names() if name.startswith("context-encoder")]


def test_figures_are_those_of_the_whole_photo(answered):
    """The tab measures inside a box around the hole; an independent pass over the whole photo must say the same."""
    pixels, hidden, quick, later = answered
    truth = pixels / np.float32(255)
    for answer, fill in ((quick["answers"][-3], baselines.border_mean), (later["answers"][0], baselines.telea)):
        picture = fill(pixels, hidden)
        assert answer["psnr"] == pytest.approx(metrics.psnr(picture, truth, hidden), rel=1e-5)
        assert answer["l1"] == pytest.approx(metrics.l1_percent(picture, truth, hidden), rel=1e-5)
        assert answer["l2"] == pytest.approx(metrics.l2_percent(picture, truth, hidden), rel=1e-5)
        sharpness = metrics.gradient_energy(picture, hidden) / metrics.gradient_energy(truth, hidden)
        assert answer["sharpness"] == pytest.approx(sharpness, rel=1e-4)


def test_a_patch_is_the_answer_inside_its_box(answered):
    pixels, hidden, quick, _ = answered
    patch = quick["answers"][-3]["patch"]
    left, top, width, height = patch["box"]
    assert (left, top, width, height) == hole_box(hidden)
    wanted = baselines.border_mean(pixels, hidden)[top : top + height, left : left + width] * 255
    assert opened(patch).shape == wanted.shape
    assert np.abs(opened(patch) - wanted).mean() < 4  # JPEG


def test_no_answer_sees_what_is_hidden(lab, answered):
    pixels, hidden, _, _ = answered
    other = np.where(hidden[..., None], np.uint8(255) - pixels, pixels)
    fills = [
        inpaint_fills.quick_fills(lab, "context-encoder", inpaint_fills.Hole(photo, hidden))
        for photo in (pixels, other)
    ]
    for name, answer in fills[0].items():
        assert np.abs(answer - fills[1][name])[hidden].max() < 1e-4, name
    slow = [inpaint_fills.biharmonic_fill(photo, hidden)[0] for photo in (pixels, other)]
    assert np.abs(slow[0] - slow[1])[hidden].max() < 1e-4


@pytest.mark.parametrize(
    "key, mask, sentence",
    [
        (KEY, np.zeros((256, 256), bool), "Nothing is hidden"),
        (KEY, np.ones((256, 256), bool), "whole photo is hidden"),
        (KEY, None, "cannot be read"),
        ("upload-none", masks.central_region(256, 256), "no longer here"),
    ],
)
def test_what_cannot_be_answered_gets_a_sentence(lab, key, mask, sentence):
    kept, code = Recent(4), "z!" if mask is None else encode_mask(mask)
    value = inpaint.fill(lab, kept, key, code)
    assert sentence in value["message"]
    assert not any("patch" in answer or "waiting" in answer for answer in value["answers"])
    assert "later" not in inpaint.follow(lab, kept, key, code)


def test_the_slow_answers_follow_however_much_others_paint_meanwhile(lab):
    kept = Recent(4)
    quick = inpaint.fill(lab, kept, KEY, "central-region")
    assert any(answer.get("waiting") for answer in quick["answers"])
    for number in range(4):
        kept.keep(("another photo", number), object)
    assert inpaint.follow(lab, kept, KEY, "central-region")["later"]["mask"] == "central-region"


def test_a_damaged_network_leaves_the_other_answers(lab, tmp_path, monkeypatch):
    broken = tmp_path / "context-encoder-l2"
    shutil.copytree(zoo.folder() / "context-encoder-l2", broken)
    (broken / "model.safetensors").write_bytes(b"not weights")
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(tmp_path))
    value = inpaint.fill(lab, Recent(4), KEY, "central-region")
    first, *others = value["answers"]
    assert "model.safetensors" in first["error"] and "python -m ssl_core train context-encoder-l2" in first["error"]
    assert "psnr" in next(answer for answer in others if answer["id"] == "border_mean")


def test_without_any_network_the_baselines_answer(lab, tmp_path, monkeypatch):
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(tmp_path))
    value = inpaint.fill(lab, Recent(4), KEY, "central-region")
    assert "No trained network" in value["message"] and "psnr" in value["answers"][0]


def test_error_map_is_dark_where_the_answer_is_right():
    truth = np.full((4, 6, 3), 0.5, np.float32)
    answer, hidden = truth.copy(), np.zeros((4, 6), bool)
    hidden[1:3, 1:5] = True
    answer[1:3, 3:5] = 1.0
    mapped = error_map(answer, truth, hidden)
    assert (mapped[1, 1] == viridis(np.zeros(1))[0]).all() and (mapped[1, 4] == viridis(np.ones(1))[0]).all()
    assert len(set(mapped[0, 0].tolist())) == 1  # known pixels stay grey
    with pytest.raises(ValueError, match="one size"):
        error_map(answer, truth[:2], hidden)


def test_the_fold_states_the_weights_of_the_losses():
    assert ", here 0." in inpaint_words.weights(tuple(zoo_names()))
    assert inpaint_words.weights(("no-such-model",)) == ""
