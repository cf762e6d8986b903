"""Bounds of errors of bins, beside plain searches and where the answer is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import ndtr

from cvfail.calibration.bin_errors import BinSums, LargestDistance, MeanDistance, RootMeanSquare
from cvfail.calibration.inversion import boundary, quantile
from cvfail.calibration.recentring import BinReplicates, recentred_interval

ERRORS = [MeanDistance(), MeanDistance(np.array([0, 2])), RootMeanSquare()]


def made_up(seed, *, bins=5, replicates=60, clusters=50):
    """Gaps of bins of 20 to 200 rows, and replicates with as much noise as rows of their own would have."""
    random = np.random.default_rng(seed)
    counts = random.integers(20, 200, size=bins).astype(float)
    gaps = random.normal(size=bins) * np.sqrt(0.2 * counts) + random.normal() * 0.1 * counts
    drawn = counts[:, np.newaxis] * random.uniform(0.9, 1.1, size=(bins, replicates))
    noise = random.normal(size=(bins, replicates)) * np.sqrt(0.2 * counts)[:, np.newaxis]
    seen = BinSums(counts, gaps)
    return BinReplicates(
        seen, BinSums(drawn, seen.means[:, np.newaxis] * drawn + noise), np.zeros(bins), clusters
    )


def plain_upper(error, bins, share):
    """The largest error among gaps of equally many standard errors at which the estimate is no surprise."""
    seen, noise = bins.seen, bins.noise(0.95)
    estimate, found = float(error(seen.counts, seen.gaps)), 0.0
    spread = [np.std(noise.gaps[c]) / seen.counts[c] for c in range(seen.counts.size)]
    for sides in (np.where(seen.gaps < 0, -1, 1), np.ones(len(spread)), -np.ones(len(spread))):
        for times in np.arange(0.0, 40.0, 0.01):
            gaps = times * sides * spread
            values = [
                float(error(noise.counts[:, b], noise.gaps[:, b] + gaps * noise.counts[:, b]))
                for b in range(noise.counts.shape[1])
            ]
            if np.quantile(values, share, method="weibull") > estimate:
                break
            found = max(found, float(error(seen.counts, gaps * seen.counts)))
    return found


@pytest.mark.parametrize("error", ERRORS, ids=["ece", "of two classes", "rmsce"])
def test_the_upper_bound_is_that_of_a_search_through_all_multiples(error):
    bins = made_up(3, replicates=20)
    step = float(error(bins.seen.counts, 0.01 * bins.noise(0.95).gaps.std(axis=1)))
    _, found = error.bounds(bins.seen, bins.noise(0.95), 0.95)
    assert found == pytest.approx(plain_upper(error, bins, 0.025), abs=1.1 * step)


@pytest.mark.parametrize("error", [*ERRORS, LargestDistance(np.arange(5))])
@given(seed=st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_the_estimate_is_inside_and_everything_is_mirrored_if_all_gaps_are(error, seed):
    bins = made_up(seed)
    lower, upper, chance = recentred_interval(bins, error)
    estimate = float(error(bins.seen.counts, bins.seen.gaps))
    assert 0.0 <= lower <= estimate <= upper <= 1.0
    is_beyond = quantile(chance, 0.975) < estimate
    assert lower == 0.0 if not is_beyond else lower > 0.0 or isinstance(error, LargestDistance)
    mirrored = BinReplicates(
        BinSums(bins.seen.counts, -bins.seen.gaps),
        BinSums(bins.drawn.counts, -bins.drawn.gaps),
        bins.least_variance,
        bins.clusters,
    )
    assert recentred_interval(mirrored, error)[:2] == pytest.approx((lower, upper), abs=1e-12)


@pytest.mark.parametrize("error", [MeanDistance(), RootMeanSquare(), LargestDistance(np.arange(1))])
def test_far_from_chance_the_interval_of_one_bin_is_that_of_a_mean(error):
    random = np.random.default_rng(1)
    counts, drawn = np.array([1000.0]), np.full((1, 20_000), 1000.0)
    noise = 10.0 * random.normal(size=(1, 20_000))
    bins = BinReplicates(
        BinSums(counts, np.array([300.0])), BinSums(drawn, 300.0 + noise), np.zeros(1), 10**6
    )
    lower, upper, _ = recentred_interval(bins, error)
    assert (lower, upper) == pytest.approx((0.3 - 0.0196, 0.3 + 0.0196), abs=0.0006)


def test_the_lower_bound_of_the_largest_distance_holds_for_all_bins_at_once():
    random = np.random.default_rng(5)
    counts, above = np.full(20, 100.0), 0
    for _ in range(400):
        noise = 4.0 * random.normal(size=(20, 200))
        gaps = 20.0 + 4.0 * random.normal(size=20)
        drawn = BinSums(np.repeat(counts[:, np.newaxis], 200, axis=1), noise + gaps[:, np.newaxis])
        bins = BinReplicates(BinSums(counts, gaps), drawn, np.zeros(20), 10**6)
        above += recentred_interval(bins, LargestDistance(np.arange(20)))[0] > 0.2
    assert above / 400 <= 0.025 + 3 * 0.008


def test_few_clusters_make_the_interval_wider():
    widths = []
    for clusters in (5, 50, 5000):
        lower, upper, _ = recentred_interval(made_up(2, clusters=clusters), MeanDistance())
        widths.append(upper - lower)
    assert widths[0] > widths[1] > widths[2]


def test_luck_that_all_bins_share_can_hide_an_error_from_one_side():
    random = np.random.default_rng(0)
    counts = np.full(6, 100.0)
    drawn = np.full((6, 400), 100.0)
    shared = np.repeat(8.0 * random.normal(size=(1, 400)), 6, axis=0)
    alone = 8.0 * random.normal(size=(6, 400))
    gaps = np.array([1.0, -1.0, 1.0, -1.0, 1.0, -1.0])
    upper = [
        recentred_interval(
            BinReplicates(
                BinSums(counts, gaps), BinSums(drawn, noise + gaps[:, np.newaxis]), np.zeros(6), 10**6
            ),
            MeanDistance(),
        )[1]
        for noise in (shared, alone)
    ]

    def share_below_estimate(gap):
        return ndtr((0.01 - gap) / 0.08) - ndtr((-0.01 - gap) / 0.08)

    assert upper[0] == pytest.approx(
        brentq(lambda gap: share_below_estimate(gap) - 0.025, 0.0, 1.0), abs=0.01
    )
    assert upper[1] < upper[0] / 2


def test_a_quantile_of_few_values_holds_a_new_one_as_often_as_it_says():
    values = np.random.default_rng(0).normal(size=(4000, 40))
    below = [values[row, 39] < quantile(values[row, :39], 0.9) for row in range(4000)]
    assert np.mean(below) == pytest.approx(0.9, abs=0.015)
    assert quantile(values[0, :7], 0.3) == pytest.approx(np.quantile(values[0, :7], 0.3, method="weibull"))
    assert quantile(values[0, :7], 0.99) == values[0, :7].max()


def test_a_boundary_that_is_never_reached_is_the_end():
    assert boundary(lambda place: False, 3.0) == 3.0
    assert boundary(lambda place: True, 3.0) == pytest.approx(0.0, abs=1e-4)
