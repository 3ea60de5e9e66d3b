"""HOG against scikit-image and against its definition."""

import numpy as np
import torch
from skimage.feature import hog

from ssl_core.hog import FLAT, Hog, cell_descriptors, drawn, gradient_histograms, l2_hys


def pictures(count=2, height=48, width=56, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).random((count, 3, height, width), dtype=np.float32))


def test_histograms_and_blocks_are_those_of_scikit_image():
    images = pictures()
    ours = gradient_histograms(images).permute(0, 2, 3, 1)
    rows, columns = ours.shape[1:3]
    for image, cells in zip(images, ours, strict=True):
        theirs = hog(
            image.permute(1, 2, 0).double().numpy(),
            orientations=9,
            pixels_per_cell=(8, 8),
            cells_per_block=(2, 2),
            block_norm="L2-Hys",
            feature_vector=False,
            channel_axis=-1,
        )
        corners = [cells[y : rows - 1 + y, x : columns - 1 + x] for y in (0, 1) for x in (0, 1)]
        blocks = l2_hys(torch.stack(corners, 2).reshape(rows - 1, columns - 1, -1))
        np.testing.assert_allclose(blocks.numpy(), theirs.reshape(rows - 1, columns - 1, -1), atol=2e-4)


def test_other_cells_and_orientations_agree_too():
    image = pictures(1, 36, 36, seed=3)
    theirs = hog(
        image[0].permute(1, 2, 0).double().numpy(),
        orientations=6,
        pixels_per_cell=(12, 12),
        cells_per_block=(1, 1),
        block_norm="L2",
        feature_vector=False,
        channel_axis=-1,
    )
    ours = gradient_histograms(image, 12, 6)[0].permute(1, 2, 0)
    ours = ours / (ours.square().sum(-1, keepdim=True) + 1e-10).sqrt()
    np.testing.assert_allclose(ours.numpy(), theirs[:, :, 0, 0], atol=2e-4)


def test_an_edge_falls_into_the_bin_of_its_gradient():
    ramp = torch.linspace(0, 1, 32).expand(1, 3, 32, 32)
    across, down = gradient_histograms(ramp), gradient_histograms(ramp.transpose(2, 3))
    assert (across[0, 1:] == 0).all() and (across[0, 0] > 0).all()
    assert down[0].sum((1, 2)).argmax() == 4  # 80 to 100 degrees


def test_descriptors_forget_contrast_and_leave_flat_cells_empty():
    images = pictures(seed=1)
    strong, faint = (cell_descriptors(gradient_histograms(part)) for part in (images, 0.5 * images))
    assert (strong - faint).abs().max() < 0.03
    assert strong.min() >= 0 and strong.max() <= 1
    assert cell_descriptors(gradient_histograms(0.5 + 0 * images)).abs().max() == 0
    noise = 0.5 + 0.002 * images
    assert cell_descriptors(gradient_histograms(noise)).mean() < 0.25 * strong.mean()


def test_descriptors_are_the_mean_over_four_blocks():
    cells = gradient_histograms(pictures(1))
    brute = np.zeros(cells.shape[1:])
    energy = np.pad(cells[0].numpy(), ((0, 0), (1, 1), (1, 1)), "edge") ** 2
    for y in range(cells.shape[2]):
        for x in range(cells.shape[3]):
            for down in (0, 1):
                for across in (0, 1):
                    block = energy[:, y + down : y + down + 2, x + across : x + across + 2].sum()
                    brute[:, y, x] += np.minimum(cells[0, :, y, x].numpy() / np.sqrt(block + FLAT**2), 0.2)
    np.testing.assert_allclose(cell_descriptors(cells)[0].numpy(), brute / 0.8, atol=1e-5)


def test_the_encoder_has_one_stage_and_strokes_run_along_edges():
    cells = Hog()(torch.linspace(0, 1, 32).expand(1, 3, 32, 32))["hog"]
    assert cells.shape == (1, 9, 4, 4) and Hog().widths == {"hog": 9}
    picture = drawn(cells[0].permute(1, 2, 0).numpy())
    assert picture.shape == (32, 32)
    upright, level = picture[:, 12].sum(), picture[12].sum()
    assert upright > 2 * level  # brightness rises to the right, so its edges stand upright
