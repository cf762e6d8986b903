"""Errors that are put together from the gaps of bins, and how large the true error can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cvfail.calibration.calibration_error import distance, mean_distance
from cvfail.calibration.inversion import boundary, quantile
from cvfail.statistics.quantiles import normal_quantile

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class BinSums:
    """Rows and gaps of bins, of the data or of many replicates at once.

    Attributes:
        counts: Weight of each bin, shape (C,) or (C, B).
        gaps: Sum of outcomes less that of scores, same shape.
    """

    counts: Numbers
    gaps: Numbers

    @property
    def means(self) -> Numbers:
        """The mean gap of each bin, 0 where it has no weight."""
        return np.divide(self.gaps, self.counts, out=np.zeros_like(self.gaps), where=self.counts > 0.0)

    @property
    def sides(self) -> Numbers:
        """1 or -1 for each bin: to which side its gap is."""
        return np.where(self.gaps < 0.0, -1.0, 1.0)

    def at(self, rows: NDArray[np.int64]) -> BinSums:
        """Some of the bins."""
        return BinSums(self.counts[rows], self.gaps[rows])


class BinError(Protocol):
    """An error of the gaps of bins."""

    def __call__(self, counts: Numbers, gaps: Numbers) -> Numbers:
        """The error of `BinSums`, shape () or (B,); NaN where no bin has weight."""

    def bounds(self, seen: BinSums, noise: BinSums, confidence: float) -> tuple[float, float]:
        """The interval of the true error.

        Args:
            seen: The data; the error is defined.
            noise: Replicates of bins without a gap, at least one.
            confidence: Coverage.
        """


@dataclass(frozen=True)
class MeanDistance:
    """The mean distance, ``l1``.

    Attributes:
        parts: First bin of each part, such as a class, ascending, shape (P,): the mean is over parts. All bins are
            one part if not given.
    """

    parts: NDArray[np.int64] | None = None

    def __call__(self, counts: Numbers, gaps: Numbers) -> Numbers:
        """The error; see `distance` and `mean_distance`."""
        return distance(counts, gaps, "l1") if self.parts is None else mean_distance(counts, gaps, self.parts)

    def bounds(self, seen: BinSums, noise: BinSums, confidence: float) -> tuple[float, float]:
        """See `lower_along`, `upper_along` and `BinError`."""
        return lower_along(self, seen, noise, confidence), upper_along(self, seen, noise, confidence)


@dataclass(frozen=True)
class RootMeanSquare:
    """The root of the mean square, ``l2``."""

    def __call__(self, counts: Numbers, gaps: Numbers) -> Numbers:
        """The error; see `distance`."""
        return distance(counts, gaps, "l2")

    def bounds(self, seen: BinSums, noise: BinSums, confidence: float) -> tuple[float, float]:
        """See `lower_along`, `upper_along` and `BinError`."""
        return lower_along(self, seen, noise, confidence), upper_along(self, seen, noise, confidence)


@dataclass(frozen=True)
class LargestDistance:
    """The largest distance of some bins.

    Attributes:
        rows: Which bins, shape (R,).
    """

    rows: NDArray[np.int64]

    def __call__(self, counts: Numbers, gaps: Numbers) -> Numbers:
        """The error; see `distance`."""
        return distance(counts[self.rows], gaps[self.rows], "max")

    def bounds(self, seen: BinSums, noise: BinSums, confidence: float) -> tuple[float, float]:
        """The interval of the true error.

        Notes:
            Upper: the largest upper bound of a bin, which that of the bin that is truly the furthest off does not
            exceed. Lower: the largest of lower bounds that hold for all bins at once, since the bin that looks worst
            is often one that had bad luck; and 0 unless the error is beyond chance.
        """
        own, drawn = seen.at(self.rows), noise.at(self.rows).means
        gaps, spread = np.abs(own.means), drawn.std(axis=1)
        upper = float((gaps + normal_quantile(confidence) * spread).max())
        known = np.where(spread > 0.0, spread, np.inf)
        luck = (drawn.T * own.sides / known).T
        reach = quantile(luck.max(axis=0), 0.5 + confidence / 2.0)
        of_all = max(float((gaps - reach * spread).max()), 0.0)
        return min(lower_along(self, seen, noise, confidence), of_all), upper


def lower_along(error: BinError, seen: BinSums, noise: BinSums, confidence: float) -> float:
    """The smallest multiple of the gaps seen at which the estimate is no surprise, times the estimate.

    Notes:
        The replicates are shifted bin by bin to where the true gaps would be t times those seen. At t = 0 they are
        what chance, clusters included, gives to scores that are right: the bound is 0 unless the estimate is beyond.
    """
    estimate = float(error(seen.counts, seen.gaps))
    return estimate * times_seen(error, seen, noise, 0.5 + confidence / 2.0)


def times_seen(error: BinError, seen: BinSums, noise: BinSums, share: float) -> float:
    """The multiple of the gaps seen, in [0, 1], at which the estimate is this quantile of the error."""
    estimate = float(error(seen.counts, seen.gaps))
    shift = seen.means[:, np.newaxis] * noise.counts

    def beyond(times: float) -> bool:
        return quantile(np.asarray(error(noise.counts, noise.gaps + times * shift)), share) >= estimate

    return 0.0 if beyond(0.0) else boundary(beyond, 1.0)


def upper_along(error: BinError, seen: BinSums, noise: BinSums, confidence: float) -> float:
    """The largest error that would not have been surprised by an estimate as small as that seen.

    Args:
        error: Of the bins, a norm of their gaps.
        seen: The data.
        noise: Replicates of bins without a gap.
        confidence: Of the interval.

    Notes:
        Noise makes the error larger, by an amount that depends on where the true gaps lie: E|gap + noise| - |gap|
        is convex in the gap, so that an error of a given size is made larger by the least if all gaps are as many
        standard errors of their bins from 0. Such gaps hide an error best. The bound is the largest multiple of
        them at which the estimate is no less than the percentile of the replicates that are shifted there; the
        largest for gaps on the sides seen and for all gaps on one side, which clusters that share their luck move
        together.
    """
    estimate, tail = float(error(seen.counts, seen.gaps)), 0.5 - confidence / 2.0
    spread = noise.gaps.std(axis=1) / np.maximum(seen.counts, 1.0)

    def upper(gaps: Numbers) -> float:
        size = float(error(seen.counts, gaps * seen.counts))
        if size <= 0.0:
            return estimate
        shift = gaps[:, np.newaxis] * noise.counts

        def beyond(times: float) -> bool:
            return quantile(np.asarray(error(noise.counts, noise.gaps + times * shift)), tail) > estimate

        return size * boundary(beyond, 1.0 / size)

    one_side = np.ones(spread.size)
    return max(upper(spread * sides) for sides in (seen.sides, one_side, -one_side))
