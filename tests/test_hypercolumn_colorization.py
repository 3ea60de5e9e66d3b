"""Hue, chroma and hypercolumns against brute force, scikit-image, SciPy and the paper."""

import math

import numpy as np
import pytest
import torch
from scipy import ndimage, stats
from skimage import color as reference

from ssl_core import ab_bins, bench_colorize, hue_chroma, networks
from ssl_core.photo import PhotoError
from ssl_core.pretexts import build
from ssl_core.pretexts import hypercolumn_colorization as larsson

K = 32
NAME = "hypercolumn-colorization-histograms"


@pytest.fixture(scope="module")
def histograms() -> np.ndarray:
    """Flat, peaked, two-peaked and empty-in-places distributions, (60, 32)."""
    rng = np.random.default_rng(0)
    drawn = np.concatenate([rng.dirichlet(np.full(K, sharp), 20) for sharp in (5.0, 0.2, 0.03)])
    return drawn.astype(np.float32)


@pytest.fixture(scope="module")
def tiny():
    torch.manual_seed(0)
    return build(NAME, "tiny").eval()


def tensor(array) -> torch.Tensor:
    return torch.from_numpy(np.asarray(array, np.float32))


def test_hue_and_chroma_agree_with_scikit_image_and_come_back():
    ab = np.random.default_rng(0).uniform(-100, 100, (200, 2))
    expected = reference.lab2lch(np.concatenate([np.full((200, 1), 50.0), ab], axis=1)[None])[0]
    hue, chroma = hue_chroma.hue_and_chroma(torch.from_numpy(ab))
    np.testing.assert_allclose(chroma, expected[:, 1], rtol=1e-6)
    np.testing.assert_allclose(hue.cos(), np.cos(expected[:, 2]), atol=1e-6)
    np.testing.assert_allclose(hue.sin(), np.sin(expected[:, 2]), atol=1e-6)
    np.testing.assert_allclose(hue_chroma.to_ab(hue, chroma), ab, atol=1e-6)


def test_circular_mean_against_the_sum_written_out(histograms):
    angle, length = hue_chroma.circular_mean(tensor(histograms))
    for f, found, long in zip(histograms, angle.tolist(), length.tolist(), strict=True):
        z = sum(f[k] * np.exp(1j * 2 * math.pi * (k + 0.5) / K) for k in range(K)) / K
        assert long == pytest.approx(abs(z), abs=1e-6)
        assert np.exp(1j * found) == pytest.approx(z / abs(z), abs=1e-3)


def test_median_chroma_against_a_fine_integral(histograms):
    found = hue_chroma.median_chroma(tensor(histograms)).numpy()
    edges = np.linspace(0, hue_chroma.CHROMA_REACH, K + 1)
    for f, median in zip(histograms.astype(np.float64), found, strict=True):
        fine = np.linspace(0, hue_chroma.CHROMA_REACH, 400_001)
        density = f[np.minimum((fine / edges[1]).astype(int), K - 1)]
        below = np.cumsum(density) / density.sum()
        assert median == pytest.approx(fine[np.searchsorted(below, 0.5)], abs=2e-2)


def test_expected_chroma_against_a_loop(histograms):
    width = hue_chroma.CHROMA_REACH / K
    expected = [sum(f[k] * (k + 0.5) * width for k in range(K)) for f in histograms]
    np.testing.assert_allclose(hue_chroma.expected_chroma(tensor(histograms)), expected, rtol=1e-5)


def test_kl_divergence_agrees_with_scipy(histograms):
    logits = np.random.default_rng(1).normal(0, 2, histograms.shape)
    expected = stats.entropy(histograms, np.exp(logits), axis=1)
    np.testing.assert_allclose(hue_chroma.kl_divergence(tensor(histograms), tensor(logits)), expected, atol=1e-5)


