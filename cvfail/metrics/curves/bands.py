"""Curves of a group in bootstrap replicates of its images, read at some places of the ranking."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.metrics.curves.grouped_scores import ScoredGroup
from cvfail.metrics.curves.score_curve import ends_of_ties
from cvfail.statistics.event_rates import rate_from_variance
from cvfail.statistics.proportions import Interval
from cvfail.statistics.quantiles import t_quantile
from cvfail.statistics.replicates import variance_of_replicates, wilson_of_replicates
from cvfail.tables.arrays import read_only

Numbers = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Band:
    """Counts at places of a ranking; row 0 is the estimate, the others are its replicates.

    Attributes:
        thresholds: Scores at the places, shape (m,).
        found: Right predictions up to each place, shape (1 + B, m).
        wrong: Wrong ones, shape (1 + B, m).
        objects: Objects, shape (1 + B, 1).
        images: Images, shape (1 + B, 1).
        clusters: Clusters that hold a prediction or an object.
        clusters_of_images: Clusters that hold an image.
    """

    thresholds: Numbers
    found: Counts
    wrong: Counts
    objects: Counts
    images: Counts
    clusters: int
    clusters_of_images: int

    @classmethod
    def of(cls, group: ScoredGroup, weights: NDArray[np.uint8], *, points: int | None) -> Band:
        """Count once for each set of weights.

        Args:
            group: A ranking with objects and images.
            weights: How often each cluster counts, shape (1 + B, clusters); row 0 counts each once.
            points: At most so many places, half of them evenly over the scores, half over the recall; all if None.

        Cost: one pass over the ranking per set of weights.
        """
        from cvfail.kernels.weighted_counts import weighted_counts

        places = read_only(thinned(ends_of_ties(group.scores), group.right, points=points) + 1)
        found = np.empty((len(weights), places.size), np.int64)
        listed = np.empty_like(found)
        for row, weight in enumerate(read_only(weights)):
            found[row], listed[row] = weighted_counts(group.right, group.clusters, weight, places)
        return cls(
            group.scores[places - 1],
            found,
            listed - found,
            weights[:, group.truth_clusters].sum(axis=1, dtype=np.int64)[:, None],
            weights[:, group.image_clusters].sum(axis=1, dtype=np.int64)[:, None],
            group.units_in,
            group.clusters_of_images,
        )

    def share(self, above: Counts, below: Counts, *, confidence: float) -> Interval:
        """A share above / below at each place, with the interval of its replicates, shape (m,)."""
        return self.share_of(_ratios(above, below), units=below, confidence=confidence)

    def share_of(self, values: Numbers, *, units: Counts, confidence: float) -> Interval:
        """A share at each place from its values on everything and in the replicates, shape (1 + B, m)."""
        return wilson_of_replicates(
            values[0],
            values[1:].T,
            clusters=self.clusters,
            units=np.broadcast_to(units, values.shape)[0],
            confidence=confidence,
        )

    def rate(self, above: Counts, *, confidence: float) -> Interval:
        """A number per image at each place, with the interval of its replicates, shape (m,)."""
        values, variance, quantile = self._per_image(above, confidence)
        return rate_from_variance(values, variance, units=float(self.images[0, 0]), quantile=quantile)

    def mean(self, sums: Numbers, *, confidence: float) -> Interval:
        """A mean per image that is not negative at each place, with its t interval, shape (m,)."""
        values, variance, quantile = self._per_image(sums, confidence)
        half = quantile * np.sqrt(variance)
        return Interval(values, np.maximum(values - half, 0.0), values + half)

    def _per_image(self, sums: Counts | Numbers, confidence: float) -> tuple[Numbers, Numbers, Numbers]:
        """Sums over images, and their variance over clusters, and the quantile of t for it."""
        samples = _ratios(sums, self.images)
        m = self.clusters_of_images
        spread = m / (m - 1.0) if m > 1 else np.nan
        variance = variance_of_replicates(samples[1:].T) * spread
        return samples[0], variance, t_quantile(confidence, m - 1.0)


def thinned(ends: Counts, right: NDArray[np.bool_], *, points: int | None) -> Counts:
    """Some of the places at which runs of equal scores end; the first and the last are among them.

    Args:
        ends: All of them, ascending, shape (n,).
        right: Whether each prediction of the ranking is right.
        points: At most so many, half of them evenly over the scores, half over the recall; all if None.

    Example:
        >>> thinned(np.arange(10), np.ones(10, np.bool_), points=3).tolist()
        [0, 9]
        >>> thinned(np.arange(10), np.ones(10, np.bool_), points=6).tolist()
        [0, 4, 5, 9]
    """
    if points is None or ends.size <= points:
        return ends
    half = max(points // 2, 2)
    by_score = np.linspace(0, ends.size - 1, half).astype(np.int64)
    found = np.cumsum(right)[ends]
    by_recall = np.searchsorted(found, np.linspace(found[0], found[-1], half))
    places = np.unique(np.concatenate([by_score, by_recall]))
    return ends[places if places.size <= points else by_score]


def interval_arrays(name: str, interval: Interval) -> dict[str, Numbers]:
    """An estimate and its bounds by the name of their column; NaN where undefined."""
    return {
        name + suffix: np.atleast_1d(np.asarray(values, np.float64))
        for suffix, values in zip(("", "_lower", "_upper"), interval, strict=True)
    }


def interval_columns(name: str, interval: Interval) -> list[pl.Series]:
    """An estimate and its bounds as columns; null where undefined."""
    return [
        pl.Series(column, values).fill_nan(None) for column, values in interval_arrays(name, interval).items()
    ]


def _ratios(above: Counts | Numbers, below: Counts) -> Numbers:
    wide = np.broadcast_to(below, above.shape)
    return np.asarray(np.divide(above, wide, out=np.full(above.shape, np.nan), where=wide > 0))
