"""The linear probe against independent code, and the scores against brute force."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from ssl_core.linear_probe import best_answers, cross_entropy, linear_probe, probe, probe_together
from ssl_core.probe_features import TaskFeatures
from ssl_core.transfer_scores import accuracy, average_precision, mean_average_precision, score
from ssl_core.transfer_tasks import Split, TransferTask


def clouds(rng, count, classes=3, width=6, apart=3.0):
    """Gaussian clouds around corners of a cube: features (n, width) float32 and labels (n,)."""
    labels = rng.permutation(np.arange(count) % classes)
    return (np.eye(classes, width)[labels] * apart + rng.normal(size=(count, width))).astype(np.float32), labels


def task_of(labels, classes=3):
    pixels = np.zeros((1, 4, 4, 3), np.uint8)
    splits = [Split(np.repeat(pixels + number, len(some), 0), some) for number, some in enumerate(labels)]
    return TransferTask("clouds", "Clouds", "", tuple("abcdefgh"[:classes]), *splits)


def world(rng, apart_by_stage, classes=3, several=False):
    """A task, and the features of a teacher whose stages tell its classes more or less apart."""
    parts = [rng.permutation(np.arange(count) % classes) for count in (90, 60, 90)]
    features = [
        {
            stage: (np.eye(classes, 6)[labels] * apart + rng.normal(size=(len(labels), 6))).astype(np.float16)
            for stage, apart in apart_by_stage.items()
        }
        for labels in parts
    ]
    labels = [np.eye(classes, dtype=bool)[some] for some in parts] if several else parts
    task = task_of(labels, classes)
    return task, TaskFeatures("teacher", task.key, *features)


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("decay", [0.3, 0.003])
def test_the_fit_is_the_minimum_of_the_penalised_cross_entropy(classes, decay):
    """Against the formula of the docstring, minimised in double precision by another method."""
    features, labels = clouds(np.random.default_rng(0), 80, classes)
    found = best_answers((features, labels), (features, labels), features, classes, (decay,))
    rows = (features - features.mean(0)) / features.std(0)
    truth = np.eye(classes)[labels]
    # scikit-learn's two-class model has one weight vector w, where two columns hold -w/2 and w/2: half of its penalty.
    penalty = decay * (2 if classes == 2 else 1)

    def objective(flat):
        weights, bias = flat[: 6 * classes].reshape(6, classes), flat[6 * classes :]
        logits = rows @ weights + bias
        total = np.log(np.exp(logits).sum(1))
        error = (np.exp(logits - total[:, None]) - truth) / len(rows)
        loss = (total - (logits * truth).sum(1)).mean() + penalty / 2 * (weights**2).sum()
        return loss, np.concatenate([(rows.T @ error + penalty * weights).ravel(), error.sum(0)])

    best = minimize(objective, np.zeros(7 * classes), jac=True, method="BFGS", options={"gtol": 1e-7}).x
    exact = rows @ best[: 6 * classes].reshape(6, classes) + best[6 * classes :]
    centred = found.test - found.test.mean(1, keepdims=True)
    assert np.abs(centred - (exact - exact.mean(1, keepdims=True))).max() < 0.03 * np.abs(exact).max()
    assert found.loss == pytest.approx(cross_entropy(exact, labels), abs=0.01)


def test_a_probe_scores_what_scikit_learn_scores():
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rng = np.random.default_rng(1)
    features, labels = clouds(rng, 200, apart=2.0)
    asked, truth = clouds(rng, 300, apart=2.0)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=1 / (0.03 * 200), tol=1e-8, max_iter=5000))
    theirs = model.fit(features.astype(float), labels).score(asked.astype(float), truth)
    assert 0.5 < theirs < 0.98
    assert linear_probe(features, labels, asked, truth) == pytest.approx(theirs, abs=0.011)


def test_the_stage_is_chosen_where_the_choice_split_says_so_not_where_the_test_does():
    rng = np.random.default_rng(2)
    task, features = world(rng, {"conv1": 0.5, "conv2": 3.0, "conv3": 1.5})
    everything = np.arange(90)
    found = probe(features, task, everything)
    assert found.stage == "conv2" and found.score == found.by_stage["conv2"] > found.by_stage["conv1"] + 0.2
    # Noise on the choice split alone turns the choice away from it; the score of the stage itself stays.
    features.choice["conv2"][:] = rng.normal(size=features.choice["conv2"].shape)
    misled = probe(features, task, everything)
    assert misled.stage == "conv3" and misled.score == misled.by_stage["conv3"]
    assert probe(features, task, everything, ("conv1",)).by_stage.keys() == {"conv1"}


def test_the_test_split_decides_nothing():
    task, features = world(np.random.default_rng(3), {"conv1": 1.0, "conv2": 2.0})
    found = probe(features, task, np.arange(90))
    for some in features.test.values():
        some[:] = some[::-1].copy()
    again = probe(features, task, np.arange(90))
    assert (again.stage, again.decay, again.choice) == (found.stage, found.decay, found.choice)
    assert again.score < found.score - 0.2


def test_only_the_chosen_pictures_are_learned_from():
    task, features = world(np.random.default_rng(4), {"conv1": 3.0})
    chosen = task.share(0.1, 0)
    found = probe(features, task, chosen)
    others = np.setdiff1d(np.arange(90), chosen)
    features.train["conv1"][others] = 999
    task.train.labels[others] = 0
    changed = replace(task, train=Split(task.train.pictures, task.train.labels))  # its key is made anew
    again = TaskFeatures("teacher", changed.key, features.train, features.choice, features.test)
    assert changed.key != task.key and probe(again, changed, chosen) == found


def test_several_classes_are_scored_by_their_mean_average_precision():
    from sklearn.metrics import average_precision_score

    task, features = world(np.random.default_rng(5), {"conv1": 2.5}, several=True)
    found = probe(features, task, np.arange(90))
    answers = best_answers(
        (features.train["conv1"], task.train.labels),
        (features.choice["conv1"], task.choice.labels),
        features.test["conv1"],
        3,
    )
    plain = [average_precision_score(task.test.labels[:, k], answers.test[:, k]) for k in range(3)]
    assert task.several and answers.decay == found.decay
    assert np.mean(plain) - 1e-9 <= found.score < np.mean(plain) + 0.03 and found.score > 0.8


def test_a_class_that_no_chosen_picture_shows_is_answered_last():
    features, labels = clouds(np.random.default_rng(6), 90)
    seen = labels != 2
    found = best_answers((features[seen], labels[seen]), (features, labels), features, 3, (0.03,))
    assert set(found.test.argmax(1)) == {0, 1} and np.isfinite(found.loss)
    several = np.eye(3, dtype=bool)[labels]
    several[:, 1] = False
    answers = best_answers((features, several), (features, several), features, 3, (0.03,)).test
    assert np.all(answers[:, 1] < -5) and accuracy(answers[labels != 1], labels[labels != 1]) > 0.9


def test_two_teachers_together_know_what_either_knows():
    rng = np.random.default_rng(7)
    task, one = world(rng, {"conv1": 0.1, "conv2": 0.0})
    other = TaskFeatures(
        "other", task.key, *({k: v.copy() for k, v in part.items()} for part in (one.train, one.choice, one.test))
    )
    for teacher, stage, known in ((one, "conv1", 0), (other, "conv2", 1)):
        for part, split in ((teacher.train, task.train), (teacher.choice, task.choice), (teacher.test, task.test)):
            part[stage][:, 0] += 6 * (split.labels == known)
    alone = [probe(teacher, task, np.arange(90)) for teacher in (one, other)]
    both = probe_together([one, other], task, np.arange(90))
    assert [found.stage for found in alone] == ["conv1", "conv2"] and both.stage == "conv1 + conv2"
    assert max(found.score for found in alone) < 0.85 and both.score > 0.95
    assert probe_together([one, other], task, np.arange(90), ("conv1", "conv2")) == both


def test_what_cannot_be_probed_is_said():
    task, features = world(np.random.default_rng(8), {"conv1": 1.0})
    with pytest.raises(ValueError, match="teacher are not of Clouds"):
        probe(TaskFeatures("teacher", "else", features.train, features.choice, features.test), task, np.arange(90))
    with pytest.raises(ValueError, match="two classes"):
        probe(features, task, np.flatnonzero(task.train.labels == 1))
    features.train["conv1"][5, 3] = np.nan
    with pytest.raises(ValueError, match="diverged"):
        probe(features, task, np.arange(90))


def test_dead_units_and_few_pictures_do_not_break_a_probe():
    features, labels = clouds(np.random.default_rng(9), 120)
    features[:, 4] = 0
    asked = features.copy()
    asked[:, 4] = 40  # a unit that was silent on all that was learned from
    few = np.array([np.flatnonzero(labels == k)[0] for k in range(3)])
    assert linear_probe(features[few], labels[few], asked, labels, (features, labels)) > 0.6


@pytest.mark.parametrize("ties", [False, True])
def test_average_precision_is_the_area_under_the_enveloped_curve(ties):
    """By brute force over thresholds, and between scikit-learn's curve without the envelope and 1."""
    from sklearn.metrics import average_precision_score, precision_recall_curve

    rng = np.random.default_rng(10)
    for _ in range(50):
        count = int(rng.integers(2, 40))
        truth = rng.random(count) < 0.4
        truth[0] = True
        scores = np.round(rng.normal(size=count), 0 if ties else 9)
        points = []
        for threshold in np.unique(scores):
            said = scores >= threshold
            points.append(((said & truth).sum() / truth.sum(), (said & truth).sum() / said.sum()))
        area, reached = 0.0, 0.0
        for recall in sorted({point[0] for point in points}):
            area += (recall - reached) * max(precision for other, precision in points if other >= recall)
            reached = recall
        assert average_precision(scores, truth) == pytest.approx(area)
        precision, recall, _ = precision_recall_curve(truth, scores)
        assert average_precision(scores, truth) == pytest.approx(
            -np.sum(np.diff(recall) * np.maximum.accumulate(precision)[:-1])
        )
        assert average_precision_score(truth, scores) <= average_precision(scores, truth) + 1e-12


