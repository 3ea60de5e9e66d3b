"""The bench on small photographs and untrained networks: it must measure what it says, in the same way every time."""

import json

import numpy as np
import pytest
from PIL import Image

from ssl_core import (
    bench,
    bench_bank,
    bench_colorize,
    bench_command,
    bench_failures,
    bench_inpaint,
    bench_sheet,
    bench_speed,
    metrics,
    selection,
)
from ssl_core.__main__ import main
from ssl_core.bank import starter_bank
from ssl_core.pretexts import build


@pytest.fixture(scope="module")
def photos() -> np.ndarray:
    """(6, 32, 32, 3) uint8: smooth, colourful."""
    from scipy.ndimage import gaussian_filter

    noise = np.random.default_rng(5).random((6, 32, 32, 3))
    smooth = gaussian_filter(noise, (0, 3, 3, 0), mode="wrap")
    low, high = smooth.min(axis=(1, 2), keepdims=True), smooth.max(axis=(1, 2), keepdims=True)
    return np.round(255 * (smooth - low) / (high - low)).astype(np.uint8)


@pytest.fixture(scope="module")
def models() -> dict:
    """Untrained networks of the smallest size, by name."""
    import torch

    torch.manual_seed(0)
    names = ("context-encoder-l2", "context-encoder-joint", "colorization-regression", "colorization-rebalanced")
    return {name: build(name, "tiny").eval() for name in names}


def test_the_selection_slice_is_small_stable_and_blind_to_order():
    images = np.random.default_rng(0).integers(0, 256, (3000, 4, 4, 3), dtype=np.uint8)
    held = selection.held_out(images)
    assert 0.02 < held.mean() < 0.06
    order = np.random.default_rng(1).permutation(len(images))
    np.testing.assert_array_equal(selection.held_out(images[order]), held[order])
    with pytest.raises(ValueError, match="uint8"):
        selection.held_out(images / 255.0)


def test_without_a_split_val_is_measured_and_all_where_there_is_none(tmp_path, photos):
    (tmp_path / "train").mkdir()
    Image.fromarray(photos[0]).save(tmp_path / "train" / "a.png")
    assert bench.open_split(str(tmp_path)).split == "all"
    (tmp_path / "val").mkdir()
    Image.fromarray(photos[1]).save(tmp_path / "val" / "b.png")
    assert bench.open_split(str(tmp_path)).names == ("val/b.png",)
    assert bench.open_split(str(tmp_path), "selection").names == ("train/a.png",)


def test_failures_are_judged_on_as_many_photographs_as_a_person_asked_for(photos, models):
    name = "colorization-regression"
    few, thinned = (bench_failures.report(photos, "six", [name], models.get, limit) for limit in (6, None))
    assert few.rows[0].items() >= bench_failures.measure(photos, models[name]).items()
    assert few.measured_on.startswith("Measured on six;")
    assert thinned.rows[0].items() >= bench_failures.measure(photos[:1], models[name]).items()
    assert thinned.measured_on.startswith("Measured on every eighth of six (1);")


