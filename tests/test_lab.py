"""The lab behind the page: photographs, uploads, kept work, and one visitor's photo that stays that visitor's own."""

import io
import threading
import time
import zipfile
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from ssl_core import checkpoint, pretexts
from ssl_core.photo import PhotoError
from ssl_core.sources import SourceError
from visualize.lab import LONGEST_SIDE, Lab, Recent
from visualize.widgets import photo_strip


@pytest.fixture(scope="module")
def lab() -> Lab:
    return Lab()


def png(seed: int, height: int = 30, width: int = 40) -> bytes:
    """A colour picture of noise as the bytes of a PNG file."""
    data = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(data, "PNG")
    return data.getvalue()


def test_the_strip_opens_with_fourteen_colour_photographs_or_more(lab):
    photos = [lab.photo(key) for key in lab.keys]
    assert sum(photo.has_color for photo in photos) >= 14
    assert len(set(lab.keys)) == len(lab.keys)
    for photo in photos:
        assert photo.pixels.dtype == np.uint8 and photo.pixels.shape[2] == 3
        assert max(photo.pixels.shape[:2]) <= LONGEST_SIDE
        assert photo.name and photo.credit and photo.terms


def test_a_photograph_is_read_once(lab):
    assert lab.photo(lab.keys[0]) is lab.photo(lab.keys[0])


@pytest.mark.parametrize("key", ["no-such-photo", "", "upload-" + "0" * 24, "../../etc/passwd"])
def test_an_unknown_key_gets_a_sentence(lab, key):
    with pytest.raises(PhotoError, match=r"choose one .*\.$"):
        lab.photo(key)


def test_an_upload_is_found_by_its_key_and_stands_in_no_strip(lab):
    data = png(1)
    photo = lab.add(data)
    assert photo.key.startswith("upload-") and len(photo.key) == len("upload-") + 24
    assert lab.photo(photo.key) is photo and lab.add(data) is photo
    assert photo.key not in lab.keys and photo.key not in Lab().keys
    np.testing.assert_array_equal(photo.pixels, np.asarray(Image.open(io.BytesIO(data))))


def test_a_second_visitor_lab_does_not_hold_the_first_ones_photo(lab):
    key = lab.add(png(2)).key
    with pytest.raises(PhotoError):
        Lab().photo(key)


def test_a_key_cannot_be_made_from_the_photo_alone(lab):
    assert lab.add(png(2)).key != Lab().add(png(2)).key


def test_old_uploads_are_forgotten(lab):
    first = lab.add(png(3)).key
    for seed in range(lab.uploads.size):
        lab.add(png(1000 + seed, 16, 16))
    with pytest.raises(PhotoError, match="no longer here"):
        lab.photo(first)


def test_a_large_upload_is_reduced_and_a_bad_one_named(lab):
    assert max(lab.add(png(4, 700, 1400)).pixels.shape[:2]) == LONGEST_SIDE
    with pytest.raises(PhotoError, match="1920 x 28 pixels and is shown with 640 .* less narrow"):
        lab.add(png(4, 28, 1920))
    with pytest.raises(PhotoError):
        lab.add(b"not a picture")


def test_only_files_that_were_uploaded_here_are_read(lab, tmp_path):
    outside = tmp_path / "private.png"
    outside.write_bytes(png(5))
    for path in (str(outside), "/etc/passwd", "", "..", "no-such-file.png"):
        with pytest.raises(PhotoError, match="did not arrive"):
            photo_strip.take_in(lab, {"path": path}, Recent(4))
    assert outside.exists()


def test_an_uploaded_file_is_deleted_once_it_has_been_read(lab):
    taken = Recent(4)
    folder = Path(gr.utils.get_upload_folder()) / "test-upload"
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in (("good.png", png(6)), ("bad.png", b"text")):
        path = folder / name
        path.write_bytes(data)
        answer = photo_strip.answer(lambda path=path: photo_strip.take_in(lab, {"path": str(path)}, taken))
        assert not path.exists()
        assert ("src" in answer) == (name == "good.png") and ("error" in answer) == (name == "bad.png")
    # who uploaded the same picture may ask for it only now
    assert photo_strip.take_in(lab, {"path": str(folder / "good.png")}, taken).key.startswith("upload-")


