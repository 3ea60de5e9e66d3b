"""Tab Context without a browser: what it hands to the page, and what it says of bad photographs and banks."""

import io

import numpy as np
import pytest
from PIL import Image

from ssl_core.steps import drained
from visualize.lab import Lab
from visualize.tabs import patch_context, patch_context_scene
from visualize.tabs.patch_context_scene import middles, read_patch

PHOTO = "tower"


@pytest.fixture(scope="module")
def lab():
    return Lab()


@pytest.fixture(scope="module")
def scenes(lab):
    return list(patch_context.show(lab, PHOTO, ""))


def png(pixels) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def noise(side=128, seed=0):
    coarse = np.random.default_rng(seed).integers(0, 256, (side // 8, side // 8, 3), dtype=np.uint8)
    return coarse.repeat(8, 0).repeat(8, 1)


def folder_of(path, count):
    for index in range(count):
        Image.fromarray(noise(seed=index)).save(path / f"{index}.png")
    return str(path)


def test_the_photo_comes_first_and_the_answer_last(scenes):
    first, last = scenes[0]["scene"], scenes[-1]
    assert first["photo"]["src"].startswith("data:image/jpeg") and "rows" not in first
    assert [row["name"] for row in last["scene"]["rows"]] == ["small", "pruned", "large"]
    assert all(len(row["tiles"]) == 6 for row in last["scene"]["rows"])
    assert last["spots"]["key"] == PHOTO and len(last["spots"]["spots"]) > 10


def test_it_starts_where_the_context_is_foretold_best(scenes):
    last = scenes[-1]
    x, y, _ = read_patch(last["scene"]["patch"], PHOTO)
    inner = [spot for spot in last["spots"]["spots"] if 0.2 <= spot["x"] <= 0.8 and 0.2 <= spot["y"] <= 0.8]
    best = max(inner, key=lambda spot: spot["score"])
    assert (x, y) == (best["x"], best["y"])


def test_marks_scores_and_sums_belong_together(scenes):
    small, pruned, large = scenes[-1]["scene"]["rows"]
    kept = {tile["src"] for tile in pruned["tiles"]}
    assert all(tile["pruned"] != (tile["src"] in kept) for tile in small["tiles"])
    assert small["consistency"] is None
    assert np.isfinite([pruned["consistency"], large["consistency"]]).all()


def test_no_neighbour_overlaps_the_patch_in_its_own_photo(scenes):
    x, y, side = read_patch(scenes[-1]["scene"]["patch"], PHOTO)
    photo = scenes[-1]["scene"]["photo"]
    short = min(photo["width"], photo["height"])
    for row in scenes[-1]["scene"]["rows"]:
        for tile in row["tiles"]:
            if tile.get("key") == PHOTO:
                u, v, width = map(float, tile["patch"].split(","))
                apart = max(abs(u - x) * photo["width"], abs(v - y) * photo["height"])
                assert apart >= 0.49 * (side + width) * short


def test_a_moved_patch_is_answered(lab, scenes):
    update = patch_context.move(lab, PHOTO, f"0.5,0.6,0.25@{PHOTO}")
    assert update["scene"]["patch"] == f"0.5,0.6,0.25@{PHOTO}" and len(update["scene"]["rows"]) == 3
    skipped = patch_context.move(lab, PHOTO, "0.5,0.6,0.25@lion")
    assert "scene" not in skipped


def test_a_moved_patch_is_answered_however_many_networks_others_look_at(lab, scenes):
    for number in range(50):
        lab.indexes.keep(("a network", number), object)
    assert patch_context.move(lab, PHOTO, f"0.5,0.6,0.25@{PHOTO}")["scene"]["rows"]


@pytest.mark.parametrize(
    "code", ["", None, "x", "1,2", f"nan,0.5,0.2@{PHOTO}", f"0.5,0.5,7@{PHOTO}", f"0.5,0.5,0.2,1@{PHOTO}"]
)
def test_codes_that_are_none_are_no_patch(code):
    assert read_patch(code, PHOTO) is None


def test_clusters_are_told_best_first(lab):
    updates = list(patch_context.find(lab))
    assert any("working" in update["ranking"] for update in updates)
    told = updates[-1]["ranking"]
    sums = [cluster["consistency"] for cluster in told["clusters"]]
    assert sums == sorted(sums, reverse=True) and all(one > 0 for one in sums)
    assert all(cluster["consistency"] <= 0 for cluster in told["worst"])
    assert told["found"] + told["discarded"] > 5
    assert len(list(patch_context.find(lab))) < len(updates)  # the second time they are there


class TestBadInput:
    def test_a_flat_photo(self, lab):
        key = lab.add(png(np.full((200, 300, 3), 120, np.uint8))).key
        assert "flat" in list(patch_context.show(lab, key, ""))[-1]["scene"]["message"]

    def test_a_photo_smaller_than_a_patch(self, lab):
        key = lab.add(png(noise(24))).key
        scene = list(patch_context.show(lab, key, ""))[-1]["scene"]
        assert "24 x 24 pixels" in scene["message"] and "larger" in scene["message"]

    def test_a_flat_patch_leaves_the_photo_and_the_rest(self, lab, scenes):
        pixels = np.full((256, 256, 3), 120, np.uint8)
        pixels[128:] = noise(256)[128:]
        key = lab.add(png(pixels)).key
        *_, last, mapped = patch_context.show(lab, key, f"0.5,0.15,0.2@{key}")
        assert "scene" not in mapped and mapped["spots"]["spots"]  # the hand may have gone on
        assert "This patch is flat" in last["scene"]["problem"] and "message" not in last["scene"]
        assert "rows" in patch_context.move(lab, key, f"0.5,0.75,0.2@{key}")["scene"]

    def test_an_unknown_photo(self, lab):
        assert "upload it again" in list(patch_context.show(lab, "upload-" + "0" * 24, ""))[-1]["scene"]["message"]

    def test_two_photos_only(self, tmp_path):
        lab = Lab(folder_of(tmp_path, 2))
        scene = list(patch_context.show(lab, lab.keys[0], ""))[-1]["scene"]
        assert "at least 4 photographs" in scene["message"] and scene["photo"]
        assert "at least 4 photographs" in list(patch_context.find(lab))[-1]["ranking"]["message"]

    def test_a_bank_that_changes_under_the_tab(self, tmp_path, monkeypatch):
        monkeypatch.setattr("ssl_core.bank.LOOK_AGAIN", 0.0)
        lab = Lab(folder_of(tmp_path, 6))
        first = list(patch_context.show(lab, lab.keys[0], ""))[-1]["scene"]
        assert first["note"] == "" and len(first["rows"]) == 3
        Image.fromarray(noise(seed=9)).save(tmp_path / "one more.png")
        (tmp_path / "5.png").unlink()
        x = patch_context.move(lab, lab.keys[0], f"0.4,0.5,0.3@{lab.keys[0]}")["scene"]
        assert "changed" in x["note"] and len(x["rows"]) == 3

    def test_own_photo_of_a_folder_is_no_neighbour_of_itself(self, tmp_path):
        lab = Lab(folder_of(tmp_path, 6))
        scene = list(patch_context.show(lab, lab.keys[2], ""))[-1]["scene"]
        own = lab.about(lab.keys[2])["name"]
        assert all(tile["name"] != own for row in scene["rows"] for tile in row["tiles"])


def test_the_map_covers_the_photo(lab):
    patches = drained(patch_context_scene.patches_steps(lab))
    spots = patch_context_scene.map_of(lab, patches, "chelsea")
    height, width = lab.photo("chelsea").pixels.shape[:2]
    half = patch_context_scene.START / 2 * min(height, width)
    assert min(spot["x"] for spot in spots) == pytest.approx(half / width, abs=0.01)
    assert max(spot["y"] for spot in spots) == pytest.approx(1 - half / height, abs=0.01)
    assert len({(spot["x"], spot["y"]) for spot in spots}) == len(spots)
    assert middles(40, 40, 10) == [0.5]
