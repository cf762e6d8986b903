"""Totals of cells are sums over replicates in plain Python."""

import numpy as np
import pytest

from cvfail.kernels.cell_totals import cell_totals
from cvfail.tables.arrays import read_only


def plain_totals(counts, group, cluster, weights, groups):
    totals = np.zeros((groups, counts.shape[1], weights.shape[1]), int)
    for row, g, c in zip(counts, group, cluster, strict=True):
        for j, count in enumerate(row):
            for b, weight in enumerate(weights[c]):
                totals[g, j, b] += int(count) * int(weight)
    return totals


@pytest.mark.parametrize("cells", [0, 1, 40])
def test_totals_are_plain_sums(cells):
    rng = np.random.default_rng(cells)
    counts = rng.integers(0, 3, (cells, 5)).astype(np.int32)
    group, cluster = (rng.integers(0, n, cells).astype(np.int32) for n in (4, 7))
    weights = rng.poisson(1, (7, 6)).astype(np.uint8)
    totals = np.zeros((4, 5, 6), np.int32)
    cell_totals(*map(read_only, (counts, group, cluster, weights)), totals)
    assert (totals == plain_totals(counts, group, cluster, weights, 4)).all()
