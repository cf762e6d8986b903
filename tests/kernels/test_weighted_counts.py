"""Weighted counts are cumulative sums over predictions that are listed as often as their cluster weighs."""

import numpy as np
import pytest

from cvfail.kernels.weighted_counts import weighted_counts
from cvfail.tables.arrays import read_only


@pytest.mark.parametrize("seed", range(5))
def test_counts_at_every_place_are_cumulative_sums(seed):
    rng = np.random.default_rng(seed)
    correct, clusters = rng.random(40) < 0.4, rng.integers(0, 5, 40).astype(np.int32)
    weights = rng.integers(0, 4, 5).astype(np.uint8)
    places = np.sort(rng.integers(0, 41, 15))
    found, listed = weighted_counts(*map(read_only, (correct, clusters, weights, places)))
    for place, right, total in zip(places, found, listed, strict=True):
        repeated = np.repeat(correct[:place], weights[clusters[:place]])
        assert (right, total) == (repeated.sum(), repeated.size)