def test_what_knows_nothing_gets_the_share_of_the_positives():
    truth = np.arange(40) % 4 == 0
    assert average_precision(np.zeros(40), truth) == 0.25
    assert average_precision(truth.astype(float), truth) == 1.0
    assert np.isnan(average_precision(np.zeros(4), np.zeros(4, bool)))


def test_classes_that_do_not_occur_do_not_count():
    scores = np.array([[0.9, 0.1, 0.5], [0.2, 0.8, 0.5]])
    truth = np.array([[True, False, False], [True, False, False]])
    assert mean_average_precision(scores, truth) == 1.0 == score(scores, truth)
    assert score(scores, np.array([0, 1])) == accuracy(scores, np.array([0, 1])) == 1.0


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: accuracy(np.zeros((0, 3)), np.zeros(0, int)), "N > 0"),
        (lambda: accuracy(np.full((1, 2), np.nan), np.zeros(1, int)), "diverged"),
        (lambda: average_precision(np.zeros(3), np.zeros(4, bool)), "truth"),
        (lambda: mean_average_precision(np.zeros((3, 2)), np.zeros((3, 2), bool)), "one positive"),
    ],
)
def test_scores_of_nothing_are_refused(call, says):
    with pytest.raises(ValueError, match=says):
        call()


def test_of_the_decays_the_best_on_the_choice_split_answers():
    rng = np.random.default_rng(11)
    features, labels = clouds(rng, 60, apart=1.2, width=40)
    held, asked = clouds(rng, 200, apart=1.2, width=40), clouds(rng, 200, apart=1.2, width=40)[0]
    decays = (10.0, 1.0, 0.1, 0.001)
    alone = [best_answers((features, labels), held, asked, 3, (decay,)) for decay in decays]
    found = best_answers((features, labels), held, asked, 3, decays)
    assert len({one.choice for one in alone}) > 1
    assert (found.decay, found.choice) == max((one.merit, one.decay, one.choice) for one in alone)[1:]
