"""What a frozen encoder answers to the pictures of a transfer task: every stage, pooled to a coarse grid, computed once and kept.

Each map is averaged over a g x g grid, as fine as leaves C g g at most 864 numbers: 4 x 4 for 48 channels, 3 x 3 for 96, 2 x 2 from 128 on.
So the stages are compared at about the same number of features, as Zhang, Isola, Efros do (ECCV 2016, section 3.2, about 9,000 features;
fewer here, since there are fewer pictures). A teacher costs 7 kB of cache for each picture.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ssl_core.array_cache import folder_of
from ssl_core.bank import Bank, Progress
from ssl_core.bank_measures import Arrays, measure_steps, weights_hash

if TYPE_CHECKING:
    from torch import nn

    from ssl_core.transfer_tasks import TransferTask

MOST = 864  # features of a stage
LARGEST = float(np.finfo(np.float16).max)
PARTS = ("train", "choice", "test")
CALIBRATED, TOGETHER = 1024, 64  # pictures that statistics are measured on, and how many at once


@dataclass(frozen=True, eq=False)
class TaskFeatures:
    """The features of one teacher on one task, row i for picture i of a split.

    name : the teacher; task_key : `TransferTask.key`
    train, choice, test : {stage: (N, D) float16}, stages from the first to the last; D = C g g, channel by channel
    """

    name: str
    task_key: str
    train: Arrays = field(repr=False)
    choice: Arrays = field(repr=False)
    test: Arrays = field(repr=False)

    @property
    def stages(self) -> tuple[str, ...]:
        """Names of the stages, from the first to the last."""
        return tuple(self.train)


def feature_steps(
    encoder: nn.Module, name: str, task: TransferTask, folder: Path | None = None
) -> Generator[Progress, None, TaskFeatures]:
    """Pooled features of every stage for all pictures of a task; yields Progress, returns TaskFeatures.

    encoder : RGB (B, 3, H, W) in [0, 1] -> {stage: (B, C, h, w)}; it is put into evaluation mode. One with random weights must go
    through `calibrate` first: until then its batch normalisation divides by 1 whatever it gets, and its features fade stage by stage.
    What was computed is kept in the cache (or in `folder`), keyed by the task's content and the weights: closing the generator loses
    seconds of work, a damaged file is made again, and on a full disk `Progress.note` says why nothing is kept.
    """
    encoder.eval()
    key, found, done = f"{name}-{weights_hash(encoder)}-{MOST}", {}, 0
    total, seconds = sum(len(getattr(task, part)) for part in PARTS), 0.0
    stages = tuple(_pooled(encoder, np.zeros((1, *task.train.pictures.shape[1:]), np.uint8)))
    for part in PARTS:
        pictures = getattr(task, part).pictures
        bank = Bank("", f"{task.key}-{part}", (), None, 0, pictures, (), str)
        steps = measure_steps(
            bank, "probe", key, lambda batch: _pooled(encoder, batch), folder or folder_of("transfer")
        )
        while True:
            try:
                step = next(steps)
            except StopIteration as finished:
                found[part] = {stage: finished.value[stage] for stage in stages}
                break
            yield Progress(done + step.done, total, seconds + step.seconds, f"features of {name}", step.note)
        done, seconds = done + len(pictures), seconds + step.seconds
    return TaskFeatures(name, task.key, **found)


def pool_grid(channels: int, height: int, width: int) -> int:
    """The side g of the grid that a map (C, h, w) is averaged over: C g g is at most 864, and g no more than h or w.

    >>> [pool_grid(channels, 32, 32) for channels in (8, 48, 96, 128, 192, 256)], pool_grid(8, 4, 4), pool_grid(2000, 4, 4)
    ([10, 4, 3, 2, 2, 1], 4, 1)
    """
    return max(1, min(int((MOST / channels) ** 0.5), height, width))


def _pooled(encoder: nn.Module, pictures: np.ndarray) -> Arrays:
    """{stage: (n, C g g) float16} for pictures (n, S, S, 3) uint8."""
    import torch
    from torch.nn.functional import adaptive_avg_pool2d

    found = {}
    with torch.inference_mode():
        for stage, maps in encoder(_images(encoder, pictures)).items():
            grid = pool_grid(*maps.shape[1:])
            pooled = adaptive_avg_pool2d(maps.float(), grid).flatten(1)
            found[stage] = pooled.clamp(-LARGEST, LARGEST).half().cpu().numpy()
    return found


def calibrate(encoder: nn.Module, pictures: np.ndarray, seed: int = 0) -> None:
    """Measure the batch-norm statistics of an encoder on pictures (N, S, S, 3) uint8, in place; it is left in evaluation mode.

    One pass over at most 1,024 of them in an order that the seed draws (pictures that lie sorted by class would make batches of one
    class each, and the spread between classes would be lost), all batches counting alike. Weights stay as they are.
    Raises ValueError for fewer than two pictures.
    """
    import torch
    from torch import nn

    if len(pictures) < 2:
        raise ValueError("Statistics are measured on two pictures at least; give more of the training pictures.")
    order = np.random.default_rng(seed).permutation(len(pictures))[:CALIBRATED]
    batches = np.array_split(order, -(-len(order) // TOGETHER))
    norms = [layer for layer in encoder.eval().modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)]
    momenta = [layer.momentum for layer in norms]
    for layer in norms:
        layer.reset_running_stats()
        layer.momentum = None  # a plain mean over all batches
        layer.train()
    try:
        with torch.no_grad():
            for batch in batches:
                encoder(_images(encoder, np.asarray(pictures[np.sort(batch)])))
    finally:
        for layer, momentum in zip(norms, momenta, strict=True):
            layer.momentum = momentum
        encoder.eval()


def _images(encoder: nn.Module, pictures: np.ndarray):
    """(n, S, S, 3) uint8 -> (n, 3, S, S) float tensor in [0, 1] on the encoder's device."""
    import torch

    device = next(encoder.parameters()).device
    return torch.from_numpy(np.array(pictures)).to(device).permute(0, 3, 1, 2).float() / 255
