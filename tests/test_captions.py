"""Sentences beside photographs: matched to files, handed to the trainer, refused in a sentence where they are of no use."""

import json
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image

from ssl_core.sampling import Crops
from ssl_core.selection import held_out
from ssl_core.sources import SourceError, open_source, pack


def folder_with(tmp_path, captions, names=("a", "b", "c")):
    (tmp_path / "images").mkdir()
    for value, name in enumerate(names):
        Image.new("RGB", (20, 20), (50 * value, 10, 20)).save(tmp_path / "images" / f"{name}.png")
    text = captions if isinstance(captions, str) else json.dumps(captions)
    (tmp_path / "captions.json").write_text(text, encoding="utf-8")
    return tmp_path


def test_sentences_follow_their_photographs_also_past_a_broken_one(tmp_path):
    folder = folder_with(tmp_path, {"a.png": ["one"], "images/b.png": "two", "c.png": ["three", " "]})
    (folder / "images" / "b.png").write_bytes(b"no picture")
    source = open_source(folder)
    assert source.sentences == (("one",), ("two",), ("three",))
    pack(source, 8, tmp_path / "cache")
    assert source.kept_sentences() == [("one",), ("three",)]


def zipped(folder):
    with zipfile.ZipFile(folder / "words.zip", "w") as archive:
        for path in [*(folder / "images").iterdir(), *folder.glob("*.json")]:
            archive.write(path, path.relative_to(folder).as_posix())
    return folder / "words.zip"


def test_a_zip_gives_the_same(tmp_path):
    source = open_source(zipped(folder_with(tmp_path, {"a.png": ["one"]})))
    assert source.sentences == (("one",), (), ())


def test_captions_of_photographs_that_are_missing_are_counted(tmp_path):
    source = open_source(folder_with(tmp_path, {"a.png": ["one"], "gone.png": ["two"], "lost.png": ["three"]}))
    assert "2 captions name photographs that are not there" in source.described
    assert source.sentences == (("one",), (), ())


@pytest.mark.parametrize("captions", ["{", "[1, 2]", '{"a.png": 3}', '{"a.png": ["one", 2]}'])
def test_a_caption_file_that_is_none_is_refused_in_a_sentence(tmp_path, captions):
    with pytest.raises(SourceError, match="captions.json in .* cannot be read"):
        open_source(folder_with(tmp_path, captions))


@pytest.mark.parametrize("name", ["captions.json", "classes.json"])
@pytest.mark.parametrize("place", [lambda folder: folder, zipped])
def test_a_list_in_another_encoding_is_refused_in_a_sentence(tmp_path, name, place):
    folder = folder_with(tmp_path, {"a.png": ["one"]})
    (folder / name).write_bytes('{"a.png": "Bär"}'.encode("latin-1"))
    with pytest.raises(SourceError, match=f"The {name} in .* cannot be read; .* Repair it or take it away."):
        open_source(place(folder))


@pytest.mark.parametrize("name", ["captions.json", "classes.json", "manifest.csv"])
def test_a_list_that_may_not_be_read_is_refused_in_a_sentence(tmp_path, name, monkeypatch):
    def refuse(path, **_):
        raise PermissionError(13, "Permission denied", str(path))

    folder = folder_with(tmp_path, {"a.png": ["one"]})
    (folder / "captions.json").rename(folder / name)
    monkeypatch.setattr(type(folder), "read_text", refuse)
    with pytest.raises(SourceError, match=r"The .* in .* cannot be read; .*epair it or take it away\.$"):
        open_source(folder)


@pytest.mark.parametrize("captions", [{}, {"gone.png": ["two"]}, {"a.png": []}])
def test_photographs_without_any_sentence_cannot_train_words(tmp_path, captions):
    source = open_source(folder_with(tmp_path, captions))
    pack(source, 8, tmp_path / "cache")
    with pytest.raises(SourceError, match="no sentences .* captions.json"):
        source.kept_sentences()


def test_photographs_stay_usable_without_captions(tmp_path):
    folder = folder_with(tmp_path, "")
    (folder / "captions.json").unlink()
    source = open_source(folder)
    assert source.sentences is None and len(source) == 3


def test_a_batch_holds_the_sentences_of_its_photographs():
    rng = np.random.default_rng(0)
    stack = rng.integers(0, 256, (100, 4, 4, 3), dtype=np.uint8)
    sentences = [[f"photo {index}"] if index % 3 else [] for index in range(100)]
    crops = Crops([stack], torch.device("cpu"), {"words": [sentences]})
    assert len(crops) == sum(index % 3 > 0 for index in np.flatnonzero(~held_out(stack)))
    raw = crops.raw(rng, np.arange(len(crops)), 4, 1.0)
    by_pixels = {stack[index].tobytes(): index for index in range(100)} | {
        stack[index, :, ::-1].tobytes(): index for index in range(100)
    }
    pixels = (raw["image"] * 255).round().byte().permute(0, 2, 3, 1).contiguous().numpy()
    assert [f"photo {by_pixels[picture.tobytes()]}" for picture in pixels] == [words[0] for words in raw["words"]]
    assert "words" not in Crops([stack], torch.device("cpu")).raw(rng, np.arange(3), 4, 1.0)
