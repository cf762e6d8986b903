"""Rates of a classification from rows: per class, pooled or averaged, by any attribute, clustered by image."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import polars as pl

from cvfail.metrics.classification_counts import AGREEMENTS
from cvfail.metrics.classification_estimates import (
    Average,
    ClassAverage,
    averaged_rate,
    share_correct,
)
from cvfail.metrics.classification_items import LabelledItems, Labels
from cvfail.metrics.classification_rates import (
    ACCURACY,
    AVERAGED_RATES,
    F1,
    RECALL,
    TABLE_RATES,
    Rate,
    ZeroDivision,
)
from cvfail.statistics.clustered import CLUSTER_SUMS, merge_sums, ratio_from_sums, sums_of_clusters
from cvfail.statistics.grouping import attach

__all__ = ["Average", "classification_agreement", "classification_metrics"]

_CATEGORY = "category"


def classification_metrics(
    frame: pl.DataFrame,
    labels: Labels,
    *,
    by: Sequence[str] = (),
    average: Average | None = None,
    zero_division: ZeroDivision = None,
    confidence: float = 0.95,
    true: str = "true",
    predicted: str = "predicted",
    cluster: str = "cluster_id",
) -> pl.DataFrame:
    """Precision, recall, F1, specificity and accuracy per group, each with an interval clustered by image.

    Args:
        frame: One row per item, with its true and predicted class, its cluster (image, video, patient) and
            any attributes.
        labels: Class names or ids as they stand in the rows. Rows with another value or null on either side
            are not counted.
        by: Attribute columns; null is a group of its own. ``category`` among them gives a row for every class
            against the others.
        average: Inside a group, pool the classes (``micro``, the default), or average over them, all alike
            (``macro``) or by their support (``weighted``). Of no effect if ``by`` has ``category``.
        zero_division: Value of undefined rates; by default they are null and left out of averages.
        confidence: Coverage of the intervals, in (0, 1).
        true: Column of the true class.
        predicted: Column of the predicted class.
        cluster: Column that names the cluster.

    Returns:
        One row per group of the input, and per class if asked for, sorted by ``by``: nulls last, classes in
        the order of ``labels``. The columns of ``by`` and

        - tp, fp, fn, tn: Counts of the class, or summed over the classes.
        - precision, recall, f1, specificity, accuracy: Null where undefined; each followed by ``_lower`` and
          ``_upper``, null where fewer than two clusters have units or the rate is undefined. Accuracy is that
          of the class against the others, or the share of all items that are right.
        - support: tp + fn. predicted: tp + fp.
        - clusters: Clusters in which the class occurs or is predicted, or all that hold items.
        - design_effect: That of recall; null for averages.
        - fp_rule: ``exact``: every item, right or wrong, has the attributes of its own image.
        - precision_n_defined, recall_n_defined, f1_n_defined, specificity_n_defined: Number of classes whose
          rate is defined and averaged; of a class or a pool itself 1 or 0.

        Without rows: one row of zeros and nulls (one per class) if ``by`` has no attribute, else no row.

    Notes:
        Rates of a class are ratios of sums over clusters, see `clustered_ratio`; averages are linearised, see
        `averaged_rate`. If every item has one label, micro precision, recall, F1 and accuracy are the same
        number. Cost: a few group-bys; for averages also K² steps per group.

    Example:
        >>> rows = pl.DataFrame({
        ...     "true": ["cat", "cat", "dog", "dog"], "predicted": ["cat", "dog", "dog", "dog"],
        ...     "cluster_id": [1, 2, 3, 4], "light": ["day", "night", "day", "night"],
        ... })
        >>> table = classification_metrics(rows, ["cat", "dog"], by=["light", "category"])
        >>> table.select("light", "category", "tp", "fp", "fn", "tn", "recall", "support").rows()
        [('day', 'cat', 1, 0, 0, 1, 1.0, 1), ('day', 'dog', 1, 0, 0, 1, 1.0, 1),
         ('night', 'cat', 0, 0, 1, 1, 0.0, 1), ('night', 'dog', 1, 1, 0, 0, 1.0, 1)]
    """
    attributes = [name for name in by if name != _CATEGORY]
    items = LabelledItems.count(frame, labels, by=attributes, true=true, predicted=predicted, cluster=cluster)
    if len(attributes) < len(by):
        table = _per_category(items, zero_division, confidence)
        order = ["_code" if name == _CATEGORY else name for name in by]
        names = pl.Series(_CATEGORY, labels, dtype=None if labels else pl.String)
        table = table.sort(order, nulls_last=True)
        table = table.with_columns(names.gather(table["_code"]))
    elif average is None or average == "micro":
        table = _pooled(items, zero_division, confidence)
    else:
        table = _averaged(items, average, zero_division, confidence)
    return _in_order(table, by)


def classification_agreement(
    frame: pl.DataFrame,
    labels: Labels,
    *,
    by: Sequence[str] = (),
    zero_division: ZeroDivision = None,
    confidence: float = 0.95,
    true: str = "true",
    predicted: str = "predicted",
    cluster: str = "cluster_id",
) -> pl.DataFrame:
    """Accuracy, balanced accuracy, Matthews' correlation and Cohen's kappa per group, clustered by image.

    Args:
        frame: One row per item, as for `classification_metrics`.
        labels: Class names or ids as they stand in the rows.
        by: Attribute columns; null is a group of its own.
        zero_division: Value where a number is undefined; null by default.
        confidence: Coverage of the intervals, in (0, 1).
        true: Column of the true class.
        predicted: Column of the predicted class.
        cluster: Column that names the cluster.

    Returns:
        One row per number and group, in the order of the numbers above: metric, the columns of ``by``,
        estimate, lower, upper, support (items), clusters. Bounds are null where the estimate is undefined or
        fewer than two clusters have items.

    Example:
        >>> rows = pl.DataFrame(
        ...     {"true": [0, 0, 1, 1], "predicted": [0, 1, 1, 1], "cluster_id": [1, 2, 3, 4]}
        ... )
        >>> classification_agreement(rows, [0, 1]).select("metric", pl.col("estimate").round(3)).rows()
        [('accuracy', 0.75), ('balanced_accuracy', 0.75), ('matthews_correlation', 0.577),
         ('cohen_kappa', 0.5)]
    """
    items = LabelledItems.count(frame, labels, by=by, true=true, predicted=predicted, cluster=cluster)
    tables = [
        items.estimates(partial(number, zero_division=zero_division), confidence=confidence).select(
            pl.lit(name).alias("metric"), pl.exclude("n_defined")
        )
        for name, number in AGREEMENTS.items()
    ]
    return pl.concat(tables)


def _per_category(items: LabelledItems, zero_division: ZeroDivision, confidence: float) -> pl.DataFrame:
    """One row per group and class (_code)."""
    keys = [*items.by, "_code"]
    turning_up, clusters, table = items.by_category, items.by_cluster, items.every_category()
    for rate in TABLE_RATES:
        sums = _sums_per_category(rate, turning_up, clusters, table.select(keys), items.by)
        table = _with_rate(table, rate, ratio_from_sums(sums, confidence=confidence), keys, zero_division)
    return table


def _sums_per_category(
    rate: Rate, turning_up: pl.DataFrame, clusters: pl.DataFrame, rows: pl.DataFrame, by: Sequence[str]
) -> pl.DataFrame:
    """The cluster sums of a rate for every group and class, from the clusters in which the class turns up.

    In all other clusters every item is a true negative of the class. So the sums are those of all clusters as if
    the class turned up nowhere, without the clusters where it does, plus these as they are.
    """
    keys = [*by, "_code"]
    nowhere = {"tp": pl.lit(0), "fp": pl.lit(0), "fn": pl.lit(0), "tn": pl.col("_items")}
    everywhere = attach(rows, _sums(rate, clusters.with_columns(**nowhere), by), by)
    parts = [
        everywhere.with_columns(pl.col(CLUSTER_SUMS).fill_null(0)),
        _sums(rate, turning_up.with_columns(**nowhere), keys).with_columns(-pl.col(CLUSTER_SUMS)),
        _sums(rate, turning_up, keys),
    ]
    return merge_sums(parts, by=keys)


def _sums(rate: Rate, clusters: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    above, below = rate.expressions()
    return sums_of_clusters(clusters, numerator=above, denominator=below, by=by)


def _pooled(items: LabelledItems, zero_division: ZeroDivision, confidence: float) -> pl.DataFrame:
    """One row per group, the outcomes of all classes added up."""
    table = items.every_group()
    for rate in TABLE_RATES:
        # Of a pool, accuracy is the share of items that are right, not of right answers about all classes.
        sums = _sums(RECALL if rate == ACCURACY else rate, items.by_cluster, items.by)
        table = _with_rate(table, rate, ratio_from_sums(sums, confidence=confidence), items.by, zero_division)
    return table


def _averaged(
    items: LabelledItems, average: ClassAverage, zero_division: ZeroDivision, confidence: float
) -> pl.DataFrame:
    """One row per group, the rates of its classes averaged."""
    table = items.every_group()
    for rate in TABLE_RATES:
        number = (
            partial(share_correct, zero_division=zero_division)
            if rate == ACCURACY
            else partial(averaged_rate, rate=rate, average=average, zero_division=zero_division)
        )
        estimates = items.estimates(number, confidence=confidence).with_columns(
            design_effect=pl.lit(None, pl.Float64)
        )
        table = _with_rate(table, rate, estimates, items.by, zero_division)
    return table


def _in_order(table: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """The documented columns and no others."""
    numbers = [f"{rate.name}{suffix}" for rate in TABLE_RATES for suffix in ("", "_lower", "_upper")]
    return table.select(
        *(*by, "tp", "fp", "fn", "tn", *numbers),
        (pl.col("tp") + pl.col("fn")).alias("support"),
        (pl.col("tp") + pl.col("fp")).alias("predicted"),
        pl.col("clusters").fill_null(0),
        pl.col("design_effect"),
        pl.lit("exact").alias("fp_rule"),
        *(f"{rate.name}_n_defined" for rate in AVERAGED_RATES),
    )


def _with_rate(
    table: pl.DataFrame, rate: Rate, estimates: pl.DataFrame, keys: Sequence[str], zero_division: ZeroDivision
) -> pl.DataFrame:
    """Put a rate beside the rows of a table, under its name."""
    if "n_defined" not in estimates.columns:
        estimates = estimates.with_columns(n_defined=(pl.col("support") > 0).cast(pl.Int64))
    # The denominator of F1 counts every item that concerns a class.
    further = {RECALL: ["design_effect"], F1: ["clusters"]}.get(rate, [])
    renamed = {part: f"{rate.name}_{part}" for part in ("lower", "upper", "n_defined")}
    columns = {"estimate": rate.name, **renamed}
    return attach(table, estimates.select(*keys, *columns, *further).rename(columns), keys).with_columns(
        pl.coalesce(rate.name, pl.lit(zero_division, pl.Float64)), pl.col(renamed["n_defined"]).fill_null(0)
    )
