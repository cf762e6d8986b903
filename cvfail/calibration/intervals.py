"""A measure with its interval, the band of chance, and whether it lies beyond."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cvfail.calibration.bin_errors import BinError
from cvfail.calibration.inversion import quantile
from cvfail.calibration.recentring import BinReplicates, recentred_interval
from cvfail.statistics.quantiles import t_quantile
from cvfail.statistics.replicates import variance_of_replicates

Numbers = NDArray[np.float64]

_NAN = float("nan")


@dataclass(frozen=True)
class Measured:
    """One measure of one group; NaN where undefined.

    Attributes:
        estimate: The number.
        lower: Lower bound of its interval.
        upper: Upper bound.
        chance: What chance gives on average if every score is right.
        chance_lower: Lower bound of what it gives.
        chance_upper: Upper bound.
        beyond_chance: Whether the estimate is above that and its interval, which knows of clusters, above 0; None
            where there is no band.
    """

    estimate: float
    lower: float = _NAN
    upper: float = _NAN
    chance: float = _NAN
    chance_lower: float = _NAN
    chance_upper: float = _NAN
    beyond_chance: bool | None = None

    def with_estimate(self, estimate: float) -> Measured:
        """The same with another estimate."""
        return replace(self, estimate=estimate)

    def without_chance(self) -> Measured:
        """The same without the band of chance."""
        return replace(self, chance=_NAN, chance_lower=_NAN, chance_upper=_NAN, beyond_chance=None)

    def squared(self) -> Measured:
        """The square of a root of a mean square."""
        return Measured(
            self.estimate**2,
            self.lower**2,
            self.upper**2,
            _NAN,
            self.chance_lower**2,
            self.chance_upper**2,
            self.beyond_chance,
        )


UNDEFINED = Measured(_NAN)


def of_error(bins: BinReplicates, error: BinError, worlds: Numbers | None, confidence: float) -> Measured:
    """A calibration error with its recentred interval.

    Args:
        bins: Sums in data and replicates.
        error: Of the bins.
        worlds: The error in simulated worlds in which every score is right, shape (R,); None if it is not known how
            to make them.
        confidence: Of interval and band.

    Notes:
        There is no interval with fewer than two clusters. In the worlds each row has its own luck. Where clusters
        have more rows than one, the band holds the replicates without the miscalibration as well, which have that of
        the clusters; where there are no worlds it is theirs.
    """
    estimate = float(error(bins.seen.counts, bins.seen.gaps))
    lower = upper = _NAN
    bands = [] if worlds is None else [worlds]
    if bins.clusters > 1:
        lower, upper, recentred = recentred_interval(bins, error, confidence=confidence)
        if worlds is None or bins.seen.counts.sum() > bins.clusters:
            bands.append(recentred)
    bands = [band for band in bands if band.size]
    if not bands:
        return Measured(estimate, lower, upper)
    tail = 0.5 - confidence / 2.0
    low = min(quantile(band, tail) for band in bands)
    high = max(quantile(band, 1.0 - tail) for band in bands)
    chance = max(float(band.mean()) for band in bands)
    return Measured(estimate, lower, upper, chance, low, high, estimate > high and not lower <= 0.0)


def of_replicates(
    estimate: float,
    replicates: Numbers,
    clusters: int,
    confidence: float,
    *,
    within: tuple[float, float] = (0.0, 1.0),
) -> Measured:
    """An estimate with the t interval of the variance of its replicates; none with fewer than two clusters.

    Args:
        estimate: The number.
        replicates: Shape (B,); NaN where undefined.
        clusters: How many clusters have rows, m; the variance is multiplied by m/(m - 1), t has m - 1 degrees.
        confidence: Of the interval.
        within: The values that are possible; bounds do not leave them.
    """
    if clusters < 2:
        return Measured(estimate)
    variance = float(variance_of_replicates(replicates)) * clusters / (clusters - 1)
    half = float(t_quantile(confidence, clusters - 1)) * float(np.sqrt(variance))
    if np.isnan(half):
        return Measured(estimate)
    return Measured(estimate, max(estimate - half, within[0]), min(estimate + half, within[1]))
