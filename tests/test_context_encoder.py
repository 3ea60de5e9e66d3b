"""The context encoder against its paper and against slower, plainer code."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from ssl_core import masks, windows
from ssl_core.networks import Finish
from ssl_core.photo import PhotoError
from ssl_core.pretexts import build
from ssl_core.pretexts.context_encoder import ChannelwiseFullyConnected, masked_l2, overlap_band


def test_paper_size_has_the_published_shapes():
    task = build("context-encoder-joint", "paper").eval()
    with torch.no_grad():
        stages = task.encoder(torch.rand(1, 3, 227, 227))
        assert stages["pool5"].shape[1:] == (256, 6, 6) and stages["pool5"].numel() == 9216
        assert task({"image": torch.rand(1, 3, 227, 227), "hidden": torch.zeros(1, 1, 227, 227)}).shape == (
            1,
            3,
            227,
            227,
        )
    fully = [module for module in task.modules() if isinstance(module, ChannelwiseFullyConnected)]
    assert [layer.weight.numel() for layer in fully] == [256 * 6**4]
    up = [module for module in task.decoder.modules() if isinstance(module, torch.nn.ConvTranspose2d)]
    assert len(up) == 5
    assert (task.config.reconstruction, task.config.adversarial) == (0.999, 0.001)


def test_a_fresh_finish_hardly_changes_what_was_painted():
    torch.manual_seed(0)
    painted, seen = torch.rand(2, 3, 32, 32), torch.rand(2, 4, 32, 32)
    with torch.no_grad():
        change = Finish(4, 16)(painted, seen) - painted
    assert 0 < change.abs().max() < 0.02


def test_the_joint_network_starts_as_the_whole_of_the_l2_network():
    trunk, task = build("context-encoder-l2", "tiny"), build("context-encoder-joint", "tiny")
    task.start_from(trunk)
    batch = task.make_batch({"image": torch.rand(2, 3, 32, 32)}, np.random.default_rng(0))
    with torch.no_grad():
        assert torch.equal(task.eval()(batch.inputs), trunk.eval()(batch.inputs))


def test_channelwise_layer_has_no_links_between_feature_maps():
    layer = ChannelwiseFullyConnected(3, 4)
    features = torch.rand(2, 3, 4, 4)
    changed = features.clone()
    changed[:, 1] += 1
    difference = (layer(changed) - layer(features)).abs().amax((0, 2, 3))
    assert difference[1] > 0 and difference[0] == 0 and difference[2] == 0


def test_channelwise_layer_against_a_loop():
    layer = ChannelwiseFullyConnected(2, 3)
    features = torch.rand(2, 2, 3, 3)
    expected = torch.zeros_like(features)
    for picture in range(2):
        for channel in range(2):
            flat = features[picture, channel].flatten() @ layer.weight[channel]
            expected[picture, channel] = flat.reshape(3, 3)
    torch.testing.assert_close(layer(features), expected)


def test_overlap_band_against_a_distance_transform():
    hidden = masks.random_region(40, 40, np.random.default_rng(3))
    distance = ndimage.distance_transform_cdt(~hidden, metric="chessboard")
    band = overlap_band(torch.from_numpy(hidden)[None, None].float(), 4)[0, 0].numpy()
    np.testing.assert_array_equal(band > 0, (distance > 0) & (distance <= 4))


def test_masked_l2_is_the_mean_over_hidden_pixels():
    rng = np.random.default_rng(0)
    one, two = rng.random((2, 2, 3, 8, 8))
    mask = rng.random((2, 1, 8, 8)) < 0.4
    expected = ((one - two) ** 2)[np.broadcast_to(mask, one.shape)].mean()
    found = masked_l2(torch.from_numpy(one), torch.from_numpy(two), torch.from_numpy(mask).double())
    assert found.item() == pytest.approx(expected)


def test_windows_for_the_judge_are_cut_where_asked():
    image = torch.arange(2 * 1 * 6 * 6).reshape(2, 1, 6, 6)
    cut = windows.cut_windows(image, torch.tensor([[1, 2], [3, 0]]), 3)
    assert torch.equal(cut[0], image[0, :, 1:4, 2:5]) and torch.equal(cut[1], image[1, :, 3:6, 0:3])


@pytest.mark.parametrize("draw", [masks.central_region, masks.near_center, masks.random_blocks, masks.random_region])
@pytest.mark.parametrize("size", [(128, 128), (60, 90), (1, 1), (3, 200)])
def test_masks_hide_about_a_quarter(draw, size):
    arguments = (*size,) if draw is masks.central_region else (*size, np.random.default_rng(0))
    mask = draw(*arguments)
    assert mask.shape == size and mask.dtype == bool
    if min(size) > 50:
        assert (0.12 if draw is masks.near_center else 0.2) <= mask.mean() <= 0.43


def test_random_masks_follow_their_seed():
    same = [masks.random_region(50, 50, np.random.default_rng(seed)) for seed in (4, 4, 5)]
    assert (same[0] == same[1]).all() and (same[0] != same[2]).any()


@pytest.fixture(scope="module")
def tiny():
    torch.manual_seed(0)
    return build("context-encoder-l2", "tiny").eval()


@pytest.mark.parametrize("size", [(32, 32), (40, 90), (301, 77), (5, 5)])
def test_known_pixels_come_back_unchanged(tiny, size):
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
    mask = masks.random_region(*size, rng)
    filled = tiny.inpaint(photo, mask)
    assert filled.shape == photo.shape and filled.dtype == np.float32
    np.testing.assert_array_equal(filled[~mask], (photo / np.float32(255))[~mask])
    assert filled.min() >= 0 and filled.max() <= 1


def test_hidden_pixels_do_not_leak_into_the_answer(tiny):
    rng = np.random.default_rng(1)
    photo = rng.random((150, 120, 3)).astype(np.float32)
    mask = masks.central_region(150, 120)
    other = photo.copy()
    other[mask] = rng.random((mask.sum(), 3))
    np.testing.assert_array_equal(tiny.inpaint(photo, mask)[mask], tiny.inpaint(other, mask)[mask])


def test_an_empty_mask_changes_nothing_and_a_full_one_is_refused(tiny):
    photo = np.random.default_rng(0).random((20, 30, 3), dtype=np.float32)
    np.testing.assert_array_equal(tiny.inpaint(photo, np.zeros((20, 30), bool)), photo)
    with pytest.raises(PhotoError, match="whole photo"):
        tiny.inpaint(photo, np.ones((20, 30), bool))
    with pytest.raises(PhotoError):
        tiny.inpaint(photo, np.ones((3, 3), bool))


def test_every_hole_gets_a_window_that_contains_it():
    mask = np.zeros((100, 160), bool)
    mask[10:20, 5:15] = mask[80:100, 100:160] = True
    found = windows.hole_windows(mask)
    assert len(found) == 2 and not (found[0].hole & found[1].hole).any()
    for window in found:
        assert window.cut(window.hole).sum() == window.hole.sum()
    assert sum(window.hole for window in found).sum() == mask.sum()
    assert found[0].bottom - found[0].top == windows.SMALLEST
    dots = np.zeros((90, 90), bool)
    dots[::9, ::9] = True
    assert len(windows.hole_windows(dots)) == 1
    assert windows.hole_windows(np.zeros((9, 9), bool)) == []
