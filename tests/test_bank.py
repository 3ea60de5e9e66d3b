"""The photo bank: patches that know their place, folders with labels, and everything that a person's folder may hold."""

import errno
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ssl_core import bank as banks
from ssl_core.bank import PHOTO_SIDE, SIDE, BankError, open_bank, open_bank_steps, quick_to_open, squares, starter_bank
from ssl_core.sources import SourceError, open_source
from ssl_core.starter import starter


@pytest.fixture(scope="module")
def patches():
    return starter_bank()


def picture(seed: int, width: int = 40, height: int = 30) -> bytes:
    data = io.BytesIO()
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(noise).save(data, "PNG")
    return data.getvalue()


def folder_of(path: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def test_the_starter_bank_is_large_and_varied(patches):
    assert len(patches) >= 600 and patches.side == SIDE and patches.skipped == 0 and patches.labels is None
    for photo in starter():
        boxes = [patches.place(i).box for i in range(len(patches)) if patches.place(i).photo == photo.name]
        assert len({box[2] for box in boxes}) >= 3 and len(set(boxes)) == len(boxes) >= 30


def test_a_patch_is_the_part_of_its_photograph_that_its_box_says(patches):
    """Every box lies inside, and holds what the patch shows: compared after both were averaged down to 8 x 8."""
    photos = {photo.name: photo.load(PHOTO_SIDE) for photo in starter()[:4]}
    for index in range(0, len(patches), 7):
        name, (left, top, width, height) = patches.place(index)
        if name not in photos:
            continue
        assert patches.names[index] == name
        assert (
            left >= 0 and top >= 0 and left + width <= photos[name].shape[1] and top + height <= photos[name].shape[0]
        )
        part = photos[name][top : top + height, left : left + width]
        small = [
            np.asarray(Image.fromarray(one).resize((8, 8), Image.Resampling.BOX))
            for one in (part, patches.pixels(index))
        ]
        assert np.abs(small[0].astype(int) - small[1]).mean() < 3


def test_the_same_bank_comes_again_from_the_cache_and_without_it(patches, monkeypatch, tmp_path):
    monkeypatch.setenv("PRETEXT_LAB_CACHE", str(tmp_path))
    first = starter_bank()
    (file,) = tmp_path.rglob("*.safetensors")
    again = starter_bank()
    file.write_bytes(file.read_bytes()[:1000])
    repaired = starter_bank()
    for bank in (first, again, repaired):
        assert bank.key == patches.key and bank.places == patches.places
        assert np.array_equal(bank.rows, patches.rows)


def test_a_bank_that_cannot_be_kept_works_all_the_same(patches, monkeypatch, tmp_path):
    monkeypatch.setenv("PRETEXT_LAB_CACHE", str(tmp_path / "file"))
    (tmp_path / "file").write_text("no folder")
    assert np.array_equal(starter_bank().rows, patches.rows)


def test_squares_reach_from_edge_to_edge():
    for height, width in ((300, 451), (640, 427), (512, 512), (1, 1), (3, 200)):
        boxes = np.array(squares(height, width))
        assert boxes[:, :2].min() == 0 and (boxes[:, 0] + boxes[:, 2]).max() == width
        assert (boxes[:, 1] + boxes[:, 3]).max() == height and boxes[:, 2:].min() >= 1


@pytest.mark.parametrize("zipped", [False, True])
def test_a_folder_is_whole_photographs_with_labels(tmp_path, zipped):
    files = {
        "cats/a.png": picture(1),
        "cats/b.png": picture(2),
        "dogs/c.png": picture(3),
        "dogs/bad.png": b"no picture",
    }
    spec = folder_of(tmp_path / "pets", files)
    if zipped:
        spec = tmp_path / "pets.zip"
        with zipfile.ZipFile(spec, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
    bank = open_bank(spec)
    assert bank.names == ("cats/a.png", "cats/b.png", "dogs/c.png") and bank.labels == ("cats", "cats", "dogs")
    assert len(bank) == 3 and bank.skipped == 1 and "3 photographs" in bank.described
    assert isinstance(bank.rows, np.memmap) and bank.place(2) == ("dogs/c.png", None)
    assert bank.pixels(0).shape == (SIDE, SIDE, 3) and bank.pixels_of([2, 0]).shape == (2, SIDE, SIDE, 3)
    assert np.array_equal(bank.pixels_of([2, 0])[1], bank.pixels(0))
    assert open_bank(spec).key == bank.key


def test_one_broken_picture_among_many_is_counted(tmp_path):
    files = {f"{i:03d}.png": picture(i, 6, 6) for i in range(40)} | {"017.png": b"\x89PNG\r\n\x1a\n cut"}
    bank = open_bank(folder_of(tmp_path / "many", files))
    assert len(bank) == 39 and bank.skipped == 1 and "017.png" not in bank.names


def test_a_large_bank_keeps_its_name(tmp_path):
    with zipfile.ZipFile(tmp_path / "pets, mine.zip", "w") as archive:
        for number in range(1001):
            archive.writestr(f"{number}.png", picture(1, 2, 2))
    bank = open_bank(tmp_path / "pets, mine.zip", 8)
    assert bank.called == "pets, mine.zip" and bank.described == "pets, mine.zip, 1,001 photographs"


def test_pictures_of_one_pixel_and_banks_of_two(tmp_path):
    bank = open_bank(folder_of(tmp_path / "dots", {"a.png": picture(1, 1, 1), "b.png": picture(2, 1, 1)}))
    assert len(bank) == 2 and np.ptp(bank.pixels(0), axis=(0, 1)).max() == 0


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, "no pictures"),
        ({"notes.txt": b"text"}, "no pictures"),
        ({"a.jpg": b"text", "b.png": b""}, "None of the pictures"),
    ],
)
def test_a_folder_with_nothing_to_see_gets_a_sentence(tmp_path, files, told):
    (tmp_path / "odd").mkdir()
    with pytest.raises(SourceError, match=told) as caught:
        open_bank(folder_of(tmp_path / "odd", files))
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)


