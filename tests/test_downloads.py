"""Data sets that torchvision downloads: kept whole or begun anew, and then folders like any other."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ssl_core import downloads
from ssl_core.sources import open_source
from tests.test_sources import fill, refused


def test_without_a_network_a_download_says_what_to_do(tmp_path, monkeypatch):
    def offline(datasets, folder):
        raise OSError("Name or service not known")

    monkeypatch.setenv("PRETEXT_LAB_CACHE", str(tmp_path))
    monkeypatch.setattr(downloads, "_imagenette", offline)
    assert "connect to the internet" in refused("imagenette")


def test_a_downloaded_set_is_a_folder_like_any_other(tmp_path, monkeypatch):
    asked = []

    def imagenette(root, split, size, download):
        asked.append(size)
        fill(Path(root) / "imagenette2-160", {"train/n1/a.png": 1, "train/n2/b.png": 2, "val/n1/c.png": 3})

    monkeypatch.setenv("PRETEXT_LAB_CACHE", str(tmp_path))
    monkeypatch.setattr(downloads.import_torchvision().datasets, "Imagenette", imagenette)
    assert open_source("imagenette").labels == ("n1", "n2")
    assert len(open_source("imagenette", "val")) == 1
    assert asked == ["160px"]


@pytest.mark.parametrize("part", [{"val/n01440764/c.JPEG": 3}, {"train/n01440764/a.JPEG": 1}])
def test_what_was_not_unpacked_to_the_end_is_begun_anew(tmp_path, monkeypatch, part):
    whole = {"train/n01440764/a.JPEG": 1, "train/n02102040/b.JPEG": 2, "val/n01440764/c.JPEG": 3}

    def interrupted(url, root, **_):
        (Path(root) / "imagenette2-160.tgz").touch()
        fill(Path(root) / "imagenette2-160", part)
        raise KeyboardInterrupt

    def unpacked(url, root, **_):
        assert (Path(root) / "imagenette2-160.tgz").exists(), "a finished archive is not downloaded twice"
        fill(Path(root) / "imagenette2-160", whole)

    monkeypatch.setenv("PRETEXT_LAB_CACHE", str(tmp_path))
    place = f"{downloads.import_torchvision().datasets.Imagenette.__module__}.download_and_extract_archive"
    monkeypatch.setattr(place, interrupted)
    with pytest.raises(KeyboardInterrupt):
        open_source("imagenette")
    monkeypatch.setattr(place, unpacked)
    assert len(open_source("imagenette", "all")) == 3
    monkeypatch.setattr(place, None)  # nobody asks again
    assert len(open_source("imagenette", "all")) == 3


def test_stl10_is_unpacked_to_pictures(tmp_path):
    class Archive:
        """torchvision's STL10 as `_stl10` reads it: `data` (N, 3, 96, 96) uint8, `labels`, `classes`."""

        classes = ("airplane", "bird")

        def __init__(self, root, split, download):
            self.data = np.zeros((2, 3, 96, 96), np.uint8)
            self.data[1, 0] = 200
            self.labels = np.array([0, 1])

        def __len__(self):
            return 2

    downloads._stl10(SimpleNamespace(STL10=Archive), tmp_path)
    source = open_source(tmp_path)
    assert source.labels == ("airplane", "bird") and source.read(1)[0, 0].tolist() == [200, 0, 0]
    assert len(open_source(tmp_path, "val")) == 2
