"""The losses of noisy words against loops in numpy, the vocabulary, class-uniform sampling, and training from sentences."""

import numpy as np
import pytest
import torch

from ssl_core import checkpoint
from ssl_core.pretext import Recipe
from ssl_core.pretexts import build
from ssl_core.pretexts.noisy_words import (
    Config,
    NoisyWords,
    multi_class,
    one_versus_all,
    present,
    sampled_multi_class,
)
from ssl_core.sentences import count_words, tokens, vocabulary
from ssl_core.trainer import Plan, train

WORDS = torch.tensor([[0, 3, -1], [5, -1, -1], [1, 3, 6]])


def problem(seed=0, size=7, width=4):
    rng = np.random.default_rng(seed)
    features, weight, bias = rng.normal(size=(3, width)), rng.normal(size=(size, width)), rng.normal(size=size)
    return features, weight, bias, features @ weight.T + bias


def as_tensors(*arrays):
    return [torch.tensor(array, dtype=torch.float64) for array in arrays]


def logistic(score):
    return 1 / (1 + np.exp(-score))


def test_one_versus_all_is_the_sum_over_words_and_photographs():
    *_, scores = problem()
    counts, total = np.array([4.0, 9, 2, 30, 1, 7, 12]), 40
    expected = 0.0
    for n in range(3):
        for k in range(7):
            if k in WORDS[n].tolist():
                expected -= np.log(logistic(scores[n, k])) / counts[k]
            else:
                expected -= np.log(1 - logistic(scores[n, k])) / (total - counts[k])
    (given, there) = as_tensors(scores, present(WORDS, 7).numpy())
    got = one_versus_all(given, there, torch.tensor(counts), total)
    assert got.item() == pytest.approx(expected * total / scores.size, rel=1e-9)


def test_multi_class_is_the_sum_over_words_of_the_log_share():
    *_, scores = problem(1)
    expected = 0.0
    for n in range(3):
        partition = sum(np.exp(scores[n, j]) for j in range(7))
        for k in WORDS[n].tolist():
            if k >= 0:
                expected -= np.log(np.exp(scores[n, k]) / partition)
    assert multi_class(*as_tensors(scores), WORDS).item() == pytest.approx(expected / 3, rel=1e-9)


def test_the_sampled_loss_sums_over_the_words_of_the_batch_alone():
    features, weight, bias, scores = problem(2)
    batch = {0, 1, 3, 5, 6}  # not 2 and 4
    expected = 0.0
    for n in range(3):
        partition = sum(np.exp(scores[n, j]) for j in batch)
        for k in WORDS[n].tolist():
            if k >= 0:
                expected -= np.log(np.exp(scores[n, k]) / partition)
    got = sampled_multi_class(*as_tensors(features, weight, bias), WORDS)
    assert got.item() == pytest.approx(expected / 3, rel=1e-9)


def test_the_sampled_loss_moves_the_words_of_the_batch_alone():
    features, weight, bias = (tensor.requires_grad_() for tensor in as_tensors(*problem(3)[:3]))
    words = torch.tensor([[0, 3, -1], [5, -1, -1], [1, 3, 6]])
    sampled_multi_class(features, weight, bias, words).backward()
    moved = (weight.grad.abs().sum(1) > 0).tolist()
    assert moved == [True, True, False, True, False, True, True]
    assert (features.grad.abs().sum(1) > 0).all()


def test_the_sampled_partition_function_never_overestimates():
    """E[log sum over C] <= log Z, with equality only where C is everything."""
    rng = np.random.default_rng(4)
    features, weight, bias, scores = problem(4, size=50)
    log_z = np.log(np.exp(scores).sum(1))
    estimates = []
    for _ in range(200):
        words = torch.from_numpy(rng.integers(0, 50, (3, 4)))
        sampled = words.unique().numpy()
        estimates.append(np.log(np.exp(scores[:, sampled]).sum(1)))
        full = multi_class(*as_tensors(scores), words)
        assert sampled_multi_class(*as_tensors(features, weight, bias), words) <= full + 1e-9
    assert (np.max(estimates, axis=0) <= log_z + 1e-12).all()
    assert (np.mean(estimates, axis=0) < log_z).all()
    everything = torch.arange(50).expand(3, 50)
    whole = sampled_multi_class(*as_tensors(features, weight, bias), everything)
    assert whole.item() == pytest.approx(multi_class(*as_tensors(scores), everything).item())


def test_a_sentence_without_known_words_adds_nothing():
    *_, scores = problem(5)
    some = torch.tensor([[2], [-1], [-1]])
    alone = multi_class(*as_tensors(scores[:1]), torch.tensor([[2]]))
    assert multi_class(*as_tensors(scores), some).item() == pytest.approx(alone.item() / 3)
    none = torch.full((3, 1), -1)
    assert sampled_multi_class(*as_tensors(*problem(5)[:3]), none).item() == 0
    assert present(none, 7).sum() == 0


def test_tokens_are_words_of_any_script():
    assert tokens("The girl’s T-shirt is RED, 3 <script>alert('x')</script> {{y}} ${z}") == [
        "the",
        "girl's",
        "t-shirt",
        "is",
        "red",
        "script",
        "alert",
        "x",
        "script",
        "y",
        "z",
    ]
    assert tokens("Собака 狗 🐕") == ["собака", "狗"]
    assert tokens("") == [] and tokens("🐕 123 -- ''") == [] and tokens("a" * 10_000) == []


