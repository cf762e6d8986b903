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


@dataclass(frozen=True)
class Rows:
    """Rows of both models that lie in a slice: masks over ground truth, and over predictions if they are wrong.

    Attributes:
        truth: One per model, shape (G,); None for all.
        wrong: One per model, shape (D,); None where the slice has no false positives of its own.
    """

    truth: tuple[Mask, Mask]
    wrong: tuple[Mask, Mask] | None


@dataclass(frozen=True)
class Cells:
    """The pairs of class and cluster that have objects, or false positives of either model.

    Attributes:
        category: Class code of each cell, ascending, shape (M,).
        cluster: Cluster code of each cell, ascending within a class, shape (M,).
        of_truth: Cell of each ground-truth row of each model; M where the row does not count.
        of_wrong: Cell of each prediction row of each model; M where it is not wrong.
        found: Ground-truth rows that are found, of each model.
    """

    category: NDArray[np.int32]
    cluster: NDArray[np.int32]
    of_truth: tuple[NDArray[np.int64], NDArray[np.int64]]
    of_wrong: tuple[NDArray[np.int64], NDArray[np.int64]]
    found: tuple[Mask, Mask]

    @classmethod
    def of(cls, pair: Pair) -> Cells:
        """Code the rows of both models."""
        clusters = len(pair.evidence.cluster_ids)
        truths = [_truth_keys(point, clusters) for point in pair.models]
        wrongs = [_wrong_keys(point, clusters) for point in pair.models]
        known = np.unique(np.concatenate([*truths, *wrongs]))
        known = known[known >= 0]
        category, cluster = np.divmod(known, max(clusters, 1))
        places = [_places(keys, known) for keys in (*truths, *wrongs)]
        first, second = pair.models
        return cls(
            category.astype(np.int32),
            cluster.astype(np.int32),
            (places[0], places[1]),
            (places[2], places[3]),
            (first.found, second.found),
        )

    def counts(self, rows: Rows | None = None) -> NDArray[np.int32]:
        """What each cell has, in all or in a slice.

        Args:
            rows: The slice; everything if None.

        Returns:
            The columns of `COLUMNS`, shape (M, 5).
        """
        own = [self._counted(self.of_truth[0], None if rows is None else rows.truth[0])]
        for model in range(2):
            found = self.found[model]
            truth = found if rows is None else found & rows.truth[model]
            own.append(self._counted(self.of_truth[model], truth))
            if rows is None:
                own.append(self._counted(self.of_wrong[model], None))
            elif rows.wrong is None:
                own.append(np.zeros(self.category.size, np.int64))
            else:
                own.append(self._counted(self.of_wrong[model], rows.wrong[model]))
        return np.ascontiguousarray(np.stack(own, axis=1).astype(np.int32))

    def _counted(self, places: NDArray[np.int64], chosen: Mask | None) -> NDArray[np.int64]:
        size = self.category.size
        return np.bincount(places if chosen is None else places[chosen], minlength=size + 1)[:size]


def _truth_keys(point: OperatingPoint, clusters: int) -> NDArray[np.int64]:
    """Class × cluster of each ground-truth row, -1 where it does not count."""
    evidence, coding = point.evidence, point.evidence.coding
    keys = coding.truth_category.astype(np.int64) * clusters + evidence.clusters[coding.truth_image]
    return np.where(evidence.regular(), keys, -1)


def _wrong_keys(point: OperatingPoint, clusters: int) -> NDArray[np.int64]:
    """Class × cluster of each prediction row, -1 where it is not wrong."""
    evidence, coding = point.evidence, point.evidence.coding
    keys = coding.category.astype(np.int64) * clusters + evidence.clusters[coding.image]
    return np.where(point.wrong, keys, -1)


def _places(keys: NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.where(keys >= 0, np.searchsorted(known, keys), known.size)
