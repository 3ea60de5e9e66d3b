"""Tab Feature map without a browser: what arrives in which order, what ends early, what is told, and its endpoint for programs."""

import base64
import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from ssl_core import checkpoint, shipped_layouts
from ssl_core.neighbors import unit_length
from ssl_core.pretexts import build
from ssl_core.steps import drained
from visualize.lab import Lab
from visualize.tabs import feature_map, feature_map_api
from visualize.tabs.feature_map_asked import read
from visualize.tabs.feature_map_work import Maps, sources

MODELS = ("context-encoder-l2", "colorization-regression")
COUNT = 36


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoints")
    for rank, name in enumerate(MODELS):
        checkpoint.save(build(name, "tiny"), folder / name, {"rank": rank})
    return folder


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    """Pictures in two folders: waves of one colour, and of another."""
    folder, rng = tmp_path_factory.mktemp("photos"), np.random.default_rng(0)
    for i in range(COUNT):
        x = np.linspace(0, rng.uniform(3, 30), 140)
        wave = (np.sin(x)[None, :, None] * 0.3 + 0.5) * np.array([[[0.9, 0.5, 0.2], [0.2, 0.4, 0.9]][i % 2]])
        pixels = np.clip(wave + 0.05 * rng.normal(size=(130, 140, 3)), 0, 1)
        path = folder / ("warm", "cold")[i % 2] / f"wave {i}.jpg"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray((255 * pixels).astype(np.uint8)).save(path)
    return folder


@pytest.fixture
def maps(models, photos, monkeypatch) -> Maps:
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(models))
    return Maps(Lab(str(photos)))


def ask(**asked) -> dict:
    return {"turn": 1, "client": "one", "layout": "pca", "model": MODELS[0], "other": MODELS[1]} | asked


def drawn(maps: Maps, photo: str | None = None, **asked) -> tuple[list[dict], list[dict]]:
    """All updates of the controls and of the map, without what gr.update adds."""
    updates = list(feature_map.draw(maps, photo or maps.lab.keys[0], ask(**asked)))
    return [dict(one) for one, _ in updates], [dict(other) for _, other in updates]


def last(updates: list[dict], name: str):
    return [update[name] for update in updates if update.get(name) is not None][-1]


