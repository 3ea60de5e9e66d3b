"""Word vectors against loops in numpy: neighbours, analogies, ranks, spelling; their files; the questions; the bench's tables."""

import json
import shutil

import numpy as np
import pytest
import torch

from ssl_core import analogies, bench_word_losses, bench_words, checkpoint, word_files
from ssl_core.analogies import Analogy, answer_analogies, compare_ratings, read_analogies
from ssl_core.checkpoint import CheckpointError
from ssl_core.last_layer import Bags, learn, precision_at
from ssl_core.pretexts import build
from ssl_core.word2vec import train_word2vec, write_words
from ssl_core.word_vectors import UnknownWordError, WordVectors, concatenated, meaning, unit_rows

FEATURES = np.random.default_rng(5).random((40, 16)).astype(np.float32)
NAMES = ("man", "woman", "boy", "girl", "dog", "t-shirt", "straße")


def some(seed=0, names=NAMES, width=5):
    return WordVectors(names, unit_rows(np.random.default_rng(seed).normal(size=(len(names), width))))


def cosine(one, other):
    return float(np.dot(one, other) / np.linalg.norm(one) / np.linalg.norm(other))


def test_an_analogy_names_what_a_loop_names():
    for seed in range(20):
        vectors = some(seed)
        direction = vectors["woman"] - vectors["man"] + vectors["boy"]
        cosines = {word: cosine(vectors[word], direction) for word in NAMES}
        ranked = sorted(NAMES, key=lambda word: -cosines[word])
        told = vectors.analogy("man", "woman", "boy", 7, show_query=True)
        assert [word for word, _ in told] == ranked
        assert [value for _, value in told] == pytest.approx([cosines[word] for word in ranked], abs=1e-5)
        open_ones = [word for word in ranked if word not in ("man", "woman", "boy")]
        assert [word for word, _ in vectors.analogy("man", "woman", "boy", 3)] == open_ones[:3]
        assert vectors.rank_of("girl", direction, ("man", "woman", "boy")) == open_ones.index("girl") + 1
        assert vectors.rank_of("girl", direction) == ranked.index("girl") + 1


def test_sums_without_sense_are_answered_all_the_same():
    vectors = some()
    assert vectors.analogy("dog", "dog", "dog", 3, show_query=True)[0] == ("dog", pytest.approx(1, abs=1e-5))
    assert "dog" not in [word for word, _ in vectors.analogy("dog", "dog", "dog", 9)]
    nothing = WordVectors(("a", "b"), np.zeros((2, 3), np.float32))
    assert nothing.analogy("a", "b", "a", 2, show_query=True) == [("a", 0.0), ("b", 0.0)]


@pytest.mark.parametrize(
    ("word", "first"), [("womann", "woman"), ("TSHIRT", "t-shirt"), ("strasse", "straße"), ("dinosaur", "dog")]
)
def test_an_unknown_word_gets_those_that_are_spelled_alike(word, first):
    with pytest.raises(UnknownWordError, match="vocabulary does not hold") as caught:
        some().row(word)
    assert caught.value.suggestions[0] == first


@pytest.mark.parametrize("word", ["", "🐕", "{{7*7}}", "<b>", "собака", "x" * 10_000, "${alert(1)}"])
def test_what_is_no_word_gets_a_short_sentence(word):
    with pytest.raises(UnknownWordError, match=r"\.$") as caught:
        some().row(word)
    assert len(str(caught.value)) < 160 and bool(caught.value.suggestions) == (word in ("<b>", "${alert(1)}"))


def test_case_and_blanks_do_not_matter():
    assert some().row(" Dog ") == 4


def test_both_vectors_weigh_the_same():
    one, other = some(1), some(2, width=9)
    both = concatenated(one, other)
    for a in NAMES:
        mean = (one.similarity(a, "dog") + other.similarity(a, "dog")) / 2
        assert both.similarity(a, "dog") == pytest.approx(mean, abs=1e-5)
    with pytest.raises(ValueError, match="differ"):
        concatenated(one, some(2, NAMES[:-1]))


def test_what_is_no_meaning_changes_no_vector():
    """A vector added to all rows, how frequent each word is, and the scale of a feature."""
    rng = np.random.default_rng(0)
    rows, mean, spread = rng.normal(size=(6, 4)), rng.random(4) + 0.5, rng.random(4) + 0.1
    vectors = meaning(rows, mean, spread)
    np.testing.assert_allclose(meaning(rows + [3, -1, 2, 0.5], mean, spread), vectors, atol=1e-5)
    louder = rows + np.arange(6)[:, None] * mean / spread**2  # along the mean, where features count by their spread
    np.testing.assert_allclose(meaning(louder, mean, spread), vectors, atol=1e-5)
    scale = np.array([2, 0.5, 10, 1])
    np.testing.assert_allclose(meaning(rows / scale, mean * scale, spread * scale), vectors, atol=1e-5)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(6), abs=1e-5)


