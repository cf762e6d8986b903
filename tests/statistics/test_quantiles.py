"""Quantiles against scipy.stats."""

import numpy as np
import pytest
from scipy import stats

from cvfail.errors import PolicyError
from cvfail.statistics.quantiles import normal_quantile, t_p_value, t_quantile


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.999])
def test_quantiles_equal_scipy(confidence):
    degrees = np.array([1, 2, 3, 10, 100, 1e6])
    assert normal_quantile(confidence) == pytest.approx(stats.norm.ppf(0.5 + confidence / 2), rel=1e-12)
    assert t_quantile(confidence, degrees) == pytest.approx(
        stats.t.ppf(0.5 + confidence / 2, degrees), rel=1e-9
    )


def test_p_values_equal_scipy_far_into_the_tail():
    statistic = np.array([0.0, -1.0, 2.5, 40.0])
    assert t_p_value(statistic, 12) == pytest.approx(2 * stats.t.sf(np.abs(statistic), 12), rel=1e-9)


def test_without_a_degree_of_freedom_there_is_no_quantile_and_no_p_value():
    assert np.isnan(t_quantile(0.95, [-1, 0, 0.5])).all()
    assert np.isnan(t_p_value(2.0, [0, -1])).all()
    assert t_quantile(0.95, []).size == 0


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95, -0.1, float("nan")])
def test_a_confidence_outside_0_and_1_is_an_error(confidence):
    with pytest.raises(PolicyError, match="confidence must be in"):
        normal_quantile(confidence)
