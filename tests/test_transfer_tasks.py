"""Tasks to transfer to: how folders become three splits, what is left out or refused, and shares of the labels."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from ssl_core.starter import starter
from ssl_core.transfer_tasks import Split, TaskError, TransferTask, open_task, open_task_steps
from ssl_core.transfer_toy import BANDS, band_patches
from tests.coloured_folders import folders, picture, prints, same_as_shown, zipped


def test_a_folder_of_folders_is_divided_by_place(tmp_path):
    task = open_task(str(folders(tmp_path / "pets", {"dog": 25, "cat": 12, "newt": 2})))
    assert task.classes == ("cat", "dog", "newt") and not task.several and task.chance == pytest.approx(1 / 3)
    assert task.train.pictures.shape[1:] == (128, 128, 3) and task.train.pictures.dtype == np.uint8
    same_as_shown(task)
    count = {part: Counter(getattr(task, part).labels.tolist()) for part in ("train", "choice", "test")}
    # 25 dogs: every fifth is 5, of the other 20 every seventh from the fourth on is 3; 12 cats: 3, and 1 of 9; two newts: one each.
    assert count["test"] == {1: 5, 0: 3, 2: 1} and count["choice"] == {1: 3, 0: 1}
    assert count["train"] == {1: 17, 0: 8, 2: 1}
    everything = [prints(split) for split in (task.train, task.choice, task.test)]
    assert len(set.union(*everything)) == 39 == sum(map(len, everything))
    assert task.described.startswith("26 pictures to learn from, 4 for choices, 9 to be judged by, of 3 classes")


def test_a_zip_is_read_like_the_folder_that_it_holds(tmp_path):
    root = folders(tmp_path / "pets", {"dog": 7, "cat": 7})
    one, other = open_task(str(root)), open_task(str(zipped(root, tmp_path / "pets.zip")))
    assert one.key == other.key and one.classes == other.classes


def test_what_cannot_be_used_is_left_out_and_said(tmp_path):
    root = folders(tmp_path / "set", {"dog": 12, "cat": 12, "newt": 1})
    (root / "dog" / "zz.png").write_bytes(b"no picture")
    (root / "cat" / "half.png").write_bytes((root / "cat" / "000.png").read_bytes()[:60])
    picture(root / "loose.png", 1)
    task = open_task(str(root))
    assert task.classes == ("cat", "dog") and len(task.train) + len(task.choice) + len(task.test) == 24
    same_as_shown(task)
    assert task.described.endswith(
        "; left out: 2 pictures that cannot be read; 1 picture in no folder; 1 class with a single picture (newt)"
    )


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        ({"dog": 9}, "only one class"),
        ({"dog": 9, "cat": 1}, "has 1 class with two pictures or more"),
        ({"dog": 1, "cat": 1}, "has no class with two pictures or more"),
        ({"dog": 2, "cat": 2}, "no pictures for choices"),
    ],
)
def test_too_little_to_tell_apart_is_refused(tmp_path, counts, says):
    with pytest.raises(TaskError, match=says):
        open_task(str(folders(tmp_path / "set", counts)))


def test_other_folders_are_refused_in_a_sentence(tmp_path):
    for number in range(3):
        picture(tmp_path / "flat" / f"{number}.png", number)
    (tmp_path / "empty").mkdir()
    (tmp_path / "not.zip").write_bytes(b"PK nothing")
    folders(tmp_path / "only", {"dog": 3, "cat": 3}, "train")
    (tmp_path / "only" / "split.json").write_text("{")
    for path, says in (
        ("flat", "no classes"),
        ("empty", "no pictures"),
        ("not.zip", "not a whole zip"),
        ("only", "list of splits"),
    ):
        with pytest.raises(TaskError, match=says):
            open_task(str(tmp_path / path))
    with pytest.raises(TaskError, match="known by name: starter, .*voc2007"):
        open_task("no-such-thing")
    with pytest.raises(TaskError, match=r"needs photos\.zip"):
        open_task("intel_scene", tmp_path)


def test_opening_tells_how_far_it_is_and_can_be_stopped(tmp_path):
    root = folders(tmp_path / "set", {"dog": 6, "cat": 6})
    steps = open_task_steps(str(root))
    step = next(steps)
    assert (step.done, step.total) == (1, 12)
    steps.close()
    assert len(open_task(str(root)).train) == 6


def test_the_toy_cuts_train_and_test_from_separate_places():
    """Every pixel of a photograph says which column it is in: no patch may know of another split's columns."""
    columns = np.broadcast_to(np.linspace(0, 255, 500), (400, 500))
    photo = np.repeat(columns[..., None], 3, 2).round().astype(np.uint8)
    seen = {part: band_patches(photo, part) for part in BANDS}
    assert [len(found) for found in seen.values()] == [39, 7, 23]
    assert seen["train"].max() < seen["choice"].min() and seen["choice"].max() < seen["test"].min()
    marked = np.zeros_like(photo)
    marked[:, 250:] = 255  # a hard edge beside the band must not ring into it
    assert band_patches(marked, "train").max() == 0 and band_patches(marked, "test").min() == 255


