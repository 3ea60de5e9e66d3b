"""Receptive fields against gradients, which know nothing of kernel sizes; effective fields on a unit that looks at one corner."""

import numpy as np
import pytest
import torch
from torch import nn

from ssl_core import networks
from ssl_core.networks import Conv, Encoder, SignedRgb
from ssl_core.pretexts import build, model_names
from ssl_core.pretexts.colorization import VGG_DILATED
from ssl_core.receptive_field import POSITIONS, effective_field, occluders, receptive_field

LAYOUTS = {"small": networks.SMALL, "tiny": networks.TINY, "alexnet": networks.ALEXNET, "vgg": VGG_DILATED}


def narrow(layout: networks.Layout) -> Encoder:
    """The same geometry with two units per layer, all weights positive, and mean instead of max pooling: gradients pass everywhere."""
    thin = {
        name: tuple(part._replace(width=2) if isinstance(part, Conv) else part for part in parts)
        for name, parts in layout.items()
    }
    encoder = Encoder(thin, SignedRgb()).eval()
    for module in encoder.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.constant_(module.weight, 1e-2)
        for name, child in list(module.named_children()):
            if isinstance(child, nn.MaxPool2d):
                setattr(module, name, nn.AvgPool2d(child.kernel_size, child.stride, child.padding))
    return encoder.double()


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_field_is_where_the_gradient_reaches(name):
    side, encoder = 300, narrow(LAYOUTS[name])
    for stage in LAYOUTS[name]:
        image = torch.ones(1, 3, side, side, dtype=torch.float64, requires_grad=True)
        maps = encoder(image)[stage]
        y, x = maps.shape[2] // 2, maps.shape[3] // 3
        maps[0, 0, y, x].backward()
        rows, columns = (image.grad[0].abs().sum(0).sum(axis).nonzero().flatten() for axis in (1, 0))
        left, top, width, height = receptive_field(encoder, stage).box_within(y, x, side, side)
        assert (left, top) == (int(columns[0]), int(rows[0])), stage
        assert (width, height) == (len(columns), len(rows)), stage


@pytest.mark.parametrize("name", [name for name in model_names() if not name.startswith("patch-context")])
def test_every_stage_of_every_model_has_a_field(name):
    encoder = build(name, "tiny").encoder
    sizes = [receptive_field(encoder, stage).size for stage in encoder.widths]
    assert sizes == sorted(sizes) and sizes[0] > 1
    with pytest.raises(KeyError, match="conv77"):
        receptive_field(encoder, "conv77")


class Corner(nn.Module):
    """Answers with the brightness of the upper left 8 x 8 px of each 32 x 32."""

    def __init__(self):
        super().__init__()
        conv = nn.Conv2d(3, 1, 32, 32, bias=False)
        nn.init.zeros_(conv.weight)
        conv.weight.data[:, :, :8, :8] = 1 / 192
        self.stages = nn.ModuleDict({"conv1": nn.Sequential(conv)})

    def forward(self, image):
        return {"conv1": self.stages["conv1"](image)}


class Looking(nn.Module):
    device = torch.device("cpu")

    def __init__(self):
        super().__init__()
        self.encoder = Corner()


def test_the_effective_field_is_the_part_that_is_looked_at():
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[32:40, 32:40] = 255  # makes the unit of the lower right quarter fire
    found = effective_field(Looking(), "conv1", 0, picture)
    assert (
        (found.y, found.x) == (1, 1)
        and found.box == (32, 32, 32, 32)
        and found.activation == pytest.approx(1, rel=1e-3)
    )
    assert found.change.shape == (64, 64) and found.change.max() == 1 and found.change.min() == 0
    inside = found.change[32:40, 32:40]
    assert inside.mean() > 0.6 and found.change.sum() - inside.sum() < 0.6 * inside.sum()
    assert 7 <= found.size <= 14 < found.box[2]
    again = effective_field(Looking(), "conv1", 0, picture)
    assert np.array_equal(again.change, found.change)


@pytest.mark.parametrize("box", [(0, 0, 1, 1), (3, 5, 7, 7), (0, 9, 128, 60), (10, 10, 15, 15), (0, 0, 0, 0)])
def test_occluders_cover_the_box_and_nothing_else(box):
    covered = np.zeros((160, 160), bool)
    patches = list(occluders(box))
    for left, top, right, bottom in patches:
        covered[top:bottom, left:right] = True
    wanted = np.zeros_like(covered)
    wanted[box[1] : box[1] + box[3], box[0] : box[0] + box[2]] = True
    assert np.array_equal(covered, wanted) and len(patches) <= POSITIONS**2
