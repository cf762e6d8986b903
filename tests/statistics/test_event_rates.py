"""The score interval of a rate of events: Poisson events by hand, coverage by enumeration, limits."""

import numpy as np
import pytest
from scipy.stats import poisson

from cvfail.statistics.event_rates import rate_from_variance

Z = 1.959963984540054


def test_bounds_are_the_rates_whose_score_test_does_not_reject():
    interval = rate_from_variance(0.4, 0.4 / 50, units=50, quantile=Z)
    for bound in (interval.lower, interval.upper):
        assert (0.4 - bound) ** 2 == pytest.approx(Z**2 * bound / 50, abs=1e-12)
    assert interval.lower < 0.4 < interval.upper


@pytest.mark.parametrize("expected", [2.0, 5.0, 20.0, 80.0])
def test_poisson_events_are_covered(expected):
    """Exact coverage, summed over all counts: a score interval is near its level from small counts on."""
    events = np.arange(0, 300)
    units = 100
    rates = events / units
    interval = rate_from_variance(rates, rates / units, units=units, quantile=Z)
    inside = (interval.lower <= expected / units) & (expected / units <= interval.upper)
    assert 0.93 <= poisson.pmf(events, expected)[inside].sum() <= 0.98


def test_more_variance_is_a_wider_interval_as_of_fewer_units():
    wide = rate_from_variance(0.4, 3 * 0.4 / 90, units=90, quantile=Z)
    few = rate_from_variance(0.4, 0.4 / 30, units=30, quantile=Z)
    assert (wide.lower, wide.upper) == (pytest.approx(few.lower), pytest.approx(few.upper))


def test_no_event_has_an_upper_bound_and_what_is_unknown_has_none():
    interval = rate_from_variance([0.0, np.nan, 0.5], [0.0, 0.1, np.nan], units=100, quantile=Z)
    assert interval.lower[0] == 0.0
    assert interval.upper[0] == pytest.approx(Z**2 / 100)
    assert np.isnan(interval.lower[1:]).all()
    assert np.isnan(interval.upper[1:]).all()
    assert np.isnan(rate_from_variance(0.5, 0.1, units=10, quantile=np.nan).upper)
