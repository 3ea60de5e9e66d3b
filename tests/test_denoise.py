"""Denoising: the baselines and the bench against scikit-image, scipy and counting, and the tab without a browser."""

import io
import json
import shutil

import gradio as gr
import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import median_filter
from skimage.metrics import peak_signal_noise_ratio
from skimage.restoration import denoise_nl_means

from ssl_core import bench_denoise, denoisers, zoo
from ssl_core.pretexts import build
from ssl_core.pretexts.denoising_autoencoder import KINDS, DenoisingAutoencoder
from tests.tiny_models import tiny_lab
from visualize.lab import Lab
from visualize.tabs import denoise_api, denoising_autoencoder
from visualize.widgets.denoise_bench import START, Noise, finite, read_noise, to_code
from visualize.widgets.posterior_lens import LensFiles

METHOD = denoising_autoencoder.METHODS[0]
PHOTO = "chelsea"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A lab whose networks are untrained and tiny."""
    yield from tiny_lab(tmp_path_factory.mktemp("checkpoints"), METHOD)


@pytest.fixture(scope="module")
def files() -> LensFiles:
    return LensFiles()


def smooth(side=64):
    """A picture without noise: waves of colour."""
    y, x = np.mgrid[0:side, 0:side] / side
    return np.stack([0.5 + 0.4 * np.sin(5 * y + c) * np.cos(4 * x - c) for c in range(3)], axis=-1).astype(np.float32)


class TestBaselines:
    @pytest.mark.parametrize("deviation", [0.02, 0.1, 0.3])
    def test_the_noise_is_estimated_from_the_picture(self, deviation):
        noisy = smooth(128) + np.random.default_rng(0).normal(0, deviation, (128, 128, 3))
        assert denoisers.noise_deviation(noisy) == pytest.approx(deviation, rel=0.05)
        assert denoisers.noise_deviation(smooth()) < 0.005

    def test_the_estimate_against_its_mask(self):
        from scipy.signal import convolve2d

        noisy = np.random.default_rng(1).random((20, 30, 3))
        mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]])
        answers = [np.abs(convolve2d(noisy[..., c], mask, "valid")).sum() for c in range(3)]
        expected = np.mean([np.sqrt(np.pi / 2) * total / (6 * 28 * 18) for total in answers])
        assert denoisers.noise_deviation(noisy) == pytest.approx(expected)

    def test_non_local_means_is_scikit_images(self):
        noisy = np.clip(smooth() + np.random.default_rng(0).normal(0, 0.1, (64, 64, 3)), 0, 1).astype(np.float32)
        deviation = denoisers.noise_deviation(noisy)
        expected = denoise_nl_means(noisy, 5, 6, 0.8 * deviation, fast_mode=True, sigma=deviation, channel_axis=-1)
        np.testing.assert_allclose(denoisers.non_local_means(noisy), np.clip(expected, 0, 1), atol=1e-6)
        clean = denoisers.non_local_means(noisy)
        assert np.square(clean - smooth()).mean() < 0.25 * np.square(noisy - smooth()).mean()

    def test_the_median_is_scipys(self):
        noisy = np.random.default_rng(0).random((17, 23, 3)).astype(np.float32)
        np.testing.assert_array_equal(denoisers.median(noisy), median_filter(noisy, (3, 3, 1), mode="nearest"))

    @pytest.mark.parametrize("shape", [(1, 1), (2, 9), (3, 3), (7, 5)])
    def test_small_and_flat_pictures_come_back(self, shape):
        for picture in (
            np.full((*shape, 3), 0.3, np.float32),
            np.random.default_rng(0).random((*shape, 3)).astype(np.float32),
        ):
            for denoise in (denoisers.non_local_means, denoisers.median):
                clean = denoise(picture)
                assert clean.shape == picture.shape and np.isfinite(clean).all() and clean.dtype == np.float32


@pytest.fixture(scope="module")
def report():
    """The bench of a network that has learned nothing, on nine times the same waves."""
    model = build("denoising-autoencoder-mixed", "tiny").eval()
    photos = np.stack([(smooth(32) * 255).astype(np.uint8)] * 9)
    return bench_denoise.report(photos, "waves", [model.name], {model.name: model}.get)


class TestBench:
    def test_gains_are_those_of_scikit_images_psnr(self, report):
        truth = (smooth(32) * 255).astype(np.uint8).astype(np.float32) / 255
        rows = {row["answer"]: row for row in report.rows}
        for kind, level in (("gaussian", 0.2), ("masking", 0.5), ("salt-and-pepper", 0.05)):
            gains = []
            for index in range(2):  # every eighth of nine
                noisy = DenoisingAutoencoder.corrupt(truth, kind, level, bench_denoise.SEED + index)
                own, done = (
                    peak_signal_noise_ratio(truth, picture, data_range=1)
                    for picture in (noisy, denoisers.median(noisy))
                )
                gains.append(done - own)
            assert rows["median of 3 x 3"][bench_denoise.key_of(kind, level)] == pytest.approx(np.mean(gains), abs=0.01)

    def test_every_kind_has_three_levels_and_every_cell_a_figure(self, report):
        assert {kind: len(levels) for kind, levels in bench_denoise.LEVELS.items()} == dict.fromkeys(KINDS, 3)
        assert all(cell for row in report.cells() for cell in row)
        assert "(2)" in report.measured_on

    def test_as_many_are_measured_as_a_person_asked_for(self, report):
        photos = np.stack([(smooth(32) * 255).astype(np.uint8)] * 2)
        asked = bench_denoise.report(photos, "waves", [], {}.get, 2)
        assert asked.rows == report.rows[:3] and asked.measured_on.startswith("Measured on waves;")

    def test_the_remark_counts_the_cases_won(self, report):
        rows = {row["answer"]: row for row in report.rows}
        mine, theirs = rows["denoising-autoencoder-mixed"], rows["non-local means"]
        won = [key for key in report.scores("denoising-autoencoder-mixed") if mine[key] > theirs[key]]
        assert f"in {len(won)} of 9 cases" in report.remarks[0] and len(won) < 9
        assert set(report.scores("denoising-autoencoder-mixed")) == {
            bench_denoise.key_of(*noise) for noise in bench_denoise.NOISES
        }


class TestTab:
    def last(self, lab, files, key=PHOTO, noise=START) -> dict:
        found = list(denoising_autoencoder.scenes(lab, files, key, noise))
        assert all(json.dumps(scene, allow_nan=False) for scene in found)
        return found[-1]

    def test_pictures_arrive_one_by_one_and_the_truth_stands_last(self, lab, files):
        scenes = list(denoising_autoencoder.scenes(lab, files, PHOTO, Noise("masking", 0.3, 4)))
        waiting = [sum("waiting" in picture for picture in scene["pictures"]) for scene in scenes]
        assert waiting == [3, 2, 1, 0]
        for scene in scenes:
            assert [picture["id"] for picture in scene["pictures"]] == [
                "noisy",
                "denoising-autoencoder-mixed",
                "non-local-means",
                "truth",
            ]

    def test_the_files_are_what_the_network_got_and_gave(self, lab, files):
        noise = Noise("gaussian", 0.3, 9)
        told = self.last(lab, files, noise=noise)
        pictures = {picture["id"]: picture for picture in told["pictures"]}
        pixels = {name: np.asarray(Image.open(picture["path"])) / 255 for name, picture in pictures.items()}
        truth = pixels["truth"].astype(np.float32)
        assert truth.shape[:2] == (told["height"], told["width"]) and max(truth.shape) <= denoising_autoencoder.LONGEST
        noisy = DenoisingAutoencoder.corrupt(truth, *noise)
        model = lab.model("denoising-autoencoder-mixed")
        for name, expected in (
            ("noisy", noisy),
            (model.name, model.denoise(noisy)),
            ("non-local-means", denoisers.non_local_means(noisy)),
        ):
            assert np.abs(pixels[name] - expected).max() <= 0.51 / 255 + 1e-6
            reached = peak_signal_noise_ratio(truth, expected, data_range=1)
            assert pictures[name]["psnr"] == pytest.approx(reached, abs=0.01)
            if name != "noisy":
                assert pictures[name]["gain"] == pytest.approx(reached - pictures["noisy"]["psnr"], abs=0.02)

    def test_without_noise_nothing_is_infinite(self, lab, files):
        noisy = self.last(lab, files, noise=Noise("masking", 0.0, 0))["pictures"][0]
        assert noisy["psnr"] is None and finite(float("inf")) is None

    def test_bad_photos(self, lab, files):
        assert "upload it again" in self.last(lab, files, "upload-" + "0" * 24)["message"]
        data = io.BytesIO()
        Image.new("RGB", (16, 16), (200, 30, 30)).save(data, "PNG")
        told = self.last(lab, files, lab.add(data.getvalue()).key)
        assert all("path" in picture for picture in told["pictures"])

    def test_grey_and_flat_photos_are_no_obstacle(self, lab, files):
        data = io.BytesIO()
        Image.new("RGB", (40, 30), (90, 90, 90)).save(data, "PNG")
        for key in ("camera", lab.add(data.getvalue()).key):
            assert all("error" not in picture for picture in self.last(lab, files, key)["pictures"])

    def test_a_damaged_network_is_one_sentence(self, files, tmp_path, monkeypatch):
        shutil.copytree(zoo.folder(), tmp_path / "checkpoints")
        (tmp_path / "checkpoints" / "denoising-autoencoder-mixed" / "model.safetensors").write_bytes(b"no weights")
        monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(tmp_path / "checkpoints"))
        _, network, classic, _ = self.last(Lab(), files)["pictures"]
        assert "--source SRC" in network["error"] and classic["gain"] > 0

    def test_no_network_at_all(self, files, tmp_path, monkeypatch):
        monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(tmp_path))
        told = self.last(Lab(), files)
        assert "No trained" in told["message"] and len(told["pictures"]) == 3

    def test_a_turned_knob_does_not_run_what_was_run(self, lab, files, monkeypatch):
        self.last(lab, files)
        monkeypatch.setattr(denoising_autoencoder, "denoised", lambda *_: pytest.fail("ran again"))
        self.last(lab, files)

    @pytest.mark.parametrize(
        "code",
        ["", None, "hail-0.1-1", "gaussian-2-1", "gaussian-0.1-x", "gaussian-0.1-1234567", {"a": 1}, "gaussian-nan-1"]
        + ["gaussian-0.125-3"],  # the link has two decimals
    )
    def test_codes_that_are_none(self, code):
        assert read_noise(code) == START

    def test_codes_come_back(self):
        for kind in KINDS:
            assert read_noise(to_code(Noise(kind, 0.25, 999_999))) == Noise(kind, 0.25, 999_999)
        assert read_noise("masking-1.00-0").level == 0.7


class TestEndpoint:
    @pytest.fixture
    def photo_file(self, lab, tmp_path) -> str:
        Image.fromarray(lab.photo(PHOTO).pixels).save(tmp_path / "photo.png")
        return str(tmp_path / "photo.png")

    def test_it_denoises_a_file(self, lab, photo_file):
        clean, told = denoise_api.denoise_file(lab, METHOD, photo_file, "masking", 0.2, 3)
        truth = lab.photo(PHOTO).pixels / np.float32(255)
        expected = lab.model(told["model"]).denoise(DenoisingAutoencoder.corrupt(truth, "masking", 0.2, 3))
        assert np.abs(clean / 255 - expected).max() <= 0.51 / 255
        assert told["clean_db"] == pytest.approx(peak_signal_noise_ratio(truth, expected, data_range=1), abs=0.01)

    def test_a_photo_may_bring_its_own_noise(self, lab, photo_file):
        clean, told = denoise_api.denoise_file(lab, METHOD, photo_file, "none")
        assert clean.shape == lab.photo(PHOTO).pixels.shape and "clean_db" not in told

    def test_bad_values_are_sentences(self, lab, photo_file, tmp_path):
        (tmp_path / "text.jpg").write_text("not a picture")
        bad = [
            (None,),
            (str(tmp_path / "text.jpg"),),
            (photo_file, "hail"),
            (photo_file, "masking", 1.5),
            (photo_file, "masking", float("nan")),
        ]
        bad += [
            (photo_file, "masking", 0.1, -1),
            (photo_file, "masking", 0.1, 0.5),
            (photo_file, "masking", 0.1, 0, "nobody"),
        ]
        for values in bad:
            with pytest.raises(gr.Error) as refused:
                denoise_api.denoise_file(lab, METHOD, *values)
            assert str(refused.value.message).endswith((".", "?"))
