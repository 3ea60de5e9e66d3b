"""The metrics against independent re-derivations, and the colour figure against the paper's own procedure."""

import doctest

import numpy as np
import pytest

from ssl_core import metrics


def _pictures(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    mask = np.zeros((24, 31), bool)
    mask[5:17, 8:20] = True
    return rng.random((24, 31, 3)), rng.random((24, 31, 3)), mask


def test_the_examples_in_the_docstrings_hold():
    outcome = doctest.testmod(metrics)
    assert outcome.attempted > 5 and outcome.failed == 0


def test_psnr_agrees_with_scikit_image_on_a_box():
    from skimage.metrics import peak_signal_noise_ratio

    a, b, mask = _pictures()
    expected = peak_signal_noise_ratio(a[5:17, 8:20], b[5:17, 8:20], data_range=1.0)
    assert metrics.psnr(a, b, mask) == pytest.approx(expected, abs=1e-9)


def test_only_the_region_counts():
    a, b, mask = _pictures()
    elsewhere = np.where(mask[..., None], b, 1.0 - b)
    for measure in (metrics.psnr, metrics.l1_percent, metrics.l2_percent):
        assert measure(a, b, mask) == measure(a, elsewhere, mask)
        assert measure(a, b, mask) != measure(a, b)


def test_losses_in_per_cent_agree_with_a_loop():
    a, b, mask = _pictures()
    steps = [a[y, x, c] - b[y, x, c] for y in range(24) for x in range(31) for c in range(3) if mask[y, x]]
    assert metrics.l1_percent(a, b, mask) == pytest.approx(100 * sum(abs(s) for s in steps) / len(steps))
    assert metrics.l2_percent(a, b, mask) == pytest.approx(100 * sum(s * s for s in steps) / len(steps))


def test_gradient_energy_ignores_the_seam_and_agrees_with_a_loop():
    image, _, mask = _pictures()
    across, down = [], []
    for y in range(24):
        for x in range(31):
            for c in range(3):
                if x < 30 and mask[y, x] and mask[y, x + 1]:
                    across.append((image[y, x, c] - image[y, x + 1, c]) ** 2)
                if y < 23 and mask[y, x] and mask[y + 1, x]:
                    down.append((image[y, x, c] - image[y + 1, x, c]) ** 2)
    expected = sum(across) / len(across) + sum(down) / len(down)
    assert metrics.gradient_energy(image, mask) == pytest.approx(expected)
    flat_inside = np.where(mask[..., None], 0.5, image)
    assert metrics.gradient_energy(flat_inside, mask) == 0.0


def test_gradient_energy_falls_with_blur():
    from skimage.data import coffee
    from skimage.filters import gaussian

    photo = coffee() / 255.0
    assert metrics.gradient_energy(gaussian(photo, 2, channel_axis=-1)) < 0.5 * metrics.gradient_energy(photo)


def test_color_auc_is_the_integral_over_fine_thresholds():
    rng = np.random.default_rng(3)
    true, pred = rng.normal(0, 60, (500, 2)), rng.normal(0, 60, (500, 2))
    weights = rng.random(500)
    distance = np.hypot(*(true - pred).T)
    thresholds = np.linspace(0, 150, 15001)
    plain = [(distance <= t).mean() for t in thresholds]
    weighted = [weights[distance <= t].sum() / weights.sum() for t in thresholds]
    assert metrics.color_auc(pred, true) == pytest.approx(100 * np.trapezoid(plain, thresholds) / 150, abs=0.02)
    assert metrics.color_auc(pred, true, weights) == pytest.approx(
        100 * np.trapezoid(weighted, thresholds) / 150, abs=0.02
    )
    assert (distance > 150).any(), "the test must reach the far end, where a pixel counts for nothing"


def test_chroma_is_zero_for_grey_only():
    assert metrics.mean_chroma(np.zeros((4, 5, 2))) == 0.0
    assert metrics.mean_chroma(np.full((4, 5, 2), 3.0)) == pytest.approx(np.sqrt(18))


@pytest.mark.parametrize(
    "call",
    [
        lambda: metrics.psnr(np.zeros((4, 4, 3)), np.zeros((4, 5, 3))),
        lambda: metrics.psnr(np.zeros((4, 4, 3)), np.zeros((4, 4, 3)), np.zeros((4, 4), bool)),
        lambda: metrics.l1_percent(np.zeros((4, 4, 3)), np.zeros((4, 4, 3)), np.ones((3, 4), bool)),
        lambda: metrics.color_auc(np.zeros((4, 3)), np.zeros((4, 3))),
        lambda: metrics.color_auc(np.zeros((4, 2)), np.zeros((4, 2)), np.zeros(4)),
        lambda: metrics.mean_chroma(np.zeros((0, 2))),
    ],
)
def test_what_cannot_be_measured_is_refused_with_a_sentence(call):
    with pytest.raises(ValueError, match=r" .*\.$"):
        call()
