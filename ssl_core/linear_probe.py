"""The linear probe: how much of the classes a straight cut through frozen features tells.

Multinomial logistic regression, or one against the rest for each class where several may hold, on features brought to mean 0 and
spread 1, with the penalty  decay / 2 * |W|^2  beside the mean cross entropy (Alain, Bengio, 2016; Zhang, Isola, Efros, ECCV 2016, section
3.2, train theirs by gradient steps). The problem is convex: no seed, no schedule, and every teacher gets the best that it can give.
The decay, and the stage where several are given, are those with the best score on the split for choices, and the least cross entropy there
among equal ones. (Cross entropy alone leans to stronger decays; at one stage on `starter` that cost 7 points of accuracy.)

scikit-learn's L-BFGS in single precision, from the strongest decay to the weakest, each started at the last one's answer. Stopped at
a gradient of 5e-4, test accuracy on Caltech-101 lay within 0.3 points of the optimum (1e-6, in double precision), in two fifths of the
time that 1e-4 takes.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ssl_core.transfer_scores import score

if TYPE_CHECKING:
    from ssl_core.probe_features import TaskFeatures
    from ssl_core.transfer_tasks import TransferTask

DECAYS = (0.3, 0.03, 0.003)  # from the strongest: the order of the warm starts
TOLERANCE, MOST_STEPS = 5e-4, 1000
LEAST_SPREAD = 0.1  # of the median spread: a unit that hardly ever fires must not shout when it does
LEAST_LIKELY = 1e-6


@dataclass(frozen=True)
class ProbeResult:
    """What a probe reached.

    score : accuracy or mean average precision on the test split, in [0, 1], of the stage that was chosen; stage : its name
    by_stage : the same score for every stage; decay : the chosen weight decay of the chosen stage
    choice : the score of every stage on the choice split, which the stage was chosen by
    """

    score: float
    stage: str
    by_stage: dict[str, float]
    decay: float
    choice: dict[str, float] = field(repr=False)


class Answers(NamedTuple):
    """What a probe says of the test split, logits or log-odds (N, C); the decay; its score and cross entropy on the choice split."""

    test: np.ndarray
    decay: float
    choice: float
    loss: float

    @property
    def merit(self) -> tuple[float, float]:
        """What is compared when one of several is chosen: the higher the better."""
        return self.choice, -self.loss


def probe(
    features: TaskFeatures, task: TransferTask, chosen: np.ndarray, stages: Sequence[str] | None = None
) -> ProbeResult:
    """Probe every stage of a teacher (or `stages`) with the training pictures `chosen` (n,), indices into `task.train`.

    Raises ValueError when the features are of another task, hold NaN, or fewer than two classes are chosen.
    """
    _same_task([features], task)
    answers = {
        stage: _answers([features.train[stage]], [features.choice[stage]], [features.test[stage]], task, chosen)
        for stage in stages or features.stages
    }
    return _result(answers, task)


def probe_together(
    features: Sequence[TaskFeatures], task: TransferTask, chosen: np.ndarray, stages: Sequence[str] | None = None
) -> ProbeResult:
    """Probe the features of several teachers side by side: an ensemble of one stage of each.

    stages : one name for each teacher; without it each teacher is probed alone first, and gives the stage that was chosen for it.
    The `stage` of the result is their names joined by " + ". Raises ValueError as `probe` does.
    """
    _same_task(features, task)
    if stages is None:
        stages = [probe(one, task, chosen).stage for one in features]
    pairs = list(zip(features, stages, strict=True))
    parts = ([getattr(one, part)[stage] for one, stage in pairs] for part in ("train", "choice", "test"))
    return _result({" + ".join(stages): _answers(*parts, task, chosen)}, task)


def linear_probe(
    features: np.ndarray,
    labels: np.ndarray,
    test_features: np.ndarray,
    test_labels: np.ndarray,
    choice: tuple[np.ndarray, np.ndarray] | None = None,
    decays: Sequence[float] = DECAYS,
) -> float:
    """The score in [0, 1] of a probe on any features: (N, D) with labels (N,) int64, or (N, C) bool for several classes at once.

    choice : features and labels to choose the decay on; without them it is the middle one of `decays`. Raises ValueError.
    """
    count = labels.shape[1] if labels.ndim == 2 else int(max(labels.max(), test_labels.max())) + 1
    if choice is None:
        decays = (sorted(decays)[len(decays) // 2],)
        choice = features, labels
    found = best_answers((features, labels), choice, test_features, count, decays)
    return score(found.test, test_labels)


def best_answers(
    train: tuple[np.ndarray, np.ndarray],
    choice: tuple[np.ndarray, np.ndarray],
    test: np.ndarray,
    count: int,
    decays: Sequence[float] = DECAYS,
) -> Answers:
    """Fit to `train` (features (n, D), labels) with every decay, and answer with the one that is best on `choice`.

    count : the number of classes C. Raises ValueError.
    """
    features, labels = train
    standard = _standard(features)
    rows, held, asked = standard(features), standard(choice[0]), standard(test)
    best = None
    for decay, (weights, bias) in zip(decays, _path(rows, labels, count, decays), strict=True):
        said = held @ weights + bias
        found = Answers(asked @ weights + bias, decay, score(said, choice[1]), cross_entropy(said, choice[1]))
        if best is None or found.merit > best.merit:
            best = found
    return best


def cross_entropy(scores: np.ndarray, labels: np.ndarray) -> float:
    """Mean cross entropy, in nats, of logits (N, C) for labels (N,), or of log-odds (N, C) for (N, C) bool, averaged over the classes.

    No answer counts as less likely than 1e-6: a class that was not learned from costs much, not everything.

    >>> round(cross_entropy(np.zeros((1, 4)), np.array([2])), 4), round(cross_entropy(np.zeros((1, 3)), np.ones((1, 3), bool)), 4)
    (1.3863, 0.6931)
    """
    from scipy.special import log_expit, log_softmax

    if labels.ndim == 2:
        likely = log_expit(np.where(labels, scores, -scores))
    else:
        likely = log_softmax(scores, axis=1)[np.arange(len(labels)), labels]
    return float(-np.maximum(likely, np.log(LEAST_LIKELY)).mean())


def _path(rows: np.ndarray, labels: np.ndarray, count: int, decays: Sequence[float]):
    """For each decay the weights (D, C) and the bias (C,) of the fit, float32."""
    fits = _fits(labels, count)
    weights, bias = np.zeros((rows.shape[1], count), np.float32), np.full(count, np.log(LEAST_LIKELY), np.float32)
    for decay in decays:
        for columns, truth, model in fits:
            if model is None:  # the same of all pictures: nothing to weigh
                bias[columns] = np.log(LEAST_LIKELY) * (1 - 2 * truth[0])
                continue
            model.C = 1 / (decay * len(rows))  # scikit-learn sums the loss over the pictures
            with warnings.catch_warnings():
                # One picture of each class is what a hundredth of the labels comes to, and no sign of a regression.
                warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
                model.fit(rows, truth)
            slopes, shift = model.coef_, model.intercept_
            # two classes: half of the log-odds for the one, half against the other
            if len(columns) == 2 and len(slopes) == 1:
                slopes, shift = np.concatenate([-slopes, slopes]) / 2, np.concatenate([-shift, shift]) / 2
            weights[:, columns], bias[columns] = slopes.T, shift
        yield weights, bias


def _fits(labels: np.ndarray, count: int) -> list:
    """(columns, truth (n,), model or None): one multinomial fit, or one for each class where several may hold."""
    from sklearn.linear_model import LogisticRegression

    def model():
        return LogisticRegression(tol=TOLERANCE, max_iter=MOST_STEPS, warm_start=True)

    if labels.ndim == 2:
        return [
            (np.array([column]), truth, model() if 0 < truth.mean() < 1 else None)
            for column, truth in zip(range(count), labels.T, strict=True)
        ]
    there = np.unique(labels)
    if len(there) < 2:
        raise ValueError("A probe tells classes apart: choose training pictures of two classes at least.")
    return [(there, labels, model())]


def _standard(features: np.ndarray):
    """A function that brings features to mean 0 and spread 1 over the rows of `features`, (n, D) -> (n, D) float32."""
    rows = features.astype(np.float32)
    if not np.isfinite(rows).all():
        raise ValueError("The features hold values that are not numbers: the network that they come from has diverged.")
    mean, spread = rows.mean(axis=0), rows.std(axis=0)
    spread = np.maximum(spread, LEAST_SPREAD * float(np.median(spread)) + 1e-6)
    return lambda some: (some.astype(np.float32) - mean) / spread


def _answers(train: list, choice: list, test: list, task: TransferTask, chosen: np.ndarray) -> Answers:
    """The best answers from features that stand side by side, lists of (N, D)."""
    rows = np.concatenate([part[chosen] for part in train], axis=1)
    held, asked = np.concatenate(choice, axis=1), np.concatenate(test, axis=1)
    return best_answers((rows, task.train.labels[chosen]), (held, task.choice.labels), asked, len(task.classes))


def _result(answers: dict[str, Answers], task: TransferTask) -> ProbeResult:
    best = max(answers, key=lambda stage: answers[stage].merit)
    by_stage = {stage: score(found.test, task.test.labels) for stage, found in answers.items()}
    choice = {stage: found.choice for stage, found in answers.items()}
    return ProbeResult(by_stage[best], best, by_stage, answers[best].decay, choice)


def _same_task(features: Sequence[TaskFeatures], task: TransferTask) -> None:
    if strange := [one.name for one in features if one.task_key != task.key]:
        raise ValueError(f"The features of {', '.join(strange)} are not of {task.title}: compute them for this task.")
