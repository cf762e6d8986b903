"""Wilson's interval against scipy, the specification's own form, and itself in Polars."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from cvfail.statistics.proportions import wilson, wilson_bounds, wilson_from_variance
from tests.statistics.twins import wilson_twin

counts = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def in_polars(successes, trials, **options):
    lower, upper = wilson_bounds(pl.col("k"), pl.col("n"), **options)
    return pl.DataFrame({"k": successes, "n": trials}, strict=False).select(lower=lower, upper=upper)


@given(counts, st.sampled_from([0.8, 0.95, 0.99]))
def test_the_interval_is_that_of_scipy(pair, confidence):
    k, n = pair
    interval = wilson(k, n, confidence=confidence)
    expected = binomtest(k, n).proportion_ci(confidence, method="wilson")
    assert (interval.lower, interval.upper) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert interval.estimate == k / n


@given(counts)
def test_arrays_and_expressions_agree(pair):
    interval = wilson(*map(float, pair))
    assert in_polars([pair[0]], [pair[1]]).row(0) == pytest.approx(
        (interval.lower, interval.upper), abs=1e-12
    )


@given(st.floats(0.01, 1e4), st.floats(0, 1), st.floats(1, 20))
def test_effective_counts_need_not_be_whole_and_every_row_may_have_its_quantile(n, share, z):
    interval = wilson([share * n], [n], quantile=[z])
    assert (interval.lower[0], interval.upper[0]) == pytest.approx(wilson_twin(share * n, n, z), abs=1e-9)


def test_without_trials_nothing_is_known():
    interval = wilson([0, 3], [0, 4])
    assert np.isnan(interval.estimate[0])
    assert (interval.lower[0], interval.upper[0]) == (0.0, 1.0)
    assert in_polars([0], [0]).row(0) == (0.0, 1.0)


def test_bounds_are_exact_at_the_ends():
    interval = wilson([0, 7], [7, 7])
    assert interval.lower[0] == 0.0
    assert interval.upper[1] == 1.0
    assert in_polars([0, 7], [7, 7])["lower"][0] == 0.0


def test_unknown_input_gives_unknown_bounds():
    assert np.isnan(wilson([1.0, np.nan], [np.nan, 2.0])).all()
    assert np.isnan(wilson(1, 2, quantile=np.nan)[1:]).all()
    assert in_polars([1, None], [None, 2]).rows() == [(None, None)] * 2
    assert in_polars([1], [2], quantile=pl.lit(float("nan"))).row(0) == (None, None)


def test_no_rows_are_answered_with_no_rows():
    assert all(part.size == 0 for part in wilson([], []))
    assert in_polars([], []).shape == (0, 2)
    assert wilson_from_variance([], [], units=[], quantile=[]).lower.size == 0


def test_a_variance_of_independent_trials_gives_wilson_back():
    interval = wilson_from_variance(0.3, 0.3 * 0.7 / 40, units=1, quantile=1.96)
    assert interval == pytest.approx(wilson(12, 40, quantile=1.96))


@pytest.mark.parametrize(("estimate", "variance"), [(0.5, 0.0), (1.0, 0.0), (0.5, 1e-33)])
def test_where_no_variance_is_visible_the_units_decide(estimate, variance):
    interval = wilson_from_variance(estimate, variance, units=10, quantile=2.0)
    assert interval == pytest.approx(wilson(10 * estimate, 10, quantile=2.0))
    assert interval.upper - interval.lower > 0.2


def test_an_estimate_that_is_no_share_has_no_interval():
    assert np.isnan(wilson_from_variance([1.2, -0.1], 0.1, units=5, quantile=2.0)[1:]).all()
