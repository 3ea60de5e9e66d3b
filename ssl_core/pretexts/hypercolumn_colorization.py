"""Learning Representations for Automatic Colorization. Larsson, Maire, Shakhnarovich. ECCV 2016.

To colour a pixel one must know both what the thing is, which the last stages say, and where exactly it ends, which the first
ones say: so each pixel is described by its hypercolumn, what every stage has to say about that place. From it two histograms
are predicted, of hue and of chroma. Neighbouring pixels say nearly the same, so training looks at a few places of each picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ssl_core import networks
from ssl_core.color import paint, rgb_to_lab
from ssl_core.hue_chroma import (
    CHROMA_REACH,
    chroma_bin,
    circular_mean,
    expected_chroma,
    fade,
    histogram,
    hue_and_chroma,
    hue_bin,
    kl_divergence,
    median_chroma,
    to_ab,
)
from ssl_core.networks import Conv, Layout, Pool
from ssl_core.pretext import Batch, Paper, Pretext, Variant, recipes, to_picture
from ssl_core.view import network_view

_HALF = Pool(2, 2)
# Sec 3.1: VGG-16 for one channel, its fully connected layers as convolutions; every layer speaks in the hypercolumn.
VGG16: Layout = {
    "conv1_1": (Conv(64),), "conv1_2": (Conv(64),),
    "conv2_1": (_HALF, Conv(128)), "conv2_2": (Conv(128),),
    "conv3_1": (_HALF, Conv(256)), "conv3_2": (Conv(256),), "conv3_3": (Conv(256),),
    "conv4_1": (_HALF, Conv(512)), "conv4_2": (Conv(512),), "conv4_3": (Conv(512),),
    "conv5_1": (_HALF, Conv(512)), "conv5_2": (Conv(512),), "conv5_3": (Conv(512),),
    "fc6": (_HALF, Conv(4096, 7)), "fc7": (Conv(4096, 1),),
}  # fmt: skip
LAYOUTS = {"vgg16": VGG16, "small": networks.SMALL, "tiny": networks.TINY}


@dataclass(frozen=True)
class Config:
    """Numbers of the paper; `sizes` below says where the shipped network departs from them."""

    side: int = 352
    encoder: str = "vgg16"
    hidden: int = 1024  # h_fc1, between the hypercolumn and the histograms
    bins: int = 32  # sec 3.2: K, for hue and for chroma
    places: int = 128  # sec 3.3: how many pixels of a picture are looked at in one step
    window: int = 7  # sec 3.2: the target is the histogram of the 7 x 7 pixels around a place
    hue_weight: float = 5.0  # lambda_H, eq. 6


@dataclass(frozen=True)
class Histograms:
    """What the network believes about the hue and the chroma at each place of one photograph."""

    hue: np.ndarray  # (K, h, w) float32, sums to 1 over K; bin k is centred on 2 pi (k + 0.5) / K
    chroma: np.ndarray  # (K, h, w) float32, sums to 1 over K; from 0 to CHROMA_REACH
    lightness: np.ndarray  # (H, W) float32, 0..100

    def ab(self, chroma: str = "median") -> np.ndarray:
        """One colour for each place, (h, w, 2): hue by the circular mean, chroma by the "median" or the "expectation"."""
        hues, chromas = (torch.from_numpy(part).movedim(0, -1) for part in (self.hue, self.chroma))
        angle, length = circular_mean(hues)
        vivid = {"median": median_chroma, "expectation": expected_chroma}[chroma](chromas)
        return to_ab(angle, vivid * fade(length)).numpy()

    def picture(self, chroma: str = "median") -> np.ndarray:
        """The photograph in these colours: (H, W, 3) float32 sRGB in [0, 1]."""
        ab = torch.from_numpy(self.ab(chroma)).movedim(-1, 0)[None]
        return to_picture(paint(torch.from_numpy(self.lightness)[None, None], ab)[0])


def cell_centres(layout: Layout) -> dict[str, tuple[int, float]]:
    """Where the cells of each stage lie on the picture: cell i is centred on pixel `stride` * i + `offset`.

    >>> cell_centres(networks.SMALL)["conv5"], cell_centres(VGG16)["conv2_1"]
    ((16, 0.0), (2, 0.5))
    """
    stride, offset, found = 1, 0.0, {}
    for stage, parts in layout.items():
        for part in parts:
            reach = (part.kernel - 1) / 2 * getattr(part, "dilation", 1)
            padded = 0 if isinstance(part, Pool) else reach if part.padding is None else part.padding
            offset += (reach - padded) * stride
            stride *= part.stride
        found[stage] = (stride, offset)
    return found


def look_up(features: Tensor, places: Tensor, stride: int, offset: float) -> Tensor:
    """A feature map (B, C, h, w) read at pixels (B, n, 2) as (x, y), bilinear between its cells: (B, n, C) float32.

    Cells are rows here. The gradient of `F.grid_sample` comes back as planes, and each layer below would wait for its reordering.
    """
    (batch, _, height, width), device = features.shape, features.device
    x, y = ((places - offset) / stride)[:, :, None].unbind(-1)
    x, y, corner = x.clamp(0, width - 1), y.clamp(0, height - 1), torch.arange(4, device=device)
    column, row = x.floor() + corner % 2, y.floor() + corner // 2
    weights = (1 - (x - column).abs()) * (1 - (y - row).abs())
    column, row = column.clamp(max=width - 1).long(), row.clamp(max=height - 1).long()
    rows = (torch.arange(batch, device=device)[:, None, None] * height + row) * width + column
    table = features.movedim(1, -1).flatten(0, 2).float()
    found = F.embedding_bag(rows.flatten(0, 1), table, per_sample_weights=weights.flatten(0, 1), mode="sum")
    return found.unflatten(0, (batch, -1))


def pixels_around(image: Tensor, places: Tensor, window: int) -> Tensor:
    """The window x window pixels around each of (B, n, 2) places (x, y), the edge repeated: (B, 3, n, window^2)."""
    steps = torch.arange(window, device=image.device) - window // 2
    height, width = image.shape[2:]
    x = (places[:, :, None, None, 0] + steps[None, :]).clamp(0, width - 1)
    y = (places[:, :, None, None, 1] + steps[:, None]).clamp(0, height - 1)
    flat = (y * width + x).flatten(2)
    return image.flatten(2).gather(2, flat.flatten(1)[:, None].expand(-1, 3, -1)).unflatten(2, flat.shape[1:])


class HypercolumnColorization(Pretext):
    """Which hue, and how much of it?"""

    method = "hypercolumn-colorization"
    question = "Which hue, and how much of it?"
    paper = Paper(
        "Learning Representations for Automatic Colorization",
        "Larsson, Maire, Shakhnarovich",
        "ECCV",
        2016,
        "https://arxiv.org/abs/1603.06668",
    )
    departs = (
        "The encoder that all teachers of the lab share instead of VGG-16; it sees lightness alone. Hue and "
        "chroma are the polar form of CIELAB's a and b, not those of the HSL bicone, so that all colouring networks get the same lightness."
    )
    sizes = {
        "paper": Config(),
        "small": Config(side=128, encoder="small", hidden=256, window=3),
        "tiny": Config(side=32, encoder="tiny", hidden=32, places=64, window=3),
    }
    variants = {
        "histograms": Variant(
            "Say how likely each hue and each chroma is, from what every stage says about the place.",
            {},
            recipes(42, 6, 1e-3, crop=0.6),
            trunk="colorization-classification",
        ),
    }
    view = 160  # px, the longest side that `histograms` and `colorize` show the network
    step = 4  # px of that between the places that are coloured

    def __init__(self, config: Config, variant: str) -> None:
        super().__init__(config, variant)
        layout = LAYOUTS[config.encoder]
        self.encoder = networks.Encoder(layout, networks.Lightness())
        self.cells = cell_centres(layout)
        channels = 1 + sum(self.encoder.widths.values())
        self.hidden = nn.Linear(channels, config.hidden)
        self.head = nn.Linear(config.hidden, 2 * config.bins)

    def make_batch(self, raw: dict[str, Tensor], rng: np.random.Generator) -> Batch:
        """Draws the places, and counts the hues and the chromas of the true colours around each."""
        image, bins = raw["image"], self.config.bins
        count, (height, width) = len(image), image.shape[2:]
        drawn = rng.integers(0, (width, height), (count, self.config.places, 2))
        places = torch.from_numpy(drawn).to(image.device)
        around = pixels_around(image, places, self.config.window)
        hue, chroma = hue_and_chroma(rgb_to_lab(around)[:, 1:].movedim(1, -1))
        targets = {
            "hue": histogram(hue_bin(hue, bins), bins),
            "chroma": histogram(chroma_bin(chroma, bins), bins),
            "vividness": (chroma[..., chroma.shape[-1] // 2] / CHROMA_REACH).clamp(max=1),
        }
        return Batch({"image": image, "places": places}, targets)

    def hypercolumns(self, image: Tensor, places: Tensor) -> Tensor:
        """What the picture and every stage say about each place: (B, 3, H, W) and (B, n, 2) -> (B, n, channels)."""
        seen, at = self.encoder.front(image), places.to(image.dtype)
        stages = self.encoder.after_front(seen)
        parts = [look_up(seen, at, 1, 0.0)]
        parts += [look_up(stages[stage], at, *self.cells[stage]) for stage in stages]
        return torch.cat(parts, dim=2)

    def forward(self, inputs: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """{"image", "places"} -> logits of hue and of chroma, each (B, n, K)."""
        found = F.relu(self.hidden(self.hypercolumns(inputs["image"], inputs["places"])))
        return self.head(found).chunk(2, dim=-1)

    def loss(self, outputs: tuple[Tensor, Tensor], targets: dict[str, Tensor]) -> dict[str, Tensor]:
        """Eq. 6: D_KL(y_C || f_C) + lambda_H y_C D_KL(y_H || f_H): the hue counts as much as the pixel is vivid."""
        hue, chroma = outputs
        wrong_hue = targets["vividness"] * kl_divergence(targets["hue"], hue)
        return {
            "chroma": kl_divergence(targets["chroma"], chroma).mean(),
            "hue": self.config.hue_weight * wrong_hue.mean(),
        }

    @torch.inference_mode()
    def histograms(self, photo: np.ndarray) -> Histograms:
        """The distributions of hue and chroma at every fourth pixel of a photograph of any size, (H, W, 3) uint8 or float
        in [0, 1], whose own colours are not used. PhotoError for anything else.
        """
        small, picture = network_view(photo, self.view)
        rows, columns = (torch.arange(length // self.step) * self.step for length in small.shape[2:])
        y, x = torch.meshgrid(rows, columns, indexing="ij")
        places = torch.stack((x, y), dim=-1).flatten(0, 1)[None] + (self.step - 1) / 2  # the middles of 4 x 4 pixels
        logits = self.eval()({"image": small.to(self.device), "places": places.to(self.device)})
        hue, chroma = (part.softmax(-1)[0].T.reshape(-1, *y.shape).cpu().numpy() for part in logits)
        return Histograms(hue, chroma, rgb_to_lab(picture)[0, 0].numpy())

    def colorize(self, photo: np.ndarray, chroma: str = "median") -> np.ndarray:
        """Colours for a photograph of any size: (H, W, 3) float32 in [0, 1]; chroma by "median" or "expectation"."""
        return self.histograms(photo).picture(chroma)

    def panels(self, raw: dict[str, Tensor], rng: np.random.Generator, **knobs: float) -> dict[str, np.ndarray]:
        """The picture without its colours, with the colours that the network gives it, and with its own."""
        truth = to_picture(raw["image"][0])
        grey = to_picture(paint(rgb_to_lab(raw["image"][:1])[:, :1], torch.zeros(1, 2, 1, 1))[0])
        return {"what it sees": grey, "what it paints": self.colorize(truth), "the truth": truth}
