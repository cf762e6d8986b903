"""Intervals of replicates: against numpy row by row, against the sums they stand for, and never without doubt."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from cvfail.errors import PolicyError
from cvfail.statistics.bootstrap import percentile_interval
from cvfail.statistics.proportions import wilson
from cvfail.statistics.replicates import (
    p_value_of_replicates,
    percentile_bounds,
    skewness_of_replicates,
    variance_of_replicates,
    wilson_of_replicates,
)

values = st.one_of(st.floats(0, 1), st.just(np.nan))
tables = arrays(np.float64, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=values)


@given(tables, st.sampled_from([0.5, 0.9, 0.95]))
def test_many_rows_of_percentiles_are_those_of_each(samples, confidence):
    lower, upper, undefined = percentile_bounds(samples, confidence=confidence)
    for k, row in enumerate(samples):
        one = percentile_interval(row, confidence=confidence)
        assert undefined[k] == one.undefined
        if one.lower is None:
            assert np.isnan([lower[k], upper[k]]).all()
        else:
            assert (lower[k], upper[k]) == pytest.approx(one[:2], abs=1e-12)


@given(tables)
def test_the_variance_is_that_of_the_defined_replicates(samples):
    for row, variance in zip(samples, variance_of_replicates(samples), strict=True):
        defined = row[~np.isnan(row)]
        if defined.size < 2:
            assert np.isnan(variance)
        else:
            assert variance == pytest.approx(defined.var(ddof=1), abs=1e-12)


def test_the_skewness_is_that_of_the_defined_replicates():
    from scipy.stats import skew

    samples = np.random.default_rng(0).gamma(0.5, size=(20, 50))
    samples[::2, ::3] = np.nan
    expected = [skew(row[~np.isnan(row)]) for row in samples]
    assert skewness_of_replicates(samples) == pytest.approx(expected, rel=1e-10)
    assert skewness_of_replicates(-samples) == pytest.approx([-one for one in expected], rel=1e-10)
    assert np.isnan(skewness_of_replicates(np.full(5, 0.1)))
    assert np.isnan(skewness_of_replicates([]))


@given(tables, st.integers(0, 40))
def test_bounds_enclose_the_estimate_and_stay_in_0_and_1(samples, clusters):
    estimate = np.nan_to_num(samples[:, 0], nan=0.5)
    interval = wilson_of_replicates(estimate, samples, clusters=clusters, units=20)
    if clusters < 2:
        assert np.isnan(interval.lower).all()
    known = ~np.isnan(interval.lower)
    assert (interval.lower[known] >= 0).all()
    assert (interval.lower[known] <= estimate[known] + 1e-12).all()
    assert (estimate[known] <= interval.upper[known] + 1e-12).all()
    assert (interval.upper[known] <= 1).all()


def test_a_class_without_an_error_still_leaves_doubt():
    """Percentiles of replicates that are all 1 have no width."""
    interval = wilson_of_replicates([1.0], np.ones((1, 100)), clusters=10, units=40)
    assert interval.upper[0] == 1.0
    assert interval.lower[0] == pytest.approx(wilson(40, 40, quantile=2.2621571628540993).lower)


def test_the_p_value_counts_both_sides_and_is_never_0():
    assert p_value_of_replicates(np.full(999, 0.2)) == 2 / 1000
    assert p_value_of_replicates(np.zeros(50)) == 1.0
    assert p_value_of_replicates([np.nan, -1.0, 2.0, 3.0]) == 2 * 2 / 4
    assert np.isnan(p_value_of_replicates([[np.nan, np.nan], [1.0, np.nan]])).tolist() == [True, False]
    assert np.isnan(p_value_of_replicates([]))


def test_no_rows_and_no_replicates_are_ordinary_inputs():
    assert percentile_bounds(np.zeros((0, 5)))[0].size == 0
    assert np.isnan(percentile_bounds(np.zeros((2, 0)))[0]).all()
    assert np.isnan(wilson_of_replicates([0.5], np.zeros((1, 0)), clusters=9, units=9).lower).all()
    assert wilson_of_replicates([], np.zeros((0, 5)), clusters=[], units=[]).lower.size == 0
    with pytest.raises(PolicyError, match="confidence"):
        percentile_bounds([[1.0]], confidence=95)
