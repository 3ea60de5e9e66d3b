"""Split-Brain Autoencoders: Unsupervised Learning by Cross-Channel Prediction. Zhang, Isola, Efros. CVPR 2017.

A colorization network never learns from colour, because it never sees any. So cut the network in two halves that share nothing:
one sees the lightness and says the colours, the other sees the colours and says the lightness. Each is the other's teacher,
and their features side by side speak of the whole picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ssl_core import networks
from ssl_core.ab_bins import REACH, TEMPERATURE, annealed_mean, gamut_bins, nearest_bin
from ssl_core.color import lab_to_rgb, paint, rgb_to_lab
from ssl_core.networks import Conv, Layout, Pool
from ssl_core.pretext import Batch, Knob, Paper, Pretext, Variant, recipes, to_picture
from ssl_core.view import network_view

# Sec 3.3: AlexNet, its fully connected layers as convolutions that keep the size.
ALEXNET_FC: Layout = {
    **{stage: parts for stage, parts in networks.ALEXNET.items() if stage != "pool5"},
    "fc6": (Conv(4096, 6, dilation=2, padding=5),),
    "fc7": (Conv(4096, 1),),
}
LAYOUTS = {"alexnet": ALEXNET_FC, "small": networks.SMALL, "tiny": networks.TINY}
SHOWN_AT = 65.0  # L at which colours without a lightness are shown


@dataclass(frozen=True)
class Config:
    """Numbers of the paper; `sizes` below says where the shipped network departs from them."""

    side: int = 180
    encoder: str = "alexnet"
    decoder: tuple[int, ...] = ()  # the paper reads the answer off fc7
    skips: tuple[str, ...] = ()
    refine: int = 0
    lightness_bins: int = 100  # sec 3.2: L in bins 1 wide; ab in bins 10 apart, as in colorization


def halve(layout: Layout) -> Layout:
    """The same layers, each half as wide: the two halves together have the stages of the whole.

    >>> halve({"conv1": (Conv(48, 7, 4), Pool())})["conv1"][0]
    Conv(width=24, kernel=7, stride=4, dilation=1, padding=None)
    """
    return {
        stage: tuple(part if isinstance(part, Pool) else part._replace(width=part.width // 2) for part in parts)
        for stage, parts in layout.items()
    }


def lightness_bin(lightness: Tensor, bins: int) -> Tensor:
    """The bin, 0 to bins - 1, in which an L of 0 to 100 lies.

    >>> lightness_bin(torch.tensor([0.0, 49.9, 100.0]), 100).tolist()
    [0, 49, 99]
    """
    return (lightness * (bins / 100)).long().clamp(0, bins - 1)


def expected_lightness(log_probabilities: Tensor) -> Tensor:
    """The mean over the centres of the bins: (B, bins, h, w) -> (B, 1, h, w), 0 to 100.

    >>> round(expected_lightness(torch.log(torch.tensor([0.5, 0.5]))[None, :, None, None]).item(), 3)
    50.0
    """
    bins = log_probabilities.shape[1]
    centres = (torch.arange(bins, device=log_probabilities.device) + 0.5) * (100 / bins)
    return torch.einsum("bqhw,q->bhw", log_probabilities.exp(), centres)[:, None]


class Cielab(nn.Module):
    """RGB in [0, 1] -> CIELAB: what both halves together see."""

    channels = 3

    def forward(self, image: Tensor) -> Tensor:
        return rgb_to_lab(image)


class Channels(nn.Module):
    """The channels of CIELAB from `first` to before `end`, scaled to [-1, 1] about `middle`: what one half may see."""

    def __init__(self, first: int, end: int, middle: float, reach: float) -> None:
        super().__init__()
        self.first, self.channels, self.middle, self.reach = first, end - first, middle, reach

    def forward(self, lab: Tensor) -> Tensor:
        return (lab[:, self.first : self.first + self.channels] - self.middle) / self.reach


class SplitEncoder(nn.Module):
    """Two encoders of half the width that share nothing. In each stage the first half of the channels has seen the lightness
    only, the second half the colours only. RGB in [0, 1], (B, 3, H, W), -> {stage: (B, C, h, w)}.
    """

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.front = Cielab()
        seen = {"lightness": Channels(0, 1, 50.0, 50.0), "color": Channels(1, 3, 0.0, REACH)}
        self.halves = nn.ModuleDict({part: networks.Encoder(layout, channels) for part, channels in seen.items()})
        self.widths = {stage: 2 * width for stage, width in self.halves["lightness"].widths.items()}

    @property
    def stages(self) -> nn.ModuleDict:
        """The layers of one half, stage by stage: both have the same geometry (kernels, strides, receptive fields)."""
        return self.halves["lightness"].stages

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        light, color = self.both(self.front(image)).values()
        return {stage: torch.cat((light[stage], color[stage]), dim=1) for stage in light}

    def both(self, lab: Tensor) -> dict[str, dict[str, Tensor]]:
        """The stages of each half by what it sees of a CIELAB picture, {"lightness", "color"}."""
        return {seen: half(lab) for seen, half in self.halves.items()}


@dataclass(frozen=True)
class Predictions:
    """What each half says about one photograph: distributions, and the photograph that they are held against."""

    ab_log_probabilities: np.ndarray  # (Q, h, w) float32, said by the half that saw the lightness
    lightness_log_probabilities: np.ndarray  # (100, h, w) float32, said by the half that saw the colours
    lab: np.ndarray  # (3, H, W) float32, the photograph

    def ab(self, temperature: float = TEMPERATURE) -> np.ndarray:
        """The annealed mean of the colours, (2, h, w) float32."""
        return annealed_mean(torch.from_numpy(self.ab_log_probabilities)[None], temperature)[0].numpy()

    def lightness(self) -> np.ndarray:
        """The mean of the lightness, (h, w) float32, 0 to 100."""
        return expected_lightness(torch.from_numpy(self.lightness_log_probabilities)[None])[0, 0].numpy()

    def lightness_errors(self) -> dict[str, float]:
        """Mean |L said - L of the photograph|, and the same for L = 50 everywhere, which knows nothing: {"off", "off_middle"}."""
        light = torch.from_numpy(self.lab)[None, :1]
        said = networks.resize(torch.from_numpy(self.lightness())[None, None], light.shape[2:])
        return {"off": (said - light).abs().mean().item(), "off_middle": (light - 50).abs().mean().item()}

    def pictures(self, temperature: float = TEMPERATURE) -> dict[str, np.ndarray]:
        """What goes into each half and what comes out, (H, W, 3) float32 sRGB in [0, 1].

        "lightness seen", "colours said" (upon that lightness), "colours seen" (at one lightness), "lightness said",
        "both said" (nothing of the photograph itself in it).
        """
        lab = torch.from_numpy(self.lab)[None]
        light, ab, none = lab[:, :1], lab[:, 1:], torch.zeros(1, 2, 1, 1)
        said_ab = torch.from_numpy(self.ab(temperature))[None]
        said_light = networks.resize(torch.from_numpy(self.lightness())[None, None], light.shape[2:])
        found = {
            "lightness seen": paint(light, none),
            "colours said": paint(light, said_ab),
            "colours seen": lab_to_rgb(torch.cat((torch.full_like(light, SHOWN_AT), ab), dim=1)),
            "lightness said": paint(said_light, none),
            "both said": paint(said_light, said_ab),
        }
        return {name: to_picture(picture[0]) for name, picture in found.items()}


class SplitBrain(Pretext):
    """What do the colours say about the light, and the light about the colours?"""

    method = "split-brain"
    question = "What does one half of a picture say about the other?"
    paper = Paper(
        "Split-Brain Autoencoders: Unsupervised Learning by Cross-Channel Prediction",
        "Zhang, Isola, Efros",
        "CVPR",
        2017,
        "https://arxiv.org/abs/1611.09842",
    )
    departs = "Two encoders of half the width of the one that the other teachers share, with decoders that draw; not two half AlexNets."
    sizes = {
        "paper": Config(),
        "small": Config(side=128, encoder="small", decoder=(64, 32), skips=("conv3", "conv1"), refine=1),
        "tiny": Config(side=32, encoder="tiny", decoder=(12,), skips=("conv3",), refine=1),
    }
    variants = {
        "lab": Variant(
            "One half: say the colours from the lightness. The other: say the lightness from the colours.",
            {},
            recipes(115, 8, 2e-3, crop=0.6, scales=((0.4, 0.5), (1.0, 1.0))),
        ),
    }
    knobs = (Knob("temperature", 0.0, 1.0, TEMPERATURE, "Temperature"),)
    view = 160  # px, the longest side that `predict` and `colorize` show the network

    def __init__(self, config: Config, variant: str) -> None:
        super().__init__(config, variant)
        self.encoder = SplitEncoder(halve(LAYOUTS[config.encoder]))
        outs = {"lightness": len(gamut_bins()), "color": config.lightness_bins}
        shape = (config.decoder, config.skips, config.refine)
        self.decoders = nn.ModuleDict(
            {seen: networks.Decoder(half.widths, *shape, outs[seen]) for seen, half in self.encoder.halves.items()}
        )

    def make_batch(self, raw: dict[str, Tensor], rng: np.random.Generator) -> Batch:
        """Each half takes its channels from the picture; the targets are the other's, and nothing here is chance."""
        lab = rgb_to_lab(raw["image"])
        return Batch({"lab": lab}, {"lab": lab})

    def forward(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """{"lab"} -> {"color": logits (B, Q, h, w) from L, "lightness": logits (B, 100, h, w) from ab}."""
        said = {seen: self.decoders[seen](stages) for seen, stages in self.encoder.both(inputs["lab"]).items()}
        return {"color": said["lightness"], "lightness": said["color"]}

    def true_bins(self, lab: Tensor, size: tuple[int, int]) -> dict[str, Tensor]:
        """What is to be said of CIELAB pictures (B, 3, H, W) on a grid of `size`: {"color", "lightness"}, (B, h, w) int64."""
        lab, bins = F.adaptive_avg_pool2d(lab, size), self.config.lightness_bins
        return {"color": nearest_bin(lab[:, 1:].movedim(1, -1)), "lightness": lightness_bin(lab[:, 0], bins)}

    def loss(self, outputs: dict[str, Tensor], targets: dict[str, Tensor]) -> dict[str, Tensor]:
        """Eq. 2 for each half: cross entropy to the bin of the true colour and of the true lightness."""
        bins = self.true_bins(targets["lab"], outputs["color"].shape[2:])
        return {f"{part} from the other": networks.cross_entropy(outputs[part], bins[part]) for part in bins}

    @torch.inference_mode()
    def predict(self, photo: np.ndarray) -> Predictions:
        """What each half says of a photograph of any size, (H, W, 3) uint8 or float in [0, 1]. PhotoError for anything else."""
        small, picture = network_view(photo, self.view)
        said = self.eval()({"lab": rgb_to_lab(small.to(self.device))})
        color, lightness = (said[part].log_softmax(1)[0].cpu().numpy() for part in ("color", "lightness"))
        return Predictions(color, lightness, rgb_to_lab(picture)[0].numpy())

    def colorize(self, photo: np.ndarray, temperature: float = TEMPERATURE) -> np.ndarray:
        """Colours for a photograph of any size by the half that sees its lightness: (H, W, 3) float32 in [0, 1]."""
        return self.predict(photo).pictures(temperature)["colours said"]

    def panels(self, raw: dict[str, Tensor], rng: np.random.Generator, **knobs: float) -> dict[str, np.ndarray]:
        """What goes into the halves and what comes out, the first half on the left of each picture, and the picture itself."""
        truth = to_picture(raw["image"][0])
        found = self.predict(truth).pictures(knobs.get("temperature", self.knobs[0].start))
        return {
            "what each half sees": side_by_side(found["lightness seen"], found["colours seen"]),
            "what each half says": side_by_side(found["colours said"], found["lightness said"]),
            "the truth": truth,
        }


def side_by_side(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The left half of one picture and the right half of another, both (H, W, 3)."""
    middle = first.shape[1] // 2
    return np.concatenate((first[:, :middle], second[:, middle:]), axis=1)