@pytest.mark.parametrize("kind", bench_inpaint.MASKS)
def test_masks_depend_on_the_index_alone(kind):
    first, again = (bench_inpaint.mask_for(kind, 3, 64) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert 0.1 < first.mean() < 0.5
    other = bench_inpaint.mask_for(kind, 4, 64)
    assert (first == other).all() == (kind == "center")


def test_inpaint_figures_are_the_mean_of_each_photo(photos):
    mask = bench_inpaint.mask_for("center", 0, 32)
    rows = bench_inpaint.measure(photos, "center", {"flat": lambda photo, mask: np.full(photo.shape, 0.5, np.float32)})
    each = [metrics.psnr(np.full((32, 32, 3), 0.5), photo / 255, mask) for photo in photos]
    assert rows[0]["psnr_db"] == pytest.approx(np.mean(each), abs=1e-3)
    assert rows[0]["gradient_energy"] == 0.0
    own = np.mean([metrics.gradient_energy(photo / 255, mask) for photo in photos])
    assert rows[-1]["gradient_energy"] == pytest.approx(own, abs=1e-6)


def test_an_exact_fill_has_a_finite_figure(photos):
    rows = bench_inpaint.measure(photos, "region", {"exact": lambda photo, mask: photo.astype(np.float32) / 255})
    assert rows[0]["psnr_db"] == bench_inpaint.BEST_DB
    assert rows[0]["sharpness_percent"] == pytest.approx(100.0)


def test_inpaint_bench_is_deterministic_and_names_its_models(photos, models):
    names = ("context-encoder-l2", "context-encoder-joint")
    first, again = (bench_inpaint.report(photos, "made", "block", names, models.get) for _ in range(2))
    assert first == again
    assert first.scores("context-encoder-joint")["psnr_db"] > 0
    assert [row["model"] for row in first.rows if "model" in row] == list(names)
    assert first.remarks and first.name == "inpaint-block"


@pytest.mark.parametrize("name", ["colorization-regression", "colorization-rebalanced"])
def test_colours_in_batches_are_those_of_colorize(photos, models, name):
    together = bench_colorize.colorize_batch(models[name], photos)
    for photo, answer in zip(photos, together, strict=True):
        np.testing.assert_allclose(answer, models[name].colorize(photo), atol=1e-4)


def test_color_figures_pool_all_pixels(photos):
    import torch
    from skimage.color import rgb2lab

    from ssl_core.ab_bins import class_weights, nearest_bin

    prior = bench_colorize.class_prior(photos)
    compared = {"grey": bench_colorize.grey, "same": lambda part: part.astype(np.float32) / 255}
    grey, same = bench_colorize.measure(photos, prior, compared)
    assert same["auc_percent"] == pytest.approx(100, abs=0.01) and same["chroma_ratio"] == pytest.approx(1, abs=1e-3)
    ab = rgb2lab(photos / 255.0)[..., 1:]
    weights = class_weights(prior, 0.0)[nearest_bin(torch.from_numpy(ab).float())].numpy()
    assert grey["auc_percent"] == pytest.approx(metrics.color_auc(np.zeros_like(ab), ab), abs=0.05)
    assert grey["auc_weighted_percent"] == pytest.approx(metrics.color_auc(np.zeros_like(ab), ab, weights), abs=0.3)
    assert grey["auc_weighted_percent"] < grey["auc_percent"] - 3, "rare colours must weigh more"
    assert grey["chroma_ratio"] < 0.01


def test_the_report_reads_the_same_in_every_form(tmp_path):
    columns = (bench.Column("answer", "fill"), bench.Column("psnr_db", "PSNR, dB"))
    rows = ({"answer": "flat", "psnr_db": 13.697}, {"answer": "m", "model": "m", "psnr_db": 15.0, "extra": 1})
    report = bench.Report("inpaint", "Measured on nothing.", columns, rows, ("A remark.",))
    assert "| flat | 13.70 |" in report.markdown() and report.markdown().endswith("Measured on nothing. A remark.")
    assert "13.70" in report.text()
    assert json.loads(report.json())["rows"][1]["extra"] == 1
    assert report.scores("m") == {"psnr_db": 15.0, "extra": 1} and report.scores("other") == {}

    readme = tmp_path / "README.md"
    assert not bench.write_readme(report, readme)
    readme.write_text("before\n<!-- bench:inpaint -->\nold\n<!-- /bench:inpaint -->\nafter\n")
    assert bench.write_readme(report, readme) and bench.write_readme(report, readme)
    text = readme.read_text()
    assert (
        "old" not in text and text.startswith("before\n") and text.endswith("after\n") and text.count("| flat |") == 1
    )


def test_figures_reach_config_and_card(tmp_path, photos, models):
    from ssl_core import checkpoint

    name = "context-encoder-l2"
    checkpoint.save(models[name], tmp_path / name, {"sources": ["photos.zip, split train, 3 photographs"], "steps": 3})
    report = bench_inpaint.report(photos, "six made pictures", "center", (name,), models.get)
    assert bench.write_scores(report, tmp_path) == [name]
    scores = checkpoint.read_config(tmp_path / name)["scores"]["inpaint"]
    card = (tmp_path / name / "README.md").read_text()
    assert f"| PSNR, dB | {scores['psnr_db']:.2f} |" in card and "six made pictures" in card
    assert "Caltech-101" in card and "photos.zip" in card and card.startswith("---\nlicense:")


def test_sheets_hold_every_answer(photos, models):
    fills = bench_inpaint.fills(("context-encoder-l2",), models.get)
    drawn = np.asarray(bench_sheet.inpaint_sheet(photos, "center", fills))
    last = drawn[bench_sheet.HEADING :][:32, (len(fills) + 1) * (32 + bench_sheet.GAP) :][:, :32]
    np.testing.assert_array_equal(last, photos[0])
    paints = bench_colorize.paints(("colorization-regression",), models.get)
    assert bench_sheet.colorize_sheet(photos, paints).size[0] > 6 * 32


def test_speed_of_networks_is_counted_in_operations(models):
    import torch

    from ssl_core.networks import multiply_adds

    rows = bench_speed.network_rows([models["context-encoder-l2"]], [models["colorization-rebalanced"]])
    fill, colors, *shares = rows
    assert 0 < fill["median"] <= fill["p95"] and 0 < colors["median"] <= colors["p95"] and colors["unit"] == "ms"
    assert len(shares) == 2 and all(0 <= row["median"] <= 100 and row["unit"] == "%" for row in shares)
    layer = torch.nn.Conv2d(4, 8, 3, padding=1)
    assert multiply_adds(layer, torch.zeros(1, 4, 10, 10)) == 4 * 8 * 9 * 100
    assert bench_speed.matrix_rate() > 1e8 and "cores" in bench_speed.machine()


def test_drawn_strokes_are_neither_nothing_nor_all():
    masks = bench_speed.strokes(48, 64)
    assert all(mask.shape == (48, 64) and 0.01 < mask.mean() < 0.5 for mask in masks)
    assert len({mask.tobytes() for mask in masks}) == len(masks)


def test_looking_through_a_bank_is_timed(models, monkeypatch):
    monkeypatch.setattr(bench_bank, "MANY", 1300)
    monkeypatch.setattr(bench_bank, "starter_bank", lambda: bench_bank.first(starter_bank(), 100))
    monkeypatch.setattr("ssl_core.layouts.layout_steps", lambda method, features: iter([method] * 3))
    rows = bench_speed.bank_rows(models["colorization-rebalanced"])
    told = {row["answer"]: row for row in rows}
    assert "bank of 100 pictures indexed, colorization-rebalanced" in told and "bank of 1,300 pictures indexed" in told
    assert 0 < told["processor time of a picture among 1,300 against one among 100"]["median"] < 20
    assert 100 < told["resident memory after 1,300 pictures"]["median"] < 4000


def test_a_large_bank_is_made_of_a_small_one(tmp_path):
    few = bench_bank.first(starter_bank(), 7)
    many = bench_bank.repeated(few, 20, tmp_path / "rows.npy")
    assert len(few) == 7 and len(many) == 20 and isinstance(many.rows, np.memmap) and many.key != few.key
    assert np.array_equal(many.pixels(3), few.pixels(3))
    assert np.array_equal(many.pixels(7 + 3), np.roll(few.pixels(3), 1, axis=1))  # shifted, or all would be alike


@pytest.mark.parametrize(
    ("photos", "told"),
    [
        ("starter", "figures of a val split, and starter has none. Give by --photos a source with one."),
        ("few", "figures of a val split, and few has none. Give by --photos a source with one."),
        ("nowhere", "There is no folder, zip file or data set 'nowhere'"),
    ],
)
def test_figures_are_written_of_a_val_split_alone(photos, told, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(bench_command.BENCHES, "position", None)  # nothing is measured before that
    (tmp_path / "few").mkdir()
    Image.new("RGB", (160, 160)).save(tmp_path / "few" / "grey.png")
    assert main(["bench", "position", "--write", "--photos", photos]) == 1
    assert told in capsys.readouterr().err
