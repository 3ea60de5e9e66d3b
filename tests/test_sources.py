"""Sources list, split and pack what lies in folders and zips, and say in a sentence what is wrong with them."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ssl_core.photo import PhotoError
from ssl_core.sources import SourceError, open_source, pack, starter


def picture(value: int, width: int = 24, height: int = 16) -> Image.Image:
    return Image.new("RGB", (width, height), (value, 10, 20))


def fill(folder: Path, names: dict[str, int]) -> Path:
    """Pictures under `folder`, each of one red value."""
    for name, value in names.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        picture(value).save(folder / name)
    return folder


def zipped(folder: Path) -> Path:
    target = folder.with_suffix(".zip")
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder).as_posix())
    return target


NAMES = {"cats/a.png": 10, "cats/b.png": 20, "dogs/c.png": 30, "dogs/d.png": 40}


@pytest.fixture(params=["folder", "zip"])
def place(request, tmp_path):
    """Finishes a folder of pictures as a folder or as a zip."""
    return (lambda folder: folder) if request.param == "folder" else zipped


def refused(spec, split: str = "train") -> str:
    with pytest.raises(SourceError) as caught:
        open_source(spec, split)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)
    return str(caught.value)


def test_the_starter_set_is_large_credited_and_in_color():
    photos = starter()
    assert sum(photo.in_color for photo in photos) >= 14
    assert len({photo.name for photo in photos}) == len(photos)
    assert all(photo.credit and photo.terms for photo in photos)
    source = open_source("starter")
    assert len(source) >= 14 and "camera" not in source.names
    assert source.read(0).dtype == np.uint8
    assert "no val split" in refused("starter", "val")


def test_pictures_are_listed_read_and_labelled(place, tmp_path):
    folder = fill(tmp_path / "pets", NAMES)
    (folder / "notes.txt").write_text("no picture")
    (folder / ".hidden.png").write_bytes((folder / "cats/a.png").read_bytes())
    source = open_source(place(folder))
    assert source.names == tuple(NAMES) and len(source) == 4
    assert source.labels == ("cats", "cats", "dogs", "dogs")
    assert source.read(2).shape == (16, 24, 3) and source.read(2)[0, 0, 0] == 30
    assert "4 photographs" in source.described
    assert refused(place(folder), "val").startswith("pets") and "only train" in refused(place(folder), "val")


def test_a_dot_is_the_folder_by_its_name_and_nothing_is_no_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(fill(tmp_path / "pets", NAMES) / "cats")
    assert open_source(".").described.startswith("cats, ") and open_source("..").described.startswith("pets, ")
    assert "check the path" in refused("")


def test_splits_are_declared_in_four_ways(place, tmp_path):
    parts = {"cats/a.png": "train", "cats/b.png": "val", "dogs/c.png": "train", "dogs/d.png": "test"}
    manifest = "path,class,split\n" + "".join(f"{name},{name[0]}x,{part}\n" for name, part in parts.items())
    annotations = {"images": {str(i): {"file": name, "split": part} for i, (name, part) in enumerate(parts.items())}}
    declared = {
        "manifest.csv": manifest,
        "split.json": json.dumps({Path(name).name: part for name, part in parts.items()}),
        "annotations.json": json.dumps(annotations),
    }
    for file, text in declared.items():
        folder = fill(tmp_path / file.replace(".", "-"), NAMES)
        (folder / file).write_text(text)
        made = place(folder)
        assert open_source(made).names == ("cats/a.png", "dogs/c.png"), file
        assert open_source(made, "val").names == ("cats/b.png",), file
        assert len(open_source(made, "all")) == 4
    labels = open_source(tmp_path / "manifest-csv").labels
    assert labels == ("cx", "dx")


LISTS = {
    "manifest.csv": "path,split,class\r\na.png,val,ant\r\nb.png,train,bee\r\n",
    "split.json": '{"a.png": "val", "b.png": "train"}',
    "annotations.json": '{"images": {"1": {"file": "a.png", "split": "val"}, "2": {"file": "b.png", "split": "train"}}}',
}


@pytest.mark.parametrize("file", LISTS)
def test_lists_may_begin_with_a_byte_order_mark(place, tmp_path, file):
    """Excel writes one before its csv."""
    folder = fill(tmp_path / "pets", {"a.png": 1, "b.png": 2})
    (folder / file).write_text(LISTS[file], encoding="utf-8-sig", newline="")
    (folder / "captions.json").write_text('{"a.png": "Ein Bär."}', encoding="utf-8-sig")
    (folder / "classes.json").write_text('{"ant": "Ameise"}', encoding="utf-8-sig")
    source = open_source(place(folder), "val")
    assert source.names == ("a.png",) and source.sentences == (("Ein Bär.",),)
    assert source.class_names == {"ant": "Ameise"}


@pytest.mark.parametrize("file", LISTS)
@pytest.mark.parametrize("split", ["train", "all"])
def test_a_list_that_names_no_picture_that_is_there_is_told(place, tmp_path, file, split):
    folder = fill(tmp_path / "pets", {"cats/c.png": 1})
    (folder / file).write_text(LISTS[file])
    told = refused(place(folder), split)
    assert told.startswith("The list of splits in pets") and "names none of its pictures" in told
    assert "cats/c.png" in told


def test_a_folder_keeps_a_comma_in_its_name(place, tmp_path):
    source = open_source(place(fill(tmp_path / "pets, mine", {"a/1.png": 1, "b/2.png": 2})))
    with pytest.raises(SourceError, match="of pets, mine"):
        source.kept_sentences()


def test_folders_named_train_and_val_are_splits(place, tmp_path):
    made = place(fill(tmp_path / "set", {"set/train/cat/a.png": 1, "set/train/dog/b.png": 2, "set/test/cat/c.png": 3}))
    assert open_source(made).labels == ("cat", "dog")
    # Without a "val", "test" stands in, and the description says so.
    source = open_source(made, "val")
    assert source.names == ("set/test/cat/c.png",) and "split test" in source.described


def test_what_cannot_be_opened_is_named(tmp_path):
    assert "nowhere" in refused(tmp_path / "nowhere.zip")
    assert "imagenette" in refused("flickr")
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\x03\x04 not a zip")
    assert "broken.zip" in refused(broken)
    (tmp_path / "empty").mkdir()
    assert "no pictures" in refused(tmp_path / "empty")
    folder = fill(tmp_path / "odd", NAMES)
    (folder / "split.json").write_text("[1, 2")
    assert "list of splits" in refused(folder)
    assert "no split" in refused(folder, "holdout")


def test_packing_crops_resizes_and_is_kept(place, tmp_path):
    made = place(fill(tmp_path / "pets", NAMES))
    source = open_source(made)
    rows = pack(source, 8, tmp_path / "cache")
    assert isinstance(rows, np.memmap) and rows.shape == (4, 8, 8, 3) and rows.dtype == np.uint8
    assert rows[:, 4, 4, 0].tolist() == [10, 20, 30, 40]
    assert source.skipped == 0 and source.kept.tolist() == [0, 1, 2, 3]
    (file,) = (tmp_path / "cache" / "packs").glob("*.npy")
    before = file.stat().st_mtime_ns
    pack(open_source(made), 8, tmp_path / "cache")
    assert file.stat().st_mtime_ns == before
    assert pack(source, 12, tmp_path / "cache").shape == (4, 12, 12, 3)
    assert not list((tmp_path / "cache" / "packs").glob("*partial*"))


def test_changed_content_is_packed_again(tmp_path):
    folder = fill(tmp_path / "pets", NAMES)
    pack(open_source(folder), 8, tmp_path / "cache")
    fill(folder, {"cats/a.png": 99})
    assert pack(open_source(folder), 8, tmp_path / "cache")[0, 4, 4, 0] == 99


@pytest.mark.parametrize("damage", ["cut", "blank", "note", "gone"])
def test_a_damaged_pack_is_made_again(tmp_path, damage):
    source = open_source(fill(tmp_path / "pets", NAMES))
    pack(source, 8, tmp_path / "cache")
    (file,) = (tmp_path / "cache" / "packs").glob("*.npy")
    data = file.read_bytes()
    if damage == "cut":
        file.write_bytes(data[: len(data) // 2])
    elif damage == "blank":
        file.write_bytes(data[:128] + bytes(len(data) - 128))
    elif damage == "note":
        file.with_suffix(".json").write_text("{")
    else:
        file.with_suffix(".json").unlink()
    assert pack(source, 8, tmp_path / "cache")[:, 4, 4, 0].tolist() == [10, 20, 30, 40]


def test_broken_pictures_are_skipped_and_counted(place, tmp_path, capsys):
    folder = fill(tmp_path / "pets", NAMES)
    (folder / "cats/b.png").write_bytes(b"not a picture")
    source = open_source(place(folder))
    with pytest.raises(PhotoError):
        source.read(1)
    for _ in range(2):  # freshly decoded, then from the cache
        rows = pack(source, 8, tmp_path / "cache")
        assert rows.shape == (3, 8, 8, 3) and rows[:, 4, 4, 0].tolist() == [10, 30, 40]
        assert source.skipped == 1 and source.kept.tolist() == [0, 2, 3]
        assert "1 of 4 pictures in pets" in (told := capsys.readouterr().err) and "cats/b.png" in told


def test_a_source_of_nothing_but_broken_pictures_is_refused(tmp_path):
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.jpg").write_text("text")
    with pytest.raises(PhotoError, match="None of the pictures"):
        pack(open_source(tmp_path / "bad"), 8, tmp_path / "cache")
    assert not list((tmp_path / "cache" / "packs").iterdir())


def test_a_cache_that_cannot_be_written_names_its_setting(tmp_path, monkeypatch):
    monkeypatch.setenv("PRETEXT_LAB_CACHE", str(tmp_path / "file"))
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(PhotoError, match=r"kept in .*file: .*PRETEXT_LAB_CACHE elsewhere\."):
        pack(open_source(fill(tmp_path / "pets", NAMES)), 8)


def test_a_damaged_entry_of_a_zip_is_a_broken_picture(tmp_path):
    made = zipped(fill(tmp_path / "pets", NAMES))
    data = bytearray(made.read_bytes())
    data[data.index(b"\x89PNG") + 60] ^= 0xFF
    made.write_bytes(bytes(data))
    source = open_source(made)
    assert pack(source, 8, tmp_path / "cache").shape[0] == 3 and source.skipped == 1


def test_a_swollen_entry_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr("ssl_core.sources.MAX_FILE_BYTES", 10)
    with pytest.raises(PhotoError, match="unpacks to more"):
        open_source(zipped(fill(tmp_path / "pets", NAMES))).read(0)