def test_accuracy_and_baselines_are_those_of_a_loop():
    questions = [
        Analogy("x", a, b, c, d) for a in NAMES for b in NAMES for c in NAMES for d in NAMES if len({a, b, c, d}) == 4
    ]
    questions += [Analogy("x", "man", "woman", "boy", "unknown")]
    vectors = some(7)
    right = nearest = asked = 0
    for _, a, b, c, d in questions[:-1]:
        left = [word for word in NAMES if word not in (a, b, c)]
        direction = vectors[b] - vectors[a] + vectors[c]
        right += max(left, key=lambda word, to=direction: cosine(vectors[word], to)) == d
        nearest += max(left, key=lambda word, to=vectors[c]: cosine(vectors[word], to)) == d
        asked += 1
    told = answer_analogies(vectors, questions)
    assert (told.asked, told.total) == (asked, asked + 1)
    assert (told.right, told.nearest, told.guess) == pytest.approx((right / asked, nearest / asked, 1 / 4))
    assert answer_analogies(vectors, questions[-1:]).asked == 0


def test_the_rank_correlation_is_that_of_ranks():
    vectors, rng = some(3), np.random.default_rng(1)
    pairs = [(a, b, float(rng.random())) for a in NAMES for b in NAMES if a < b] + [("dog", "unknown", 1.0)]
    cosines = np.array([vectors.similarity(a, b) for a, b, _ in pairs[:-1]])
    ratings = np.array([rating for *_, rating in pairs[:-1]])
    ranks = [np.argsort(np.argsort(values)).astype(float) for values in (cosines, ratings)]
    told = compare_ratings(vectors, pairs)
    assert (told.asked, told.total) == (21, 22) and told.spearman == pytest.approx(np.corrcoef(ranks)[0, 1])


def test_the_question_sets_are_whole():
    assert len(analogies.google()) == 19_544
    assert {name: len(analogies.rated_pairs(name)) for name in analogies.PAIRS} == {
        "WordSim-353": 353,
        "SimLex-999": 999,
    }
    mine = analogies.visual()
    assert len(mine) >= 150 and len(set(mine)) == len(mine)
    assert {one.section for one in mine} == {"colour", "number", "gender", "age", "action", "scene"}
    assert all(len(set(one[1:])) == 4 for one in mine)
    with pytest.raises(ValueError, match="line 2"):
        read_analogies(": x\none two three")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A model's folder with a vocabulary, random vectors and word2vec."""
    folder = tmp_path_factory.mktemp("models") / "noisy-words-1k"
    sentences = [[f"the {a} sees the {b}" for b in NAMES] for a in NAMES] * 4
    torch.manual_seed(0)
    task = build("noisy-words-1k", "tiny")
    task.read_words(sentences)
    torch.nn.init.normal_(task.last.weight)
    checkpoint.save(task, folder, {"sources": []})
    write_words(folder, sentences, FEATURES, "a test")
    return folder


def copied(trained, tmp_path):
    return shutil.copytree(trained, tmp_path / "noisy-words-1k")


def test_files_give_back_the_vectors(trained):
    found, task = word_files.read_all(trained), checkpoint.load(trained)
    assert tuple(found) == word_files.KINDS
    assert found["visual"].words == task.vocabulary == found["both"].words
    weight = task.last.weight[: len(task.vocabulary)].detach().numpy()
    expected = meaning(weight, FEATURES.mean(0), FEATURES.std(0))
    np.testing.assert_allclose(found["visual"].vectors, expected, atol=2e-3)  # half precision
    listed = (trained / word_files.VOCABULARY).read_text(encoding="utf-8").splitlines()
    assert [line.split("\t")[0] for line in listed] == list(task.vocabulary)


def test_a_vocabulary_that_does_not_match_the_weights_is_named(trained, tmp_path):
    folder = copied(trained, tmp_path)
    listed = folder / word_files.VOCABULARY
    listed.write_text(listed.read_text(encoding="utf-8").replace("dog", "frog"), encoding="utf-8")
    with pytest.raises(CheckpointError, match="vocabulary.txt are not those of the weights.*words --source"):
        word_files.read_all(folder)
    write_words(folder, [["a dog"]], FEATURES, "a test")  # the remedy works where the list is wrong
    assert word_files.read_all(folder)["both"].words


