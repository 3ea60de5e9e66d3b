"""Colorful Image Colorization. Zhang, Isola, Efros. ECCV 2016.

Take the colour away and ask a network for it: the colours are free labels, and to guess them one must know what things
are. A squared error pays for the mean of all plausible colours, which is grey-brown; a distribution over colour bins,
with rare colours weighted up, keeps the choice open until a temperature settles it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ssl_core import networks
from ssl_core.ab_bins import REACH, TEMPERATURE, class_weights, gamut_bins, nearest_bin, smooth_prior, soft_encode
from ssl_core.color import paint, rgb_to_lab
from ssl_core.networks import Conv, Layout
from ssl_core.posterior import Posterior
from ssl_core.pretext import Batch, Knob, Paper, Pretext, Variant, recipes, to_picture
from ssl_core.view import network_view

# Their Table 4: eight blocks, no pooling; strides shrink the picture by 8, dilations widen the view from there.
VGG_DILATED: Layout = {
    "conv1": (Conv(64), Conv(64, stride=2)),
    "conv2": (Conv(128), Conv(128, stride=2)),
    "conv3": (Conv(256), Conv(256), Conv(256, stride=2)),
    "conv4": (Conv(512), Conv(512), Conv(512)),
    "conv5": (Conv(512, dilation=2), Conv(512, dilation=2), Conv(512, dilation=2)),
    "conv6": (Conv(512, dilation=2), Conv(512, dilation=2), Conv(512, dilation=2)),
    "conv7": (Conv(512), Conv(512), Conv(512)),
}
LAYOUTS = {"vgg-dilated": VGG_DILATED, "small": networks.SMALL, "tiny": networks.TINY}


@dataclass(frozen=True)
class Config:
    """Numbers of the paper; `sizes` below says where the shipped networks depart from them."""

    side: int = 256
    encoder: str = "vgg-dilated"
    decoder: tuple[int, ...] = (256,)  # conv8: one up-convolution, then two more convolutions
    skips: tuple[str, ...] = ()  # encoder stages handed to the decoder: none in the paper
    deep: tuple[int, ...] = ()  # residual blocks of the decoder, coarsest first: none in the paper
    refine: int = 2
    neighbours: int = 5  # sec 2.1: soft encoding to the 5 nearest bins
    sigma: float = 5.0  # sec 2.1: Gaussian kernel, in ab units; also smooths the prior
    rebalance: bool = False  # eq. 4; False is their "classification" variant
    mix: float = 0.5  # lambda, eq. 4
    regression: bool = False  # eq. 1: L2 in ab instead of a distribution


def count_bins(image: Tensor) -> Tensor:
    """How many places of pictures (B, 3, H, W), reduced to a quarter, lie in each colour bin: (Q,) float32.

    >>> count_bins(torch.full((2, 3, 8, 8), 0.5)).sum().item()
    8.0
    """
    ab = rgb_to_lab(F.avg_pool2d(image, 4))[:, 1:].movedim(1, -1)
    return torch.bincount(nearest_bin(ab).flatten(), minlength=len(gamut_bins())).float()


class Colorization(Pretext):
    """What colour was it?"""

    method = "colorization"
    question = "What colour was it?"
    paper = Paper(
        "Colorful Image Colorization", "Zhang, Isola, Efros", "ECCV", 2016, "https://arxiv.org/abs/1603.08511"
    )
    departs = (
        "The encoder that all teachers of the lab share instead of eight blocks of VGG; it sees lightness alone. Two of its stages are "
        "handed to the decoder, which has residual blocks. 261 colour bins, those that are the nearest of some sRGB colour, instead of 313."
    )
    sizes = {
        "paper": Config(),
        "small": Config(side=128, encoder="small", decoder=(96, 64), skips=("conv3", "conv1"), deep=(2, 1), refine=1),
        "tiny": Config(side=32, encoder="tiny", decoder=(12,), skips=("conv3",), deep=(1,), refine=1),
    }
    variants = {
        "classification": Variant(
            "Say how likely each colour is, every pixel counting the same.",
            {},
            recipes(150, 8, 2e-3, crop=0.6, scales=((0.4, 0.5), (1.0, 1.0))),
        ),
        "rebalanced": Variant(
            "Say how likely each colour is, rare colours counting more.",
            {"rebalance": True},
            recipes(10, 3, 4e-4, crop=0.6),
            trunk="colorization-classification",
            blend=0.75,  # all the way it paints more colour than photographs have
        ),
        "regression": Variant(
            "Name one colour for each pixel so that the squared error is small.",
            {"regression": True},
            recipes(10, 3, 6e-4, crop=0.6),
            trunk="colorization-classification",
        ),
    }
    knobs = (Knob("temperature", 0.0, 1.0, TEMPERATURE, "Temperature"),)
    view = 160  # px, the longest side that `posterior` and `colorize` show the network

    def __init__(self, config: Config, variant: str) -> None:
        super().__init__(config, variant)
        bins = len(gamut_bins())
        self.encoder = networks.Encoder(LAYOUTS[config.encoder], networks.Lightness())
        out = 2 if config.regression else bins
        self.decoder = networks.Decoder(
            self.encoder.widths, config.decoder, config.skips, config.refine, out, config.deep
        )
        self.register_buffer("prior", torch.full((bins,), 1 / bins))

    def prepare(self, raws: Iterable[dict[str, Tensor]]) -> None:
        """Measures the prior p~ on the training photographs."""
        self.prior.copy_(smooth_prior(sum(count_bins(raw["image"]) for raw in raws), self.config.sigma))

    def start_from(self, trunk: Pretext) -> None:
        """Everything but the last layer, which the variants do not share in shape, and the last layer too if they do.

        Weighted by w, the loss is smallest where each bin is about w times as likely (Menon et al., Long-tail learning via logit
        adjustment, ICLR 2021, section 4): a rebalanced network starts there, and learns what is left.
        """
        self.encoder.load_state_dict(trunk.encoder.state_dict())
        mine, theirs = self.decoder.state_dict(), trunk.decoder.state_dict()
        self.decoder.load_state_dict(
            {key: theirs[key] if theirs[key].shape == mine[key].shape else mine[key] for key in mine}
        )
        self.prior.copy_(trunk.prior)
        if self.config.rebalance:
            with torch.no_grad():
                self.decoder.head.bias += class_weights(self.prior, self.config.mix).log()

    def make_batch(self, raw: dict[str, Tensor], rng: np.random.Generator) -> Batch:
        """Lightness is taken from the picture by the encoder; the target is its ab, and nothing here is chance."""
        return Batch({"image": raw["image"]}, {"ab": rgb_to_lab(raw["image"])[:, 1:]})

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """{"image"} -> logits (B, Q, h, w), or for regression a and b (B, 2, h, w)."""
        decoded = self.decoder(self.encoder(inputs["image"]))
        return decoded.float() * REACH if self.config.regression else decoded

    def loss(self, outputs: Tensor, targets: dict[str, Tensor]) -> dict[str, Tensor]:
        """Eq. 2, cross entropy to the soft encoding, weighted by eq. 4 if rebalanced; or eq. 1, half the squared error."""
        ab = F.adaptive_avg_pool2d(targets["ab"], outputs.shape[2:])
        if self.config.regression:
            return {"squared error": (outputs - ab).square().sum(1).mean() / (2 * REACH**2)}
        bins, weights = soft_encode(ab.movedim(1, -1), self.config.neighbours, self.config.sigma)
        log_probabilities = torch.log_softmax(outputs.movedim(1, -1), dim=-1)
        cross_entropy = -(weights * log_probabilities.gather(-1, bins)).sum(-1)
        if self.config.rebalance:
            prior = targets.get("prior", self.prior)
            cross_entropy = cross_entropy * class_weights(prior, self.config.mix)[bins[..., 0]]
        return {"cross entropy": cross_entropy.mean()}

    @torch.inference_mode()
    def error(self, raw: dict[str, Tensor], rng: np.random.Generator) -> float:
        """Its loss; colours count by how rare they are in these photographs, not in those that each network was trained on."""
        inputs, targets = self.eval().make_batch(raw, rng)
        prior = smooth_prior(count_bins(raw["image"]), self.config.sigma)
        return sum(self.loss(self(inputs), targets | {"prior": prior}).values()).item()

    def seen(self, photo: np.ndarray) -> tuple[Tensor, Tensor]:
        """A photograph as the network sees it (longest side `view`, both sides multiples of 16) and its full-size L."""
        small, picture = network_view(photo, self.view)
        return small.to(self.device), rgb_to_lab(picture)[:, :1]

    @torch.inference_mode()
    def posterior(self, photo: np.ndarray) -> Posterior:
        """The distribution over colours at every place of a photograph, (H, W, 3) uint8 or float in [0, 1].

        PhotoError for anything else; ValueError for the regression variant, which has no distribution.
        """
        if self.config.regression:
            raise ValueError(
                f"{self.name} predicts one colour for each pixel, not a distribution. Use colorize instead."
            )
        small, lightness = self.seen(photo)
        log_probabilities = torch.log_softmax(self.eval()({"image": small}), dim=1)[0].cpu().numpy()
        return Posterior(gamut_bins().numpy(), log_probabilities, lightness[0, 0].numpy())

    @torch.inference_mode()
    def colorize(self, photo: np.ndarray, temperature: float = TEMPERATURE) -> np.ndarray:
        """Colours for a photograph of any size, whose own colours are not used: (H, W, 3) float32 in [0, 1].

        temperature from 0 to 1, without effect on the regression variant.
        """
        if not self.config.regression:
            return self.posterior(photo).annealed_mean(temperature)
        small, lightness = self.seen(photo)
        return to_picture(paint(lightness, self.eval()({"image": small}).cpu())[0])

    def panels(self, raw: dict[str, Tensor], rng: np.random.Generator, **knobs: float) -> dict[str, np.ndarray]:
        """The picture without its colours, with the colours that the network gives it, and with its own."""
        truth = to_picture(raw["image"][0])
        grey = to_picture(paint(rgb_to_lab(raw["image"][:1])[:, :1], torch.zeros(1, 2, 1, 1))[0])
        colored = self.colorize(truth, knobs.get("temperature", self.knobs[0].start))
        return {"what it sees": grey, "what it paints": colored, "the truth": truth}
