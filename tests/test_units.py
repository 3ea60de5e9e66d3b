"""What is said of units, against a second derivation: scikit-learn, numpy.corrcoef, and cases with a known answer."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from ssl_core import units
from ssl_core.bank import Bank, Place
from ssl_core.features import Index
from ssl_core.receptive_field import Field


def index_of(peaks: np.ndarray, peak_at: np.ndarray | None = None, key: str = "bank") -> Index:
    """An index with one stage, "conv1", on a grid of 4 x 4."""
    places = np.zeros(peaks.shape, np.uint16) if peak_at is None else peak_at.astype(np.uint16)
    arrays = {"conv1.peak": peaks.astype(np.float16), "conv1.mean": peaks.astype(np.float16), "conv1.peak_at": places}
    return Index("model", key, "hash", {"conv1": peaks.shape[1]}, {"conv1": (4, 4)}, arrays)


@pytest.fixture(scope="module")
def peaks():
    """300 pictures, 12 units; unit 3 never fires, unit 4 says the same to all."""
    found = np.random.default_rng(0).gamma(1.0, 2.0, (300, 12)).astype(np.float16)
    found[:, 3], found[:, 4] = 0, 1.5
    return found


LABELS = np.array(["cat"] * 100 + ["dog"] * 150 + ["owl"] * 47 + ["eel"] * 3)


def test_top_k_is_sorted_and_complete(peaks):
    best = units.top_k(index_of(peaks), "conv1", 0, 25)
    assert len(set(best.tolist())) == 25
    assert np.array_equal(peaks[best, 0], np.sort(peaks[:, 0])[::-1][:25])
    assert len(units.top_k(index_of(peaks[:2]), "conv1", 0, 5)) == 2


def test_the_same_spot_of_a_photograph_is_shown_once():
    """Patches 0 and 1 show one eye at two scales, 2 another part of the photograph, 3 another photograph."""
    boxes = [("a", (0, 0, 64, 64)), ("a", (0, 0, 32, 32)), ("a", (100, 0, 64, 64)), ("b", (0, 0, 64, 64))]
    names = tuple(name for name, _ in boxes)
    rows = np.zeros((4, 32, 32, 3), np.uint8)
    bank = Bank("", "bank", names, None, 0, rows, tuple(Place(*box) for box in boxes), str)
    index = index_of(np.array([[4.0], [3.0], [2.0], [1.0]]), np.array([[0], [5], [0], [0]]))
    field = Field(8, 8, 0)  # place 0 of patch 0 is (8, 8) of the photograph; place 5 of patch 1 is (12, 12)
    assert units.top_k(index, "conv1", 0, 4).tolist() == [0, 1, 2, 3]
    assert units.top_k(index, "conv1", 0, 4, bank, field).tolist() == [0, 2, 3]
    assert units.peak_box(index, "conv1", 0, 1, field, 32) == (8, 8, 8, 8)


def test_the_histogram_counts_every_picture(peaks):
    for unit in range(peaks.shape[1]):
        counts, edges = units.histogram(index_of(peaks), "conv1", unit)
        assert counts.sum() == 300 and len(edges) == len(counts) + 1 and edges[0] == 0
        assert edges[-1] >= peaks[:, unit].max()


def test_sparsity_runs_from_alike_to_one_picture_only(peaks):
    one = np.zeros((50, 1))
    one[7] = 3
    assert units.sparsity(index_of(one), "conv1")[0] == pytest.approx(1, abs=1e-3)
    found = units.sparsity(index_of(peaks), "conv1")
    assert np.isnan(found[3]) and found[4] == pytest.approx(0, abs=1e-3)
    r = peaks[:, 0].astype(float)
    assert found[0] == pytest.approx((1 - (r.sum() / 300) ** 2 / ((r**2).sum() / 300)) / (1 - 1 / 300), rel=1e-3)
    assert units.sparsity(index_of(np.ones((1, 2))), "conv1").tolist() == [0, 0]
    assert units.highest_peak(index_of(peaks), "conv1")[0] == peaks[:, 0].max()


def test_average_precision_is_that_of_scikit_learn(peaks):
    found = units.detectors(index_of(peaks), "conv1", LABELS)
    assert found.labels == ("cat", "dog", "owl")  # three eels are too few
    for row, label in enumerate(found.labels):
        truth = label == LABELS
        wanted = [average_precision_score(truth, peaks[:, unit].astype(float)) for unit in range(peaks.shape[1])]
        np.testing.assert_allclose(found.precision[row], wanted, rtol=1e-5)
        assert found.chance[row] == pytest.approx(truth.mean())


def test_only_units_that_tell_a_label_from_the_rest_detect(peaks):
    peaks = peaks.copy()
    peaks[LABELS == "owl", 5] += 20
    found = units.detectors(index_of(peaks), "conv1", LABELS)
    assert np.flatnonzero(found.detecting()).tolist() == [5]
    label, precision = found.best()
    assert found.labels[label[5]] == "owl" and precision[5] > 0.99
    # in whatever order the pictures lie, a unit that never fires detects nothing
    assert not units.detectors(index_of(peaks[::-1]), "conv1", LABELS[::-1]).detecting()[3]


@pytest.mark.parametrize("count", [2, 3])
def test_few_labels_can_be_detected_too(count):
    """Three times chance would be an average precision of 1 and more."""
    labels = np.arange(60) % count
    knows = (labels == 0)[:, None].astype(np.float32)
    noise = np.random.default_rng(0).random((60, 1), np.float32)
    found = units.detectors(index_of(np.hstack((knows, noise))), "conv1", labels.astype(str))
    assert found.detecting().tolist() == [True, False]


def test_no_labels_no_detectors(peaks):
    assert units.detectors(index_of(peaks), "conv1", ["one"] * 300) is None
    assert units.detectors(index_of(peaks), "conv1", [str(i) for i in range(300)]) is None


def test_the_nearest_unit_is_the_most_correlated_one(peaks):
    order = np.random.default_rng(1).permutation(12)
    other = 2 * peaks[:, order] + 1
    for unit in (0, 7):
        best, correlation = units.nearest_unit(index_of(peaks), index_of(other), "conv1", unit)
        assert order[best] == unit and correlation == pytest.approx(1, abs=1e-3)
    found = units.correlations(peaks[:, 0], peaks)
    wanted = [np.corrcoef(peaks[:, 0].astype(float), peaks[:, unit].astype(float))[0, 1] for unit in (1, 2, 5)]
    np.testing.assert_allclose(found[[1, 2, 5]], wanted, atol=1e-5)
    assert found[3] == found[4] == 0
    assert units.nearest_unit(index_of(peaks), index_of(peaks), "conv1", 3)[1] == 0


def test_other_banks_are_not_compared(peaks):
    with pytest.raises(ValueError, match="same bank"):
        units.nearest_unit(index_of(peaks), index_of(peaks, key="other"), "conv1", 0)


@pytest.mark.parametrize("shape", [(1, 1), (3, 500), (480, 640), (128, 128)])
def test_a_photograph_of_any_size_is_seen(shape):
    seen = units.seen(np.full((*shape, 3), 255, np.uint8))
    assert (
        seen.shape[2] % 16 == 0 and seen.shape[3] % 16 == 0 and float(seen.min()) == 1 and seen.numel() < 3 * 1024 * 256
    )
