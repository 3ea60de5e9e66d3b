"""Which cells the transfer table has: each once, and only those that can be measured."""

from ssl_core.teachers import UNTRAINED
from ssl_core.transfer_cells import AUGMENT, JOINT, PROBE, Cell, ensembles, probes, trained

COLOR = "colorization-classification"


def test_few_labels_are_drawn_three_times_and_all_of_them_once():
    cells = probes([COLOR], ["caltech101", "tiny"])
    assert [(cell.task, cell.share, cell.seed) for cell in cells] == [
        ("caltech101", 1.0, 0),
        ("tiny", 1.0, 0),
        *(("caltech101", share, seed) for share in (0.01, 0.1) for seed in (0, 1, 2)),
    ]
    learned = trained([UNTRAINED, COLOR], [COLOR], "caltech101")
    assert {cell.teacher for cell in learned if cell.protocol == JOINT} == {COLOR}
    assert {cell.teacher for cell in learned if cell.protocol == AUGMENT} == {UNTRAINED, COLOR}


def test_all_teachers_together_are_more_than_a_pair():
    assert ensembles(["a"], "caltech101") == []
    assert ensembles(["a", "b"], "caltech101") == [Cell("a + b", "caltech101", PROBE)]
    together = [cell.teacher for cell in ensembles(["a", "b", "c"], "caltech101")]
    assert together == ["a + b", "a + c", "b + c", "a + b + c"]