def test_work_is_done_once_however_many_ask_for_it(lab):
    calls, results = [], []

    def make() -> object:
        calls.append(1)
        time.sleep(0.05)
        return object()

    askers = [threading.Thread(target=lambda: results.append(lab.keep(("slow", 1), make))) for _ in range(8)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert len(calls) == 1 and len(set(map(id, results))) == 1


def test_an_error_reaches_the_asker_and_is_not_kept(lab):
    with pytest.raises(ZeroDivisionError):
        lab.keep(("fails", 1), lambda: 1 / 0)
    assert lab.keep(("fails", 1), lambda: "works now") == "works now"


def test_recent_forgets_the_one_unused_for_longest():
    recent = Recent(2)
    recent.keep("a", lambda: 1)
    recent.keep("b", lambda: 2)
    recent.get("a")
    recent.keep("c", lambda: 3)
    assert recent.get("b") is None and recent.get("a") == 1 and recent.get("c") == 3


def test_a_folder_of_ones_own_comes_first(tmp_path):
    (tmp_path / "sub").mkdir()
    for name in ("Sea side.png", "sub/Sea side.png"):
        (tmp_path / name).write_bytes(png(7))
    (tmp_path / "broken.png").write_bytes(b"\x89PNG broken")
    lab = Lab(str(tmp_path))
    mine = [key for key in lab.keys if key.startswith("folder-")]
    assert lab.keys[: len(mine)] == tuple(mine)
    assert {"folder-sea-side", "folder-sea-side-2"} <= set(mine)
    assert lab.photo("folder-sea-side").pixels.shape == (30, 40, 3)
    with pytest.raises(PhotoError):
        lab.photo("folder-broken")


def test_names_without_a_latin_letter_open_quickly_and_stay_apart(tmp_path):
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as pack:
        for number in range(8000):
            pack.writestr(f"{chr(0x4E00 + number)}.png", b"")
    began = time.process_time()
    lab = Lab(str(tmp_path / "photos.zip"))
    assert time.process_time() - began < 3  # of which each name after all others would take more than twice as much
    assert len(set(lab.file_keys.values())) == 8000


def test_a_folder_that_is_a_dot_has_its_name(tmp_path, monkeypatch):
    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday" / "sea.png").write_bytes(png(7))
    monkeypatch.chdir(tmp_path / "holiday")
    assert Lab(".").about("folder-sea")["credit"] == "from holiday"


def test_a_folder_that_is_not_there_is_named():
    with pytest.raises(SourceError, match="no-such-folder"):
        Lab("no-such-folder")


def test_models_are_found_by_method_without_torch(lab, tmp_path, monkeypatch):
    for name in ("context-encoder-l2", "colorization-rebalanced"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(tmp_path))
    assert lab.models("context-encoder") == ("context-encoder-l2",)
    assert lab.models("context") == () and lab.models("split-brain") == ()


def test_warming_loads_and_runs_every_model_and_passes_over_a_damaged_one(lab, tmp_path, monkeypatch):
    names = ("context-encoder-l2", "colorization-regression")
    for name in names:
        checkpoint.save(pretexts.build(name, "tiny"), tmp_path / name, {"rank": 0})
    (tmp_path / "colorization-broken").mkdir()
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(tmp_path))
    ran = []
    for pretext in pretexts.PRETEXTS.values():
        panels = pretext.panels
        monkeypatch.setattr(
            pretext, "panels", lambda *given, panels=panels: ran.append(given[0].name) or panels(*given)
        )
    lab._warm()
    assert sorted(ran) == sorted(names)
