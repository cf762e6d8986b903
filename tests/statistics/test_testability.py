"""Attainable p-values: against Fisher's test over every table, and Tarone's rule by its definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cvfail.errors import PolicyError
from cvfail.statistics.testability import attainable, minimal_p_value
from cvfail.statistics.two_by_two import fisher_exact

wholes = st.integers(0, 40).flatmap(
    lambda total: st.tuples(st.integers(0, total), st.just(total), st.integers(0, total))
)
p_values = st.lists(st.one_of(st.floats(0, 1), st.sampled_from([0.01, 0.025, 0.05])), max_size=30)


@given(wholes)
def test_no_slice_of_this_size_has_a_smaller_p_value(case):
    units, total, bad = case
    possible = np.arange(max(0, units + bad - total), min(units, bad) + 1)
    p = fisher_exact(possible, units, bad - possible, total - units, alternative="greater")
    assert minimal_p_value(*case) == pytest.approx(np.min(p), rel=1e-9)


@given(wholes)
def test_a_part_of_a_slice_of_at_most_all_errors_does_no_better(case):
    _, total, bad = case
    minimal = minimal_p_value(np.arange(bad + 1), total, bad)
    assert (np.diff(minimal) <= 1e-12).all()


def tarone_twin(minimal, level):
    """Number after number until no more hypotheses are testable than were paid for."""
    tests = 1
    while sum(p <= level / tests for p in minimal) > tests:
        tests += 1
    return tests


@given(p_values)
def test_the_rule_is_that_of_tarone(minimal):
    found = attainable(minimal, level=0.05)
    assert found.tests == tarone_twin(minimal, 0.05)
    assert found.mask.tolist() == [p <= 0.05 / found.tests for p in minimal]
    assert found.mask.sum() <= found.tests


def test_errors_that_are_spread_at_random_are_rarely_called_real():
    """200 slices of 5 to 12 of 100 units with 10 errors, 500 times: at most 5 % of runs have a discovery."""
    random = np.random.default_rng(3)
    runs, slices, units, bad = 500, 200, 100, 10
    sizes = random.integers(5, 13, slices)
    members = np.array([random.permutation(units) < size for size in sizes])
    minimal = minimal_p_value(sizes, units, bad)
    rule = attainable(minimal)
    errors = np.array([random.permutation(units) < bad for _ in range(runs)])
    inside = errors.astype(int) @ members.T.astype(int)
    p = stats.hypergeom.sf(inside - 1, units, bad, sizes)
    assert ((p <= 0.05 / rule.tests) & rule.mask).any(axis=1).mean() <= 0.06
    assert (p <= 0.05).any(axis=1).mean() > 0.9


def test_no_hypotheses_and_ten_thousand_are_ordinary_inputs():
    assert attainable([]).tests == 1
    assert attainable([]).mask.shape == (0,)
    assert minimal_p_value([], 5, 2).shape == (0,)
    assert minimal_p_value(np.arange(10_000), 10_000, 50).shape == (10_000,)
    assert minimal_p_value([0, 5, 3, 3], 5, [2, 2, 0, 5]) == pytest.approx([1.0] * 4)
    assert minimal_p_value(0, 0, 0) == 1.0


def test_impossible_counts_and_levels_are_errors():
    for counts in ((6, 5, 1), (-1, 5, 1), (1, 5, 6)):
        with pytest.raises(PolicyError, match="between 0"):
            minimal_p_value(*counts)
    with pytest.raises(PolicyError, match="level"):
        attainable([0.1], level=0)