@pytest.mark.parametrize("damage", ["missing", "cut", "foreign", "other vocabulary", "other weights"])
def test_vectors_that_cannot_be_used_are_named(trained, tmp_path, damage, monkeypatch):
    folder, task = copied(trained, tmp_path), checkpoint.load(trained)
    path = folder / word_files.WORDS
    if damage == "missing":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:100])
    elif damage == "foreign":
        path.write_bytes((folder / checkpoint.WEIGHTS).read_bytes())
    else:
        changed = {"vocabulary": task.spelled.flip(0), "weights": None}[damage.split()[-1]]
        with torch.no_grad():
            task.spelled.copy_(changed) if changed is not None else task.last.weight.add_(1)
        checkpoint.save(task, folder, {})
        (folder / word_files.VOCABULARY).unlink()
    again = "python -m ssl_core words --source captions.zip --model noisy-words-1k"
    with pytest.raises(CheckpointError, match=f"Write it again: `{again} --checkpoints {tmp_path}`.$"):
        word_files.read_all(folder)
    monkeypatch.setattr(checkpoint, "SHIPPED", tmp_path)
    with pytest.raises(CheckpointError, match=f"`git checkout -- [^`]*`, or write it again: `{again}`.$"):
        word_files.read_all(folder)


def test_word2vec_is_the_same_again_and_knows_company():
    sentences = [["the red rose grows", "a red rose"], ["the blue sea roars", "a blue sea"]] * 60
    words = ("red", "rose", "blue", "sea", "never")
    first, second = (train_word2vec(sentences, words) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    vectors = WordVectors(words, unit_rows(first))
    assert vectors.similarity("red", "rose") > vectors.similarity("red", "sea")
    assert not first[-1].any()


def test_the_table_says_what_was_asked_and_what_is_published(trained):
    report = bench_words.report(trained, None)
    assert [row["answer"] for row in report.rows] == list(word_files.KINDS)
    assert report.rows[0]["model"] == "noisy-words-1k" and report.rows[2]["published_analogies"] == 74.79
    assert "67.91" in report.markdown() and "Google analogies" in report.markdown()
    assert json.loads(report.json())["bench"] == "words"


def test_the_losses_are_compared_on_one_budget(monkeypatch):
    monkeypatch.setattr("ssl_core.last_layer.STEPS", 60)
    monkeypatch.setattr(learn, "__defaults__", (60, 0))
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 3, 120)
    features = torch.eye(3)[torch.from_numpy(kind)] + 0.1 * torch.from_numpy(rng.normal(size=(120, 3))).float()
    sentences = [[f"{('dog', 'cat', 'boat')[one]} seen", ("dog", "cat", "boat")[one]] for one in kind]
    bags = Bags.of(sentences, ("seen", "dog", "cat", "boat"))
    part = [
        (features[rows], Bags(bags.words, bags.rows[rows])) for rows in (slice(0, 80), slice(80, 100), slice(100, 120))
    ]
    rows = bench_word_losses.loss_rows(*part, lambda things, **_: things)
    assert [row["answer"] for row in rows][1:] == ["one-versus-all", "multi-class", "sampled"]
    assert all(row["precision_1_percent"] > 90 for row in rows[1:])
    report = bench_word_losses.losses_report(rows, "a test", "noisy-words-1k", (0.5, 0.4, 0.3), "a trunk")
    assert report.rows[-1]["model"] == "noisy-words-1k" and "points" in report.remarks[0]


def test_a_sampled_step_does_not_grow_with_the_vocabulary(monkeypatch):
    model = build("noisy-words-1k", "tiny")
    report = bench_word_losses.costs_report(lambda things, **_: things, (500, 50_000), model)
    assert "times faster sampled" in report.remarks[0]
    small, large = report.rows
    assert large["full_mb"] == pytest.approx(100 * small["full_mb"])
    assert large["sampled_mb"] < 2 * small["sampled_mb"]
    assert large["ratio"] > small["ratio"]


def test_precision_counts_what_somebody_wrote():
    scores = np.array([[0.9, 0.1, 0.5, 0.4], [0.1, 0.2, 0.3, 0.4]])
    assert precision_at(scores, [{0, 3}, {0}], (1, 2, 4)) == pytest.approx((0.5, 0.25, 3 / 8))
