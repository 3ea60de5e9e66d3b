"""What the tab "Neurons" draws, on arrays: the window around a receptive field, the sheet of tiles, the filters as pictures."""

import numpy as np
import pytest
import torch
from skimage.color import rgb2lab

from ssl_core.networks import SMALL, TINY, Encoder, Lightness, SignedRgb
from ssl_core.pretexts import build
from visualize.filter_pictures import filter_pictures
from visualize.patch_window import LEAST, cut, patch_window, sheet
from visualize.tabs.neurons_wall import first_weights


@pytest.mark.parametrize("seed", range(40))
def test_a_window_lies_in_the_picture_and_holds_what_the_unit_sees_of_it(seed):
    rng = np.random.default_rng(seed)
    width, height, size = (int(n) for n in rng.integers(40, 200, 3))
    left, top = (int(n) for n in rng.integers(-size // 2, [width, height] - np.array(size // 2)))
    (x, y, side), lit = patch_window((left, top, size, size), width, height)
    assert 0 <= x <= width - side and 0 <= y <= height - side and side >= min(LEAST, width, height)
    seen = np.zeros((height, width), bool)  # the field, pixel by pixel
    seen[max(0, top) : top + size, max(0, left) : left + size] = True
    window = np.zeros((side, side), bool)
    first, upper, wide, high = (round(share * side) for share in lit)
    window[upper : upper + high, first : first + wide] = True
    assert (window == seen[y : y + side, x : x + side]).all()
    if size <= min(width, height):
        assert window.sum() == seen.sum()  # nothing of the field is cut away


def test_cutting_keeps_pixels_when_it_enlarges_and_means_when_it_shrinks():
    picture = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    assert (cut(picture, (3, 4, 10), 40) == picture[4:14, 3:13].repeat(4, 0).repeat(4, 1)).all()
    assert (cut(picture, (0, 0, 40), 40) == picture[:, :40]).all()
    flat = np.full((40, 40, 3), 99, np.uint8)
    assert (cut(flat, (0, 0, 40), 8) == 99).all()


def test_tiles_stand_row_by_row():
    tiles = np.arange(5, dtype=np.uint8)[:, None, None, None].repeat(4, 1).repeat(4, 2).repeat(3, 3) * 10
    found = sheet(tiles, 3)
    assert found.shape == (8, 12, 3)
    assert found[::4, ::4, 0].tolist() == [[0, 10, 20], [30, 40, 118]]


def test_filters_are_light_where_they_are_positive_each_on_its_own_scale():
    weights = np.random.default_rng(0).normal(size=(6, 1, 5, 5)) * np.array([1e-3, 1, 10, 1, 1, 1]).reshape(6, 1, 1, 1)
    grey = filter_pictures(weights, "L", 25)[:, 2::5, 2::5].astype(int)
    assert ((grey[..., 0] > 127) == (weights[:, 0] > 0)).all()
    assert (np.abs(grey - 127.5).max(axis=(1, 2, 3)) > 127).all()
    masked = np.concatenate((weights.repeat(3, 1), 99 * weights), axis=1)
    assert (filter_pictures(masked, "RGB", 25) == filter_pictures(weights, "L", 25)).all()  # a mask is left out


@pytest.mark.parametrize(("a", "b"), [(1, 0), (-1, 0), (0, 1), (0, -1)])
def test_filters_of_color_channels_have_that_color(a, b):
    picture = filter_pictures(np.array([a, b], float).reshape(1, 2, 1, 1), "ab", 2)
    _, found_a, found_b = rgb2lab(picture[0])[0, 0]
    assert np.dot((found_a, found_b), (a, b)) > 30 and abs(np.dot((found_a, found_b), (b, a))) < 25


def test_too_few_channels_are_refused():
    with pytest.raises(ValueError, match="Filters for RGB"):
        filter_pictures(np.zeros((2, 1, 3, 3)), "RGB", 8)


class Model:
    """As much of a model as first filters need."""

    def __init__(self, encoder):
        self.encoder = encoder


@pytest.mark.parametrize(("layout", "front"), [(SMALL, SignedRgb()), (TINY, Lightness())])
def test_a_unit_prefers_its_filter_picture_to_the_inverted_one(layout, front):
    """Also where batch normalisation turns the sign: light must mean that the unit fires."""
    torch.manual_seed(0)
    encoder = Encoder(layout, front).eval()
    normalise = next(module for module in encoder.modules() if isinstance(module, torch.nn.BatchNorm2d))
    with torch.no_grad():
        normalise.weight[::2] *= -1
    ((weights, seen),) = first_weights(Model(encoder))
    kernel = weights.shape[-1]
    pictures = filter_pictures(weights, seen, kernel)
    first = next(module for module in encoder.modules() if isinstance(module, torch.nn.Conv2d))
    both = torch.tensor(np.stack((pictures, 255 - pictures), axis=1)).flatten(0, 1).movedim(-1, 1) / 255
    with torch.no_grad():
        answers = torch.nn.functional.conv2d(front(both), first.weight)[:, :, 0, 0] * normalise.weight
    answers = answers.reshape(len(weights), 2, len(weights))
    own = answers[torch.arange(len(weights)), :, torch.arange(len(weights))]
    assert (own[:, 0] > own[:, 1]).all()


def test_two_encoders_side_by_side_show_the_filters_of_both():
    """Split-brain: the first half of the units sees lightness, the second the two colour axes."""
    model = build("split-brain-lab", "tiny")
    found = first_weights(model)
    assert [seen for _, seen in found] == ["L", "ab"]
    first = next(iter(model.encoder.widths))
    assert sum(len(weights) for weights, _ in found) == model.encoder.widths[first]
