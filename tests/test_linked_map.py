"""What the linked map is sent: coordinates, groups, small pictures."""

import base64

import numpy as np
from PIL import Image

from visualize.widgets.linked_map import groups_of, packed, thumbs_of
from visualize.widgets.posterior_lens import LensFiles


def coordinates(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<u2").reshape(-1, 2) / 32767.5 - 1


def test_more_groups_than_marks_become_others():
    of = np.repeat(np.arange(50), np.arange(50, 0, -1))
    colors = groups_of("Folder", [f"folder {i}" for i in range(50)], of)
    assert len(colors["names"]) == 32 and colors["names"][-1] == "others" and colors["names"][0] == "folder 0"
    assert np.bincount(np.frombuffer(base64.b64decode(colors["of"]), np.uint8))[-1] == sum(range(1, 20))


def test_coordinates_travel_finer_than_a_screen():
    xy = np.random.default_rng(0).uniform(-1, 1, (500, 2)).astype(np.float32)
    assert np.abs(coordinates(packed(xy)) - xy).max() < 1e-4


def test_each_small_picture_lies_in_its_place():
    colors = np.random.default_rng(0).integers(0, 255, (700, 3), np.uint8)
    files = LensFiles()  # the sheets live as long as this and the folder
    folder = files.folder()
    thumbs = thumbs_of((np.full((30, 30, 3), color, np.uint8) for color in colors), 700, folder)
    assert len(thumbs["sheets"]) == 2 and thumbs["rows"] == [16, 6]
    for index in (0, 33, 511, 512, 699):
        sheet = np.asarray(Image.open(thumbs["sheets"][index // thumbs["per_sheet"]])).astype(int)
        at, side = index % thumbs["per_sheet"], thumbs["side"]
        x, y = at % thumbs["columns"] * side + side // 2, at // thumbs["columns"] * side + side // 2
        assert np.abs(sheet[y, x] - colors[index]).max() < 30
