"""Context Encoders: Feature Learning by Inpainting. Pathak, Krahenbuhl, Donahue, Darrell, Efros. CVPR 2016.

Hide a part of a picture and ask a network for it. To answer, it must know what the world looks like. A squared error
alone pays for the mean of all plausible answers, which is a blur; a second network that tells answers from real
pictures pays for one sharp answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ssl_core import masks, networks
from ssl_core.pretext import Batch, Paper, Player, Pretext, Variant, recipes, to_picture
from ssl_core.windows import cut_windows, fill_holes, hide

LAYOUTS = {"alexnet": networks.ALEXNET, "small": networks.SMALL, "tiny": networks.TINY}


@dataclass(frozen=True)
class Config:
    """Numbers of the paper; `sizes` below says where the shipped networks depart from them."""

    side: int = 227
    encoder: str = "alexnet"  # sec 3.1: 227 px -> pool5, 6 x 6 x 256 = 9216
    grid: int = 6  # n, the side of the encoder's last feature maps
    decoder: tuple[int, ...] = (128, 64, 64, 32, 3)  # five up-convolutions, sec 3.1
    last_stride: int = 2  # of the last up-convolution
    skips: tuple[str, ...] = ()  # encoder stages handed past the bottleneck: none in the paper
    deep: tuple[int, ...] = ()  # residual blocks of the decoder, coarsest first: none in the paper
    refine: bool = False  # residual convolutions after them, so that known and painted cells can meet
    finish: int = 0  # width of the convolutions at full size after the decoder, 0 for none: none in the paper
    reconstruction: float = 0.999  # lambda_rec, eq. 3
    adversarial: float = 0.001  # lambda_adv, eq. 3; 0 leaves the second player out
    overlap: int = 7  # px of known surroundings that are predicted too, sec 5.1
    overlap_weight: float = 10.0  # sec 5.1
    window: int = 64  # px of picture that the discriminator sees
    discriminator: tuple[int, ...] = (64, 128, 256, 512)
    central: float = 1 / 3  # shares of the three kinds of mask, sec 3.3
    blocks: float = 1 / 3
    near: float = 0.0  # share of rectangles near the centre, taken from that of random regions


def masked_l2(predicted: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """Eq. 1, || M * (x - F((1 - M) * x)) ||^2, as a mean over the weighted pixels and channels.

    `weight` is M, (B, 1, H, W): 1 where hidden, and more or less where a pixel should count more or less.

    >>> zeros, ones = torch.zeros(1, 3, 2, 2), torch.ones(1, 3, 2, 2)
    >>> masked_l2(zeros, ones, ones[:, :1]).item()
    1.0
    """
    error = (predicted - truth).square() * weight
    return error.sum() / (weight.sum() * predicted.shape[1]).clamp(min=1)


def overlap_band(hidden: Tensor, width: int) -> Tensor:
    """Known pixels at most `width` px from a hidden one: (B, 1, H, W) in {0, 1}.

    >>> hidden = torch.zeros(1, 1, 1, 6); hidden[..., 0] = 1
    >>> overlap_band(hidden, 2).flatten().tolist()
    [0.0, 1.0, 1.0, 0.0, 0.0, 0.0]
    """
    rows = F.max_pool2d(hidden, (2 * width + 1, 1), 1, (width, 0))
    return F.max_pool2d(rows, (1, 2 * width + 1), 1, (0, width)) - hidden


def step_energy(image: Tensor, where: Tensor) -> Tensor:
    """The summed squared steps from pixel to neighbour inside `where`, (B, 1, H, W): how much detail there is."""
    across = where[..., 1:] * where[..., :-1] * (image[..., 1:] - image[..., :-1]).square()
    down = where[..., 1:, :] * where[..., :-1, :] * (image[..., 1:, :] - image[..., :-1, :]).square()
    return across.sum() + down.sum()


class MaskedRgb(nn.Module):
    """RGB in [-1, 1] and which pixels are hidden; nothing is when no mask is given."""

    channels = 4

    def forward(self, image: Tensor, hidden: Tensor | None = None) -> Tensor:
        hidden = torch.zeros_like(image[:, :1]) if hidden is None else hidden
        return torch.cat((image * 2 - 1, hidden), dim=1)


class ChannelwiseFullyConnected(nn.Module):
    """Sec 3.1: every unit of a feature map sees its whole map but no other map: m n^4 weights instead of m^2 n^4.

    Maps of another size than n x n are scaled to it and back, so that training may start on smaller pictures.
    """

    def __init__(self, maps: int, side: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(maps, side**2, side**2))
        nn.init.normal_(self.weight, std=1 / side)
        self.side = side

    def forward(self, features: Tensor) -> Tensor:
        fitted = networks.resize(features, (self.side, self.side))
        flat = fitted.flatten(2).transpose(0, 1)
        spread = torch.bmm(flat, self.weight).transpose(0, 1).reshape(fitted.shape)
        return networks.resize(spread, features.shape[2:])


class Decoder(networks.Ladder):
    """Channel-wise fully connected layer, a stride-1 convolution across the maps, and up-convolutions (sec 3.1)."""

    def __init__(self, config: Config, widths: dict[str, int]) -> None:
        *ups, colors = config.decoder
        super().__init__(widths, ups, config.skips, config.deep)
        width, stride = widths[self.last], config.last_stride
        self.spread = nn.Sequential(ChannelwiseFullyConnected(width, config.grid), nn.BatchNorm2d(width), nn.ReLU())
        self.mix = networks.convolution(width, networks.Conv(width))
        self.refine = nn.ModuleList(
            nn.Sequential(nn.BatchNorm2d(up), nn.ReLU(), nn.Conv2d(up, up, 3, padding=1)) for up in ups if config.refine
        )
        self.paint = nn.ConvTranspose2d(ups[-1], colors, 2 * stride, stride, stride // 2)

    def forward(self, stages: dict[str, Tensor]) -> Tensor:
        bottleneck = stages[self.last]
        features = self.mix(self.spread(bottleneck) + bottleneck if self.skipped else self.spread(bottleneck))
        return self.paint(self.climb(features, stages))

    def end_rung(self, rung: int, features: Tensor) -> Tensor:
        """A convolution more, where the configuration asks for it."""
        return features + self.refine[rung](features) if self.refine else features


def discriminator(widths: tuple[int, ...]) -> nn.Sequential:
    """Is this window real? RGB and the mask in, one answer per overlapping patch out (one in all at paper size)."""
    layers: list[nn.Module] = []
    before = 4
    for index, width in enumerate(widths):
        layers += [nn.Conv2d(before, width, 4, 2, 1, bias=index == 0)]
        layers += [nn.BatchNorm2d(width)] if index else []
        layers += [nn.LeakyReLU(0.2)]
        before = width
    return nn.Sequential(*layers, nn.Conv2d(before, 1, 4))


class ContextEncoder(Pretext):
    """What belongs in the hole?"""

    method = "context-encoder"
    question = "What belongs in the hole?"
    paper = Paper(
        "Context Encoders: Feature Learning by Inpainting",
        "Pathak, Krahenbuhl, Donahue, Darrell, Efros",
        "CVPR",
        2016,
        "https://arxiv.org/abs/1604.07379",
    )
    departs = (
        "The lab's shared encoder on 128 px instead of AlexNet on 227; two of its stages are handed past the bottleneck, to a "
        "decoder with residual blocks; convolutions at full size join its cells."
    )
    sizes = {
        "paper": Config(),
        "small": Config(
            side=128,
            encoder="small",
            grid=8,
            decoder=(96, 64, 3),
            last_stride=4,
            skips=("conv3", "conv1"),
            deep=(1, 1),
            refine=True,
            finish=16,
            reconstruction=0.992,
            adversarial=0.008,
            overlap=4,
            overlap_weight=2.0,
            discriminator=(32, 64, 128),
            central=0.1,
            near=0.4,
            blocks=0.2,
        ),
        "tiny": Config(
            side=32,
            encoder="tiny",
            grid=4,
            decoder=(12, 8, 3),
            skips=("conv3",),
            deep=(1,),
            refine=True,
            finish=8,
            overlap=2,
            window=16,
            discriminator=(8,),
        ),
    }
    variants = {
        "l2": Variant(
            "Fill the hole so that the squared error is small.",
            {"reconstruction": 1.0, "adversarial": 0.0},
            recipes(150, 8, 2e-3, scales=((0.4, 0.5), (1.0, 1.0))),
        ),
        "joint": Variant(
            "Fill the hole so that a second network takes it for real.",
            {},
            recipes(25, 6, 3e-4),
            trunk="context-encoder-l2",
            blend=0.6,
        ),
    }

    def __init__(self, config: Config, variant: str) -> None:
        super().__init__(config, variant)
        self.encoder = networks.Encoder(LAYOUTS[config.encoder], MaskedRgb())
        self.decoder = Decoder(config, self.encoder.widths)
        self.finish = networks.Finish(4, config.finish) if config.finish else None
        self.judge = discriminator(config.discriminator) if config.adversarial else None

    def start_from(self, trunk: Pretext) -> None:
        """The whole L2 network; the discriminator, which that one lacks, starts afresh."""
        judge = {key: value for key, value in self.state_dict().items() if key.startswith("judge.")}
        self.load_state_dict(trunk.state_dict() | judge)

    def random_mask(self, side: int, rng: np.random.Generator) -> np.ndarray:
        """One of the three kinds of mask, (side, side) bool; hands draw small holes too, so the share varies."""
        kind = rng.random()
        if kind < self.config.central:
            return masks.central_region(side, side)
        kind -= self.config.central
        if kind < self.config.near:
            return masks.near_center(side, side, rng)
        draw = masks.random_blocks if kind - self.config.near < self.config.blocks else masks.random_region
        return draw(side, side, rng, share=rng.uniform(0.1, 0.3))

    def make_batch(self, raw: dict[str, Tensor], rng: np.random.Generator) -> Batch:
        """A different mask for every picture, and for the discriminator a window centred on a hidden pixel."""
        image = raw["image"]
        drawn = [self.random_mask(image.shape[-1], rng) for _ in image]
        hidden = torch.from_numpy(np.stack(drawn)[:, None]).to(image)
        targets = {"image": image, "hidden": hidden}
        if self.judge is not None:
            most = image.shape[-1] - self.config.window
            centers = [rng.choice(np.argwhere(mask)) - self.config.window // 2 for mask in drawn]
            targets["corners"] = torch.from_numpy(np.clip(np.stack(centers), 0, most))
        return Batch({"image": hide(image, hidden), "hidden": hidden}, targets)

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """{"image", "hidden"} -> (B, 3, H, W), the whole picture as the network would paint it, about [0, 1]."""
        image, hidden = inputs["image"], inputs["hidden"]
        # The mean of `image` is the mean of what is known, since `hide` filled the hole with it: the network paints the difference.
        mean = image.mean((2, 3), keepdim=True)
        # Sec 3.1: the up-convolutions only "roughly" reach the size of the picture.
        painted = networks.resize(self.decoder(self.encoder(image, hidden)), image.shape[2:])
        return mean + (self.finish(painted, image - mean, hidden) if self.finish else painted)

    def loss(self, outputs: Tensor, targets: dict[str, Tensor]) -> dict[str, Tensor]:
        """Eq. 3: lambda_rec L_rec + lambda_adv L_adv; errors count in the units of RGB in [-1, 1], as in the paper."""
        config, hidden = self.config, targets["hidden"]
        weight = hidden + config.overlap_weight * overlap_band(hidden, config.overlap)
        terms = {"reconstruction": config.reconstruction * 4 * masked_l2(outputs, targets["image"], weight)}
        if self.judge is not None:
            fooled = self.judge(self.windows(outputs, targets)).float()
            terms["adversarial"] = config.adversarial * F.softplus(-fooled).mean()
        return terms

    def discriminator_loss(self, outputs: Tensor, targets: dict[str, Tensor]) -> dict[str, Tensor]:
        """Eq. 2, seen from D: -log D(x) - log(1 - D(F(x)))."""
        real = self.judge(self.windows(targets["image"], targets)).float()
        made = self.judge(self.windows(outputs.detach(), targets)).float()
        return {"real": F.softplus(-real).mean(), "made": F.softplus(made).mean()}

    @torch.inference_mode()
    def error(self, raw: dict[str, Tensor], rng: np.random.Generator) -> float:
        """Its squared error in the hole. Adversarial losses have no common scale, since every training has a judge of its
        own: the joint network's error counts by the share of the photographs' gradient energy that its fills lack, and at
        least by half, since noise has as much as one likes.
        """
        inputs, targets = self.eval().make_batch(raw, rng)
        painted, hidden = self(inputs).clamp(0, 1), targets["hidden"]
        error = masked_l2(painted, targets["image"], hidden)
        if self.judge is not None:
            lack = 1 - step_energy(painted, hidden) / step_energy(targets["image"], hidden)
            error = error * lack.abs().clamp(min=0.5)
        return error.item()

    def windows(self, painted: Tensor, targets: dict[str, Tensor]) -> Tensor:
        """What the discriminator sees: the picture with its hole filled by `painted`, and the mask, cut to a window."""
        hidden = targets["hidden"]
        filled = torch.where(hidden > 0, painted, targets["image"])
        return cut_windows(torch.cat((filled * 2 - 1, hidden), dim=1), targets["corners"], self.config.window)

    def players(self) -> list[Player]:
        """The painter, and in the joint variant its judge."""
        painting = [parameter for name, parameter in self.named_parameters() if not name.startswith("judge.")]
        painter = Player("painter", painting, self.loss)
        if self.judge is None:
            return [painter]
        return [painter, Player("judge", list(self.judge.parameters()), self.discriminator_loss)]

    @torch.inference_mode()
    def inpaint(self, photo: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Fill the hole of a photograph of any size.

        photo: (H, W, 3) uint8, or float in [0, 1]; mask: (H, W) bool, True where hidden. Returns (H, W, 3) float32 in
        [0, 1] with the known pixels as they came. Each hole is filled from a window around it, scaled to the network's
        input. PhotoError if a shape does not fit, or if the mask leaves nothing to fill from.
        """

        def paint(image: Tensor, hidden: Tensor) -> Tensor:
            return self.eval()({"image": image.to(self.device), "hidden": hidden.to(self.device)}).cpu()

        return fill_holes(paint, photo, mask, self.config.side)

    @torch.inference_mode()
    def panels(self, raw: dict[str, Tensor], rng: np.random.Generator, **knobs: float) -> dict[str, np.ndarray]:
        """The picture with its central quarter hidden, the answer, the truth."""
        truth = to_picture(raw["image"][0])
        mask = masks.central_region(*truth.shape[:2])
        seen = to_picture(hide(raw["image"][:1], torch.from_numpy(mask[None, None]).float())[0])
        return {"what it sees": seen, "what it paints": self.inpaint(truth, mask), "the truth": truth}
