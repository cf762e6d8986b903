"""One metric of two models in every group, how sure their difference is, and the p-value of none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cvfail.statistics.quantiles import t_p_value
from cvfail.statistics.replicates import percentile_bounds, variance_of_replicates

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Difference:
    """One metric of both models in every group.

    Attributes:
        first: Of the baseline, shape (groups,); NaN where undefined, as everywhere here.
        second: Of the candidate.
        lower: Percentile of the replicates of second - first; NaN with fewer than two clusters.
        upper: Likewise.
        error: Standard error of the difference, clusters paired; NaN with fewer than two clusters.
        support: What the first is a share of: objects, predictions, images.
        clusters: Clusters that have any of these.
        unlike: At most so many clusters tell the two models apart.
    """

    first: Numbers
    second: Numbers
    lower: Numbers
    upper: Numbers
    error: Numbers
    support: Numbers
    clusters: NDArray[np.int64]
    unlike: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        ratios: tuple[Numbers, Numbers],
        drawn: Numbers,
        *,
        error: Numbers | None = None,
        support: Numbers,
        clusters: NDArray[np.int64],
        unlike: NDArray[np.int64],
        confidence: float,
    ) -> Difference:
        """Put estimates and replicates together.

        Args:
            ratios: The metric of both models, each shape (groups,).
            drawn: Replicates of their difference, shape (groups, B), NaN where undefined.
            error: Standard error; that of the replicates, times √(m/(m-1)) for m clusters, if not given.
            support: See the attributes, as the others.
            clusters: Likewise.
            unlike: Likewise.
            confidence: Coverage of the intervals.
        """
        lower, upper, _ = percentile_bounds(drawn, confidence=confidence)
        if error is None:
            spread = clusters / np.maximum(clusters - 1.0, 1.0) * variance_of_replicates(drawn)
            error = np.sqrt(spread)
        known = ~np.isnan(ratios[1] - ratios[0]) & (clusters > 1)
        bounds = [np.where(known, values, np.nan) for values in (lower, upper, error)]
        return cls(ratios[0], ratios[1], bounds[0], bounds[1], bounds[2], support, clusters, unlike)

    @property
    def p_values(self) -> Numbers:
        """Two-sided, of no difference, from Student's t with clusters - 1 degrees of freedom; NaN where undefined.

        With u clusters in which the models differ it is at least 2^(1-u): by chance alone all of them could have
        fallen to the same model with that probability, whatever a variance of few clusters says. So it is 1 where
        nothing differs, and never 0.
        """
        difference = self.second - self.first
        with np.errstate(divide="ignore", invalid="ignore"):
            tested = t_p_value(difference / self.error, self.clusters - 1)
        certain = np.where(difference == 0.0, 1.0, 0.0)
        tested = np.where(self.error == 0.0, certain, tested)
        floor = np.ldexp(1.0, 1 - np.minimum(self.unlike, 1000))
        p_values = np.minimum(np.maximum(tested, floor), 1.0)
        return np.where(np.isnan(difference) | np.isnan(self.error), np.nan, p_values)
