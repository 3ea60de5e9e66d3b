"""The index of a bank: right, kept, resumed, repaired, shared, and never larger in memory than it must be."""

import errno
import tracemalloc

import numpy as np
import pytest
import torch

from ssl_core import bank_measures, features
from ssl_core.array_cache import read_arrays, write_arrays
from ssl_core.bank import SIDE, Bank, Place
from ssl_core.bank_measures import BATCH, CHUNK, kept, measure_steps, weights_hash
from ssl_core.features import index_steps, load_index
from ssl_core.pretexts import build, model_names


def bank_of(rows: np.ndarray, key: str = "key") -> Bank:
    count = len(rows)
    names = tuple(map(str, range(count)))
    return Bank("a bank", key, names, None, 0, rows, tuple(Place(name, None) for name in names), str)


def noise(count: int, side: int = 32, seed: int = 0) -> Bank:
    return bank_of(
        np.random.default_rng(seed).integers(0, 256, (count, side, side, 3), dtype=np.uint8), f"noise{count}-{seed}"
    )


def finish(steps):
    """All that a generator yields, and what it returns."""
    seen = []
    while True:
        try:
            seen.append(next(steps))
        except StopIteration as finished:
            return seen, finished.value


@pytest.fixture
def model():
    torch.manual_seed(0)
    return build("context-encoder-l2", "tiny").eval()


def counted(calls: list):
    def measure(pictures):
        calls.append(len(pictures))
        return {"mean": pictures.mean(axis=(1, 2, 3), dtype=np.float32), "first": pictures[:, 0, 0, 0]}

    return measure


@pytest.mark.parametrize("name", [name for name in model_names() if not name.startswith("patch-context")])
def test_an_index_holds_what_the_encoder_answers(name, tmp_path):
    torch.manual_seed(0)
    task, bank = build(name, "tiny").eval(), noise(70)
    _, index = finish(index_steps(task, bank, tmp_path))
    assert len(index) == 70 and index.stages == tuple(task.encoder.widths) and index.widths == dict(task.encoder.widths)
    for picture in (0, 33, 69):  # in the first, the second and the last batch
        image = torch.from_numpy(bank.pixels(picture)).permute(2, 0, 1)[None].float() / 255
        with torch.no_grad():
            maps = task.encoder(image)
        for stage in index.stages:
            found = maps[stage][0].numpy()
            assert index.grid[stage] == found.shape[1:]
            np.testing.assert_allclose(index.peak(stage)[picture], found.max(axis=(1, 2)), rtol=2e-3, atol=1e-3)
            np.testing.assert_allclose(index.mean(stage)[picture], found.mean(axis=(1, 2)), rtol=2e-3, atol=1e-3)
            at = index.peak_at(stage)[picture].astype(int)
            np.testing.assert_allclose(
                found.reshape(len(at), -1)[range(len(at)), at], found.max(axis=(1, 2)), atol=1e-5
            )
            assert index.peak(stage).dtype == np.float16 and index.peak_at(stage).dtype == np.uint16


def test_the_second_time_nothing_is_computed(model, tmp_path, monkeypatch):
    bank = noise(40)
    assert load_index(model, bank, tmp_path) is None
    _, first = finish(index_steps(model, bank, tmp_path))
    monkeypatch.setattr(features, "summarize", lambda *_: pytest.fail("computed again"))
    again = load_index(model, bank, tmp_path)
    seen, third = finish(index_steps(model, bank, tmp_path))
    assert all(
        np.array_equal(first.arrays[name], other.arrays[name]) for other in (again, third) for name in first.arrays
    )
    assert seen[-1].done == seen[-1].total == 40


def test_other_weights_and_other_pictures_are_other_indexes(model, tmp_path):
    bank = noise(40)
    finish(index_steps(model, bank, tmp_path))
    before = weights_hash(model.encoder)
    assert load_index(model, noise(40, seed=1), tmp_path) is None
    with torch.no_grad():
        next(model.encoder.parameters())[0] += 1e-3
    assert weights_hash(model.encoder) != before and load_index(model, bank, tmp_path) is None
    twin = build("context-encoder-joint", "tiny")
    twin.encoder.load_state_dict(model.encoder.state_dict())
    assert weights_hash(twin.encoder) == weights_hash(model.encoder)