def coordinates(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<u2").reshape(-1, 2) / 32767.5 - 1


def test_everything_arrives_and_the_first_update_shows_the_pictures(maps):
    controls, shown = drawn(maps)
    first = next(update for update in shown if update.get("points"))
    assert first["points"]["thumbs"]["sheets"] and Path(first["points"]["about"]).is_file()
    layout = last(shown, "layout")
    assert coordinates(layout["xy"]).shape == coordinates(layout["other"]).shape == (COUNT, 2)
    assert layout["names"] == ["Context encoder, L2, conv5", "Colorization, regression, conv5"]
    assert last(shown, "colors")["names"] == ["cold", "warm"]  # labels, because the folders name them
    status = controls[-1]["status"]
    assert status["done"] and status["turn"] == 1 and not status["problem"]
    assert [one["k"] for one in last(controls, "faith")] == [10, 10]
    known = last(controls, "known")
    assert [name for name, _ in known["models"]] == list(MODELS) and known["stages"][MODELS[0]][-1] == "conv5"
    assert known["chosen"]["stage"] == "conv5" and not known["patches"]


def test_the_table_of_points_names_files_and_labels(maps):
    about = json.loads(Path(last(drawn(maps)[1], "points")["about"]).read_text())
    assert sorted(about["columns"]["file"]) == sorted(maps.lab.bank().names)
    assert set(about["columns"]["label"]) == {"warm", "cold"}


def test_a_growing_map_is_shown_and_the_second_time_is_at_hand(maps, monkeypatch):
    monkeypatch.setattr(maps.lab.work, "watch", lambda key, make: make())  # every step, however quick the work
    _, shown = drawn(maps, layout="tsne", other="")
    layouts = [update["layout"] for update in shown if update.get("layout")]
    assert layouts[0]["growing"] and not layouts[-1]["growing"] and layouts[-1]["other"] is None
    again = [update["layout"] for update in drawn(maps, layout="tsne", other="")[1] if update.get("layout")]
    assert len(again) == 1 and again[0]["xy"] == layouts[-1]["xy"]
    other_seed = last(drawn(maps, layout="tsne", other="", seed=5, knobs={"random": 1})[1], "layout")
    assert other_seed["xy"] != layouts[-1]["xy"] and "seed 5" in other_seed["caption"]


def test_without_a_shipped_map_the_tab_opens_with_what_is_there_at_once(maps):
    chosen = last(drawn(maps, layout=None)[0], "known")["chosen"]
    assert chosen["layout"] == "pca" and chosen["knobs"] == {"axis": 1}
    drawn(maps, layout="tsne", other="")
    assert last(drawn(maps, layout=None)[0], "known")["chosen"]["layout"] == "tsne"


def test_a_newer_question_and_stop_end_the_older_one(maps):
    list(feature_map.draw(maps, maps.lab.keys[0], ask(other="")))
    for end in (lambda: maps.turns.begin(read(ask(turn=8), MODELS)), lambda: feature_map.stop(maps, ask(turn=7))):
        steps = feature_map.draw(maps, maps.lab.keys[0], ask(turn=7, layout="tsne", seed=3, other=""))
        maps.turns.latest.clear()
        next(steps)
        end()
        rest = list(steps)
        assert len(rest) <= 1 and not any(dict(update[0]).get("status", {}).get("done") for update in rest)
    assert drawn(maps, client="two")[0][-1]["status"]["done"]  # another page


def test_neighbors_are_those_of_brute_force(maps):
    _, shown = drawn(maps, picked=5)
    rows = last(shown, "rows")
    assert rows[0]["title"] == "The picked picture" and rows[0]["entries"][0]["src"].startswith("data:image/jpeg")
    for row, model in zip(rows[1:], MODELS, strict=True):
        unit = unit_length(drained(maps.lab.index_steps(model)).mean("conv5"))
        cosines = unit @ unit[5]
        cosines[5] = -1
        best = np.sort(cosines)[::-1][:8]
        np.testing.assert_allclose([float(entry["figure"]) for entry in row["entries"]], best, atol=0.006)
        assert 5 not in [entry["index"] for entry in row["entries"]]
    assert [row.get("marked", False) for row in rows] == [False, True, False]


def test_an_uploaded_picture_finds_itself(maps, photos):
    photo = maps.lab.add(photos / "warm" / "wave 4.jpg")
    drawn(maps)
    rows = dict(feature_map.neighbors(maps, photo.key, ask(), {"picked": -1}))["rows"]
    nearest = rows[1]["entries"][0]
    assert maps.lab.bank().names[nearest["index"]].endswith("wave 4.jpg") and float(nearest["figure"]) > 0.98


def test_a_photo_of_the_strip_is_not_its_own_neighbor_unless_asked(maps):
    drawn(maps)
    key = maps.lab.keys[3]

    def found(**asked) -> list[int]:
        rows = dict(feature_map.neighbors(maps, key, ask(**asked), {"picked": -1}))["rows"]
        return [entry["index"] for entry in rows[1]["entries"]]

    bank = maps.lab.bank()
    own = next(i for i in range(len(bank)) if maps.lab.strip_key(bank.place(i)) == key)
    assert own not in found() and found(same=True)[0] == own


def test_a_photo_that_is_gone_and_a_damaged_network_are_sentences(maps, models, tmp_path, monkeypatch):
    controls, shown = drawn(maps, photo="upload-none")
    rows = dict(feature_map.neighbors(maps, "upload-none", ask(), {"picked": -1}))["rows"]
    assert controls[-1]["status"]["done"] and last(shown, "rows") == rows and "upload it again" in rows[0]["message"]
    shutil.copytree(models, tmp_path / "checkpoints")
    (tmp_path / "checkpoints" / MODELS[0] / checkpoint.WEIGHTS).write_bytes(b"no weights")
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(tmp_path / "checkpoints"))
    controls, _ = drawn(maps)
    assert "Train it again" in controls[-1]["status"]["problem"]
    controls, shown = drawn(maps, model=MODELS[1], other=MODELS[0])
    assert controls[-1]["status"]["done"] and "Train it again" in controls[-1]["status"]["problem"]
    assert last(shown, "layout")["other"] is None


