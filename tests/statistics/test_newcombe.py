"""Newcombe's intervals: statsmodels, his published examples, and what they cover."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep

from cvfail.statistics.newcombe import newcombe_difference, newcombe_paired
from tests.statistics.twins import wilson_twin

counts = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
cells = st.tuples(*[st.integers(0, 40)] * 4).filter(sum)


@given(counts, counts)
def test_the_difference_is_that_of_statsmodels(first, second):
    interval = newcombe_difference(*first, *second)
    expected = confint_proportions_2indep(*first, *second, method="newcomb", compare="diff")
    assert (interval.lower, interval.upper) == pytest.approx(expected, abs=1e-10)
    assert interval.estimate == first[0] / first[1] - second[0] / second[1]


@pytest.mark.parametrize(
    ("table", "lower", "upper"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),  # Newcombe (1998), 873-890, table II, method 10
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((10, 10, 0, 10), 0.6075, 1.0),
    ],
)
def test_the_published_examples_of_independent_units(table, lower, upper):
    interval = newcombe_difference(*table)
    assert (round(float(interval.lower), 4), round(float(interval.upper), 4)) == (lower, upper)


def paired_twin(a, b, c, d, z=1.959963984540054):
    """Term by term, with if and else."""
    n = a + b + c + d
    p, q = (a + b) / n, (a + c) / n
    (l1, u1), (l2, u2) = wilson_twin(a + b, n, z), wilson_twin(a + c, n, z)
    margins, product = (a + b) * (c + d) * (a + c) * (b + d), a * d - b * c
    if margins == 0:
        phi = 0
    elif product > n / 2:
        phi = (product - n / 2) / margins**0.5
    else:
        phi = 0 if product >= 0 else product / margins**0.5
    low = ((p - l1) ** 2 - 2 * phi * (p - l1) * (u2 - q) + (u2 - q) ** 2) ** 0.5
    high = ((q - l2) ** 2 - 2 * phi * (q - l2) * (u1 - p) + (u1 - p) ** 2) ** 0.5
    return p - q - low, p - q + high


@given(cells)
def test_pairs_equal_the_twin(table):
    interval = newcombe_paired(*table)
    assert (interval.lower, interval.upper) == pytest.approx(paired_twin(*table), abs=1e-9)


def test_a_published_example_of_pairs():
    """Altman, Machin, Bryant and Gardner, Statistics with Confidence (2000), table 6.2: .011 to .226."""
    interval = newcombe_paired(14, 5, 0, 22)
    assert (round(float(interval.lower), 3), round(float(interval.upper), 3)) == (0.011, 0.226)


@given(cells)
def test_swapping_the_models_swaps_the_signs(table):
    a, b, c, d = table
    one, other = newcombe_paired(a, b, c, d), newcombe_paired(a, c, b, d)
    assert (one.lower, one.upper) == pytest.approx((-other.upper, -other.lower), abs=1e-12)


def test_pairs_cover_what_they_promise():
    random = np.random.default_rng(4)
    tables = random.multinomial(60, [0.6, 0.15, 0.05, 0.2], 20_000).T
    interval = newcombe_paired(*tables)
    assert 0.94 < np.mean((interval.lower <= 0.1) & (interval.upper >= 0.1)) < 0.97


def test_without_trials_nothing_is_known_and_no_rows_are_an_ordinary_input():
    assert np.isnan(newcombe_difference([0, 3], [0, 4], 1, 2).estimate).tolist() == [True, False]
    assert np.isnan(newcombe_difference(0, 0, 1, 2).lower)
    assert np.isnan(newcombe_paired(0, 0, 0, 0)).all()
    assert newcombe_paired([], [], [], []).lower.shape == (0,)
    assert np.isnan(newcombe_difference(1, 2, 1, 2, quantile=np.nan).upper)
