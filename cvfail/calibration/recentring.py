"""Intervals of calibration errors, which are never negative and which chance makes larger."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cvfail.calibration.bin_errors import BinError, BinSums, times_seen
from cvfail.statistics.quantiles import normal_quantile, t_quantile

Numbers = NDArray[np.float64]

_NORMAL_SEED = 0x5EED


@dataclass(frozen=True)
class BinReplicates:
    """The sums of bins in the data and in bootstrap replicates.

    Attributes:
        seen: The data, shape (C,).
        drawn: The replicates, shape (C, B).
        least_variance: Variance of the gaps that independent rows would have at least, shape (C,).
        clusters: How many clusters have rows, m.
    """

    seen: BinSums
    drawn: BinSums
    least_variance: Numbers
    clusters: int

    def noise(self, confidence: float) -> BinSums:
        """The replicates if the gaps of the data were 0.

        Args:
            confidence: Of the interval to be made from them.

        Notes:
            A bin of few rows may look alike in all replicates; it gets further noise, normal and independent, up to
            its least variance. That few clusters show less variance than there is, and how little is known of it, is
            made good by the factor √(m/(m - 1)) and the ratio of the quantiles of t, of m - 1 degrees, and normal.
        """
        used = self.drawn.counts.sum(axis=0) > 0.0
        counts = self.drawn.counts[:, used]
        noise = self.drawn.gaps[:, used] - self.seen.means[:, np.newaxis] * counts
        if counts.size:
            lacking = np.maximum(self.least_variance - noise.var(axis=1), 0.0)
            if lacking.any():
                normal = np.random.Generator(np.random.Philox(_NORMAL_SEED)).standard_normal(noise.shape)
                noise = noise + np.sqrt(lacking)[:, np.newaxis] * normal
        m = self.clusters
        tails = float(t_quantile(confidence, m - 1)) / normal_quantile(confidence)
        return BinSums(counts, noise * (np.sqrt(m / (m - 1)) * tails))


def recentred_interval(
    bins: BinReplicates, error: BinError, *, confidence: float = 0.95
) -> tuple[float, float, Numbers]:
    """The interval of a calibration error, and its replicates if nothing were miscalibrated.

    Args:
        bins: Sums in data and replicates, of two clusters or more.
        error: The error of the bins.
        confidence: Coverage, in (0, 1).

    Returns:
        (lower, upper, replicates at a calibration error of 0); NaN without a replicate that has rows.

    Raises:
        PolicyError: ``confidence`` is not in (0, 1).

    Notes:
        A calibration error counts noise as error: its replicates lie around the estimate plus as much again as
        noise has already added, so that their percentiles miss the truth.

        See `lower_along`, `upper_along` and `LargestDistance.bounds`. The upper bound is no less than the estimate.

        Cost: about 70 evaluations of the error of all replicates.

    Source: test-inversion bootstrap: Carpenter, JRSS B 61 (1999) 159-172; recentring as for tests in Hall and
        Wilson, Biometrics 47 (1991) 757-762.
    """
    noise = bins.noise(confidence)
    estimate = float(error(bins.seen.counts, bins.seen.gaps))
    if not noise.counts.size or np.isnan(estimate):
        return np.nan, np.nan, np.zeros(0)
    chance = np.asarray(error(noise.counts, noise.gaps))
    lower, upper = error.bounds(bins.seen, noise, confidence)
    return lower, float(np.clip(upper, estimate, 1.0)), chance


def without_chance(bins: BinReplicates, error: BinError) -> float:
    """The calibration error that would have the estimate as its median, at most the estimate; NaN where undefined."""
    noise = bins.noise(0.95)
    estimate = float(error(bins.seen.counts, bins.seen.gaps))
    if not noise.counts.size or np.isnan(estimate):
        return np.nan
    return estimate * times_seen(error, bins.seen, noise, 0.5)
