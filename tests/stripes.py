"""A task whose classes are textures, tiny encoders, and short budgets: what the tests of transfer learn on."""

import numpy as np
import torch

from ssl_core import networks
from ssl_core.pretexts import build
from ssl_core.transfer import joint
from ssl_core.transfer_budget import Budget
from ssl_core.transfer_networks import Augmented, FineTuned, Probed
from ssl_core.transfer_tasks import Split, TransferTask

SIDE = 32
CLASSES = ("lying", "standing", "chequered")
ALL = np.arange(60)


def stripes(rng, count):
    """Pictures of three textures, each in any two colours and at any phase: colour tells nothing. (count, 32, 32, 3), labels."""
    labels = np.arange(count) % len(CLASSES)
    steps = np.arange(SIDE)
    pictures = []
    for label in labels:
        rows, columns = ((steps + rng.integers(0, 8)) // 4 % 2 for _ in range(2))
        kinds = (rows[:, None] + 0 * columns, columns + 0 * rows[:, None], rows[:, None] ^ columns)
        dark, light = rng.uniform(0, 100, 3), rng.uniform(155, 255, 3)
        pictures.append(np.where(kinds[label][..., None], light, dark) + rng.normal(0, 6, (SIDE, SIDE, 3)))
    return np.clip(np.stack(pictures), 0, 255).astype(np.uint8), labels


def make_task(several=False, seed=0):
    """60 pictures to learn from, 48 to be judged by."""
    rng = np.random.default_rng(seed)
    splits = []
    for count in (60, 12, 48):
        pictures, labels = stripes(rng, count)
        splits.append(Split(pictures, np.eye(len(CLASSES), dtype=bool)[labels] if several else labels))
    return TransferTask("stripes", "Stripes", "60 pictures", CLASSES, *splits)


def encoder(seed=0, layout=networks.TINY):
    """A tiny encoder of random weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return networks.Encoder(layout, networks.SignedRgb()).eval()


def pretext(name="colorization-classification"):
    """A tiny pretext task of random weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return build(name, "tiny")


def budget(steps=60, **changes):
    """A short budget."""
    return Budget(**{"steps": steps, "batch": 20, "learning_rate": 1e-2, "side": SIDE, **changes})


def run(steps):
    """All points of a run, and its score."""
    points = []
    while True:
        try:
            points.append(next(steps))
        except StopIteration as finished:
            return points, finished.value


def state(module):
    """A copy of all tensors."""
    return {name: value.clone() for name, value in module.state_dict().items()}


def same(module, before):
    """Whether no tensor has changed since `state`."""
    return all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def network(protocol, seed=0):
    """What a protocol trains, tiny."""
    if protocol == "joint learning":
        return joint(pretext(), make_task(), budget(), seed, 0.3)
    if protocol == "feature augmentation":
        return Augmented(encoder(5), encoder(seed), len(CLASSES), SIDE, seed)
    return {"fine-tune": FineTuned, "linear probe": Probed}[protocol](encoder(seed), len(CLASSES), SIDE, seed)


PROTOCOLS = ("fine-tune", "feature augmentation", "joint learning", "linear probe")
