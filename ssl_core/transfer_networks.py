"""What each protocol of transfer trains: an encoder and a head, two encoders and a head, a pretext task and a head, or a head alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ssl_core.pretext import Pretext
from ssl_core.transfer_budget import TransferError

# Of the head's rate: the head starts from nothing, a trained encoder does not.
ENCODER_RATE = 0.5


def task_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean over the pictures of the cross entropy, or of the summed binary logistic losses where several labels may hold.

    logits : (B, C); labels : (B,) int64, or (B, C) bool. A scalar >= 0.

    >>> round(task_loss(torch.zeros(2, 4), torch.tensor([0, 3])).item(), 4)  # log 4
    1.3863
    >>> round(task_loss(torch.zeros(2, 4), torch.zeros(2, 4, dtype=torch.bool)).item(), 4)  # 4 log 2
    2.7726
    """
    if labels.dtype == torch.bool:
        return F.binary_cross_entropy_with_logits(logits, labels.float(), reduction="none").sum(1).mean()
    return F.cross_entropy(logits, labels)


def pooled(encoder: nn.Module, image: Tensor) -> Tensor:
    """The means over places of all stages, side by side: (B, 3, H, W) in [0, 1] -> (B, C).

    What a pretext task taught stands in the middle stages as much as in the last. On 500 pictures of Caltech-101 that were set aside,
    with a tenth of the labels, that was worth 4 points to colorization and 3 to an untrained network.
    """
    return torch.cat([maps.mean((2, 3)) for maps in encoder(image).values()], 1)


def units_of(encoder: nn.Module, side: int) -> int:
    """How many units all stages have. TransferError if there are no weights, or pictures of `side` px are too small."""
    if next(encoder.parameters(), None) is None:
        raise TransferError("This teacher has no weights, and so nothing that could be handed on. Choose another one.")
    try:
        with torch.inference_mode():
            return pooled(encoder.eval(), torch.zeros(1, 3, side, side, device=device_of(encoder))).shape[1]
    except RuntimeError:
        raise TransferError(f"Pictures of {side} px are too small for this encoder. Take 64 px or more.") from None


def device_of(module: nn.Module) -> torch.device:
    """Where the weights are."""
    return next(module.parameters()).device


class Head(nn.Module):
    """A linear layer on standardised features, (B, D) -> logits (B, C), as a given seed initialises it.

    Encoders differ in the scale of their stages by orders of magnitude; without the standardisation (batch normalisation
    without weights of its own) one rate would be too large for one of them and too small for another.
    `moving` says that the features change in training; if not, the average over all batches is the better estimate.
    """

    def __init__(self, width: int, classes: int, seed: int, moving: bool) -> None:
        super().__init__()
        self.standardise = nn.BatchNorm1d(width, eps=1e-8, affine=False, momentum=0.1 if moving else None)
        self.linear = nn.Linear(width, classes)
        drawn = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            self.linear.weight.normal_(0, 0.01, generator=drawn)
            self.linear.bias.zero_()

    def forward(self, features: Tensor) -> Tensor:
        return self.linear(self.standardise(features))


class FineTuned(nn.Module):
    """Pre-training as initialisation: the whole encoder is trained on, below a new head."""

    protocol = "fine-tune"

    def __init__(self, encoder: nn.Module, classes: int, side: int, seed: int) -> None:
        super().__init__()
        self.head = Head(units_of(encoder, side), classes, seed, moving=True).to(device_of(encoder))
        self.encoder = encoder.to(memory_format=torch.channels_last)

    def groups(self) -> list[tuple[list[nn.Parameter], float]]:
        """What is trained, each with its rate as a share of the budget's."""
        return [(list(self.encoder.parameters()), ENCODER_RATE), (list(self.head.parameters()), 1.0)]

    def teach(self) -> None:
        """Training mode, as this protocol understands it."""
        self.train()

    def forward(self, image: Tensor) -> Tensor:
        return self.head(pooled(self.encoder, image))

    def beside(self, rng: np.random.Generator) -> dict[str, Tensor]:
        """Further terms of the loss, weighted: none here."""
        return {}

    def taught(self) -> dict[str, Tensor]:
        """The tensors that training changes, by name."""
        return self.state_dict()


