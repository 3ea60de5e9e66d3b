"""The tab "Words": what its handlers answer, to sense and to nonsense, with models that are whole, damaged or not there."""

import shutil
import time

import gradio as gr
import numpy as np
import pytest
import torch

from ssl_core import checkpoint, word_files
from ssl_core.pretexts import build
from ssl_core.word2vec import write_words
from visualize.jobs import Jobs
from visualize.lab import Lab
from visualize.tabs import words, words_api, words_map, words_pictures, words_vectors
from visualize.tabs.feature_map_work import Turns

NAMES = (
    "man",
    "woman",
    "boy",
    "girl",
    "dog",
    "puppy",
    "dogs",
    "men",
    "flower",
    "guitar",
    "band",
    "tree",
    "water",
    "red",
    "lawn",
)
NASTY = [
    "",
    "   ",
    "two words",
    "unknownword",
    "x" * 10_000,
    "🐕",
    "<img src=x onerror=alert(1)>",
    "{{7*7}}${7*7}",
    "собака",
    "a\nb",
]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A folder with one tiny network that learned words, with vectors that solve man : woman = boy : girl."""
    folder = tmp_path_factory.mktemp("checkpoints")
    sentences = [[f"the a {name}" for name in NAMES]] * 8
    torch.manual_seed(0)
    task = build("noisy-words-1k", "tiny")
    task.read_words(sentences)
    torch.nn.init.normal_(task.last.weight, std=0.3)
    with torch.no_grad():
        row = task.vocabulary.index
        task.last.weight[row("girl")] = (
            task.last.weight[row("boy")] + task.last.weight[row("woman")] - task.last.weight[row("man")]
        )
    checkpoint.save(task, folder / task.name, {"rank": 0, "minutes": 2.0, "images": 1000})
    features = np.random.default_rng(0).random((40, 16)).astype(np.float32)
    write_words(folder / task.name, sentences, features, "a test")
    return folder


@pytest.fixture
def lab(models, monkeypatch, tmp_path):
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(models))
    monkeypatch.setenv("PRETEXT_LAB_CACHE", str(tmp_path / "cache"))
    return Lab()


@pytest.fixture
def ask(lab):
    return {function.__name__: function for function in words.server_functions(lab, Jobs())}


def test_a_sum_is_answered_by_each_kind_with_the_rank_of_the_right_answer(ask):
    told = ask["words_analogy"]({"a": "man", "b": "woman", "c": "Boy "})
    assert told["words"] == ["man", "woman", "boy"] and told["truth"] == "girl" and told["of"] == len(NAMES) - 3
    assert [kind["title"] for kind in told["kinds"]] == ["Visual", "word2vec", "Both"]
    visual = told["kinds"][0]
    assert visual["rank"] == 1 and visual["answers"][0]["word"] == "girl" and visual["answers"][0]["right"]
    assert not any(one["asked"] for kind in told["kinds"] for one in kind["answers"])


def test_the_switch_shows_the_query_words(ask):
    told = ask["words_analogy"]({"a": "dog", "b": "dog", "c": "water", "show": True})
    assert told["kinds"][0]["answers"][0] == {"word": "water", "cosine": 1.0, "asked": True, "right": False}
    assert told["truth"] is None and told["of"] == len(NAMES)
    hidden = ask["words_analogy"]({"a": "dog", "b": "dog", "c": "water"})
    assert "water" not in [one["word"] for one in hidden["kinds"][0]["answers"]]


@pytest.mark.parametrize("text", NASTY)
def test_nonsense_gets_a_sentence_at_its_field(ask, text):
    for name, fields in (("words_analogy", "abc"), ("words_pair", ("one", "other")), ("words_word", ("word",))):
        query = dict.fromkeys(fields, "dog") | {fields[0]: text}
        told = ask[name](query)
        assert [problem["field"] for problem in told["problems"]] == [fields[0]]
        assert told["problems"][0]["message"].endswith((".", "?")) and len(told["problems"][0]["message"]) < 200
    assert "problems" in ask["words_pictures"]({"word": text})


def test_a_word_outside_the_vocabulary_gets_the_closest_spelled(ask):
    told = ask["words_analogy"]({"a": "man", "b": "womann", "c": "pupy"})
    assert [problem["suggestions"][0] for problem in told["problems"]] == ["woman", "puppy"]


@pytest.mark.parametrize("query", [None, [], "dog", {}, {"a": None, "b": 3, "c": ["dog"]}, {"word": {"x": 1}}])
def test_a_query_that_is_none_harms_nothing(ask, query):
    for name, handler in ask.items():
        told = handler(query)
        assert isinstance(told, dict)
        if name in ("words_analogy", "words_pair", "words_word"):
            assert "problems" in told


def test_two_words_are_compared_beside_what_people_said(ask):
    told = ask["words_pair"]({"one": "man", "other": "woman"})
    assert len(told["kinds"]) == 3 and all(-1 <= kind["cosine"] <= 1 for kind in told["kinds"])
    assert {one["list"] for one in told["people"]} <= {"WordSim-353", "SimLex-999"} and told["people"]
    assert ask["words_pair"]({"one": "dog", "other": "dog"})["kinds"][0]["cosine"] == 1.0


def test_the_start_offers_words_groups_and_examples_that_are_true(lab, ask):
    told = ask["words_start"]({})
    assert set(told["words"]) == set(NAMES)
    assert {title for _, title in told["groups"]} >= set(words_map.GROUPS)
    for a, b, c in told["examples"]["work"]:
        assert words_vectors.analogy(lab, {"a": a, "b": b, "c": c})["kinds"][0]["rank"] == 1


def test_a_photo_has_words_each_with_a_map(lab, ask):
    told = ask["words_photo"]({"photo": lab.keys[0]})
    assert len(told["likely"]) == min(words_pictures.WORDS, len(NAMES))
    shares = [told["words"][at]["percent"] for at in told["likely"]]
    assert shares == sorted(shares, reverse=True) and all(share > 0 for share in shares)
    for one in told["words"]:
        assert len(one["map"]) == np.prod(told["grid"]) and min(one["map"]) >= 0 and max(one["map"]) <= 1
    assert "upload it again" in ask["words_photo"]({"photo": "upload-" + "0" * 24})["error"]


def test_the_pictures_of_a_word_are_found_once_and_kept(lab, ask):
    told = ask["words_pictures"]({"word": "dog", "start": False})
    assert told == {"running": False, "done": 0, "total": 0}
    deadline = time.monotonic() + 120
    while "pictures" not in told and time.monotonic() < deadline:
        told = ask["words_pictures"]({"word": "dog", "start": True})
        assert "error" not in told
        time.sleep(0.1)
    shares = [one["percent"] for one in told["pictures"]]
    assert len(shares) == words_pictures.PICTURES and shares == sorted(shares, reverse=True)
    assert all(one["photo"] in lab.keys and one["src"].startswith("data:image/jpeg") for one in told["pictures"])
    assert len({one["photo"] for one in told["pictures"]}) == len(told["pictures"])
    fresh = {function.__name__: function for function in words.server_functions(Lab(), Jobs())}
    assert fresh["words_pictures"]({"word": "dog"})["pictures"][0]["name"] == told["pictures"][0]["name"]


def layouts(lab, given):
    return [update[1]["layout"] for update in words_map.draw(lab, Turns(), given) if "layout" in update[1]]


def test_the_map_is_drawn_in_every_way(lab):
    for method in ("pca", "tsne", "axes"):
        found = layouts(lab, {"layout": method, "left": "man", "right": "woman", "bottom": "boy", "top": "men"})
        assert found and not found[-1]["growing"], method
    assert len(layouts(lab, {"layout": "tsne"})) == 1  # made before


def test_on_axes_of_ones_own_words_lie_where_their_cosines_say(lab):
    from visualize.tabs.words_asked import known

    vectors = known(lab).vectors["visual"]
    ends = {"left": "man", "right": "woman", "bottom": "boy", "top": "dog"}
    xy, caption = words_map.on_axes(known(lab), vectors, np.arange(len(NAMES)), ends)
    across, up = vectors["woman"] - vectors["man"], vectors["dog"] - vectors["boy"]
    expected = np.array(
        [[v @ across / np.linalg.norm(across), -(v @ up) / np.linalg.norm(up)] for v in vectors.vectors]
    )
    np.testing.assert_allclose(xy, expected / np.abs(expected).max(0), atol=1e-5)
    assert "man" in caption and "woman" in caption


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"layout": "axes", "left": "dog", "right": "dog", "bottom": "boy", "top": "men"}, "two different words"),
        ({"layout": "axes", "left": "🐕"}, "left end"),
        ({"layout": "axes"}, "left end"),
        ({"layout": "nonsense"}, "no such map"),
        ({"kind": "{{x}}"}, "no vectors called"),
    ],
)
def test_a_map_that_cannot_be_drawn_says_why(lab, given, said):
    (update,) = words_map.draw(lab, Turns(), given)
    assert said in update[0]["mapped"]["message"]


def test_a_point_of_the_map_is_its_word(lab):
    (first, *_) = words_map.draw(lab, Turns(), {"group": "Garden"})
    assert "words" in first[0]["mapped"], first[0]
    assert set(first[0]["mapped"]["words"]) == {"flower", "tree", "lawn"}
    once, again = (words_map.picked({"picked": 1})["picked"] for _ in range(2))
    assert once["index"] == again["index"] == 1 and once["turn"] != again["turn"]


@pytest.mark.parametrize("damage", ["no model", "cut", "other vocabulary", "no vectors"])
def test_a_model_that_cannot_be_used_is_named_everywhere(models, lab, ask, monkeypatch, tmp_path, damage):
    folder = shutil.copytree(models, tmp_path / "models")
    weights = folder / "noisy-words-1k" / checkpoint.WEIGHTS
    if damage == "no model":
        shutil.rmtree(folder / "noisy-words-1k")
    elif damage == "cut":
        weights.write_bytes(weights.read_bytes()[:900])
    elif damage == "no vectors":
        (folder / "noisy-words-1k" / word_files.WORDS).unlink()
    else:
        (folder / "noisy-words-1k" / word_files.VOCABULARY).write_text("frog\t3\n", encoding="utf-8")
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(folder))
    query = {"a": "man", "b": "woman", "c": "boy", "word": "dog", "one": "dog", "other": "man", "photo": lab.keys[0]}
    for name, handler in ask.items():
        if name == "words_photo" and damage in ("other vocabulary", "no vectors"):
            continue  # needs the weights alone
        told = handler(query)
        assert "train" in told["error"] or "words --source" in told["error"], name
    ((desk, _),) = words_map.draw(lab, Turns(), {})
    assert desk["mapped"]["message"]


def test_programs_get_answers_and_refusals(lab, tmp_path):
    assert words_api.words_sum(lab, "man", "woman", "boy")["kinds"][0]["answers"][0]["word"] == "girl"
    with pytest.raises(gr.Error, match="Closest in spelling: woman"):
        words_api.words_sum(lab, "man", "womann", "boy")
    path = tmp_path / "photo.png"
    from PIL import Image

    Image.fromarray(lab.photo(lab.keys[0]).pixels).save(path)
    found = words_api.words_of_file(lab, str(path))
    assert {one["word"] for one in found} <= set(NAMES) and found[0]["percent"] >= found[-1]["percent"]
    path.write_text("no picture")
    for bad in (None, str(path)):
        with pytest.raises(gr.Error):
            words_api.words_of_file(lab, bad)
