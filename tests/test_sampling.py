"""Training crops: what is drawn, and that a GPU draws the same."""

import numpy as np
import pytest
import torch

from ssl_core.bench import SIDE
from ssl_core.pretexts import PRETEXTS
from ssl_core.sampling import Crops
from ssl_core.selection import held_out
from tests.test_trainer import packs


def test_the_selection_slice_is_never_drawn():
    stack = np.random.default_rng(1).integers(0, 256, (300, 4, 4, 3), dtype=np.uint8)
    crops = Crops([stack], torch.device("cpu"))
    held = held_out(stack)
    assert 0 < held.sum() < 60 and len(crops) == 300 - held.sum()
    drawn = crops.draw(np.random.default_rng(0), 2000, 4, 1.0)
    pictures = {picture.tobytes() for picture in (drawn * 255).round().byte().permute(0, 2, 3, 1).numpy()}
    assert not pictures & {picture.tobytes() for picture in stack[held]}


def test_tiny_and_small_networks_leave_out_the_slice_that_the_bench_measures():
    """Photographs are packed at 128 px unless a network is trained on larger ones: other pixels would be another slice."""
    assert all(task.sizes[size].side <= SIDE for task in PRETEXTS.values() for size in ("tiny", "small"))


@pytest.mark.parametrize("side", [16, 32])
def test_crops_on_a_device_are_those_from_the_pack(side):
    host = Crops(packs(), torch.device("cpu"))
    resident = Crops(packs(), torch.device("cpu"))
    resident.resident = torch.from_numpy(packs()[0][resident.places[:, 1]])
    one, two = (crops.draw(np.random.default_rng(5), 6, side, 0.6) for crops in (host, resident))
    assert torch.equal(one, two) and one.shape == (6, 3, side, side)