def test_a_hue_that_is_undecided_is_painted_grey():
    opposite = torch.zeros(K)
    opposite[[3, 3 + K // 2]] = 0.5
    assert hue_chroma.fade(hue_chroma.circular_mean(opposite)[1]) < 1e-5
    assert hue_chroma.fade(hue_chroma.circular_mean(torch.eye(K)[3])[1]) == 1


@pytest.mark.parametrize(
    "layout", [networks.SMALL, networks.TINY, networks.ALEXNET, dict(list(larsson.VGG16.items())[:7])]
)
def test_cells_lie_where_their_gradient_comes_from(layout):
    encoder = networks.Encoder(layout, networks.Lightness()).eval()
    chain = torch.nn.Sequential()
    for stage in encoder.stages.values():
        for layer in stage:
            if isinstance(layer, torch.nn.MaxPool2d):
                chain.append(torch.nn.AvgPool2d(layer.kernel_size, layer.stride))
            else:
                conv = torch.nn.Conv2d(1, 1, layer[0].kernel_size, layer[0].stride, layer[0].padding, layer[0].dilation)
                torch.nn.init.ones_(conv.weight)
                chain.append(conv)
    stride, offset = larsson.cell_centres(layout)[list(layout)[-1]]
    image = torch.zeros(1, 1, 259, 259, requires_grad=True)
    out = chain(image)
    at = out.shape[-1] // 2
    out[0, 0, at, at].backward()
    assert ndimage.center_of_mass(image.grad[0, 0].abs().numpy()) == pytest.approx(
        (stride * at + offset,) * 2, abs=1e-3
    )


def test_looking_up_is_bilinear_between_cells():
    features = torch.rand(2, 3, 5, 7)
    stride, offset = 4, 1.5
    rng = np.random.default_rng(0)
    places = tensor(rng.uniform(-3, 30, (2, 40, 2)))
    found = larsson.look_up(features, places, stride, offset).numpy()
    for image in range(2):
        cells = (places[image].numpy() - offset) / stride
        for channel in range(3):
            expected = ndimage.map_coordinates(
                features[image, channel].numpy(), cells[:, ::-1].T, order=1, mode="nearest"
            )
            np.testing.assert_allclose(found[image, :, channel], expected, atol=1e-5)


def test_the_window_around_a_place_repeats_the_edge():
    image = torch.rand(2, 3, 6, 8)
    places = torch.tensor([[[0, 0], [7, 5]], [[3, 2], [7, 0]]])
    found = larsson.pixels_around(image, places, 3)
    padded = np.pad(image.numpy(), ((0, 0), (0, 0), (1, 1), (1, 1)), mode="edge")
    for picture in range(2):
        for place, (x, y) in enumerate(places[picture].tolist()):
            expected = padded[picture, :, y : y + 3, x : x + 3].reshape(3, 9)
            np.testing.assert_array_equal(found[picture, :, place], expected)


def test_targets_count_the_colours_of_the_window(tiny):
    rng = np.random.default_rng(0)
    photo = rng.random((1, 3, 32, 32), dtype=np.float32)
    batch = tiny.make_batch({"image": torch.from_numpy(photo)}, np.random.default_rng(3))
    lab = np.pad(reference.rgb2lab(photo[0].transpose(1, 2, 0)), ((1, 1), (1, 1), (0, 0)), mode="edge")
    lch = reference.lab2lch(lab)
    for place, (x, y) in enumerate(batch.inputs["places"][0].tolist()):
        window = lch[y : y + 3, x : x + 3]
        hue, _ = np.histogram(window[..., 2], bins=K, range=(0, 2 * math.pi))
        chroma, _ = np.histogram(np.minimum(window[..., 1], 127.99), bins=K, range=(0, 128))
        assert np.abs(batch.targets["hue"][0, place].numpy() - hue / 9).sum() < 0.3  # a pixel on an edge of two bins
        assert np.abs(batch.targets["chroma"][0, place].numpy() - chroma / 9).sum() < 0.3
        assert batch.targets["vividness"][0, place].item() == pytest.approx(min(window[1, 1, 1] / 128, 1), abs=1e-3)


def test_places_are_drawn_from_the_whole_picture_and_anew(tiny):
    raw = {"image": torch.rand(8, 3, 32, 32)}
    one, two = (tiny.make_batch(raw, np.random.default_rng(seed)).inputs["places"] for seed in (0, 1))
    assert not torch.equal(one, two)
    assert one.amin(dim=(0, 1)).tolist() == [0, 0] and one.amax(dim=(0, 1)).tolist() == [31, 31]


def test_the_loss_is_that_of_the_paper(tiny):
    batch = tiny.make_batch({"image": torch.rand(2, 3, 32, 32)}, np.random.default_rng(0))
    with torch.no_grad():
        hue, chroma = tiny(batch.inputs)
        terms = tiny.loss((hue, chroma), batch.targets)
    wrong = [
        stats.entropy(batch.targets[part].numpy(), said.softmax(-1).numpy(), axis=-1)
        for part, said in (("hue", hue), ("chroma", chroma))
    ]
    expected = 5.0 * (batch.targets["vividness"].numpy() * wrong[0]).mean()
    assert terms["hue"].item() == pytest.approx(expected, rel=1e-4)
    assert terms["chroma"].item() == pytest.approx(wrong[1].mean(), rel=1e-4)


def test_the_dense_answer_is_the_sparse_one_at_the_same_places(tiny):
    photo = np.random.default_rng(0).random((160, 96, 3)).astype(np.float32)
    dense = tiny.histograms(photo)
    assert dense.hue.shape == (K, 40, 24)
    cells = np.array([[0, 0], [3, 20], [23, 39]])
    with torch.no_grad():
        places = torch.from_numpy(cells * 4 + 1.5)[None]
        hue, chroma = tiny({"image": tensor(photo.transpose(2, 0, 1))[None], "places": places})
    for row, (x, y) in enumerate(cells):
        np.testing.assert_allclose(dense.hue[:, y, x], hue[0, row].softmax(-1), atol=1e-5)
        np.testing.assert_allclose(dense.chroma[:, y, x], chroma[0, row].softmax(-1), atol=1e-5)


@pytest.mark.parametrize("size", [(33, 57), (200, 40), (1, 1), (300, 300)])
def test_photographs_of_any_size(tiny, size):
    photo = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    found = tiny.histograms(photo)
    for part in (found.hue, found.chroma):
        np.testing.assert_allclose(part.sum(0), 1, atol=1e-4)
    assert found.lightness.shape == size
    for chroma in ("median", "expectation"):
        colored = tiny.colorize(photo, chroma)
        assert colored.shape == (*size, 3) and colored.min() >= 0 and colored.max() <= 1
    with pytest.raises(PhotoError):
        tiny.colorize(np.full((4, 4, 3), np.nan))


def test_the_network_sees_no_colour_and_keeps_the_lightness(tiny):
    rng = np.random.default_rng(0)
    lab = np.concatenate([rng.uniform(30, 70, (24, 24, 1)), rng.uniform(-8, 8, (24, 24, 2))], -1)
    grey = lab * [1, 0, 0]
    colored, same = (tiny.colorize(reference.lab2rgb(picture).astype(np.float32)) for picture in (lab, grey))
    np.testing.assert_allclose(colored, same, atol=5e-3)
    assert np.abs(reference.rgb2lab(colored)[..., 0] - lab[..., 0]).mean() < 1.0


def test_peaked_histograms_paint_that_colour():
    hue, chroma = np.zeros((2, K, 1, 1), np.float32)
    hue[4], chroma[7] = 1, 1
    found = larsson.Histograms(hue, chroma, np.full((6, 6), 60, np.float32))
    theta, vivid = 2 * math.pi * 4.5 / K, 7.5 * 128 / K
    expected = reference.lab2rgb([60, vivid * math.cos(theta), vivid * math.sin(theta)])
    for how in ("median", "expectation"):
        np.testing.assert_allclose(found.picture(how), np.broadcast_to(expected, (6, 6, 3)), atol=2e-3)


def test_paper_size_has_the_published_counts():
    with torch.device("meta"):
        task = build(NAME, "paper")
    assert task.hidden.in_features == 12_417 and task.hidden.out_features == 1024  # sec 4.1
    assert (task.config.bins, task.config.places, task.config.hue_weight) == (32, 128, 5.0)


class TestBench:
    def test_the_chroma_is_answered_by_median_and_by_expectation(self, tiny):
        photos = np.random.default_rng(0).integers(0, 256, (2, 24, 24, 3), dtype=np.uint8)
        answers = bench_colorize.paints((NAME,), lambda name: tiny)
        assert list(answers) == ["grey", NAME, f"{NAME}, expected chroma"]
        for name, how in ((NAME, "median"), (f"{NAME}, expected chroma", "expectation")):
            expected = np.stack([tiny.colorize(photo, how) for photo in photos])
            np.testing.assert_array_equal(answers[name](photos), expected)

    def test_only_the_shipped_reading_goes_to_the_card(self, tiny):
        photos = np.random.default_rng(0).integers(0, 256, (2, 24, 24, 3), dtype=np.uint8)
        prior = torch.full((len(ab_bins.gamut_bins()),), 1 / len(ab_bins.gamut_bins()))
        report = bench_colorize.report(photos, "two", prior, (NAME,), lambda name: tiny)
        assert [row.get("model") for row in report.rows] == [None, NAME, None]

    def test_photographs_of_few_colours_have_weights_all_the_same(self):
        grey = np.full((2, 16, 16, 3), 90, np.uint8)
        weights = ab_bins.class_weights(bench_colorize.class_prior(grey), 0.0)
        assert torch.isfinite(weights).all() and weights[ab_bins.nearest_bin(torch.zeros(2))] > 0
