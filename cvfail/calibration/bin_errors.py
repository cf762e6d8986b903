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

    def upper(self, seen: BinSums, noise: BinSums, confidence: float) -> float:
        """The upper bound of the true error.

        Args:
            seen: The data; the error is defined.
            noise: Replicates of bins without a gap, at least one.
            confidence: Of the interval that it belongs to.
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

    def upper(self, seen: BinSums, noise: BinSums, confidence: float) -> float:
        """See `upper_along` and `BinError`."""
        return upper_along(self, seen, noise, confidence)


@dataclass(frozen=True)
class RootMeanSquare:
    """The root of the mean square, ``l2``."""

    def __call__(self, counts: Numbers, gaps: Numbers) -> Numbers:
        """The error; see `distance`."""
        return distance(counts, gaps, "l2")

    def upper(self, seen: BinSums, noise: BinSums, confidence: float) -> float:
        """See `upper_along` and `BinError`."""
        return upper_along(self, seen, noise, confidence)


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

    def upper(self, seen: BinSums, noise: BinSums, confidence: float) -> float:
        """The largest upper bound of a bin, which that of the bin that is truly the furthest off does not exceed."""
        spread = noise.at(self.rows).means.std(axis=1)
        bounds = np.abs(seen.at(self.rows).means) + normal_quantile(confidence) * spread
        return float(bounds.max())


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
