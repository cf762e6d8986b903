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
        upper bound is no less than the estimate. Cost: 35 evaluations of the error of all replicates.

    Source: test-inversion bootstrap: Carpenter, JRSS B 61 (1999) 159-172; recentring as for tests in Hall and
        Wilson, Biometrics 47 (1991) 757-762.
    """
    check_confidence(confidence)
    used = bins.drawn_counts.sum(axis=0) > 0.0
    estimate = float(error(bins.counts, bins.gaps))
    if not used.any() or np.isnan(estimate):
        return np.nan, np.nan, np.zeros(0)
    counts = bins.drawn_counts[:, used]
    noise = bins.noise()[:, used]
    mean = np.divide(bins.gaps, bins.counts, out=np.zeros_like(bins.gaps), where=bins.counts > 0.0)
    shift = mean[:, np.newaxis] * counts
    tail = 0.5 - confidence / 2.0

    def quantile(share: float, times: float) -> float:
        return _quantile(error(counts, noise + times * shift), share)

    chance = np.asarray(error(counts, noise))
    high = _quantile(chance, 1.0 - tail)
    if estimate <= 0.0:
        return 0.0, min(high, 1.0), chance
    lower = 0.0
    if high < estimate:
        lower = _crossing(lambda times: quantile(1.0 - tail, times) - estimate, 0.0, 1.0)
    top = 1.0
    while top < _LARGEST and quantile(tail, top) < estimate:
        top *= 2.0
    upper = top if top >= _LARGEST else _crossing(lambda times: quantile(tail, times) - estimate, 0.0, top)
    return min(lower, 1.0) * estimate, min(max(upper, 1.0) * estimate, 1.0), chance


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
