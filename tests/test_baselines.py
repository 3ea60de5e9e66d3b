"""The fills that learned nothing: contract of all three, and each against what it must do on a picture made for it."""

import doctest

import numpy as np
import pytest

from ssl_core import baselines

FILLS = (baselines.border_mean, baselines.telea, baselines.biharmonic)


def _example() -> tuple[np.ndarray, np.ndarray]:
    photo = np.random.default_rng(1).random((40, 56, 3)).astype(np.float32)
    mask = np.zeros((40, 56), bool)
    mask[10:22, 14:30] = True
    return photo, mask


def test_the_examples_in_the_docstrings_hold():
    outcome = doctest.testmod(baselines)
    assert outcome.attempted and outcome.failed == 0


@pytest.mark.parametrize("fill", FILLS)
def test_known_pixels_come_back_and_hidden_ones_are_not_read(fill):
    photo, mask = _example()
    answer = fill(photo, mask)
    assert answer.shape == photo.shape and answer.dtype == np.float32
    assert answer.min() >= 0.0 and answer.max() <= 1.0
    np.testing.assert_array_equal(answer[~mask], photo[~mask])
    changed = np.where(mask[..., None], 1.0 - photo, photo)
    np.testing.assert_array_equal(fill(changed, mask), answer)
    assert np.abs(answer - photo)[mask].mean() > 0.05, (
        "noise cannot be guessed: the fill must have looked under the mask"
    )


@pytest.mark.parametrize("fill", FILLS)
def test_eight_bit_photographs_are_taken(fill):
    photo, mask = _example()
    eight_bit = np.round(photo * 255).astype(np.uint8)
    np.testing.assert_allclose(fill(eight_bit, mask), fill(eight_bit / np.float32(255), mask), atol=1e-6)


@pytest.mark.parametrize("fill", FILLS)
def test_nothing_hidden_and_everything_hidden(fill):
    photo, mask = _example()
    np.testing.assert_array_equal(fill(photo, np.zeros_like(mask)), photo)
    np.testing.assert_array_equal(fill(photo, np.ones_like(mask)), np.full_like(photo, 0.5))


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("damage", ["nan", "shape", "mask"])
def test_bad_arrays_get_a_sentence(fill, damage):
    photo, mask = _example()
    if damage == "nan":
        photo[0, 0, 0] = np.nan
    elif damage == "shape":
        photo = photo[..., :2]
    else:
        mask = mask[:-1]
    with pytest.raises(ValueError, match=r" .*\.$"):
        fill(photo, mask)


def test_the_border_mean_is_the_mean_of_the_ring():
    photo, mask = _example()
    near = [
        photo[y, x]
        for y in range(40)
        for x in range(56)
        if not mask[y, x] and 10 - 3 <= y < 22 + 3 and 14 - 3 <= x < 30 + 3
    ]
    answer = baselines.border_mean(photo, mask, border=3)
    np.testing.assert_allclose(answer[15, 20], np.mean(near, axis=0), atol=1e-6)


def test_telea_and_biharmonic_continue_a_ramp_and_the_flat_fill_does_not():
    ramp = np.linspace(0.1, 0.9, 56, dtype=np.float32)[None, :, None].repeat(40, 0).repeat(3, 2)
    _, mask = _example()
    errors = {fill.__name__: float(np.abs(fill(ramp, mask) - ramp)[mask].max()) for fill in FILLS}
    assert errors["biharmonic"] < 0.01
    assert errors["telea"] < 0.08 < errors["border_mean"]