def test_two_pictures_and_no_networks_are_sentences(models, photos, tmp_path, monkeypatch):
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(models))
    for path in sorted((photos / "warm").iterdir())[:2]:
        shutil.copy(path, tmp_path)
    maps = Maps(Lab(str(tmp_path)))
    for layout in ("pca", "tsne", "umap"):
        problem = drawn(maps, layout=layout)[0][-1]["status"]["problem"]
        assert "there are 2" in problem and problem.endswith(".")
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(tmp_path / "none"))
    assert "train one" in drawn(maps)[0][-1]["status"]["problem"]


def test_files_that_cannot_be_read_are_counted(models, photos, tmp_path, monkeypatch):
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(models))
    shutil.copytree(photos, tmp_path / "photos")
    (tmp_path / "photos" / "warm" / "broken.jpg").write_bytes(b"no picture")
    note = drawn(Maps(Lab(str(tmp_path / "photos"))))[0][-1]["status"]["note"]
    assert "1 of the files" in note


def test_colors_follow_what_was_asked(maps):
    index = drained(maps.lab.index_steps(MODELS[0]))
    ramp = last(drawn(maps, color="unit", unit=3)[1], "colors")
    peak = index.peak("conv5")[:, 3].astype(float)
    level = np.frombuffer(base64.b64decode(ramp["of"]), np.uint8)
    assert (
        ramp["kind"] == "ramp"
        and "Unit 3 of conv5" in ramp["title"]
        and float(ramp["high"]) == pytest.approx(peak.max(), rel=0.01)
    )
    np.testing.assert_allclose(level / 255, (peak - peak.min()) / max(np.ptp(peak), 1e-12), atol=0.003)
    clusters = last(drawn(maps, color="cluster", clusters=4)[1], "colors")
    assert clusters["names"] == ["1", "2", "3", "4"]
    sizes = np.bincount(np.frombuffer(base64.b64decode(clusters["of"]), np.uint8), minlength=4)
    assert sizes.sum() == COUNT and (np.diff(sizes) <= 0).all()
    assert clusters == last(drawn(maps, color="cluster", clusters=4)[1], "colors")
    assert "Unit" in last(drawn(maps, color="unit", unit=99999)[1], "colors")["title"]


def test_patches_are_colored_by_their_photo(monkeypatch, models):
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(models))
    bank = Lab().bank()
    assert len(set(sources(bank))) == 16


def test_programs_get_coordinates_or_a_sentence(maps, tmp_path):
    turned = {"seed": 4, "knobs": '{"axis": 2}'}
    path, figures = feature_map_api.laid_out(maps, MODELS[0], "conv3", "pca", turned, tmp_path)
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert len(rows) == figures["pictures"] == COUNT and figures["knobs"] == {"axis": 2}
    assert {"index", "file", "box", "x", "y"} == set(rows[0]) and 0 < figures["trustworthiness"] <= 1
    for wrong in ({"model": "none"}, {"stage": "none"}, {"layout": "none"}, {"seed": -1}, {"knobs": "{"}):
        sent = {"model": MODELS[0], "stage": "", "layout": "pca", "seed": 0, "knobs": ""} | wrong
        with pytest.raises(gr.Error) as raised:
            feature_map_api.laid_out(maps, sent["model"], sent["stage"], sent["layout"], sent, tmp_path)
        assert str(raised.value).strip("'\"").endswith(".")


def test_shipped_maps_are_used_for_their_weights_only(maps, models, tmp_path):
    index = drained(maps.lab.index_steps(MODELS[0]))
    name = MODELS[0]
    last_stage = replace(index, widths={"conv5": index.widths["conv5"]})  # fewer maps to make
    list(shipped_layouts.write(name, last_stage, tmp_path))
    found = shipped_layouts.shipped(name, "conv5", "tsne", index.bank_key, tmp_path)
    again = shipped_layouts.lay_out(index.mean("conv5"), "tsne")
    assert np.abs(found.xy - again.xy).max() < 1e-4 and found.faith.trust == pytest.approx(again.faith.trust, abs=1e-4)
    assert shipped_layouts.stages_shipped(name, tmp_path) == ["conv5"]
    assert shipped_layouts.shipped(name, "conv5", "tsne", "another bank", tmp_path) is None
    weights = models / name / checkpoint.WEIGHTS
    kept = weights.read_bytes()
    try:
        weights.write_bytes(kept + b" ")
        assert shipped_layouts.shipped(name, "conv5", "tsne", index.bank_key, tmp_path) is None
        assert shipped_layouts.stages_shipped(name, tmp_path) == []
    finally:
        weights.write_bytes(kept)
