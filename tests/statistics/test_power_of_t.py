"""Power of the paired t test: against samples, against itself solved the other way, and at its ends."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvfail.errors import PolicyError
from cvfail.statistics.power_of_t import detectable_difference, power_of_t, required_clusters


@pytest.mark.parametrize(("clusters", "sides"), [(4, 2), (12, 1), (60, 2)])
def test_power_is_the_share_of_samples_that_find_the_difference(clusters, sides):
    from scipy.stats import t

    rng = np.random.default_rng(0)
    samples = rng.normal(0.5, 1.0, (20_000, clusters))
    statistic = samples.mean(axis=1) / (samples.std(axis=1, ddof=1) / np.sqrt(clusters))
    found = (statistic > t.ppf(1 - 0.05 / sides, clusters - 1)).mean()
    assert power_of_t(0.5, 1 / np.sqrt(clusters), clusters, sides=sides) == pytest.approx(found, abs=0.012)


@given(
    st.floats(0.001, 1),
    st.integers(2, 10_000),
    st.floats(0.01, 0.2),
    st.floats(0.5, 0.99),
    st.sampled_from([1, 2]),
)
def test_what_is_detectable_is_detected_as_often_as_asked(error, clusters, level, power, sides):
    difference = detectable_difference(error, clusters, level=level, power=power, sides=sides)
    assert power_of_t(difference, error, clusters, level=level, sides=sides) == pytest.approx(power, abs=1e-5)
    assert power_of_t(-difference, error, clusters, level=level, sides=sides) == pytest.approx(
        power, abs=1e-5
    )


@given(st.floats(0.002, 0.5), st.integers(2, 2000), st.sampled_from([0.0, 0.01, 0.1]))
def test_the_required_clusters_are_the_least_that_are_enough(difference, clusters, rare):
    needed = required_clusters(difference, 0.05, clusters, rare=rare)

    def power(count):
        scale = clusters / count
        return power_of_t(difference, np.hypot(0.05 * np.sqrt(scale), rare * scale), count)

    assert power(needed) >= 0.8 - 1e-4
    assert needed == 2 or power(needed - 1) <= 0.8 + 1e-4


def test_nothing_known_is_nothing_told():
    assert np.isnan(power_of_t(0.1, [0.0, np.nan, 0.1], [30, 30, 1])).all()
    assert np.isnan(detectable_difference([0.1, np.nan], [1, 30])).all()
    assert np.isnan(required_clusters([np.nan, 0.1], [0.1, np.nan], 30)).all()
    assert np.isinf(required_clusters([0.0, 1e-9], 0.1, 30)).all()
    with pytest.raises(PolicyError, match="power must be in"):
        detectable_difference(0.1, 30, power=1.0)
    with pytest.raises(PolicyError, match="confidence must be in"):
        power_of_t(0.1, 0.1, 30, level=0.0)
