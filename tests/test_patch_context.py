"""Context as supervision: neighbours, pruning, ranked clusters, patches of a photograph, bad banks, and the bench."""

from dataclasses import replace

import numpy as np
import pytest

from ssl_core import bench_patches
from ssl_core.bank import Bank, Place, starter_bank
from ssl_core.patch_bank import Match, PatchError, _best_places, overlap, patch_bank_of, patch_bank_steps
from ssl_core.patch_clusters import discover_steps, members
from ssl_core.patch_query import first_box, fit_box, query_of, window_pixels
from ssl_core.pretexts.patch_context import Config
from ssl_core.steps import drained


def bank_of(rows, labels=None, places=None):
    places = places or tuple(Place(f"{index}.jpg", None) for index in range(len(rows)))
    return Bank(f"{len(rows)} photographs", "key", tuple(place.photo for place in places), labels, 0, rows, places, str)


def textures(count, side=128, seed=0):
    """Noise at several scales: edges everywhere, and none of them twice."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (count, side // 8, side // 8, 3), dtype=np.uint8)
    return coarse.repeat(8, 1).repeat(8, 2)


def with_thing(rows, thing, at):
    """The same pictures, in those that `at` names {index: (row, column)} in cells, with a thing pasted in."""
    rows = rows.copy()
    for index, (row, column) in at.items():
        rows[index, 8 * row : 8 * row + len(thing), 8 * column : 8 * column + len(thing)] = thing
    return rows


@pytest.fixture(scope="module")
def planted():
    """40 pictures of noise; eight of them hold the same thing, 12 x 12 cells, at different places."""
    thing = textures(1, 96, seed=7)[0]
    at = {index: (index % 4, index // 4) for index in range(8)}
    return patch_bank_of(bank_of(with_thing(textures(40), thing, at))), at


def test_what_is_alike_beats_stuff_and_what_is_not_does_not(planted):
    patches, at = planted
    seed = Match(0, at[0][0] + 4, at[0][1] + 4, 0.0)
    alike = [Match(index, row + 4, column + 4, 0.0) for index, (row, column) in at.items() if index]
    strange = [Match(index, 6, 6, 0.0) for index in range(20, 27)]
    good, bad = (patches.cluster(patches.query(seed), found) for found in (alike, strange))
    assert good.judgement.scores.min() > 0.3
    assert bad.consistency < 0 < good.consistency


def test_pruning_keeps_the_seed_and_those_that_agree(planted):
    patches, at = planted
    alike = [Match(index, row + 4, column + 4, 0.0) for index, (row, column) in at.items() if 0 < index < 7]
    mixed = [Match(20 + index, 6, 6, 0.0) for index in range(8)]
    mixed[1:1] = alike
    query = patches.query(Match(0, at[0][0] + 4, at[0][1] + 4, 0.0))
    cluster = patches.cluster(query, mixed)
    assert cluster.members[0] == 0 and len(cluster.members) == patches.config.kept + 1
    assert {mixed[index - 1].picture for index in cluster.members[1:]} == {match.picture for match in alike}
    assert len(cluster.first.scores) == len(mixed) + 1


def test_a_patch_is_its_own_nearest_neighbour_but_never_chosen(planted):
    patches, at = planted
    seed = Match(0, at[0][0] + 4, at[0][1] + 4, 0.0)
    query = patches.query(seed)
    stranger = patches.nearest([query._replace(photo=-1)])[0]
    assert stranger[0][:3] == seed[:3] and stranger[0].distance < 1e-4
    chosen = patches.nearest([query])[0]
    assert all(match.picture != 0 for match in chosen)
    assert len(chosen) == patches.config.candidates
    planted_there = {(index, row + 4, column + 4) for index, (row, column) in at.items()} - {seed[:3]}
    assert {match[:3] for match in chosen[:7]} == planted_there
    assert {match[:3] for match in patches.nearest([query], large=True)[0][:7]} == planted_there


def test_distances_are_those_of_a_brute_force_search():
    rng = np.random.default_rng(0)
    cells = rng.random((3, 7, 7, 9)).astype(np.float16)
    filters, counted = rng.random((2, 3, 3, 9), dtype=np.float32), (rng.random((2, 3, 3)) > 0.2).astype(np.float32)
    center = cells.mean((0, 1, 2), dtype=np.float32)
    distance, place = _best_places(cells, filters, counted, center)
    for q in range(2):
        for n in range(3):
            every = []
            for y, x in np.ndindex(5, 5):
                pair = cells[n, y : y + 3, x : x + 3].astype(np.float32), filters[q]
                one, other = (((part - center) * counted[q][..., None]).ravel() for part in pair)
                every.append(1 - one @ other / np.sqrt((one @ one) * (other @ other)))
            assert place[q, n] == int(np.argmin(every)) and distance[q, n] == pytest.approx(min(every), abs=1e-3)


def test_one_photograph_gives_few_patches_and_none_overlap():
    patches = drained(patch_bank_steps(starter_bank()))
    query = patches.query(Match(100, 5, 5, 0.0))
    chosen = patches.nearest([query])[0]
    places = [(int(patches.photo[match.picture]), patches.box(match)) for match in chosen]
    assert max(sum(photo == one for photo, _ in places) for one, _ in places) <= 3
    for index, (photo, box) in enumerate([*places, (query.photo, query.box)]):
        assert not any(photo == other and overlap(box, there) for other, there in places[:index])


class TestQuery:
    def test_a_patch_of_the_bank_is_found_again_in_the_photograph(self):
        """The window cut from a photograph at the place of a bank's patch has nearly the bank's cells."""
        patches = patch_bank_of(bank_of(textures(8)))
        match = Match(3, 6, 5, 0.0)
        left, top, side = patches.box(match)
        photo = patches.bank.pixels(3)
        query = query_of(
            photo, fit_box(((left + side / 2) / 128, (top + side / 2) / 128), side / 128, 128, 128), patches.config
        )
        expected = patches.query(match)
        inside = expected.visible & query.visible
        assert inside.sum() > 100
        assert np.abs(query.window - expected.window)[inside].mean() < 0.02

    def test_the_patch_stays_in_the_photograph(self):
        assert fit_box((0, 1), 0.2, 200, 300) == (0, 160, 40)
        assert fit_box((0.5, 0.5), 0.1, 100, 300).side == 32  # never below the least

    def test_what_lies_outside_is_not_visible(self):
        pixels, inside = window_pixels(textures(1)[0], fit_box((0, 0.5), 0.25, 128, 128), Config())
        assert pixels.shape == (112, 112, 3)
        assert not inside[:, :4].any() and inside[:, 4:].all()

    def test_the_first_patch_lies_where_the_edges_are(self):
        photo = np.full((200, 300, 3), 128, np.uint8)
        photo[120:160, 180:220] = textures(1, 40)[0]
        left, top, side = first_box(photo, 0.2, Config())
        assert 160 <= left + side / 2 <= 240 and 100 <= top + side / 2 <= 180


class TestBadInput:
    def test_two_photographs_are_too_few(self):
        with pytest.raises(PatchError, match="at least 4 photographs"):
            drained(patch_bank_steps(bank_of(textures(2))))

    def test_flat_photographs_have_no_patches(self):
        flat = np.full((5, 128, 128, 3), 90, np.uint8)
        with pytest.raises(PatchError, match="no edges"):
            patch_bank_of(bank_of(flat))
        with pytest.raises(PatchError, match="photo is flat"):
            first_box(flat[0], 0.2, Config())
        with pytest.raises(PatchError, match="patch is flat"):
            query_of(flat[0], fit_box((0.5, 0.5), 0.2, 128, 128), Config())

    def test_a_tiny_photograph_is_named_with_its_size(self):
        with pytest.raises(PatchError, match="20 x 30 pixels"):
            fit_box((0.5, 0.5), 0.2, 30, 20)

    def test_too_few_neighbours_are_said(self, planted):
        patches, _ = planted
        with pytest.raises(PatchError, match="Only 2 patches"):
            patches.cluster(patches.query(Match(0, 4, 4, 0.0)), [Match(1, 4, 4, 0.0), Match(2, 4, 4, 0.0)])


def test_clusters_are_ranked_and_the_planted_thing_comes_first(planted):
    patches, at = planted
    progress, found = [], []
    work = discover_steps(patches, count=60)
    while True:
        try:
            progress.append(next(work))
        except StopIteration as finished:
            found = finished.value
            break
    assert progress[-1].done == progress[-1].total == 60
    sums = [one.cluster.consistency for one in found]
    assert sums == sorted(sums, reverse=True) and sums[0] > 0 > sums[-1]
    assert {match.picture for match in members(found[0])} <= set(at)


def test_the_search_is_the_same_again(planted):
    patches, _ = planted
    once, again = (drained(discover_steps(patches, count=16, seed=3)) for _ in range(2))
    assert [one.seed for one in once] == [one.seed for one in again]


class TestBench:
    def test_labels_that_belong_to_things_make_pruned_clusters_purer(self):
        """Pictures of one label share a thing of 12 x 12 cells; small decoys of its middle are everywhere."""
        rows, labels = textures(60), np.array(["noise"] * 60, dtype=object)
        for kind in range(3):
            thing = textures(1, 96, seed=50 + kind)[0]
            rows = with_thing(rows, thing, {10 * kind + i: (2, 2) for i in range(8)})
            labels[10 * kind : 10 * kind + 8] = f"thing {kind}"
        decoy = {30 + i: (1 + i % 8, 6) for i in range(24)}
        rows = with_thing(rows, rows[0, 48:80, 48:80], decoy)
        found = bench_patches.figures(rows, labels, 80)
        assert found["best_pruned_percent"] > found["best_chance_percent"] + 20
        assert found["best_pruned_percent"] >= found["pruned_percent"]
        assert found["labels"] == 4 and found["seeds"] == 80

    def test_a_report_is_written_from_a_zip_with_labels(self, tmp_path):
        from PIL import Image

        for index, picture in enumerate(textures(105)):
            folder = tmp_path / "set" / "things" / f"kind {index % 5}"
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture).save(folder / f"{index}.png")
        made = bench_patches.report(str(tmp_path / "set"), None, None)
        assert "set, all splits," in made.measured_on  # there is no val split
        assert made.rows[0]["part"] == "things, 105" and made.rows[0]["labels"] == 5
        assert "purer on" in made.remarks[0] and "things, 105" in made.markdown()

    def test_photographs_without_labels_are_refused(self):
        from ssl_core.sources import SourceError

        with pytest.raises(SourceError, match="a folder for each label"):
            bench_patches.labelled_parts("starter", "train")


def test_sizes_are_ones_that_fit_a_photograph():
    from ssl_core.pretexts import PRETEXTS

    for config in PRETEXTS["patch-context"].sizes.values():
        assert config.window * config.cell <= config.side
        assert replace(config, ring=1).window == config.patch + 2
