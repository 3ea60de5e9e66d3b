"""Colour spaces, bins and the colorization task against scikit-image, brute force and the paper."""

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from skimage import color as reference

from ssl_core import ab_bins, color
from ssl_core.pretexts import build


def test_lab_agrees_with_scikit_image():
    rgb = np.random.default_rng(0).random((30, 40, 3))
    rgb[0, :5] = [[0, 0, 0], [1, 1, 1], [0.5, 0.5, 0.5], [1, 0, 0], [0.001, 0.002, 0.003]]
    image = torch.from_numpy(rgb).permute(2, 0, 1)
    ours = color.rgb_to_lab(image).permute(1, 2, 0).numpy()
    np.testing.assert_allclose(ours, reference.rgb2lab(rgb), atol=2e-2)
    np.testing.assert_allclose(color.rgb_to_lightness(image)[0].numpy(), reference.rgb2lab(rgb)[..., 0], atol=2e-2)
    back = color.lab_to_rgb(torch.from_numpy(reference.rgb2lab(rgb)).permute(2, 0, 1)).permute(1, 2, 0).numpy()
    np.testing.assert_allclose(back, rgb, atol=2e-3)


def test_bins_are_the_grid_points_nearest_to_some_srgb_colour():
    axis = np.linspace(0, 1, 41)
    cube = np.stack(np.meshgrid(axis, axis, axis), -1).reshape(1, -1, 3)
    seen = np.unique(np.round(reference.rgb2lab(cube)[0, :, 1:] / 10) * 10, axis=0)
    bins = {tuple(point) for point in ab_bins.gamut_bins().tolist()}
    assert {tuple(point) for point in (seen + 0.0).tolist()} <= bins
    assert len(bins) == 261 and len(bins) - len(seen) < 12  # a coarse cube misses a few corners, nothing else
    assert max(abs(value) for point in bins for value in point) <= ab_bins.REACH


@pytest.fixture(scope="module")
def colors():
    return torch.from_numpy(np.random.default_rng(0).uniform(-100, 100, (200, 2)).astype(np.float32))


def test_nearest_bin_against_brute_force(colors):
    distance = torch.cdist(colors, ab_bins.gamut_bins())
    found = distance.gather(1, ab_bins.nearest_bin(colors)[:, None])[:, 0]
    torch.testing.assert_close(found, distance.min(1).values)


def test_soft_encoding_against_a_loop(colors):
    bins = ab_bins.gamut_bins().numpy()
    indices, weights = ab_bins.soft_encode(colors, 5, 5.0)
    for color_, found, weight in zip(colors.numpy(), indices.numpy(), weights.numpy(), strict=True):
        distance = np.sqrt(((bins - color_) ** 2).sum(1))
        nearest = np.sort(distance)[:5]
        expected = np.exp(-(nearest**2 - nearest[0] ** 2) / 50)
        np.testing.assert_allclose(distance[found], nearest, rtol=1e-4)
        np.testing.assert_allclose(weight, expected / expected.sum(), rtol=2e-3, atol=1e-5)


def test_soft_encoding_finds_the_five_nearest_bins_of_every_colour():
    """In the middle of four bins eight more tie: with ten candidates two or three colours in a thousand lack their fifth."""
    ab = color.rgb_to_lab(torch.from_numpy(np.random.default_rng(0).random((1, 3, 20_000, 1)).astype(np.float32)))
    ab, bins = ab[0, 1:, :, 0].T, ab_bins.gamut_bins().numpy().astype(float)
    found = ab_bins.soft_encode(ab, 5)[0].numpy()
    distance = cdist(ab.numpy().astype(float), bins)
    np.testing.assert_allclose(
        np.take_along_axis(distance, found, axis=1), np.sort(distance, axis=1)[:, :5], atol=1e-4, rtol=0
    )


def test_class_weights_average_to_one_and_favour_the_rare():
    prior = ab_bins.smooth_prior(torch.from_numpy(np.random.default_rng(0).exponential(size=261) ** 3).float())
    assert prior.sum().item() == pytest.approx(1, abs=1e-5) and (prior > 0).all()
    for mix in (0.0, 0.5, 1.0):
        weights = ab_bins.class_weights(prior, mix)
        assert (prior * weights).sum().item() == pytest.approx(1, abs=1e-4)
    order = prior.argsort()
    assert (ab_bins.class_weights(prior, 0.5)[order].diff() <= 0).all()
    torch.testing.assert_close(ab_bins.class_weights(prior, 1.0), torch.ones(261))


@pytest.mark.parametrize("temperature", [1.0, 0.38, 0.1, 0.0])
def test_annealed_mean_against_the_formula(temperature):
    rng = np.random.default_rng(0)
    z = rng.dirichlet(np.full(261, 0.05), size=6) + 1e-9
    z /= z.sum(1, keepdims=True)
    bins = ab_bins.gamut_bins().numpy()
    if temperature:
        annealed = np.exp((np.log(z) - np.log(z).max(1, keepdims=True)) / temperature)
        expected = annealed / annealed.sum(1, keepdims=True) @ bins
    else:
        expected = bins[z.argmax(1)]
    found = ab_bins.annealed_mean(torch.from_numpy(np.log(z).T[None, :, :, None]).float(), temperature)
    np.testing.assert_allclose(found[0, :, :, 0].numpy().T, expected, atol=2e-2)


