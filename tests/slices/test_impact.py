"""Impact after overlap and Shapley shares equal what follows from their definitions."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvfail.slices.impact import marginal_impact, overlaps, shapley_values


@given(st.integers(0, 5), st.integers(0, 20), st.integers(0, 99))
def test_marginal_impacts_add_up_to_the_excess_of_the_union(slices, units, seed):
    random = np.random.default_rng(seed)
    masks, excess = random.random((slices, units)) < 0.4, random.normal(size=units)
    marginal = marginal_impact(masks, excess)
    assert marginal.sum() == pytest.approx(excess[masks.any(axis=0)].sum(), abs=1e-9)
    if slices:
        assert marginal.max() >= (masks @ excess).max() - 1e-9


@given(st.integers(1, 4), st.integers(0, 99))
def test_shares_are_the_mean_over_all_orders(count, seed):
    random = np.random.default_rng(seed)
    known = {}

    def value(part):
        return known.setdefault(frozenset(part), float(random.normal()))

    shares = shapley_values(range(count), value)
    expected = np.zeros(count)
    orders = list(permutations(range(count)))
    for order in orders:
        for place, item in enumerate(order):
            expected[item] += value(order[: place + 1]) - value(order[:place])
    assert shares == pytest.approx(list(expected / len(orders)))


def test_empty_slices_overlap_with_nothing():
    assert overlaps(np.zeros((2, 3), bool)) == [(None, None), (0, 0.0)]
