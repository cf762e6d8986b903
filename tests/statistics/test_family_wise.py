"""Holm's procedure, with and without weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from cvfail.errors import PolicyError
from cvfail.statistics.family_wise import holm

SHARES = st.floats(1e-6, 1.0)


def slow(values, weights):
    """The smallest level of a fine ladder at which the step-down procedure rejects, in words of the definition."""

    def rejected(level):
        left = set(range(len(values)))
        while left:
            total = sum(weights[i] for i in left)
            now = {i for i in left if values[i] <= level * weights[i] / total}
            if not now:
                break
            left -= now
        return set(range(len(values))) - left

    return [
        next((level for level in np.linspace(0, 1, 401) if i in rejected(level)), 1.0)
        for i in range(len(values))
    ]


@given(st.lists(SHARES, min_size=1, max_size=8))
def test_equal_weights_are_holms_own_procedure(values):
    expected = multipletests(values, method="holm")[1]
    assert holm(values) == pytest.approx(expected, rel=1e-12)


@given(st.lists(st.tuples(SHARES, st.integers(1, 9)), min_size=1, max_size=5))
def test_the_adjusted_value_is_the_level_at_which_the_steps_reject(pairs):
    values, weights = zip(*pairs, strict=True)
    assert holm(values, weights=weights) == pytest.approx(slow(values, weights), abs=1 / 400 + 1e-9)


def test_what_was_not_tested_takes_no_share():
    with_gap = holm([0.01, np.nan, 0.02], weights=[1, 7, 1])
    assert with_gap[[0, 2]].tolist() == holm([0.01, 0.02]).tolist()
    assert np.isnan(with_gap[1])
    assert holm([]).tolist() == []


def test_a_test_without_a_share_is_refused():
    with pytest.raises(PolicyError, match="above 0"):
        holm([0.1, 0.2], weights=[1, 0])