def test_the_vocabulary_drops_the_most_frequent_and_breaks_ties_by_the_alphabet():
    counts = count_words([["a dog", "a cat"], ["a dog", "a bat"]])
    assert vocabulary(counts, 2, 1) == ("dog", "bat")
    assert vocabulary(counts, 100, 1) == ("dog", "bat", "cat")
    assert vocabulary(counts, 5, 100) == ()


def reader(sentences, **changes):
    torch.manual_seed(0)
    config = Config(side=32, encoder="tiny", width=16, dropout=0.0, words=64, dropped=0)
    task = NoisyWords(type(config)(**{**config.__dict__, **changes}), "1k")
    task.read_words(sentences)
    return task


def test_the_vocabulary_survives_a_checkpoint(tmp_path):
    task = reader([["ein schöner Hund"], ["собака 狗"]])
    checkpoint.save(task, tmp_path, {})
    again = checkpoint.load(tmp_path)
    assert again.vocabulary == task.vocabulary and "собака" in again.vocabulary and "schöner" in again.vocabulary
    assert again.rows_of("Hund, ein Hund") == task.rows_of("hund ein")[::1]
    assert again.known == 5


def test_class_uniform_sampling_draws_each_word_as_often():
    photos = [["common"]] * 90 + [["common rare"]] * 10
    task = reader(photos)
    drawn = task.choose(np.random.default_rng(0), 100, 20_000)
    rare = np.mean(drawn >= 90)  # half of the draws ask for "rare", and a tenth of the others find it
    assert rare == pytest.approx(0.55, abs=0.02)
    plain = reader(photos, uniform=False).choose(np.random.default_rng(0), 100, 20_000)
    assert np.mean(plain >= 90) == pytest.approx(0.10, abs=0.02)


def test_one_sentence_is_drawn_at_a_time_and_at_most_so_many_words():
    task = reader([["dog runs", "cat sits"]], most=1)
    raw, seen = {"image": torch.zeros(1, 3, 32, 32), "words": [("dog runs", "cat sits")]}, set()
    for seed in range(40):
        words = task.make_batch(raw, np.random.default_rng(seed)).targets["words"]
        assert words.shape == (1, 1)
        seen.add(task.vocabulary[words.item()])
    assert seen == {"dog", "runs", "cat", "sits"}
    pairs = reader([["dog runs", "cat sits"]])
    for seed in range(10):
        rows = pairs.make_batch(raw, np.random.default_rng(seed)).targets["words"][0].tolist()
        assert {pairs.vocabulary[row] for row in rows} in ({"dog", "runs"}, {"cat", "sits"})


def test_a_word_that_a_network_does_not_know_costs_it():
    raw = {"image": torch.rand(4, 3, 32, 32), "words": [("a dog runs",), ("a cat sits",)] * 2}
    errors = []
    for sentences in (["the a dog runs", "the a cat sits"], ["the a dog", "the a dog"]):
        torch.manual_seed(0)
        task = build("noisy-words-1k", "tiny")
        task.read_words([[sentence] for sentence in sentences])
        errors.append(task.error(raw, np.random.default_rng(0)))
    assert errors[0] < errors[1]


def test_the_map_of_a_word_has_its_score_as_its_mean():
    task = reader([["dog cat boat"]]).eval()
    torch.nn.init.normal_(task.last.weight)
    photo = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    maps = task.word_maps(photo, [0, 2])
    scores = task.scores_of(task.seen(photo))[0]
    assert maps.mean((1, 2)) == pytest.approx(scores[[0, 2]].numpy(), abs=1e-5)
    shares = np.exp(task.word_scores(photo))
    assert shares.shape == (3,) and shares.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(("words", "loss"), [(10_000, "multi-class"), (100_000, "sampled"), (10_000, "one-versus-all")])
def test_large_vocabularies_train(words, loss):
    photos = [[f"word{'abcdefgh'[i % 8]} thing{'ijklmnop'[i % 7]}"] for i in range(40)]
    task = reader(photos, words=words, loss=loss, width=4)
    assert task.known < words
    rng = np.random.default_rng(0)
    pack = rng.integers(0, 256, (40, 32, 32, 3), dtype=np.uint8)
    steps = list(train(task, [pack], Plan(Recipe(1, batch=8), steps=2), notes={"words": [photos]}))
    assert len(steps) == 2 and all(np.isfinite(loss) for step in steps for loss in step.losses.values())


def test_words_of_colour_can_be_learned():
    """Red and green squares with their words, and a word that says nothing: the network finds who is who."""
    rng = np.random.default_rng(0)
    red = rng.random(80) < 0.5
    pack = np.zeros((80, 32, 32, 3), np.uint8)
    pack[red, :, :, 0], pack[~red, :, :, 1] = 200, 200
    sentences = [[f"square {'red' if one else 'green'}", "square"] for one in red]
    plan = Plan(Recipe(1, batch=16, learning_rate=2e-2, averaging=0.5), steps=60)
    task = reader(sentences)
    list(train(task, [pack], plan, notes={"words": [sentences]}))
    scores = dict(zip(task.vocabulary, task.word_scores(pack[np.flatnonzero(red)[0]]), strict=True))
    assert scores["red"] > scores["green"] + 1
