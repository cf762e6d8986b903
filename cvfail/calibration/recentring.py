"""Intervals of calibration errors, which are never negative and which chance makes larger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cvfail.statistics.quantiles import check_confidence

Numbers = NDArray[np.float64]

Error = Callable[[Numbers, Numbers], Numbers]
"""Puts counts and gaps of bins, shape (C,) or (C, B), together to errors of shape () or (B,)."""

_HALVINGS = 16
_LARGEST = 256.0
_NORMAL_SEED = 0x5EED


@dataclass(frozen=True)
class BinReplicates:
    """The sums of bins in the data and in bootstrap replicates.

    Attributes:
        counts: Rows of each bin, shape (C,).
        gaps: Sum of outcomes less that of scores, shape (C,).
        least_variance: Variance of `gaps` that independent rows would have at least, shape (C,).
        drawn_counts: Weight of each bin in each replicate, shape (C, B).
        drawn_gaps: Weighted gaps, shape (C, B).
    """

    counts: Numbers
    gaps: Numbers
    least_variance: Numbers
    drawn_counts: Numbers
    drawn_gaps: Numbers

    def noise(self) -> Numbers:
        """By how much the gaps of the replicates differ from those of the data, shape (C, B).

        A bin of few rows may look alike in all replicates; it gets further noise, normal and independent, up to
        its least variance.
        """
        mean = np.divide(self.gaps, self.counts, out=np.zeros_like(self.gaps), where=self.counts > 0.0)
        noise = self.drawn_gaps - mean[:, np.newaxis] * self.drawn_counts
        lacking = np.maximum(self.least_variance - noise.var(axis=1), 0.0)
        if lacking.any():
            normal = np.random.Generator(np.random.Philox(_NORMAL_SEED)).standard_normal(noise.shape)
            noise = noise + np.sqrt(lacking)[:, np.newaxis] * normal
        return noise


def recentred_interval(
    bins: BinReplicates, error: Error, *, confidence: float = 0.95
) -> tuple[float, float, Numbers]:
    """The interval of a calibration error, and its replicates if nothing were miscalibrated.

    Args:
        bins: Sums in data and replicates.
        error: The error of counts and gaps.
        confidence: Coverage, in (0, 1).

    Returns:
        (lower, upper, replicates at a calibration error of 0); NaN without a replicate that has rows.

    Raises:
        PolicyError: ``confidence`` is not in (0, 1).

    Notes:
        A calibration error counts noise as error: its replicates lie around the estimate plus as much again as
        noise has already added, so that their percentiles miss the truth. Here the replicates are shifted bin by
        bin to where the true gaps would be t times those seen. The interval holds t times the estimate for every t
        at which the estimate is between the percentiles of the shifted replicates. At t = 0 these are what chance,
        clusters included, gives to scores that are right: the lower bound is 0 unless the estimate is beyond. The
        upper bound is no less than the estimate, and no less than what all gaps come to if they are moved to one
        side as far as the estimate allows. Cost: 40 to 70 evaluations of the error of all replicates.

    Source: test-inversion bootstrap: Carpenter, JRSS B 61 (1999) 159-172; recentring as for tests in Hall and
        Wilson, Biometrics 47 (1991) 757-762.
    """
    check_confidence(confidence)
    used = bins.drawn_counts.sum(axis=0) > 0.0
    estimate = float(error(bins.counts, bins.gaps))
    if not used.any() or np.isnan(estimate):
        return np.nan, np.nan, np.zeros(0)
    worlds = _Recentred(bins, error, bins.drawn_counts[:, used], bins.noise()[:, used])
    tail = 0.5 - confidence / 2.0
    chance = np.asarray(error(worlds.counts, worlds.noise))
    high = _quantile(chance, 1.0 - tail)
    if estimate <= 0.0:
        return 0.0, min(high, 1.0), chance
    lower = 0.0
    if high < estimate:
        lower = _crossing(lambda times: worlds.scaled(times, 1.0 - tail) - estimate, 0.0, 1.0)
    top = 1.0
    while top < _LARGEST and worlds.scaled(top, tail) < estimate:
        top *= 2.0
    upper = (
        top if top >= _LARGEST else _crossing(lambda times: worlds.scaled(times, tail) - estimate, 0.0, top)
    )
    largest = min(max(upper, 1.0) * estimate, 1.0)
    for sign in (1.0, -1.0):
        largest = worlds.upper_of_shift(sign, largest, estimate, tail)
    return min(lower, 1.0) * estimate, largest, chance


@dataclass(frozen=True)
class _Recentred:
    """Replicates that are shifted to other gaps than those seen.

    Attributes:
        bins: Sums in the data.
        error: Of counts and gaps.
        counts: Weight of each bin in the replicates used, shape (C, B).
        noise: Their gaps if those of the data were 0, shape (C, B).
    """

    bins: BinReplicates
    error: Error
    counts: Numbers
    noise: Numbers

    @property
    def _mean(self) -> Numbers:
        bins = self.bins
        return np.divide(bins.gaps, bins.counts, out=np.zeros_like(bins.gaps), where=bins.counts > 0.0)

    def _at(self, gaps: Numbers, share: float) -> float:
        """A quantile of the error if the mean gaps of the bins were these."""
        return _quantile(self.error(self.counts, self.noise + gaps[:, np.newaxis] * self.counts), share)

    def scaled(self, times: float, share: float) -> float:
        """The same if they were so many times those seen."""
        return self._at(times * self._mean, share)

    def upper_of_shift(self, sign: float, upper: float, estimate: float, tail: float) -> float:
        """The upper bound, raised if all gaps may be further to one side than those seen.

        Clusters that share their luck move all bins at once. Where they hide an error, the gaps that are left are
        noise, and no multiple of them is the truth.
        """
        mean, counts = self._mean, self.bins.counts

        def value(by: float) -> float:
            return float(self.error(counts, (mean + sign * by) * counts))

        def beyond(by: float) -> float:
            return self._at(mean + sign * by, tail) - estimate

        if value(1.0) <= upper:
            return upper
        start = _crossing(lambda by: value(by) - upper, 0.0, 1.0)
        if beyond(start) >= 0.0:
            return upper
        return min(max(value(_crossing(beyond, start, 1.0)), upper), 1.0)


def _quantile(values: Numbers, share: float) -> float:
    """Of type 7, as `numpy.quantile` gives it at ten times the cost."""
    place = (values.size - 1) * share
    below = int(place)
    above = min(below + 1, values.size - 1)
    ordered = np.partition(values, (below, above))
    return float(ordered[below] + (place - below) * (ordered[above] - ordered[below]))


def _crossing(difference: Callable[[float], float], low: float, high: float) -> float:
    """Where an increasing function changes sign, by halving."""
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        if difference(middle) < 0.0:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0
