"""Average precision of single classes after repairs, from predictions that are sorted by class and score once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cvfail.evidence.evidence import Evidence
from cvfail.metrics.average_precision import weighted_counts
from cvfail.metrics.precision_recall import RECALLS
from cvfail.statistics.bootstrap import poisson_weights
from cvfail.tables.arrays import read_only

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Change:
    """A set of repairs.

    Attributes:
        repaired: Wrong predictions that are repaired, shape (D,).
        removed: Predictions that are gone, shape (D,).
        excused: Ground truth that no longer counts, shape (G,).
        fewer: How many of them each class loses, shape (K,).
    """

    repaired: Mask
    removed: Mask
    excused: Mask
    fewer: NDArray[np.int64]


class RepairedCurves:
    """Predictions by class and descending score, one more time where a repair makes them right in another class.

    Args:
        evidence: The matched tables.
        counts: Ground truth that counts, shape (G,).
        correct: True positives, shape (D,).
        wrong: False positives, shape (D,).
        becomes: The class that a repair makes each prediction right in, -1 if none does, shape (D,).
    """

    def __init__(
        self, evidence: Evidence, *, counts: Mask, correct: Mask, wrong: Mask, becomes: NDArray[np.int32]
    ) -> None:
        from cvfail.kernels.replay import ELSEWHERE, RIGHT, WRONG, WRONG_BUT_NEAR

        self._evidence, self._counts = evidence, counts
        kinds = evidence.categories.height
        self.positives = np.bincount(evidence.coding.truth_category[counts], minlength=kinds)
        category, order = evidence.coding.category, evidence.score_order
        own = order[(correct | wrong)[order]]
        guests = order[((becomes >= 0) & ((becomes != category) | ~wrong))[order]]
        place = np.empty(category.size, np.int64)
        place[order] = np.arange(place.size)
        rows, codes = np.concatenate([own, guests]), np.concatenate([category[own], becomes[guests]])
        fates = np.where(becomes[own] == category[own], WRONG_BUT_NEAR, WRONG)
        fates = np.concatenate([np.where(correct[own], RIGHT, fates), np.full(guests.size, ELSEWHERE)])
        by_class = np.lexsort((place[rows], codes))
        self._rows = read_only(rows[by_class])
        self._images = read_only(evidence.coding.image[rows[by_class]])
        self._fates = read_only(fates[by_class].astype(np.int8))
        self._offsets = np.searchsorted(codes[by_class], np.arange(self.positives.size + 1))
        self._weights = lru_cache(maxsize=2)(self._make_weights)

    def precision(self, code: int, change: Change) -> float:
        """Average precision of one class with ground truth; 1 or 0 if the change leaves it none."""
        from cvfail.kernels.cumulation import precision_at_recalls

        records = self._records(code, change)
        positives = self.positives[code] - change.fewer[code]
        if positives == 0:
            return float(records.size == 0)
        curve, recall = np.empty((1, 1, 1, RECALLS.size)), np.empty((1, 1, 1))
        precision_at_recalls(
            records,
            *_TRUE_POSITIVE,
            self._everyone,
            np.array([[positives]]),
            _NO_LIMITS,
            RECALLS,
            curve,
            recall,
            np.zeros((1, 0, 1), np.int64),
        )
        return float(curve.mean())

    def replicates(self, code: int, change: Change, count: int, seed: int) -> NDArray[np.float64]:
        """`precision` in replicates of the images, shape (count,); NaN where one has no ground truth at all."""
        from cvfail.kernels.resampling import weighted_average_precision

        records, clusters = self._records(code, change), read_only(self._evidence.clusters)
        weights, original = self._weights(count, seed)
        coding = self._evidence.coding
        rows = np.flatnonzero(change.excused) if change.fewer[code] else np.zeros(0, np.int64)
        rows = rows[coding.truth_category[rows] == code]
        nothing = np.zeros(rows.size, np.int32)
        fewer = weighted_counts(nothing, clusters[coding.truth_image[rows]], weights, 1)[0]
        positives = original[code] - fewer
        average, recall = np.empty((1, 1, count)), np.empty((1, 1, count))
        weighted_average_precision(
            records,
            *_TRUE_POSITIVE,
            clusters,
            weights,
            positives[None],
            _NO_LIMITS,
            RECALLS,
            average,
            recall,
            np.zeros((0, 1, count), np.int64),
        )
        values: NDArray[np.float64] = average[0, 0]
        emptied = np.flatnonzero((positives == 0) & (original[code] > 0))
        if emptied.size:
            left = np.unique(clusters[records >> np.uint64(32)])
            values[emptied] = ~weights[np.ix_(left, emptied)].any(axis=0)
        return values

    def _records(self, code: int, change: Change) -> NDArray[np.uint64]:
        """The outcomes of one class after a change, by descending score."""
        from cvfail.kernels.replay import repair_records

        own = slice(*self._offsets[code : code + 2])
        records = np.empty(own.stop - own.start, np.uint64)
        count = repair_records(
            self._rows[own], self._images[own], self._fates[own], change.repaired, change.removed, records
        )
        return read_only(records[:count])

    def _make_weights(self, count: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Weights of the clusters, shape (clusters, B), and ground truth that counts by them, shape (K, B)."""
        evidence, coding = self._evidence, self._evidence.coding
        weights = read_only(poisson_weights(evidence.cluster_ids, count, seed=seed).T)
        rows = np.flatnonzero(self._counts)
        clusters = evidence.clusters[coding.truth_image[rows]]
        return weights, weighted_counts(coding.truth_category[rows], clusters, weights, self.positives.size)

    @cached_property
    def _everyone(self) -> NDArray[np.int32]:
        return read_only(np.zeros(len(self._evidence.images), np.int32))


_TRUE_POSITIVE: tuple[Any, Any] = (
    read_only(np.array([[1, 0]], np.uint16)),
    read_only(np.zeros(1, np.int32)),
)
"""The details of a prediction that is matched at the one threshold, and its rank."""

_NO_LIMITS = read_only(np.zeros(0, np.int64))