def test_a_temperature_near_nothing_is_the_mode_and_one_out_of_range_is_refused():
    believed = torch.randn(1, 261, 2, 2).log_softmax(1)
    torch.testing.assert_close(ab_bins.annealed_mean(believed, 1e-40), ab_bins.annealed_mean(believed, 0.0))
    for temperature in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="A temperature lies between 0"):
            ab_bins.annealed_mean(believed, temperature)


def test_paper_size_has_the_published_shapes():
    task = build("colorization-rebalanced", "paper").eval()
    with torch.no_grad():
        stages = task.encoder(torch.rand(1, 3, 64, 64))
        assert {stage: found.shape[1] for stage, found in stages.items()} == {
            "conv1": 64, "conv2": 128, "conv3": 256, "conv4": 512, "conv5": 512, "conv6": 512, "conv7": 512,
        }  # fmt: skip
        assert all(stages[f"conv{n}"].shape[2:] == (8, 8) for n in (3, 4, 5, 6, 7))
        assert task({"image": torch.rand(1, 3, 64, 64)}).shape == (1, 261, 16, 16)
    assert not any(isinstance(module, torch.nn.MaxPool2d) for module in task.modules())
    assert (task.config.neighbours, task.config.sigma, task.config.mix) == (5, 5.0, 0.5)


@pytest.fixture(scope="module")
def tiny():
    torch.manual_seed(0)
    return build("colorization-classification", "tiny").eval()


def test_the_network_sees_no_colour(tiny):
    rng = np.random.default_rng(0)
    lab = np.concatenate([rng.uniform(30, 70, (24, 24, 1)), rng.uniform(-8, 8, (24, 24, 2))], -1)
    other = lab.copy()
    other[..., 1:] = 0
    one, two = (tiny.posterior(reference.lab2rgb(picture).astype(np.float32)) for picture in (lab, other))
    np.testing.assert_allclose(one.probabilities, two.probabilities, atol=1e-3)


def test_a_rebalanced_network_starts_with_its_trunks_answers_times_the_weights():
    photo = np.random.default_rng(0).random((32, 32, 3), dtype=np.float32)
    trunk, rebalanced = (build(f"colorization-{name}", "tiny").eval() for name in ("classification", "rebalanced"))
    trunk.prior.copy_(torch.softmax(torch.randn(261), 0))
    rebalanced.start_from(trunk)
    expected = trunk.posterior(photo).probabilities * ab_bins.class_weights(trunk.prior, 0.5).numpy()[:, None, None]
    expected /= expected.sum(0)
    np.testing.assert_allclose(rebalanced.posterior(photo).probabilities, expected, atol=1e-3)


@pytest.mark.parametrize("size", [(33, 57), (200, 40), (1, 1), (300, 300)])
def test_posterior_of_any_size(tiny, size):
    photo = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    belief = tiny.posterior(photo)
    assert belief.probabilities.shape[0] == len(belief.bins) == 261
    assert belief.entropy.shape == belief.probabilities.shape[1:] and belief.lightness.shape == size
    np.testing.assert_allclose(belief.probabilities.sum(0), 1, atol=1e-4)
    assert (belief.entropy >= 0).all() and (belief.entropy <= np.log(261) + 1e-4).all()
    for temperature in (0, 0.38, 1):
        colored = belief.annealed_mean(temperature)
        assert colored.shape == (*size, 3) and colored.min() >= 0 and colored.max() <= 1
    np.testing.assert_array_equal(tiny.colorize(photo), belief.annealed_mean(0.38))


def test_lightness_is_kept(tiny):
    photo = np.random.default_rng(0).uniform(0.3, 0.7, (40, 40, 3)).astype(np.float32)
    before, after = (reference.rgb2lab(picture)[..., 0] for picture in (photo, tiny.colorize(photo, 1.0)))
    assert np.abs(before - after).mean() < 1.5  # only clipping to the gamut moves it


def test_regression_has_no_distribution():
    task = build("colorization-regression", "tiny").eval()
    with pytest.raises(ValueError, match="one colour for each pixel"):
        task.posterior(np.zeros((8, 8, 3), np.uint8))
    assert task.colorize(np.zeros((8, 8, 3), np.uint8)).shape == (8, 8, 3)


def test_two_rebalanced_networks_are_compared_by_one_weighting():
    torch.manual_seed(0)
    task, raw = build("colorization-rebalanced", "tiny"), {"image": torch.rand(4, 3, 32, 32)}
    before = task.error(raw, np.random.default_rng(0))
    task.prior.copy_(torch.rand_like(task.prior))
    assert task.error(raw, np.random.default_rng(0)) == before


def test_prior_is_measured_on_the_training_photographs():
    task = build("colorization-rebalanced", "tiny")
    task.prepare([{"image": torch.full((4, 3, 32, 32), 0.5)}])
    assert ab_bins.gamut_bins()[task.prior.argmax()].tolist() == [0.0, 0.0]
    assert task.prior.sum().item() == pytest.approx(1, abs=1e-5)
