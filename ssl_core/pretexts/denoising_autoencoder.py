"""Extracting and Composing Robust Features with Denoising Autoencoders. Vincent, Larochelle, Bengio, Manzagol. ICML 2008.

Spoil a picture with noise and ask a network for the clean one: the noise is made, so the answer is free. Even a code that is
large enough to copy the picture, as the paper's, is of no use by copying; noise has no regularity that a code could keep:
what is left are features of photographs. Ours is smaller than the picture as well. The longer paper
(JMLR 2010, section 3.3) adds two kinds of noise to the first one's masking.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ssl_core import networks
from ssl_core.networks import Conv, Layout
from ssl_core.photo import as_photo
from ssl_core.pretext import Batch, Knob, Paper, Pretext, Variant, recipes, to_picture, to_tensor

# Sec 4.1: three hidden layers of the same width on 28 x 28 pixels. A fully connected layer is a convolution as large as
# the picture.
STACKED: Layout = {
    "hidden1": (Conv(2000, 28, padding=0),),
    "hidden2": (Conv(2000, 1),),
    "hidden3": (Conv(2000, 1),),
}
LAYOUTS = {"stacked": STACKED, "small": networks.SMALL, "tiny": networks.TINY}
KINDS = ("gaussian", "masking", "salt-and-pepper")


@dataclass(frozen=True)
class Config:
    """Numbers of the paper; `sizes` below says where the shipped network departs from them."""

    side: int = 28
    encoder: str = "stacked"
    ups: tuple[int, ...] = ()  # up-convolutions of the decoder; one layer leads back to the pixels in the paper
    deep: tuple[int, ...] = ()  # residual blocks of the decoder, coarsest first: none in the paper
    refine: int = 0
    finish: int = 0  # width of the convolutions at full size after the decoder, 0 for none: none in the paper
    cell: int = 28  # px, side of the square of pixels that each place of the last layer paints
    most: tuple[float, float, float] = (0.5, 0.7, 0.5)  # strongest noise in training, by the order of KINDS


def gaussian(image: Tensor, level: Tensor, rng: np.random.Generator) -> Tensor:
    """Adds noise of standard deviation `level`, (B,) in units of RGB in [0, 1]; clipped, as a camera would.

    >>> grey = torch.full((1, 3, 64, 64), 0.5)
    >>> round(gaussian(grey, torch.tensor([0.1]), np.random.default_rng(0)).std().item(), 2)
    0.1
    """
    return (image + level[:, None, None, None] * draw(rng.standard_normal, image, 3)).clamp(0, 1)


def masking(image: Tensor, level: Tensor, rng: np.random.Generator) -> Tensor:
    """Sec 2.3: a share `level`, (B,), of the pixels is forced to 0, all three channels at once.

    >>> white = torch.ones(1, 3, 64, 64)
    >>> round(masking(white, torch.tensor([0.25]), np.random.default_rng(0)).mean().item(), 1)
    0.8
    """
    return image * (draw(rng.random, image, 1) >= level[:, None, None, None])


def salt_and_pepper(image: Tensor, level: Tensor, rng: np.random.Generator) -> Tensor:
    """A share `level`, (B,), of the pixels becomes black or white, by a fair coin.

    >>> grey = torch.full((1, 3, 64, 64), 0.5)
    >>> salt_and_pepper(grey, torch.tensor([1.0]), np.random.default_rng(0)).unique().tolist()
    [0.0, 1.0]
    """
    struck = draw(rng.random, image, 1) < level[:, None, None, None]
    return torch.where(struck, (draw(rng.random, image, 1) < 0.5).to(image.dtype), image)


def draw(distribution, image: Tensor, channels: int) -> Tensor:
    """Numbers for each pixel of (B, 3, H, W), of `channels` channels, from a method of a numpy generator."""
    size = (len(image), channels, *image.shape[2:])
    return torch.from_numpy(distribution(size, dtype=np.float32)).to(image.device)


NOISES = dict(zip(KINDS, (gaussian, masking, salt_and_pepper), strict=True))


class DenoisingAutoencoder(Pretext):
    """What was there before the noise?"""

    method = "denoising-autoencoder"
    question = "What was there before the noise?"
    paper = Paper(
        "Extracting and Composing Robust Features with Denoising Autoencoders",
        "Vincent, Larochelle, Bengio, Manzagol",
        "ICML",
        2008,
        "https://doi.org/10.1145/1390156.1390294",
    )
    departs = (
        "The encoder that all teachers of the lab share instead of three fully connected layers, trained at once, on "
        "photographs of 128 px instead of digits of 28. Three kinds of noise in one network, squared error instead of cross entropy."
    )
    sizes = {
        "paper": Config(),
        "small": Config(128, "small", ups=(96, 64), deep=(1, 1), refine=1, finish=16, cell=4),
        "tiny": Config(32, "tiny", ups=(12,), deep=(1,), refine=1, finish=8, cell=4),
    }
    variants = {
        "mixed": Variant(
            "Give back the picture without the noise, whichever of three kinds it is.",
            {},
            recipes(80, 6, 2e-3, crop=0.6, scales=((0.3, 0.5), (1.0, 1.0))),
        )
    }
    knobs = (
        Knob("kind", 0, len(KINDS) - 1, 0, "Kind of noise"),
        Knob("level", 0.0, 0.7, 0.25, "Level of noise"),
    )

    def __init__(self, config: Config, variant: str) -> None:
        super().__init__(config, variant)
        self.encoder = networks.Encoder(LAYOUTS[config.encoder], networks.SignedRgb())
        out = 3 * config.cell**2
        self.decoder = networks.Decoder(self.encoder.widths, config.ups, (), config.refine, out, config.deep)
        self.finish = networks.Finish(0, config.finish) if config.finish else None

    def make_batch(self, raw: dict[str, Tensor], rng: np.random.Generator) -> Batch:
        """Another kind and level of noise for every picture."""
        image = raw["image"]
        kinds = rng.integers(0, len(KINDS), len(image))
        levels = torch.from_numpy(rng.random(len(image)) * np.take(self.config.most, kinds)).to(image)
        noisy = torch.empty_like(image)
        for number, kind in enumerate(KINDS):
            chosen = torch.from_numpy(np.flatnonzero(kinds == number)).to(image.device)
            noisy[chosen] = NOISES[kind](image[chosen], levels[chosen], rng)
        return Batch({"image": noisy}, {"image": image})

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """{"image"} with noise -> the clean picture, (B, 3, H, W), about [0, 1]; H and W as the layers divide them."""
        painted = F.pixel_shuffle(self.decoder(self.encoder(inputs["image"])), self.config.cell)
        return (self.finish(painted) if self.finish else painted) + 0.5

    def loss(self, outputs: Tensor, targets: dict[str, Tensor]) -> dict[str, Tensor]:
        """JMLR 2010, eq. 4: the squared error to the clean picture, in the units of RGB in [-1, 1]."""
        return {"squared error": 4 * F.mse_loss(outputs, targets["image"])}

    @staticmethod
    def corrupt(photo: np.ndarray, kind: str, level: float, seed: int = 0) -> np.ndarray:
        """A photograph of any size with noise: (H, W, 3) float32 in [0, 1]; the same for the same seed.

        kind: one of KINDS. level: from 0 to 1; the standard deviation of gaussian noise, else the share of pixels struck.
        PhotoError if `photo` is none, ValueError for another kind or level.
        """
        if kind not in NOISES:
            raise ValueError(f"There is no noise called {kind!r}. Choose one of: {', '.join(KINDS)}.")
        if not 0 <= level <= 1:
            raise ValueError(f"The level of noise is a number from 0 to 1; got {level}.")
        image, rng = to_tensor(as_photo(photo)), np.random.default_rng(seed)
        return to_picture(NOISES[kind](image, torch.tensor([level], dtype=torch.float32), rng)[0])

    @torch.inference_mode()
    def denoise(self, picture: np.ndarray) -> np.ndarray:
        """The picture without its noise: (H, W, 3) uint8 or float in [0, 1], of any size, to (H, W, 3) float32.

        The network sees it at its own size, its edges mirrored as far as its stride asks. PhotoError if it is no picture.
        """
        image = to_tensor(as_photo(picture))
        high, wide = image.shape[2:]
        below, right = -high % self.stride, -wide % self.stride
        padded = np.pad(image[0].numpy(), ((0, 0), (0, below), (0, right)), mode="symmetric")
        clean = self.eval()({"image": torch.from_numpy(padded)[None].to(self.device)})
        return to_picture(clean[0, :, :high, :wide])

    @property
    def stride(self) -> int:
        """Pixels between two places of the encoder's last stage: heights and widths must be multiples of it."""
        return self.config.cell * 2 ** len(self.config.ups)

    @property
    def least_side(self) -> int:
        """One place of the last stage: the paper's first layer is as large as its pictures, which cannot be halved."""
        return self.stride

    def panels(self, raw: dict[str, Tensor], rng: np.random.Generator, **knobs: float) -> dict[str, np.ndarray]:
        """The picture with noise, the network's answer, the truth."""
        truth = to_picture(raw["image"][0])
        start = {knob.name: knob.start for knob in self.knobs} | knobs
        noisy = self.corrupt(truth, KINDS[round(start["kind"])], start["level"], int(rng.integers(2**31)))
        return {"what it sees": noisy, "what it paints": self.denoise(noisy), "the truth": truth}