class Augmented(FineTuned):
    """Feature augmentation: frozen features of A stand beside those of B, which is trained; the head sees both.

    As in progressive networks (Rusu et al., 2016), whose new column stands beside frozen ones, but the two meet in the head alone.
    Wang, Ramanan, Hebert (Growing a Brain, CVPR 2017) widen a network likewise, and train the old part on.
    """

    protocol = "feature augmentation"

    def __init__(self, frozen: nn.Module, encoder: nn.Module, classes: int, side: int, seed: int) -> None:
        super().__init__(encoder, classes, side, seed)
        width = units_of(frozen, side) + self.head.linear.in_features
        self.head = Head(width, classes, seed, moving=True).to(device_of(encoder))
        self.frozen = frozen.requires_grad_(False).eval().to(memory_format=torch.channels_last)

    def teach(self) -> None:
        """Training mode for B and the head; A keeps even its statistics."""
        self.train()
        self.frozen.eval()

    def forward(self, image: Tensor) -> Tensor:
        with torch.no_grad():
            given = pooled(self.frozen, image)
        return self.head(torch.cat((given, pooled(self.encoder, image)), dim=1))

    def taught(self) -> dict[str, Tensor]:
        """All but A."""
        return {name: value for name, value in self.state_dict().items() if not name.startswith("frozen.")}


class Joint(FineTuned):
    """Joint learning: the encoder of a pretext task is trained by the pretext task's loss and by the labels' at once.

    The pretext task takes its pictures from `crops`, `count` at a time: it needs no labels, and so sees all of train, whatever share
    of the labels is given. Only its first player learns, without the terms by which it would play against another.
    """

    protocol = "joint learning"

    def __init__(self, pretext: Pretext, crops, count: int, weight: float, classes: int, side: int, seed: int) -> None:
        check_joint(pretext, weight)
        super().__init__(pretext.encoder, classes, side, seed)
        self.pretext, self.crops, self.count, self.weight = pretext, crops, count, weight

    def groups(self) -> list[tuple[list[nn.Parameter], float]]:
        """The encoder, the head, and what the pretext task has above the encoder."""
        own = {id(parameter) for parameter in self.encoder.parameters()}
        rest = [parameter for parameter in self.pretext.players()[0].parameters if id(parameter) not in own]
        return [*super().groups(), (rest if self.weight else [], ENCODER_RATE)]

    def extra_repr(self) -> str:
        """What tells two of them apart besides the weights."""
        return f"{self.pretext.name}, weight={self.weight}, count={self.count}"

    def beside(self, rng: np.random.Generator) -> dict[str, Tensor]:
        """The pretext task's terms on pictures without labels, times the weight."""
        if not self.weight:
            return {}
        chosen = rng.integers(0, len(self.crops), self.count)
        least = self.pretext.variants[self.pretext.variant].recipes["cpu"].crop
        raw = {"image": self.crops.crop(rng, chosen, self.pretext.config.side, least).to(self.pretext.device)}
        inputs, targets = self.pretext.make_batch(raw, rng)
        with statistics_kept(self.encoder):
            outputs = self.pretext(inputs)
        terms = self.pretext.players()[0].loss(outputs, targets)
        return {f"pretext {name}": self.weight * term for name, term in terms.items() if name != "adversarial"}

    def taught(self) -> dict[str, Tensor]:
        """All, each tensor once: the encoder is the pretext task's own."""
        return {name: value for name, value in self.state_dict().items() if not name.startswith("pretext.encoder.")}


@contextmanager
def statistics_kept(encoder: nn.Module) -> Iterator[None]:
    """Batch normalisation without a memory: the task is scored with the statistics of its own pictures, not with those of
    pictures in grey, in patches or with holes.
    """
    layers = [layer for layer in encoder.modules() if isinstance(layer, nn.BatchNorm2d)]
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.momentum = 0.0
    try:
        yield
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum


def check_joint(pretext: Pretext, weight: float) -> None:
    """TransferError if a pretext task cannot be learned beside labels here."""
    if not np.isfinite(weight) or weight < 0:
        raise TransferError(f"The weight of the pretext task must be 0 or more, not {weight}.")
    if set(pretext.needs) != {"image"}:
        wanted = ", ".join(need for need in pretext.needs if need != "image")
        raise TransferError(
            f"{pretext.name} learns from {wanted} that come with the pictures, and the pictures of this task have none. Choose a "
            "teacher that needs nothing but pictures."
        )
    if not pretext.players():
        raise TransferError(f"{pretext.name} learns nothing, so it cannot learn jointly. Choose another teacher.")


class Probed(nn.Module):
    """A head alone. It takes the features that `remember` has, not pictures; the encoder is in evaluation mode and stays so."""

    protocol = "linear probe"

    def __init__(self, encoder: nn.Module, classes: int, side: int, seed: int) -> None:
        super().__init__()
        self.head = Head(units_of(encoder, side), classes, seed, moving=False).to(device_of(encoder))
        self.encoder = encoder.requires_grad_(False).eval()

    def groups(self) -> list[tuple[list[nn.Parameter], float]]:
        """The head."""
        return [(list(self.head.parameters()), 1.0)]

    def teach(self) -> None:
        """Training mode for the head."""
        self.head.train()

    def forward(self, features: Tensor) -> Tensor:
        return self.head(features)

    def taught(self) -> dict[str, Tensor]:
        """The head's tensors, by name."""
        return {f"head.{name}": value for name, value in self.head.state_dict().items()}
