"""2x2 tables against scipy, one at a time and all at once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cvfail.errors import PolicyError
from cvfail.statistics.two_by_two import fisher_exact, fisher_or_g, g_test

tables = st.tuples(*[st.integers(0, 60)] * 4)
large = st.tuples(*[st.integers(0, 20_000)] * 4)


def as_arguments(table):
    a, b, c, d = table
    return a, a + b, c, c + d


@given(st.one_of(tables, large), st.sampled_from(["two-sided", "greater", "less"]))
def test_fisher_is_that_of_scipy(table, alternative):
    expected = stats.fisher_exact(np.reshape(table, (2, 2)), alternative=alternative).pvalue
    assert fisher_exact(*as_arguments(table), alternative=alternative) == pytest.approx(
        expected, rel=1e-7, abs=1e-300
    )


@given(st.one_of(tables, large))
def test_g_is_that_of_scipy(table):
    a, b, c, d = table
    if min(a + b, c + d, a + c, b + d) == 0:
        assert g_test(*as_arguments(table)) == 1.0
        return
    expected = stats.chi2_contingency(np.reshape(table, (2, 2)), correction=False, lambda_="log-likelihood")
    # where the rates are equal G is rounding, and its root is what the p-value is made of
    assert g_test(*as_arguments(table)) == pytest.approx(expected.pvalue, rel=1e-7, abs=1e-5)


@given(st.lists(tables, max_size=20))
def test_many_tables_are_tested_as_one_by_one(rows):
    columns = np.array([as_arguments(row) for row in rows], np.int64).reshape(-1, 4).T
    for test in (fisher_exact, g_test, fisher_or_g):
        assert test(*columns).tolist() == [test(*as_arguments(row)) for row in rows]


@pytest.mark.parametrize("cell", [30, 31])
def test_the_smallest_cell_decides_between_the_two(cell):
    table = (cell, 100, 60, 90)
    chosen = fisher_or_g(*as_arguments(table))
    assert chosen == (fisher_exact if cell == 30 else g_test)(*as_arguments(table))
    assert fisher_exact(*as_arguments(table)) != g_test(*as_arguments(table))


def test_without_a_margin_nothing_differs():
    for counts in ((0, 0, 3, 9), (3, 9, 0, 0), (0, 5, 0, 9), (5, 5, 9, 9), (0, 0, 0, 0)):
        assert fisher_exact(*counts) == g_test(*counts) == fisher_or_g(*counts) == 1.0


def test_no_tables_are_an_ordinary_input():
    for test in (fisher_exact, g_test, fisher_or_g):
        assert test([], [], [], []).shape == (0,)


def test_impossible_counts_and_unknown_alternatives_are_errors():
    for counts in ((5, 4, 0, 1), (-1, 4, 0, 1), (1, 4, 3, 2)):
        with pytest.raises(PolicyError, match="between 0 and units"):
            fisher_exact(*counts)
    with pytest.raises(PolicyError, match="alternative"):
        fisher_exact(1, 2, 1, 2, alternative="more")
