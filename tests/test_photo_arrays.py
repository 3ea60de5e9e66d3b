"""Arrays as photographs and masks, and whether a photograph holds colours."""

import numpy as np
import pytest

from ssl_core.photo import PhotoError, as_mask, as_photo, has_color
from ssl_core.starter import starter


def test_arrays_become_unit_floats():
    for array, value in [
        (np.full((2, 3), 51, np.uint8), 0.2),
        (np.full((2, 3, 1), 13107, np.uint16), 0.2),
        (np.full((2, 3, 3), 0.2), 0.2),
        (np.full((2, 3, 3), 51).tolist(), 0.2),
        (np.ones((2, 3), bool), 1.0),
    ]:
        photo = as_photo(array)
        assert photo.dtype == np.float32 and photo.shape == (2, 3, 3)
        assert np.allclose(photo, value)
    clear = np.zeros((2, 3, 4), np.uint8)
    assert (as_photo(clear) == 1).all()


@pytest.mark.parametrize(
    ("array", "word"),
    [
        (np.full((4, 4, 3), np.nan), "NaN"),
        (np.full((4, 4, 3), np.inf), "infinity"),
        (np.zeros((4, 4, 2)), "shape"),
        (np.zeros((3, 4, 4, 3)), "shape"),
        (np.zeros(7), "shape"),
        (np.zeros((0, 4, 3)), "no pixels"),
        (np.full((4, 4, 3), 127.0), "range from 0 to 1"),
        (np.full((4, 4, 3), -3), "0 to 255"),
        (np.full((4, 4, 3), "a"), "holds"),
        (np.full((4, 4, 3), 1j), "holds"),
        (None, "shape"),
    ],
)
def test_unusable_arrays_are_refused_in_a_sentence(array, word):
    with pytest.raises(PhotoError, match=word):
        as_photo(array)


def test_masks_are_read_from_what_editors_save():
    hidden = np.zeros((5, 7), bool)
    hidden[1:3, 2:6] = True
    for array in (hidden, hidden * 1, hidden * 255, hidden * 0.9, np.stack([hidden * np.uint8(255)] * 3, axis=2)):
        assert np.array_equal(as_mask(array, 5, 7), hidden)
    assert not as_mask(np.zeros((5, 7)), 5, 7).any() and as_mask(np.full((5, 7), 255, np.uint8), 5, 7).all()
    assert as_mask(hidden, 5, 7) is not hidden


@pytest.mark.parametrize("array", [np.zeros((5, 6)), np.zeros(35), np.full((5, 7), np.nan), np.full((5, 7), "x"), None])
def test_unusable_masks_are_refused_in_a_sentence(array):
    with pytest.raises(PhotoError):
        as_mask(array, 5, 7)


@pytest.mark.parametrize("photo", starter(), ids=lambda photo: photo.name)
def test_color_is_told_from_grey_and_toned(photo):
    pixels = photo.load(400)
    assert has_color(pixels) == photo.in_color
    grey = pixels.mean(axis=2, keepdims=True)
    noise = np.random.default_rng(0).normal(0, 3, pixels.shape)
    for tint in ((1, 1, 1), (1.07, 0.89, 0.69), (1.0, 0.97, 0.86)):
        toned = np.clip(grey * tint + noise, 0, 255).astype(np.uint8)
        assert not has_color(toned), tint


def test_a_single_vivid_color_is_a_color():
    assert has_color(np.full((8, 8, 3), (200, 30, 30), np.uint8))