def test_the_toy_is_always_there():
    task = open_task("starter")
    assert task.classes == tuple(photo.name for photo in starter()) and "nothing about kinds of things" in task.caveat
    for split, each in ((task.train, 39), (task.choice, 7), (task.test, 23)):
        assert np.bincount(split.labels).tolist() == [each] * 16 and split.pictures.shape[1:] == (128, 128, 3)
    assert task.key == open_task("starter").key


def of_labels(labels, classes=4) -> TransferTask:
    splits = [Split(np.zeros((len(labels), 2, 2, 3), np.uint8), labels)] * 3
    return TransferTask("t", "T", "", tuple("abcdefgh"[:classes]), *splits)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.25, 1.0])
def test_a_share_takes_as_much_of_every_class(share):
    task = of_labels(np.repeat(np.arange(4), [3, 40, 100, 400]))
    chosen = task.share(share, 5)
    assert (np.diff(chosen) > 0).all()
    expected = [max(1, round(share * count)) for count in (3, 40, 100, 400)]
    assert np.bincount(task.train.labels[chosen]).tolist() == expected
    assert (chosen == task.share(share, 5)).all()
    assert share == 1 or not np.array_equal(chosen, task.share(share, 6))


def test_a_smaller_share_lies_within_a_larger_one():
    task = of_labels(np.random.default_rng(0).integers(0, 4, 500))
    assert set(task.share(0.01, 3)) <= set(task.share(0.1, 3)) <= set(task.share(0.5, 3))


def test_a_share_of_several_classes_holds_each_of_them():
    rng = np.random.default_rng(0)
    labels = rng.random((600, 4)) < (0.5, 0.2, 0.05, 0.005)
    task = of_labels(labels)
    for share in (0.01, 0.1, 1.0):
        chosen = task.share(share, 1)
        assert labels[chosen].any(axis=0).all()
        assert share * 600 * 0.9 <= len(chosen) <= share * 600 * 1.2 + 4
    with pytest.raises(TaskError, match="at most 1"):
        task.share(0.0, 1)


def test_the_key_changes_with_any_picture_label_or_class():
    rng = np.random.default_rng(0)
    split = Split(rng.integers(0, 256, (2000, 2, 2, 3), dtype=np.uint8), np.arange(2000) % 4)
    task = TransferTask("t", "T", "", ("a", "b", "c", "d"), split, split, split)
    other = Split(split.pictures.copy(), split.labels.copy())
    assert replace(task, train=other, name="else", described="else").key == task.key
    other.pictures[1999, 1, 1, 2] ^= 1
    relabelled = Split(split.pictures, np.roll(split.labels, 1))
    changed = [replace(task, test=other), replace(task, train=other), replace(task, choice=relabelled)]
    changed.append(replace(task, classes=("a", "b", "c", "e")))
    assert len({one.key for one in [task, *changed]}) == 5
