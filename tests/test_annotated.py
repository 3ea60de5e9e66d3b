"""Annotated photographs: what comes out of a zip that this file packs, and the sentence for each that cannot be used."""

import json
import zipfile
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from ssl_core.annotated import IGNORE, AnnotationError, letterbox, open_boxed, open_segmented


def png(array):
    buffer = BytesIO()
    Image.fromarray(array).save(buffer, "PNG")
    return buffer.getvalue()


def packed(path, sets, images, files):
    """A zip in the layout of the docstring of annotation_file."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("annotations.json", json.dumps({"sets": sets, "images": images}))
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def scenes(path, change=lambda images, files: None, classes=("left", "right"), ignore=255):
    """Six pictures 8 x 12 whose left half is dark and of class 0, whose right half is bright and of class 1; the first row is ignored."""
    picture, mask = np.zeros((8, 12, 3), np.uint8), np.zeros((8, 12), np.uint8)
    picture[:, 6:], mask[:, 6:], mask[0] = 250, 1, ignore
    images, files = {}, {}
    for index, split in enumerate(("train", "train", "train", "val", "test", "test")):
        images[str(index)] = {"set": "halves", "file": f"{index}.png", "seg": f"{index}-mask.png", "split": split}
        files |= {f"{index}.png": png(picture), f"{index}-mask.png": png(mask)}
    change(images, files)
    return packed(path, {"halves": {"classes": list(classes), "ignore": ignore}}, images, files)


def squares(path, change=lambda images, files: None, classes=("red", "blue")):
    """Four pictures 20 high and 40 wide, each with one red box; their boxes are told in pixels of a size of 80 x 40."""
    picture = np.full((20, 40, 3), 90, np.uint8)
    picture[5:15, 10:20] = (250, 0, 0)
    images, files = {}, {}
    for index, split in enumerate(("train", "train", "val", "test")):
        box = ["red", 20, 10, 40, 30]
        images[str(index)] = {
            "set": "squares",
            "file": f"{index}.png",
            "split": split,
            "size": [80, 40],
            "boxes": [box],
        }
        files[f"{index}.png"] = png(picture)
    change(images, files)
    return packed(path, {"squares": {"classes": list(classes)}}, images, files)


def test_masks_lie_on_their_pictures_and_name_the_ignored_pixels(tmp_path):
    found = open_segmented(scenes(tmp_path / "a.zip", ignore=9), "halves", (16, 24))
    assert [len(split.masks) for split in (found.train, found.choice, found.test)] == [3, 1, 2]
    assert found.classes == ("left", "right") and found.skipped == 0
    assert found.train.pictures.shape == (3, 16, 24, 3) and found.train.masks.shape == (3, 16, 24)
    mask = found.train.masks[0]
    assert (mask[:2] == IGNORE).all() and (mask[2:, :12] == 0).all() and (mask[2:, 12:] == 1).all()
    dark = found.train.pictures[0].mean(axis=2) < 125
    assert (dark[2:] == (mask[2:] == 0)).all()


def test_a_palette_mask_is_read_by_its_numbers_and_not_by_its_colours(tmp_path):
    def colour(images, files):
        image = Image.open(BytesIO(files["0-mask.png"]))
        image.putpalette([200, 10, 10, 30, 30, 220, 0, 0, 0])
        buffer = BytesIO()
        image.save(buffer, "PNG")
        files["0-mask.png"] = buffer.getvalue()

    plain = open_segmented(scenes(tmp_path / "plain.zip", ignore=2), "halves", (8, 12))
    coloured = open_segmented(scenes(tmp_path / "coloured.zip", colour, ignore=2), "halves", (8, 12))
    assert (plain.train.masks == coloured.train.masks).all() and len({*plain.train.masks.ravel()}) == 3


def test_boxes_follow_their_pictures_into_the_square(tmp_path):
    found = open_boxed(squares(tmp_path / "a.zip"), "squares", 80)
    square, (box,) = found.train.pictures[0], found.train.boxes[0]
    assert square.shape == (80, 80, 3) and found.train.labels[0].tolist() == [0]
    red = (square[..., 0] > 200) & (square[..., 1] < 60)
    rows, columns = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
    assert np.abs(box - (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)).max() <= 1
    assert (square[:20] == 128).all() and (square[60:] == 128).all() and not (square[20:60] == 128).all(axis=2).any()


@pytest.mark.parametrize("shape", [(30, 30), (31, 97), (160, 45), (1, 9)])
def test_a_box_around_the_picture_stays_around_it(shape):
    photo = np.full((*shape, 3), 255, np.uint8)
    square, boxes = letterbox(photo, np.array([[0.0, 0.0, shape[1], shape[0]]]), 64)
    lit = square[..., 0] == 255
    rows, columns = np.flatnonzero(lit.any(axis=1)), np.flatnonzero(lit.any(axis=0))
    assert boxes[0].tolist() == [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
    assert lit.sum() == (rows[-1] + 1 - rows[0]) * (columns[-1] + 1 - columns[0])


def test_boxes_beyond_the_border_are_cut_and_empty_ones_left_out(tmp_path):
    def change(images, files):
        images["0"]["boxes"] = [["red", -10, -10, 40, 30], ["blue", 90, 10, 99, 20], ["blue", 5, 5, 5, 9]]
        images["1"]["boxes"] = []

    found = open_boxed(squares(tmp_path / "a.zip", change), "squares", 80)
    assert found.train.boxes[0].tolist() == [[0.0, 20.0, 40.0, 50.0]] and found.train.labels[0].tolist() == [0]
    assert found.train.boxes[1].shape == (0, 4) and found.train.labels[1].shape == (0,)


def test_what_is_broken_among_many_is_skipped_and_counted(tmp_path):
    def change(images, files):
        files["0.png"] = files["0.png"][:60]
        files["1-mask.png"] = b"no mask"

    found = open_segmented(scenes(tmp_path / "a.zip", change), "halves", (8, 12))
    assert found.skipped == 2 and len(found.train.pictures) == 1

    def away(images, files):
        del files["1.png"]

    boxed = open_boxed(squares(tmp_path / "b.zip", away), "squares", 40)
    assert boxed.skipped == 1 and len(boxed.train.pictures) == len(boxed.train.boxes) == 1


def test_a_zip_is_decoded_once_and_again_when_it_has_changed(tmp_path):
    path = scenes(tmp_path / "a.zip")
    first = open_segmented(path, "halves", (8, 12))
    assert open_segmented(str(path), "halves", (8, 12)) is first

    def shorter(images, files):
        del images["0"]

    scenes(path, shorter)
    assert len(open_segmented(path, "halves", (8, 12)).train.pictures) == 2


def test_choices_are_made_on_val(tmp_path):
    found = open_segmented(scenes(tmp_path / "a.zip"), "halves", (8, 12))
    assert found.for_choices().test is found.choice and found.for_choices().train is found.train
    boxed = open_boxed(squares(tmp_path / "b.zip", lambda images, files: images.pop("2")), "squares", 40)
    with pytest.raises(AnnotationError, match=r"squares has no pictures for choices; .* \"val\""):
        boxed.for_choices()


def broken(key, value):
    def change(images, files):
        for name in list(images):
            images[name][key] = value

    return change


def lost(ending):
    def change(images, files):
        for name in [name for name in files if name.endswith(ending)]:
            files[name] = b"?"

    return change


SCENE_FAULTS = {
    "no masks": (broken("seg", None), {}, "No picture of halves in a.zip has a mask"),
    "another split": (broken("split", "holiday"), {}, "has a split 'holiday'"),
    "no test": (broken("split", "train"), {}, "no readable test pictures"),
    "nothing readable": (lost(".png"), {}, r"no readable train and no test pictures \(6 cannot be read\)"),
    "one class": (lambda images, files: None, {"classes": ["left"]}, "names one class"),
    "one class shown": (
        lambda images, files: files.update({f"{i}-mask.png": png(np.zeros((8, 12), np.uint8)) for i in (4, 5)}),
        {},
        "test masks of halves show fewer than two classes",
    ),
    "no such class": (lambda images, files: None, {"ignore": 254, "classes": ["a", "a"]}, "each of them named once"),
    "a number too high": (
        lambda images, files: files.update({"0-mask.png": png(np.full((8, 12), 7, np.uint8))}),
        {},
        "0-mask.png holds the number 7, but classes end at 1",
    ),
    "a picture for a mask": (
        lambda images, files: files.update({"0-mask.png": files["0.png"]}),
        {},
        "is a picture, not a mask",
    ),
}


@pytest.mark.parametrize("fault", SCENE_FAULTS)
def test_scenes_that_cannot_be_used_are_told_in_a_sentence(tmp_path, fault):
    change, words, sentence = SCENE_FAULTS[fault]
    with pytest.raises(AnnotationError, match=sentence):
        open_segmented(scenes(tmp_path / "a.zip", change, **words), "halves", (8, 12))


BOX_FAULTS = {
    "no boxes": (broken("boxes", []), "No train picture of squares in a.zip has boxes"),
    "no boxes to test on": (
        lambda images, files: images["3"].update(boxes=[]),
        "No test picture of squares in a.zip has boxes",
    ),
    "another class": (broken("boxes", [["green", 0, 0, 5, 5]]), "The boxes of 0.png cannot be read"),
    "three corners": (broken("boxes", [["red", 0, 0, 5]]), "The boxes of 0.png cannot be read"),
    "not a number": (broken("boxes", [["red", 0, 0, 5, float("nan")]]), "The boxes of 0.png cannot be read"),
    "no file": (broken("file", None), "holds no set 'squares' with pictures"),
}


@pytest.mark.parametrize("fault", BOX_FAULTS)
def test_boxes_that_cannot_be_used_are_told_in_a_sentence(tmp_path, fault):
    change, sentence = BOX_FAULTS[fault]
    with pytest.raises(AnnotationError, match=sentence):
        open_boxed(squares(tmp_path / "a.zip", change), "squares", 40)


def test_other_files_are_told_in_a_sentence(tmp_path):
    with pytest.raises(AnnotationError, match=r"There is no file b.zip"):
        open_boxed(tmp_path / "b.zip")
    (tmp_path / "b.zip").write_bytes(b"PK, but not whole")
    with pytest.raises(AnnotationError, match=r"b.zip is not a whole zip file"):
        open_boxed(tmp_path / "b.zip")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("train/dog/1.jpg", b"")
    with pytest.raises(AnnotationError, match=r"b.zip needs an annotations.json with"):
        open_boxed(tmp_path / "b.zip")
    packed(tmp_path / "b.zip", {"a": {}}, {}, {})
    with pytest.raises(AnnotationError, match=r"holds no set 'voc5' with pictures; it names a\."):
        open_boxed(tmp_path / "b.zip")
    with pytest.raises(AnnotationError, match=r"There is no file"):
        open_segmented(tmp_path)
