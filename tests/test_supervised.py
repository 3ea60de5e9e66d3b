"""The supervised end of the race: classes from folders, what it may not see, and class activation maps."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from ssl_core.pretexts import build
from ssl_core.pretexts.noisy_words import UNKNOWN
from ssl_core.pretexts.supervised import cross_entropy, known_classes
from ssl_core.sources import SourceError, open_source, pack

LABELS = ["pets/cat", "pets/dog", "caltech101/crab", "caltech101/ant", "rooms/room", "pets/cat"]


def network(**changes):
    from dataclasses import replace

    from ssl_core.pretexts.supervised import Supervised

    torch.manual_seed(0)
    return Supervised(replace(Supervised.sizes["tiny"], **changes), "labels")


def test_it_never_sees_the_labels_it_is_raced_on():
    assert build("supervised-labels").config.left_out == ("caltech101", "intel_scene")
    task = network(left_out=("caltech101", "intel_scene"))
    task.read_labels(LABELS)
    assert task.classes == ("pets/cat", "pets/dog")
    drawn = task.choose(np.random.default_rng(0), len(LABELS), 200)
    assert set(drawn.tolist()) == {0, 1, 5}
    batch = task.make_batch(
        {"image": torch.rand(3, 3, 32, 32), "label": ["pets/dog", "caltech101/ant", "pets/cat"]}, None
    )
    assert batch.targets["class"].tolist() == [1, -1, 0]


def test_the_most_frequent_classes_are_kept_when_there_are_too_many():
    assert known_classes([*LABELS, "pets/eel", "pets/eel"], 2, ["caltech101"]) == ("pets/cat", "pets/eel")


def test_one_class_is_a_sentence():
    with pytest.raises(SourceError, match="not two classes"):
        network().read_labels(["rooms/room"] * 4)


def test_the_loss_is_that_of_the_photographs_that_have_a_class():
    scores, classes = torch.randn(5, 7, generator=torch.Generator().manual_seed(0)), torch.tensor([2, -1, 0, 6, -1])
    seen = classes >= 0
    expected = -scores[seen].double().softmax(1).log()[torch.arange(3), classes[seen]].mean()
    torch.testing.assert_close(cross_entropy(scores, classes).double(), expected, atol=1e-5, rtol=0)
    assert cross_entropy(scores, torch.full((5,), -1)) == 0


def test_who_knows_no_class_does_not_win():
    raw = {"image": torch.rand(6, 3, 32, 32), "label": ["a/x", "a/y"] * 3}
    errors = []
    for labels in (["a/x", "a/y"], ["b/x", "b/y"], ["a/x", "b/y", "a/z"]):
        task = network()
        task.read_labels(labels)
        errors.append(task.error(raw, np.random.default_rng(0)))
    knows_both, knows_none, knows_half = errors
    assert knows_both < knows_half < knows_none == pytest.approx(UNKNOWN)


def test_the_mean_of_a_class_map_is_the_score_of_the_class():
    task = network()
    task.read_labels(LABELS)
    picture = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        scores = task.eval()({"image": picture})[0]
    torch.testing.assert_close(task.class_maps(picture).mean((1, 2)), scores, atol=1e-5, rtol=1e-5)


def test_labels_are_set_and_class_as_people_call_it(tmp_path):
    for name in ("pets/n01/a.png", "pets/n01/b.png", "pets/n02/a.png", "rooms/hall/a.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.effect_noise((32, 32), 40).convert("RGB").save(tmp_path / name)
    (tmp_path / "classes.json").write_text(json.dumps({"n01": "goldfish, Carassius auratus"}))
    source = open_source(tmp_path)
    pack(source)
    assert source.kept_labels() == ["pets/goldfish", "pets/goldfish", "pets/n02", "rooms/hall"]
    (tmp_path / "classes.json").write_text("[1]")
    with pytest.raises(SourceError, match=r"classes\.json .* cannot be read"):
        open_source(tmp_path)


def test_a_source_without_classes_is_told(tmp_path):
    Image.effect_noise((32, 32), 40).convert("RGB").save(tmp_path / "a.png")
    source = open_source(tmp_path)
    pack(source)
    with pytest.raises(SourceError, match="no classes in .* one folder for each class"):
        source.kept_labels()
