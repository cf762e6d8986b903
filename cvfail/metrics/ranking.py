"""Predictions in score order with their outcomes, summarised once per set of weights on the clusters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.evidence.evidence import Evidence
from cvfail.kernels.ordering import descending_order, group_rows
from cvfail.kernels.weighted_counts import weighted_counts
from cvfail.statistics.bootstrap import percentile_interval, poisson_weights
from cvfail.tables.arrays import read_only

Summary = Callable[[NDArray[np.float64], NDArray[np.float64]], float]
"""Turns recall and precision down a ranking, both shape (m,), into one number."""


@dataclass(frozen=True)
class Ranking:
    """Predictions that are right or wrong, best score first, and the ground truth that they should find.

    Attributes:
        correct: Whether each prediction is right, shape (n,).
        clusters: Cluster code of each prediction, shape (n,).
        truth_clusters: Cluster code of each ground truth that counts, shape (P,).
    """

    correct: NDArray[np.bool_]
    clusters: NDArray[np.int32]
    truth_clusters: NDArray[np.int32]

    def summarise(
        self, summary: Summary, weights: NDArray[np.uint8], *, places: NDArray[np.int64] | None = None
    ) -> NDArray[np.float64]:
        """Summarise precision against recall once per row of weights.

        Args:
            summary: What to make of recall and precision.
            weights: How often each cluster counts, shape (B, clusters).
            places: After how many predictions the curve is read, ascending, shape (m,). After every right one if
                not given: recall rises nowhere else, and in between precision can only fall.

        Returns:
            One number per row, NaN where no ground truth counts, shape (B,). Cost: B passes over the ranking.
        """
        after = read_only(np.flatnonzero(self.correct) + 1 if places is None else places)
        return np.array([self._summarise(summary, row, after) for row in read_only(weights)], np.float64)

    def _summarise(self, summary: Summary, weights: NDArray[np.uint8], places: NDArray[np.int64]) -> float:
        positives = int(weights[self.truth_clusters].sum())
        if positives == 0:
            return np.nan
        found, listed = weighted_counts(self.correct, self.clusters, weights, places)
        return summary(found / positives, found / np.maximum(listed, 1))


@dataclass(frozen=True)
class Claimed:
    """What a protocol says of predictions that take part, and the ground truth that they should find, in input order.

    Attributes:
        scores: Shape (n,).
        category: Category code of each prediction, shape (n,).
        clusters: Cluster code of each prediction, shape (n,).
        correct: Whether it is right, shape (n,); all others are wrong.
        truth_category: Category code of each ground truth that counts, shape (P,).
        truth_clusters: Its cluster code, shape (P,).
    """

    scores: NDArray[np.float64]
    category: NDArray[np.int32]
    clusters: NDArray[np.int32]
    correct: NDArray[np.bool_]
    truth_category: NDArray[np.int32]
    truth_clusters: NDArray[np.int32]

    @classmethod
    def of(
        cls,
        evidence: Evidence,
        *,
        listed: NDArray[np.bool_],
        correct: NDArray[np.bool_],
        counts: NDArray[np.bool_],
    ) -> Claimed:
        """Look up what is said of a run of images.

        Args:
            evidence: The tables.
            listed: Predictions that are right or wrong, shape (D,).
            correct: Those that are right, shape (D,).
            counts: Ground truth that must be found, shape (G,).
        """
        coding, clusters = evidence.coding, evidence.clusters
        return cls(
            evidence.scores[listed],
            coding.category[listed],
            clusters[coding.image[listed]],
            correct[listed],
            coding.truth_category[counts],
            clusters[coding.truth_image[counts]],
        )

    @classmethod
    def joined(cls, parts: Sequence[Claimed]) -> Claimed:
        """Several runs of images, in their order."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))

    def by_category(self, kinds: int) -> list[Ranking]:
        """One ranking per category code; equal scores in input order."""
        offsets, rows = group_rows(read_only(self.category), kinds)
        truth_offsets, truths = group_rows(read_only(self.truth_category), kinds)
        return [
            self._ranked(rows[first:last], truths[truth_first:truth_last])
            for (first, last), (truth_first, truth_last) in zip(
                pairwise(offsets.tolist()), pairwise(truth_offsets.tolist()), strict=True
            )
        ]

    def _ranked(self, rows: NDArray[np.int64], truths: NDArray[np.int64]) -> Ranking:
        order = descending_order(read_only(self.scores), read_only(rows))
        return Ranking(
            read_only(self.correct[order]), read_only(self.clusters[order]), self.truth_clusters[truths]
        )


def cluster_weights(evidence: Evidence, *, replicates: int, seed: int) -> NDArray[np.uint8]:
    """Weights of the clusters: row 0 counts each once, for the estimate; the others are bootstrap replicates.

    Args:
        evidence: Whose clusters.
        replicates: How many rows follow the first.
        seed: Of the Poisson(1) weights.

    Returns:
        Shape (1 + replicates, clusters).
    """
    drawn = poisson_weights(evidence.cluster_ids, replicates, seed=seed)
    return np.concatenate([np.ones((1, drawn.shape[1]), np.uint8), drawn])


def average_precision_columns(
    samples: NDArray[np.float64], support: NDArray[np.int64], *, confidence: float
) -> pl.DataFrame:
    """Estimates and percentile bounds from summaries by `cluster_weights`.

    Args:
        samples: The estimate, then its replicates, per row, shape (K, 1 + B).
        support: Ground truth that counts, shape (K,).
        confidence: Of the intervals.

    Returns:
        ap, ap_lower, ap_upper, support; null where undefined or where there are no replicates.
    """
    bounds = [percentile_interval(row[1:], confidence=confidence)[:2] for row in samples]
    return pl.DataFrame(
        {
            "ap": pl.Series(samples[:, 0], dtype=pl.Float64).fill_nan(None),
            "ap_lower": pl.Series([lower for lower, _ in bounds], dtype=pl.Float64),
            "ap_upper": pl.Series([upper for _, upper in bounds], dtype=pl.Float64),
            "support": pl.Series(support, dtype=pl.Int64),
        }
    )


def describe_intervals(*, replicates: int, confidence: float) -> str:
    """How the bounds were made, for captions."""
    if not replicates:
        return "no intervals"
    return f"{confidence:.0%} intervals from {replicates} bootstrap replicates of the images"
