"""What a pretext task taught, handed on to a task with labels: four protocols, each a generator that can be stopped at any step.

Pre-training as initialisation (`fine_tune`), frozen features below a new layer (`linear_probe`, fitted to the end, and `probe_live`, the
same layer learned step by step before one's eyes), frozen features beside a network that learns (`augment_features`), and both tasks
at once on one encoder (`learn_jointly`). All teachers get the same budget, pictures, order and seeds. `Learner` is the state of a run.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np

from ssl_core.linear_probe import linear_probe
from ssl_core.transfer_budget import SCORED, Budget, Point, TransferError
from ssl_core.transfer_learner import Learner
from ssl_core.transfer_networks import Augmented, FineTuned, Joint, Probed
from ssl_core.transfer_pictures import LabelledCrops

if TYPE_CHECKING:
    from torch import nn

    from ssl_core.pretext import Pretext
    from ssl_core.transfer_tasks import TransferTask

__all__ = [
    "Budget",
    "Learner",
    "Point",
    "TransferError",
    "augment_features",
    "budget_for",
    "fine_tune",
    "joint",
    "learn",
    "learn_jointly",
    "linear_probe",
    "probe_live",
]

# 14 and 33 s of one thread at 96 px, where 240 pictures are learned from in a second
STEPS_OF_FEW, STEPS_OF_ALL = 100, 240
PROBE_STEPS, PROBE_BATCH = 2000, 128

Run = Generator[Point, None, float]


def budget_for(protocol: str, share: float, **changes) -> Budget:
    """What a run of a protocol gets by default with that share of the labels, in (0, 1]; `changes` are fields of `Budget`.

    The same for all teachers. Frozen features cost next to nothing once they are there, so that a probe takes many more steps.
    """
    if protocol == Probed.protocol:
        return Budget(**{"steps": PROBE_STEPS, "batch": PROBE_BATCH, **changes})
    return Budget(**{"steps": STEPS_OF_ALL if share >= 1 else STEPS_OF_FEW, **changes})


def fine_tune(encoder: nn.Module, task: TransferTask, chosen: np.ndarray, budget: Budget, seed: int) -> Run:
    """Pre-training as initialisation: all weights of `encoder` are trained on, below a new head; `encoder` itself changes.

    chosen : (n,) indices into task.train whose labels are given, as `task.share` draws them
    Yields a Point after every step, returns accuracy or mean average precision in [0, 1] on all of test. An untrained encoder gives
    the score of learning from scratch. TransferError says what cannot be done, and stops a loss that is not finite.
    """
    network = FineTuned(encoder, len(task.classes), budget.side, seed)
    return (yield from learn(Learner(network, task, chosen, budget, seed)))


def augment_features(
    frozen: nn.Module, encoder: nn.Module, task: TransferTask, chosen: np.ndarray, budget: Budget, seed: int
) -> Run:
    """Feature augmentation: `frozen` stays as it is to the bit, beside `encoder`, which is trained; the head sees both.

    The encoders may differ in size. Otherwise as `fine_tune`.
    """
    network = Augmented(frozen, encoder, len(task.classes), budget.side, seed)
    return (yield from learn(Learner(network, task, chosen, budget, seed)))


def learn_jointly(
    pretext: Pretext, task: TransferTask, chosen: np.ndarray, budget: Budget, seed: int, weight: float
) -> Run:
    """Joint learning: the encoder of `pretext` is trained by its own loss, times `weight`, and by that of the labels at once.

    The pretext task needs no labels and sees all of task.train, in batches of half the size, at its own side. Its first player alone
    learns: a judge, as generative adversarial networks have one, is left out, and so is the loss that comes from it. At weight 0
    this is `fine_tune`. Trained on from wherever `pretext` stands: freshly built, or as it ships. Otherwise as `fine_tune`.
    """
    network = joint(pretext, task, budget, seed, weight)
    return (yield from learn(Learner(network, task, chosen, budget, seed)))


def probe_live(encoder: nn.Module, task: TransferTask, chosen: np.ndarray, budget: Budget, seed: int) -> Run:
    """Freeze, and train a new layer: a head on the features that `encoder` has of uncropped pictures, which are computed once.

    Learned step by step, to be watched; the figures of the table come from `linear_probe`, which finds the optimum. Otherwise as
    `fine_tune`, but `encoder` does not change.
    """
    network = Probed(encoder, len(task.classes), budget.side, seed)
    return (yield from learn(Learner(network, task, chosen, budget, seed)))


def joint(pretext: Pretext, task: TransferTask, budget: Budget, seed: int, weight: float) -> Joint:
    """The network of `learn_jointly`. TransferError for a pretext task that needs more than pictures, or has nothing to learn."""
    crops = LabelledCrops(task.train.pictures, np.arange(len(task.train.pictures)))
    return Joint(pretext, crops, max(1, budget.batch // 2), weight, len(task.classes), budget.side, seed)


def learn(learner: Learner) -> Run:
    """Steps to the end of the budget, from wherever the learner stands; returns the score on all of test, as the last Point does."""
    while learner.progress < 1:
        before = int(learner.progress * learner.budget.scores)
        point = learner.step()
        if learner.progress < 1:
            due = int(learner.progress * learner.budget.scores) > before
            yield learner.point(learner.score(SCORED)) if due else point
    last = learner.score()
    yield learner.point(last)
    return last
