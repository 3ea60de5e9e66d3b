"""How long a transfer run may take, where it stands, and what cannot be done: what can be said of it without torch."""

from __future__ import annotations

from dataclasses import dataclass

SCORED = 256  # pictures of test, evenly spread, that a score on the way is measured on; the last one is measured on all


class TransferError(ValueError):
    """What cannot be transferred, or not go on. Its text is a sentence that says what to do next."""


@dataclass(frozen=True)
class Budget:
    """How long and how: `steps` batches, or until `seconds` of processor time are spent on them, whichever ends first.

    batch : pictures, at most as many as have labels; learning_rate : of the head, at its highest; side : px of a picture in the network;
    scores : how many times on the way the score is measured
    """

    steps: int
    batch: int = 32
    learning_rate: float = 5e-3
    side: int = 96
    weight_decay: float = 1e-2
    seconds: float | None = None
    scores: int = 5


@dataclass(frozen=True)
class Point:
    """Where a learner stands after a step.

    steps : of the budget; seconds : of processor time that training took, scoring not counted; loss : of the task, nats
    score : accuracy or mean average precision in [0, 1] on test, None where it was not measured
    """

    step: int
    steps: int
    seconds: float
    loss: float
    score: float | None = None
