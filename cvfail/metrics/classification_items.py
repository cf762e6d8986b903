"""Labelled items as counts: how many of each group and cluster fall into each cell of the confusion matrix."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.metrics.classification_estimates import Estimate
from cvfail.statistics.grouping import aggregate, attach
from cvfail.statistics.proportions import Interval
from cvfail.statistics.quantiles import t_quantile

Labels = Sequence[str] | Sequence[int]
"""Class names or ids as they stand in the rows, in the order of the confusion matrix."""

_REMAINING = pl.col("_items") - pl.col("tp") - pl.col("fp") - pl.col("fn")
_BOUNDS = ("estimate", "lower", "upper")
_ESTIMATES = {
    **dict.fromkeys(_BOUNDS, pl.Float64),
    **dict.fromkeys(("support", "clusters", "n_defined"), pl.Int64),
}


def label_codes(frame: pl.DataFrame, labels: Labels, true: str, predicted: str) -> pl.DataFrame:
    """The places of the classes in the list of labels.

    Args:
        frame: One row per item.
        labels: Class names or ids.
        true: Column of the true class.
        predicted: Column of the predicted class.

    Returns:
        Columns _true and _predicted, Int64, in the order of the rows; null where the value is no label.
    """
    return frame.select(
        _code(frame, true, labels).alias("_true"), _code(frame, predicted, labels).alias("_predicted")
    )


def _code(frame: pl.DataFrame, column: str, labels: Labels) -> pl.Expr:
    kind = frame.schema[column]
    value = pl.col(column).cast(pl.String) if kind in (pl.Categorical, pl.Enum) else pl.col(column)
    if not labels or kind == pl.Null:
        return pl.repeat(None, pl.len(), dtype=pl.Int64)
    return value.replace_strict(list(labels), list(range(len(labels))), default=None, return_dtype=pl.Int64)


@dataclass(frozen=True)
class GroupCells:
    """The items of one group as flat arrays, one entry per cluster and cell that holds items.

    Attributes:
        true: Codes of the true class.
        predicted: Codes of the predicted class.
        items: How many items.
        cluster: Codes of the clusters, 0 to m-1.
        size: Number of classes K.
    """

    true: NDArray[np.int64]
    predicted: NDArray[np.int64]
    items: NDArray[np.int64]
    cluster: NDArray[np.int64]
    size: int

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """The confusion matrix of the group, shape (K, K), rows true."""
        counts = np.zeros((self.size, self.size), np.int64)
        np.add.at(counts, (self.true, self.predicted), self.items)
        return counts

    @cached_property
    def clusters(self) -> int:
        """Number of clusters m that hold items."""
        return int(self.cluster.max(initial=-1)) + 1

    def interval(self, estimate: Estimate, *, confidence: float) -> Interval:
        """The interval of an estimate from the counts of this group, clustered.

        The variance is m/(m-1) Σ z², z being the sum of the influences of a cluster's items, the quantile
        that of t with m-1 degrees of freedom. NaN with fewer than two clusters.
        """
        m = self.clusters
        steps = self.items * estimate.influence[self.true, self.predicted]
        z = np.bincount(self.cluster, weights=steps, minlength=m)
        variance = m / (m - 1) * float(z @ z) if m > 1 else np.nan
        return estimate.interval(variance, quantile=t_quantile(confidence, m - 1))


@dataclass(frozen=True)
class LabelledItems:
    """Items of a classification, counted.

    Attributes:
        cells: One row per group, cluster and cell of the confusion matrix that holds items, sorted: the group
            columns, _cluster, _true and _predicted (codes), _items.
        groups: One row per group of the input, sorted; a single row if nothing is grouped by. The group
            columns and _rows, the rows of the input.
        by: The group columns.
        size: Number of classes K.
    """

    cells: pl.DataFrame
    groups: pl.DataFrame
    by: list[str]
    size: int

    @classmethod
    def count(
        cls,
        frame: pl.DataFrame,
        labels: Labels,
        *,
        by: Sequence[str],
        true: str,
        predicted: str,
        cluster: str,
    ) -> LabelledItems:
        """Count rows; those whose true or predicted class is no label are left out, but their group stays."""
        items = frame.select(*by, pl.col(cluster).alias("_cluster")).hstack(
            label_codes(frame, labels, true, predicted)
        )
        known = items.drop_nulls(["_true", "_predicted"])
        cells = aggregate(known, [*by, "_cluster", "_true", "_predicted"], pl.len().alias("_items"))
        groups = aggregate(frame.select(*by, pl.lit(0).alias("_rows")), by, pl.col("_rows").len())
        return cls(cells.with_columns(pl.col("_items").cast(pl.Int64)), groups, list(by), len(labels))

    @cached_property
    def by_cluster(self) -> pl.DataFrame:
        """One row per group and cluster: _items, and tp, fp, fn and tn summed over all classes."""
        items, right = pl.col("_items").sum(), pl.col("_right").sum()
        return aggregate(
            self.cells.with_columns(_right=pl.col("_items") * (pl.col("_true") == pl.col("_predicted"))),
            [*self.by, "_cluster"],
            items,
            right.alias("tp"),
            (items - right).alias("fp"),
            (items - right).alias("fn"),
            (items * (self.size - 2) + right).alias("tn"),
        )

    @cached_property
    def by_category(self) -> pl.DataFrame:
        """One row per group, cluster and class (_code) that turns up there: tp, fp, fn, tn, _items of the cluster.

        A class turns up where it is true or predicted; elsewhere every item is a true negative of it.
        """
        right = pl.col("_true") == pl.col("_predicted")
        items, zero = pl.col("_items"), pl.lit(0, pl.Int64)
        clusters = [*self.by, "_cluster"]
        of_true = self.cells.select(
            *clusters,
            pl.col("_true").alias("_code"),
            (items * right).alias("tp"),
            zero.alias("fp"),
            (items * ~right).alias("fn"),
        )
        of_predicted = self.cells.filter(~right).select(
            *clusters,
            pl.col("_predicted").alias("_code"),
            zero.alias("tp"),
            items.alias("fp"),
            zero.alias("fn"),
        )
        own = aggregate(
            pl.concat([of_true, of_predicted]), [*clusters, "_code"], pl.col("tp", "fp", "fn").sum()
        )
        return attach(own, aggregate(self.cells, clusters, items.sum()), clusters).with_columns(tn=_REMAINING)

    def every_group(self) -> pl.DataFrame:
        """One row per group: tp, fp, fn and tn summed over all classes; zeros without items."""
        outcomes = pl.col("tp", "fp", "fn", "tn")
        totals = aggregate(self.by_cluster, self.by, outcomes.sum())
        return attach(self.groups, totals, self.by).with_columns(outcomes.fill_null(0))

    def every_category(self) -> pl.DataFrame:
        """One row per group and class (_code): tp, fp, fn and tn; zeros without items."""
        classes = pl.DataFrame({"_code": pl.int_range(self.size, dtype=pl.Int64, eager=True)})
        own = aggregate(self.by_category, [*self.by, "_code"], pl.col("tp", "fp", "fn").sum())
        totals = aggregate(self.cells, self.by, pl.col("_items").sum())
        rows = attach(self.groups.join(classes, how="cross"), totals, self.by)
        counted = attach(rows, own, [*self.by, "_code"])
        return counted.with_columns(pl.col("_items", "tp", "fp", "fn").fill_null(0)).with_columns(
            tn=_REMAINING
        )

    def estimates(
        self, number: Callable[[NDArray[np.int64]], Estimate], *, confidence: float
    ) -> pl.DataFrame:
        """A number made from the confusion matrix of each group.

        Args:
            number: From a (K, K) matrix to an estimate.
            confidence: Coverage of the intervals, in (0, 1).

        Returns:
            One row per group: its columns, estimate, lower, upper, support (items), clusters (that hold
            items), n_defined. Bounds are null where the estimate is undefined or fewer than two clusters hold
            items.
        """
        rows = []
        for cells in self.by_group:
            estimate = number(cells.counts)
            bounds = (float(value) for value in cells.interval(estimate, confidence=confidence))
            rows.append((*bounds, int(cells.items.sum()), cells.clusters, estimate.n_defined))
        numbers = pl.DataFrame(rows, schema=_ESTIMATES, orient="row")
        return self.groups.hstack(numbers).drop("_rows").with_columns(pl.col(*_BOUNDS).fill_nan(None))

    @cached_property
    def by_group(self) -> list[GroupCells]:
        """The cells of each group, in the order of `groups`, also of groups without items."""
        places = self.groups.with_row_index("_group").drop("_rows")
        cells = attach(self.cells, places, self.by).with_columns(
            _run=pl.struct("_group", "_cluster").rle_id().cast(pl.Int64)
        )
        bounds = np.searchsorted(cells["_group"].to_numpy(), np.arange(len(self.groups) + 1))
        return [self._cells(cells[start:stop]) for start, stop in pairwise(bounds)]

    def _cells(self, part: pl.DataFrame) -> GroupCells:
        _, clusters = np.unique(part["_run"].to_numpy(), return_inverse=True)
        return GroupCells(
            true=part["_true"].to_numpy(),
            predicted=part["_predicted"].to_numpy(),
            items=part["_items"].to_numpy(),
            cluster=clusters.astype(np.int64),
            size=self.size,
        )