def test_what_was_done_before_a_stop_is_not_done_again(tmp_path):
    bank, calls = noise(3 * BATCH * CHUNK - 5, side=4), []
    steps = measure_steps(bank, "test", "key", counted(calls), tmp_path)
    for progress in steps:
        if progress.done > BATCH * CHUNK:  # into the second chunk
            steps.close()
    assert kept(bank, "test", "key", tmp_path) is None and len(list(tmp_path.rglob("*-from-*"))) == 1
    done = sum(calls)
    seen, arrays = finish(measure_steps(bank, "test", "key", counted(calls), tmp_path))
    assert sum(calls) == done + len(bank) - BATCH * CHUNK
    np.testing.assert_allclose(arrays["mean"], bank.rows.mean(axis=(1, 2, 3)), rtol=1e-5)
    assert np.array_equal(arrays["first"], bank.rows[:, 0, 0, 0])
    assert [one.done for one in seen] == sorted(one.done for one in seen) and seen[-1].done == len(bank)
    assert not list(tmp_path.rglob("*-from-*")) and not list(tmp_path.rglob("*.partial"))


@pytest.mark.parametrize("damage", ["cut", "flip", "text", "short"])
@pytest.mark.parametrize("part", [False, True], ids=["whole", "chunk"])
def test_damage_is_found_and_repaired(tmp_path, damage, part):
    bank, calls = noise(BATCH * CHUNK + 8, side=4), []
    steps = measure_steps(bank, "test", "key", counted(calls), tmp_path)
    while part and next(steps).done <= BATCH * CHUNK:
        pass
    steps.close() if part else finish(steps)
    (file,) = tmp_path.rglob("*.safetensors")
    data = bytearray(file.read_bytes())
    data[-3] ^= 0x40
    if damage == "short":  # whole and sound, but of another bank
        write_arrays(file, {name: array[:5] for name, array in read_arrays(file).items()})
    else:
        file.write_bytes({"cut": bytes(data[:-100]), "flip": bytes(data), "text": b"not an index"}[damage])
    assert kept(bank, "test", "key", tmp_path) is None
    _, arrays = finish(measure_steps(bank, "test", "key", counted(calls), tmp_path))
    np.testing.assert_allclose(arrays["mean"], bank.rows.mean(axis=(1, 2, 3)), rtol=1e-5)
    assert kept(bank, "test", "key", tmp_path) is not None


def test_a_full_disk_costs_the_keeping_and_not_the_work(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    bank, calls = noise(BATCH * CHUNK + 8, side=4), []
    monkeypatch.setattr(bank_measures, "write_arrays", full)
    seen, arrays = finish(measure_steps(bank, "test", "key", counted(calls), tmp_path))
    assert "disk is full" in seen[-1].note and seen[-1].note.endswith(".") and len(arrays["mean"]) == len(bank)
    monkeypatch.undo()
    seen, _ = finish(measure_steps(bank, "test", "key", counted(calls), tmp_path))
    assert seen[-1].note == "" and kept(bank, "test", "key", tmp_path) is not None


def test_a_file_that_cannot_be_finished_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "arrays.safetensors"
    write_arrays(path, {"a": np.arange(3)})
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
    with pytest.raises(OSError, match="full"):
        write_arrays(path, {"a": np.arange(5)})
    assert read_arrays(path)["a"].tolist() == [0, 1, 2] and [one.name for one in tmp_path.iterdir()] == [path.name]


def test_ten_thousand_pictures_are_never_in_memory_together(tmp_path):
    """They are 491 MB as pixels; the index of a shipped network is 40 MB. A file with a hole in it costs no disk."""
    rows = np.lib.format.open_memmap(tmp_path / "rows.npy", "w+", np.uint8, (10_000, SIDE, SIDE, 3))
    peak = np.ones((BATCH, 656), np.float16)

    def measure(pictures):
        assert len(pictures) <= BATCH
        pictures[0, 0, 0, 0] += 1  # a copy: the bank itself must not change
        return {name: peak[: len(pictures)] for name in ("peak", "mean", "peak_at")}

    tracemalloc.start()
    _, arrays = finish(measure_steps(bank_of(rows), "test", "large", measure, tmp_path))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    size = sum(array.nbytes for array in arrays.values())
    assert size == 10_000 * 656 * 6 and most < 5 * size and rows[0, 0, 0, 0] == 0
