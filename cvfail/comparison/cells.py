"""Counts of two models by class and cluster: all that rates, their differences and their replicates need."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cvfail.comparison.pairing import Pair
from cvfail.evidence.operating_point import OperatingPoint

Numbers = NDArray[np.float64]
Mask = NDArray[np.bool_]

COLUMNS = ("objects", "found_first", "wrong_first", "found_second", "wrong_second")
"""What is counted in each cell."""

_MOST_MARKS = 1 << 26
"""Keys of up to so many are marked in a table; others are sorted."""


@dataclass(frozen=True)
class Rows:
    """Rows of both models that lie in a slice.

    Attributes:
        truth: Masks over ground truth, one per model, shape (G,); None where only predictions can be in it.
        right: Masks over predictions, of those that may be right in it, one per model, shape (D,); used where
            `truth` is None.
        wrong: Masks over predictions, of those that are in it if they are wrong; None where that is unknown.
    """

    truth: tuple[Mask, Mask] | None
    right: tuple[Mask, Mask]
    wrong: tuple[Mask, Mask] | None


@dataclass(frozen=True)
class Cells:
    """The pairs of class and cluster that have objects, or false positives of either model.

    Attributes:
        category: Class code of each cell, ascending, shape (M,).
        cluster: Cluster code of each cell, ascending within a class, shape (M,).
        of_truth: Cell of each ground-truth row of each model; M where the row does not count.
        of_wrong: Cell of each prediction row of each model; M where it is not wrong.
        of_right: Likewise of the predictions that are right.
        found: Ground-truth rows that are found, of each model.
    """

    category: NDArray[np.int32]
    cluster: NDArray[np.int32]
    of_truth: tuple[NDArray[np.int64], NDArray[np.int64]]
    of_wrong: tuple[NDArray[np.int64], NDArray[np.int64]]
    of_right: tuple[NDArray[np.int64], NDArray[np.int64]]
    found: tuple[Mask, Mask]

    @classmethod
    def of(cls, pair: Pair) -> Cells:
        """Code the rows of both models."""
        clusters = len(pair.evidence.cluster_ids)
        truths = [_truth_keys(point, clusters) for point in pair.models]
        wrongs = [_prediction_keys(point, point.wrong, clusters) for point in pair.models]
        rights = [_prediction_keys(point, point.correct, clusters) for point in pair.models]
        known = _distinct([*truths, *wrongs], len(pair.evidence.category_names) * clusters)
        category, cluster = np.divmod(known, max(clusters, 1))
        places = [_places(keys, known) for keys in (*truths, *wrongs, *rights)]
        first, second = pair.models
        return cls(
            category.astype(np.int32),
            cluster.astype(np.int32),
            (places[0], places[1]),
            (places[2], places[3]),
            (places[4], places[5]),
            (first.found, second.found),
        )

    def counts(self, rows: Rows | None = None) -> NDArray[np.int32]:
        """What each cell has, in all or in a slice.

        Args:
            rows: The slice; everything if None.

        Returns:
            The columns of `COLUMNS`, shape (M, 5).
        """
        own = [self._objects(0, rows)]
        for model in range(2):
            own.append(self._found(model, rows))
            own.append(self._wrong(model, rows))
        return np.ascontiguousarray(np.stack(own, axis=1).astype(np.int32))

    def has_other_objects(self, rows: Rows) -> bool:
        """Whether a slice has other objects in one model than in the other: their attributes differ."""
        return bool((self._objects(0, rows) != self._objects(1, rows)).any())

    def _objects(self, model: int, rows: Rows | None) -> NDArray[np.int64]:
        if rows is None:
            return self._counted(self.of_truth[model], None)
        if rows.truth is None:
            return np.zeros(self.category.size, np.int64)
        return self._counted(self.of_truth[model], rows.truth[model])

    def _found(self, model: int, rows: Rows | None) -> NDArray[np.int64]:
        found = self.found[model]
        if rows is None:
            return self._counted(self.of_truth[model], found)
        if rows.truth is None:
            return self._counted(self.of_right[model], rows.right[model])
        return self._counted(self.of_truth[model], found & rows.truth[model])

    def _wrong(self, model: int, rows: Rows | None) -> NDArray[np.int64]:
        if rows is None:
            return self._counted(self.of_wrong[model], None)
        if rows.wrong is None:
            return np.zeros(self.category.size, np.int64)
        return self._counted(self.of_wrong[model], rows.wrong[model])

    def _counted(self, places: NDArray[np.int64], chosen: Mask | None) -> NDArray[np.int64]:
        size = self.category.size
        return np.bincount(places if chosen is None else places[chosen], minlength=size + 1)[:size]


def _truth_keys(point: OperatingPoint, clusters: int) -> NDArray[np.int64]:
    """Class × cluster of each ground-truth row, -1 where it does not count."""
    evidence, coding = point.evidence, point.evidence.coding
    keys = coding.truth_category.astype(np.int64) * clusters + evidence.clusters[coding.truth_image]
    return np.where(evidence.regular(), keys, -1)


def _prediction_keys(point: OperatingPoint, chosen: Mask, clusters: int) -> NDArray[np.int64]:
    """Class × cluster of each prediction row, -1 where it is not chosen."""
    evidence, coding = point.evidence, point.evidence.coding
    keys = coding.category.astype(np.int64) * clusters + evidence.clusters[coding.image]
    return np.where(chosen, keys, -1)


def _distinct(keys: list[NDArray[np.int64]], size: int) -> NDArray[np.int64]:
    """The keys that occur, ascending; keys below 0 do not count."""
    if size > _MOST_MARKS:
        known = np.unique(np.concatenate(keys))
        return known[known >= 0]
    marks = np.zeros(size + 1, np.bool_)
    for own in keys:
        marks[own] = True
    return np.flatnonzero(marks[:size])


def _places(keys: NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.where(keys >= 0, np.searchsorted(known, keys), known.size)
