"""A unit's page: its patches, its twin in another network, where it looks, and the photo of the strip."""

import base64
import shutil
import threading
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from ssl_core.steps import drained
from visualize.lab import Lab
from visualize.tabs import neurons_field, neurons_wall
from visualize.tabs.neurons_unit import facts_of, overlap

NAME, TWIN, OTHER = "colorization-rebalanced", "colorization-twin", "context-encoder-l2"


class TestUnit:
    def test_its_patches_are_the_strongest_in_order(self, ask, lab):
        page = ask("neuron_unit", unit=2, k=4)
        values = lab.index(NAME).peak("conv3")[:, 2].astype(float)
        assert [one["value"] for one in page["patches"]] == np.sort(values)[::-1][:4].tolist()
        assert [values[one["picture"]] for one in page["patches"]] == [one["value"] for one in page["patches"]]
        assert all(one["photo"] in lab.shelf for one in page["patches"])

    def test_what_is_lit_is_the_receptive_field(self, ask, lab, picture):
        page = ask("neuron_unit", unit=2)
        index = lab.index(NAME)
        for one in page["patches"]:
            assert one["at"] == list(divmod(int(index.peak_at("conv3")[one["picture"], 2]), index.grid["conv3"][1]))
            left, top, size, _ = neurons_wall.field_box(lab.model(NAME), "conv3", *one["at"])
            inside = min(128, left + size) - max(0, left), min(128, top + size) - max(0, top)
            side = picture(one["src"]).shape[0]
            np.testing.assert_allclose(np.array(one["lit"][2:]) * side, inside, atol=0.01)
            view = picture(one["view"]).shape[0]
            np.testing.assert_allclose(np.array(one["field"][2:]) * view, size, atol=0.01)
        assert page["reach"] == size

    def test_the_histogram_counts_the_whole_bank(self, ask, lab):
        told = ask("neuron_unit", unit=2)["histogram"]
        assert sum(told["counts"]) == told["total"] == len(lab.bank())
        assert told["top"] == pytest.approx(float(lab.index(NAME).peak("conv3")[:, 2].max()))

    def test_a_unit_that_never_fires_says_so(self, ask):
        page = ask("neuron_unit", unit=0)
        assert page["patches"] == [] and "none of the 16 pictures" in page["facts"][0]

    def test_it_names_what_it_detects_beside_chance(self, ask):
        assert any(
            "average precision" in fact and "chance 0.50" in fact for fact in ask("neuron_unit", unit=2)["facts"]
        )

    @pytest.mark.parametrize(("k", "count"), [(1, 1), (25, 16)])
    def test_as_many_patches_as_asked_for_or_there_are(self, ask, lab, k, count):
        fires = int((lab.index(NAME).peak("conv3")[:, 2] > 0).sum())
        page = ask("neuron_unit", unit=2, k=k)
        assert len(page["patches"]) == min(count, fires) and ("no more patches" in page["facts"]) == (fires < k)

    def test_a_unit_that_fires_on_one_picture_of_many_says_so(self):
        bench = SimpleNamespace(over_bank=lambda asked, what: np.ones(1))
        assert "fires on 1 of 644 pictures" in facts_of(bench, SimpleNamespace(unit=0), np.eye(644)[0])

    def test_spots_of_one_photo_lie_apart(self, home, asking, picture):
        lab = Lab()
        shutil.rmtree(home / "cache", ignore_errors=True)
        page = asking(lab)("neuron_unit", k=9, photo="chelsea", unit=3)
        boxes = [
            np.array([left, top, left + wide, top + high])
            for left, top, wide, high in (seen_in(one, picture) for one in page["patches"])
        ]
        assert len(boxes) > 1
        assert all(overlap(a, b) <= 0.3 for i, a in enumerate(boxes) for b in boxes[:i])


def seen_in(one: dict, picture) -> tuple[float, ...]:
    """The receptive field of a patch in pixels of the photo, from its place on the map: tiny networks have a stride of 4 at conv3."""
    y, x = one["at"]
    return (
        4 * x,
        4 * y,
        one["field"][2] * picture(one["view"]).shape[0],
        one["field"][3] * picture(one["view"]).shape[0],
    )


