"""The wall of the tab "Neurons": which networks, which values, which tiles."""

import shutil

import numpy as np
import pytest

from ssl_core.steps import drained
from visualize.lab import Lab
from visualize.tabs import neurons_wall

NAME, TWIN, OTHER = "colorization-rebalanced", "colorization-twin", "context-encoder-l2"
LABELS = ("dark", "light")


class TestWall:
    def test_every_network_with_units_is_listed(self, ask):
        answer = ask("neuron_networks")
        assert [one["name"] for one in answer["networks"]] == [NAME, TWIN, OTHER]
        assert answer["start"] == NAME

    def test_one_more_folder_is_one_more_network(self, home, tmp_path, monkeypatch, asking):
        shutil.copytree(home / "models" / NAME, tmp_path / "models" / NAME)
        monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(tmp_path / "models"))
        ask = asking(Lab())
        assert len(ask("neuron_networks")["networks"]) == 1
        shutil.copytree(home / "models" / OTHER, tmp_path / "models" / OTHER)
        assert [one["name"] for one in ask("neuron_networks")["networks"]] == [NAME, OTHER]
        assert ask("neuron_wall", model=OTHER)["count"] == 12

    def test_its_values_are_those_of_the_index(self, ask, lab):
        wall = ask("neuron_wall")
        peak = lab.index(NAME).peak("conv3").astype(float).max(axis=0)
        np.testing.assert_allclose(wall["values"]["peak"], peak, rtol=1e-3)
        assert wall["indexed"] and wall["count"] == len(peak)
        assert wall["values"]["sparsity"][0] is None  # it never fires
        assert all(0 <= value <= 1 for value in wall["values"]["sparsity"][1:] if value is not None)
        assert [one["name"] for one in wall["stages"]] == list(lab.model(NAME).encoder.widths)

    def test_a_tile_is_the_receptive_field_in_the_picture_that_excites_the_unit_most(self, ask, lab, picture):
        index, bank, unit = lab.index(NAME), lab.bank(), 5
        tiles = picture(ask("neuron_wall")["sheet"])
        found = tiles[:56, unit * 56 : (unit + 1) * 56]
        best = int(index.peak("conv3")[:, unit].astype(float).argmax())
        y, x = divmod(int(index.peak_at("conv3")[best, unit]), index.grid["conv3"][1])
        expected = neurons_wall.tile(bank.pixels(best), lab.model(NAME), "conv3", (y, x)).astype(int)
        assert np.abs(found - expected).mean() < 12  # JPEG
        left, top, size, _ = neurons_wall.field_box(lab.model(NAME), "conv3", y, x)
        part = bank.pixels(best)[max(0, top) : top + size, max(0, left) : left + size].astype(int)
        assert np.abs(found.mean(axis=(0, 1)) - part.mean(axis=(0, 1))).max() < 15

    def test_labels_give_detectors_with_a_count(self, ask):
        wall = ask("neuron_wall", stage="conv1")
        detecting = sum(
            value >= 0.75 for value in wall["values"]["label"]
        )  # of two labels, half of the way from chance to 1
        assert wall["detecting"].startswith(f"{detecting} of 8 units detect something")
        assert wall["detecting"].endswith("and three times chance, or half of the way from chance to 1.")
        assert set(wall["label"]) <= set(LABELS)
        assert max(wall["values"]["label"]) > 0.9  # brightness is told by some unit

    def test_without_labels_it_says_where_they_would_come_from(self, asking):
        lab = Lab()
        drained(lab.index_steps(NAME))
        wall = asking(lab)("neuron_wall")
        assert wall["values"]["label"] is None and "--photos" in wall["detecting"] and not wall["labelled"]

    def test_filters_come_with_the_first_stage_only(self, ask):
        assert ask("neuron_wall", stage="conv1")["filters"].startswith("data:image/jpeg")
        assert ask("neuron_wall")["filters"] is None

    def test_the_first_stage_shown_sees_a_part_of_a_picture(self, ask):
        assert ask("neuron_wall", stage=None)["stage"] == "conv5"  # tiny networks see little

    @pytest.mark.parametrize("link", [{"stage": "conv9"}, {"stage": ["conv1"]}, {"unit": 9999}])
    def test_a_link_to_what_this_network_has_not_shows_its_wall(self, ask, link):
        wall = ask("neuron_wall", **link)
        assert wall["stage"] in ("conv3", "conv5") and wall["count"] > 0

    def test_before_the_bank_is_indexed_it_is_made_from_the_photo(self, home, asking, picture):
        shutil.rmtree(home / "cache", ignore_errors=True)
        ask = asking(Lab(str(home / "photos")))
        wall = ask("neuron_wall")
        page = ask("neuron_unit", unit=int(np.argmax(wall["values"]["peak"])))
        assert not wall["indexed"] and wall["values"]["sparsity"] is None
        assert picture(wall["sheet"]).shape == (56, 16 * 56, 3)
        assert page["patches"][0]["value"] == pytest.approx(max(wall["values"]["peak"]), rel=1e-3)
        assert "histogram" not in page and "keep" not in page

    def test_a_photo_that_cannot_be_read_is_told_and_a_starter_photograph_stands_in(self, home, asking, picture):
        shutil.rmtree(home / "cache", ignore_errors=True)
        wall = asking(Lab(str(home / "photos")))("neuron_wall", photo="upload-0")
        assert "choose one from the strip" in wall["notice"] and "China" in wall["told"]
        assert wall["photo"] == "china" and picture(wall["sheet"]).shape == (56, 16 * 56, 3)
