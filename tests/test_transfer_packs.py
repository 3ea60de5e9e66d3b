"""Packs, declared splits and downloads as tasks: small files in the layouts of the real ones."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ssl_core import transfer_downloads
from ssl_core.transfer_splits import Called, Labelled, labelled_task
from ssl_core.transfer_tasks import TaskError, open_task, task_names
from tests.coloured_folders import COLOURS, folders, picture, prints, same_as_shown, zipped


def test_declared_splits_are_kept(tmp_path):
    root = folders(tmp_path / "set", {"dog": 30, "cat": 30}, "train")
    for number, name in enumerate(("dog", "cat", "cat")):
        picture(root / "test" / name / f"{number}.png", 5000 + number, COLOURS[name])
    task = open_task(str(root))
    assert len(task.test) == 3 and len(task.train) + len(task.choice) == 60 and len(task.choice) >= 1
    same_as_shown(task)
    for number in range(4):
        picture(root / "val" / ("dog", "cat")[number % 2] / f"{number}.png", 6000 + number, COLOURS["dog"])
    three = open_task(str(root))
    assert [len(split) for split in (three.train, three.choice, three.test)] == [60, 4, 3]
    assert three.key != task.key and prints(three.test) == prints(task.test)


def test_choices_are_each_seventh_of_train_of_every_class():
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 256, (400, 8, 8, 3), dtype=np.uint8)
    parts = np.where(np.arange(400) < 350, "train", "test")
    labels = np.array(["a", "b"])[np.arange(400) % 2]
    task = labelled_task(Called("t", "T"), Labelled(rows, labels, parts))
    aside = np.isin(np.arange(350) // 2 % 7, 3)
    assert (task.choice.pictures == rows[:350][aside]).all() and (task.train.pictures == rows[:350][~aside]).all()
    assert np.shares_memory(task.test.pictures, rows)


def test_no_class_loses_its_last_picture_to_the_choices():
    rng = np.random.default_rng(1)
    rows = rng.integers(0, 256, (300, 4, 4, 3), dtype=np.uint8)
    labels = np.array(["common"] * 300, dtype="<U6")
    labels[[7, 299]] = "rare"
    task = labelled_task(Called("t", "T"), Labelled(rows, labels, np.where(np.arange(300) < 290, "train", "test")))
    assert task.classes == ("common", "rare") and (task.train.labels == 1).sum() == 1 and not task.choice.labels.any()


def test_a_set_that_declares_a_test_split_only_has_nothing_to_learn_from(tmp_path):
    with pytest.raises(TaskError, match="no class with two"):
        open_task(str(folders(tmp_path / "set", {"dog": 5, "cat": 5}, "test")))


def test_packs_are_opened_by_name(tmp_path):
    root = tmp_path / "photos"
    rows = ["path,source,class,split"]
    for position, name in enumerate(("caltech101/dog", "caltech101/cat", "other/newt")):
        for number in range(40):
            file = f"{name}/{number:02d}.png"
            picture(root / file, 100 * position + number, COLOURS[name.split("/")[1]])
            rows.append(f"{file},{name.split('/')[0]},{name.split('/')[1]},{'val' if number < 5 else 'train'}")
    (root / "manifest.csv").write_text("\n".join(rows))
    packs = tmp_path / "packs"
    packs.mkdir()
    zipped(root, packs / "photos.zip")
    assert task_names(packs) == ("caltech101", "intel_scene", "starter") and task_names(None) == ("starter",)
    task = open_task("caltech101", packs)
    assert task.classes == ("cat", "dog") and len(task.test) == 10 and len(task.train) + len(task.choice) == 70
    assert task.title == "Caltech-101" and task.caveat
    same_as_shown(task)
    with pytest.raises(TaskError, match="holds no folder intel_scene/"):
        open_task("intel_scene", packs)


def test_tiny_classes_go_by_their_first_name(tmp_path):
    root = tmp_path / "tiny"
    for number, (folder, name) in enumerate((("n01", "dog"), ("n02", "cat"))):
        for k in range(30):
            part = "val" if k < 5 else "train"
            picture(root / "tiny" / part / folder / f"{k}.png", 100 * number + k, COLOURS[name])
    (root / "classes.json").write_text(json.dumps({"n01": "dog, hound", "n02": "cat, Felis catus"}))
    zipped(root, tmp_path / "tiny.zip")
    task = open_task("tiny", tmp_path)
    assert task.classes == ("dog", "cat") and len(task.test) == 10
    same_as_shown(task)


def test_voc5_is_squeezed_and_several_classes_hold(tmp_path):
    root, images = tmp_path / "voc", {}
    for number in range(12):
        file = f"voc5/images/{number:02d}.png"
        pixels = np.zeros((30, 60, 3), np.uint8)
        pixels[:, :10], pixels[:, -10:] = (255, 0, 0), (0, 0, 255)  # gone from a central square
        pixels[0, 30] = number
        (root / "voc5/images").mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(root / file)
        boxes = [[name, 0, 0, 5, 5] for name in ("bus", "car", "car")[: 1 + number % 3]]
        split = ("train", "val", "test")[number % 4 if number % 4 < 3 else 0]
        images[f"voc5/{number}"] = {"set": "voc5", "file": file, "split": split, "boxes": boxes}
    picture(root / "camvid/images/0.png", 1)
    images["camvid/0"] = {"set": "camvid", "file": "camvid/images/0.png", "split": "train"}
    document = {"images": images, "sets": {"voc5": {"classes": ["bus", "car", "cat"]}}}
    (root / "annotations.json").write_text(json.dumps(document))
    zipped(root, tmp_path / "voc.zip")
    task = open_task("voc5", tmp_path)
    assert task.several and [len(split) for split in (task.train, task.choice, task.test)] == [6, 3, 3]
    # By hand: pictures 0, 3, 4, 7, 8, 11 are of train; every third has a bus only.
    assert task.train.labels.tolist() == [[True, number % 3 > 0, False] for number in (0, 3, 4, 7, 8, 11)]
    assert (task.train.pictures[:, 64, 2] == (255, 0, 0)).all() and (
        task.train.pictures[:, 64, -3] == (0, 0, 255)
    ).all()
    shares = task.test.labels.mean(axis=0)
    assert task.chance == pytest.approx(shares[:2].mean())
    (root / "annotations.json").write_text(
        json.dumps({"images": {"a": {"file": "voc5/images/00.png", "split": "train"}}})
    )
    zipped(root, tmp_path / "voc.zip")
    with pytest.raises(TaskError, match="boxes of voc5"):
        open_task("voc5", tmp_path)


def test_without_a_network_a_download_says_what_to_do(monkeypatch, tmp_path):
    def offline(*_, **__):
        raise OSError("no route to host")

    datasets = transfer_downloads.import_torchvision().datasets
    monkeypatch.setenv("PRETEXT_LAB_CACHE", str(tmp_path))
    monkeypatch.setattr(datasets, "VOCDetection", offline)
    monkeypatch.setattr(datasets, "Caltech101", offline)
    for name in ("voc2007", "caltech101"):
        with pytest.raises(
            TaskError, match=rf"{name} \(\d+ MB\) could not be .*no route to host.*connect to the internet"
        ):
            open_task(name)


def caltech(root, count):
    """The folders of Caltech-101 as torchvision unpacks them to `root`, `count` pictures of each of two classes."""
    for position, name in enumerate(("BACKGROUND_Google", "dog", "cat")):
        for number in range(1, count + 1):
            path = root / "101_ObjectCategories" / name / f"image_{number:04d}.jpg"
            picture(path, 50 * position + number, COLOURS.get(name, (9, 9, 9)))


def test_whole_caltech_is_read_from_its_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("PRETEXT_LAB_CACHE", str(tmp_path))
    place = tmp_path / "datasets" / "caltech101-whole"
    caltech(place / "caltech101", 10)
    (place / ".complete").touch()  # nobody asks the network
    task = open_task("caltech101")
    assert task.classes == ("cat", "dog") and len(task.test) == 4
    same_as_shown(task)


def test_caltech_that_was_not_unpacked_to_the_end_is_begun_anew(tmp_path, monkeypatch):
    def unpacked(url, download_root, **_):
        caltech(Path(download_root), 10)
        (Path(download_root) / "caltech-101").mkdir()
        (Path(download_root) / "caltech-101.zip").touch()

    monkeypatch.setenv("PRETEXT_LAB_CACHE", str(tmp_path))
    place = transfer_downloads.import_torchvision().datasets.Caltech101.__module__
    monkeypatch.setattr(f"{place}.download_and_extract_archive", unpacked)
    caltech(tmp_path / "datasets" / "caltech101-whole" / "caltech101", 4)  # what an interrupted run left
    task = open_task("caltech101")
    assert len(task.train) + len(task.choice) + len(task.test) == 20
    same_as_shown(task)


def test_voc_2007_is_read_from_its_annotations(tmp_path, monkeypatch):
    monkeypatch.setenv("PRETEXT_LAB_CACHE", str(tmp_path))
    place = tmp_path / "datasets" / "voc2007-whole"
    root = place / "VOCdevkit" / "VOC2007"
    for folder in ("JPEGImages", "Annotations", "ImageSets/Main"):
        (root / folder).mkdir(parents=True)
    (place / ".complete").touch()
    shown = {"000001": ("dog", "cat"), "000002": ("cat",), "000003": ("dog",), "000004": ("dog", "hard cat")}
    for part, names in (("train", ("000001", "000004")), ("val", ("000002",)), ("test", ("000003",))):
        (root / "ImageSets" / "Main" / f"{part}.txt").write_text("\n".join(names) + "\n")
    for number, (name, objects) in enumerate(shown.items()):
        picture(root / "JPEGImages" / f"{name}.jpg", number)
        found = "".join(
            f"<object><name>{one.split()[-1]}</name><difficult>{int('hard' in one)}</difficult></object>"
            for one in objects
        )
        (root / "Annotations" / f"{name}.xml").write_text(f"<annotation><folder>VOC2007</folder>{found}</annotation>")
    task = open_task("voc2007")
    assert task.classes == ("cat", "dog") and task.several
    assert task.train.labels.tolist() == [[True, True], [False, True]]
    assert task.choice.labels.tolist() == [[True, False]] and task.test.labels.tolist() == [[False, True]]
