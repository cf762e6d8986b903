"""Detectable differences: statsmodels, each function against its inverse, and how often a test finds them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import samplesize_proportions_2indep_onetail

from cvfail.errors import PolicyError
from cvfail.statistics.mcnemar import clustered_mcnemar
from cvfail.statistics.power import (
    minimum_detectable_difference,
    minimum_detectable_paired_difference,
    required_paired_units,
    required_units,
)

rates = st.floats(0.01, 0.6)
powers = st.floats(0.55, 0.99)


@given(rates, st.floats(0.02, 0.35), st.floats(0.2, 20), powers)
def test_the_wanted_size_is_that_of_statsmodels(rate, difference, ratio, power):
    expected = samplesize_proportions_2indep_onetail(
        difference, rate, power, ratio=ratio, alpha=0.025, alternative="larger"
    )
    units = required_units(rate, difference, rest_per_unit=ratio, power=power)
    assert units == pytest.approx(expected, rel=1e-6)


@given(rates, st.integers(20, 3000), st.floats(0.5, 20), st.floats(1, 5), powers)
def test_the_detectable_difference_needs_the_units_that_it_was_asked_for(rate, units, ratio, effect, power):
    options = {"design_effect": effect, "power": power}
    difference = minimum_detectable_difference(rate, units, ratio * units, **options)
    if np.isnan(difference):
        assert required_units(rate, 1 - rate, rest_per_unit=ratio, **options) > units * (1 - 1e-9)
    else:
        assert required_units(rate, difference, rest_per_unit=ratio, **options) == pytest.approx(
            units, rel=1e-6
        )


@given(st.floats(0.02, 1), st.integers(20, 5000), st.floats(1, 5), powers)
def test_the_detectable_difference_of_pairs_needs_the_units_that_it_was_asked_for(
    share, units, effect, power
):
    options = {"design_effect": effect, "power": power}
    difference = minimum_detectable_paired_difference(share, units, **options)
    if np.isnan(difference):
        assert required_paired_units(share, share, **options) > units * (1 - 1e-9)
    else:
        assert required_paired_units(share, difference, **options) == pytest.approx(units, rel=1e-6)


def test_the_pooled_test_finds_a_detectable_difference_as_often_as_promised():
    random = np.random.default_rng(6)
    rest, n, other = 0.1, 400, 4000
    difference = minimum_detectable_difference(rest, n, other)
    k, other_k = random.binomial(n, rest + difference, 20_000), random.binomial(other, rest, 20_000)
    pooled = (k + other_k) / (n + other)
    z = (k / n - other_k / other) / np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / other))
    assert 0.77 < (z > 1.959964).mean() < 0.83


def test_the_test_of_pairs_finds_a_detectable_difference_as_often_as_promised():
    random = np.random.default_rng(7)
    share, n = 0.1, 1000
    difference = minimum_detectable_paired_difference(share, n)
    cells = [(share + difference) / 2, (share - difference) / 2, 1 - share]
    b, c, _ = random.multinomial(n, cells, 20_000).T
    assert 0.77 < (clustered_mcnemar(b - c, b + c) < 0.05).mean() < 0.83


def test_units_worth_less_than_one_need_a_larger_difference():
    assert minimum_detectable_difference(0.1, 300, 3000, design_effect=3.0) == pytest.approx(
        minimum_detectable_difference(0.1, 100, 1000)
    )
    assert required_units(0.1, 0.1, design_effect=3.0) == pytest.approx(3 * required_units(0.1, 0.1))
    assert required_paired_units(0.2, 0.1, design_effect=3.0) == pytest.approx(
        3 * required_paired_units(0.2, 0.1)
    )


def test_what_cannot_be_found_is_not_a_number_and_no_rows_are_an_ordinary_input():
    assert np.isnan(
        minimum_detectable_difference([0.5, 0.5, 1.0, 0.5], [2, 0, 99, 99], [99, 99, 99, 0])
    ).all()
    assert np.isnan(minimum_detectable_paired_difference([0.1, 0.0, 0.5], [3, 99, 0])).all()
    assert required_units(0.1, 0.0) == required_paired_units(0.1, 0.0) == np.inf
    assert np.isnan(required_units(0.5, [0.6, -0.6])).all()
    assert np.isnan(required_paired_units(0.1, 0.2))
    assert minimum_detectable_difference([], [], []).shape == required_units([], []).shape == (0,)
    assert minimum_detectable_paired_difference([], []).shape == required_paired_units([], []).shape == (0,)
    assert minimum_detectable_difference(np.full(10_000, 0.1), 500, 5000).shape == (10_000,)


@pytest.mark.parametrize("wrong", [{"level": 0}, {"level": 1.5}, {"power": 0}, {"power": 1}])
def test_levels_and_powers_are_shares(wrong):
    (name,) = wrong
    for function, values in (
        (minimum_detectable_difference, (0.1, 10, 10)),
        (required_units, (0.1, 0.1)),
        (minimum_detectable_paired_difference, (0.1, 10)),
        (required_paired_units, (0.2, 0.1)),
    ):
        with pytest.raises(PolicyError, match=name):
            function(*values, **wrong)
