import numpy as np
import pytest

from training.evaluation.pages.bins import beyond, counts_label, merged


@pytest.mark.parametrize("n", [1, 59, 60, 61, 119, 200])
def test_merging_keeps_every_entry(n: int) -> None:
    edges, counts = merged(np.arange(n + 1.0), np.arange(n), at_most=60)
    assert counts.sum() == n * (n - 1) // 2
    assert len(counts) <= 60
    assert len(edges) == len(counts) + 1
    np.testing.assert_allclose(np.diff(edges), edges[1])


@pytest.mark.parametrize(
    ("edges", "unit", "log_x", "label"),
    [
        ([0, 5, 10], "GeV", False, "Entries / 5 GeV"),
        ([0, 0.1, 0.2], "", False, "Entries / 0.1"),
        ([0, 1, 2], "", False, "Entries"),
        ([0, 1, 3], "GeV", False, "Entries / bin"),
        ([1, 10**0.04, 10**0.08], "GeV", True, r"Entries / 0.04 in $\log_{10}$"),
    ],
)
def test_the_label_tells_the_width_of_a_bin(edges: list[float], unit: str, log_x: bool, label: str) -> None:
    assert counts_label(np.array(edges, np.float64), unit, log_x=log_x) == label


def test_overflow_is_said() -> None:
    assert beyond(0, 0) == ""
    assert beyond(0, 1200) == "1,200 above"
    assert beyond(3, 4) == "3 below, 4 above"