class TestFaceOff:
    def test_a_twin_has_the_same_unit(self, ask):
        answer = ask("neuron_face_off", versus=TWIN, unit=4)
        assert answer["unit"] == 4 and answer["correlation"] == pytest.approx(1, abs=1e-4)
        assert answer["pairs"][0] == answer["pairs"][1] and len(answer["pairs"][0]) == answer["pictures"] == 16

    def test_the_nearest_unit_correlates_most(self, ask, lab):
        answer = ask("neuron_face_off", versus=OTHER, unit=4)
        mine, theirs = (lab.index(name).peak("conv3").astype(float) for name in (NAME, OTHER))
        with np.errstate(invalid="ignore"):
            expected = np.nan_to_num([np.corrcoef(mine[:, 4], column)[0, 1] for column in theirs.T])
        assert answer["unit"] == expected.argmax()
        assert answer["correlation"] == pytest.approx(expected.max(), abs=1e-3)
        assert answer["patches"][0]["value"] == theirs[:, answer["unit"]].max()

    def test_it_waits_for_the_other_network(self, home, asking):
        lab = Lab(str(home / "photos"))
        shutil.rmtree(home / "cache", ignore_errors=True)
        drained(lab.index_steps(NAME))
        assert "both networks" in asking(lab)("neuron_face_off", versus=OTHER)["waiting"]


class TestField:
    def test_the_effective_field_lies_in_the_theoretical_one(self, ask, lab):
        page = ask("neuron_unit", unit=2)
        one = page["patches"][0]
        answer = ask("neuron_field", unit=2, picture=one["picture"])
        assert answer["at"] == one["at"]
        mask = np.array([mark == "1" for mark in answer["mask"]]).reshape(answer["rows"], answer["columns"])
        left, top, wide, high = np.array(one["field"]) * answer["columns"]
        inside = np.zeros_like(mask)
        inside[max(0, round(top)) : round(top + high), max(0, round(left)) : round(left + wide)] = True
        assert mask.any() and not (mask & ~inside).any()
        assert answer["told"].startswith("Effective, by occlusion")

    @pytest.mark.parametrize("number", [-1, 16, "3", None, 2.5])
    def test_pictures_that_are_none(self, ask, number):
        assert "pictures 0 to 15" in ask("neuron_field", picture=number)["error"]

    def test_a_class_that_asks_at_once_leaves_threads_for_the_page(self, ask, monkeypatch):
        monkeypatch.setattr(neurons_field, "IN_LINE", threading.BoundedSemaphore(1))
        with neurons_field.IN_LINE:
            assert "in a few seconds" in ask("neuron_field", unit=7, picture=0)["error"]
        assert "error" not in ask("neuron_field", unit=7, picture=0)


class TestPhoto:
    def test_the_map_is_that_of_the_network(self, ask, lab):
        from ssl_core.units import seen

        key = lab.keys[-1]
        answer = ask("neuron_photo", photo=key, unit=2)
        with torch.inference_mode():
            maps = lab.model(NAME).encoder(seen(lab.photo(key).pixels))["conv3"][0].numpy()
        found = np.frombuffer(base64.b64decode(answer["map"]), np.uint8).reshape(answer["rows"], answer["columns"])
        top = max(maps[2].max(), float(lab.index(NAME).peak("conv3")[:, 2].max()) / 2)
        np.testing.assert_allclose(found / 255, np.sqrt(np.clip(maps[2] / top, 0, 1)), atol=0.02)

    def test_the_loudest_come_first_each_against_its_own_average(self, ask, lab):
        answer = ask("neuron_photo")
        units, scores = [one["unit"] for one in answer["loudest"]], answer["scores"]
        firing = [unit for unit in np.argsort(-np.array(scores)).tolist() if unit != 0]
        assert units == firing[: len(units)] and 0 not in units
        assert len(scores) == 12

    def test_a_photo_that_is_gone_is_a_sentence(self, ask):
        assert "choose one from the strip" in ask("neuron_photo", photo="upload-0")["error"]