def test_a_full_disk_gets_a_sentence(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")
        yield

    monkeypatch.setattr("ssl_core.pack._write", full)
    with pytest.raises(BankError, match=r"disk is full.*PRETEXT_LAB_CACHE"):
        open_bank(folder_of(tmp_path / "pets", {"a.png": picture(9)}))


def test_reading_a_folder_tells_how_far_it_is_and_can_be_stopped(tmp_path):
    spec = folder_of(tmp_path / "pets", {f"{i}.png": picture(100 + i) for i in range(6)})
    source = open_source(spec, "all")
    assert not quick_to_open(source) and quick_to_open(None)
    steps = open_bank_steps(spec)
    assert [next(steps)[:2] for _ in range(3)] == [(1, 6), (2, 6), (3, 6)]
    steps.close()
    assert not quick_to_open(source)
    assert len(open_bank(spec)) == 6 and quick_to_open(source)


def test_a_bank_that_changes_on_disk_says_so_and_goes_on(tmp_path, patches, monkeypatch):
    monkeypatch.setattr(banks, "LOOK_AGAIN", 0.0)
    spec = folder_of(tmp_path / "pets", {"a.png": picture(1), "b.png": picture(2)})
    bank = open_bank(spec)
    before = bank.pixels(0)
    assert bank.changed() == "" and patches.changed() == ""
    (spec / "c.png").write_bytes(picture(3))
    assert "have changed" in bank.changed() and np.array_equal(bank.pixels(0), before)
    assert open_bank(spec).key != bank.key and len(open_bank(spec)) == 3
    for path in spec.iterdir():
        path.unlink()
    assert "no longer" in bank.changed() and np.array_equal(bank.pixels(0), before)


def test_the_disk_is_not_looked_at_for_each_question(tmp_path, monkeypatch):
    looks, spec = [], tmp_path / "pets.zip"
    with zipfile.ZipFile(spec, "w") as archive:
        archive.writestr("a.png", picture(1))
    bank = open_bank(spec)
    monkeypatch.setattr(banks, "open_source", lambda *given: looks.append(given) or open_source(*given))
    assert [bank.changed() for _ in range(20)] == [""] * 20 and looks == []
    monkeypatch.setattr(banks, "LOOK_AGAIN", 0.0)
    assert [bank.changed() for _ in range(3)] == [""] * 3 and len(looks) == 1  # the file has not been touched
    spec.touch()
    assert bank.changed() == "" and len(looks) == 2  # touched, and the same
    with zipfile.ZipFile(spec, "a") as archive:
        archive.writestr("b.png", picture(2))
    assert "have changed" in bank.changed()


def test_the_boxes_are_in_the_pixels_that_the_page_shows():
    from visualize.lab import LONGEST_SIDE

    assert banks.PHOTO_SIDE == LONGEST_SIDE
