"""Macro and weighted averages over classes of ratios whose units come in clusters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from cvfail.statistics.grouping import aggregate, as_expression, attach
from cvfail.statistics.proportions import wilson_from_variance
from cvfail.statistics.quantiles import t_quantile

_Y, _N, _W = pl.col("_y"), pl.col("_n"), pl.col("_w")


def averaged_ratio(
    frame: pl.DataFrame,
    *,
    numerator: str | pl.Expr,
    denominator: str | pl.Expr,
    cluster: str,
    category: str,
    weight: str | pl.Expr | None = None,
    by: Sequence[str] = (),
    confidence: float = 0.95,
) -> pl.DataFrame:
    """The average over classes of the ratio Σ numerator / Σ denominator of each class, per group.

    Args:
        frame: One row per unit, or per any part of a cluster and class.
        numerator: Column or expression, summed within a class.
        denominator: Column or expression, summed within a class.
        cluster: Column that names the cluster: an image, a video, a patient.
        category: Column that names the class.
        weight: Column or expression whose sum within a class is the weight of the class: its ground truth for
            a weighted average, ``tp + fn``. Without it all classes weigh the same (macro).
        by: Group columns; null is a group of its own.
        confidence: Coverage of the interval, in (0, 1).

    Returns:
        One row per group, sorted by ``by`` with nulls last: the columns of ``by`` and

        - estimate: Average of the class ratios; classes with denominator 0 are left out. Null if none is left
          or they have no weight.
        - lower, upper: Interval; null where fewer than two clusters have units.
        - support: Σ denominator over the classes in the average.
        - clusters: Number of clusters with units or weight in these classes.
        - n_defined: Number of classes whose ratio is defined.

        Without rows: one row of zeros and nulls if ``by`` is empty, else no row.

    Raises:
        PolicyError: ``confidence`` is not in (0, 1).

    Notes:
        With class ratios p_c = Y_c/N_c, weights W_c and the average p, cluster i has the influence::

            z_i = Σ_c W_c/W · (y_ic - p_c n_ic)/N_c  +  Σ_c w_ic/W · (p_c - p)
            v   = m/(m-1) · Σ z_i²

        The second term says that a weight is counted on the same clusters; it is absent from the macro
        average. v is not taken as less than the variance of independent units, Σ (W_c/W)² q_c(1-q_c)/N_c, where
        q_c is the ratio of class c with two more successes and two more failures: a class that was seen four
        times and always right has no variance to be seen, and a macro average with such a class would otherwise
        cover .73 instead of .95. The interval is Wilson's with n* = p(1-p)/v trials and the t quantile of m-1;
        where p is 0 or 1, n* = 1/Σ((W_c/W)²/N_c), as if all classes shared one ratio. Cost: four group-bys.

    Source: linearisation as in Särndal, Swensson and Wretman, Model Assisted Survey Sampling (1992) §5.5; four
    more trials as in Agresti and Coull, The American Statistician 52 (1998) 119-126.

    Example:
        >>> frame = pl.DataFrame(
        ...     {"image": [1, 1, 2, 2], "label": ["car", "bus", "car", "car"], "found": [1, 0, 1, 0]}
        ... )
        >>> ratio = {"numerator": "found", "denominator": pl.lit(1), "cluster": "image", "category": "label"}
        >>> averaged_ratio(frame, **ratio).select("estimate", "support", "clusters", "n_defined").row(0)
        (0.3333333333333333, 4.0, 2, 2)
        >>> averaged_ratio(frame, **ratio, weight=pl.lit(1))["estimate"].item()
        0.5
    """
    macro = weight is None
    units = frame.select(
        *by,
        pl.col(category).alias("_category"),
        pl.col(cluster).alias("_cluster"),
        as_expression(numerator).cast(pl.Float64).alias("_y"),
        as_expression(denominator).cast(pl.Float64).alias("_n"),
        (pl.lit(0.0) if weight is None else as_expression(weight)).cast(pl.Float64).alias("_w"),
    )
    cells = aggregate(units, [*by, "_category", "_cluster"], _Y.sum(), _N.sum(), _W.sum())
    classes = _class_ratios(cells, by, macro=macro)
    average = aggregate(
        classes,
        by,
        (pl.col("_share") * pl.col("_ratio")).sum().alias("estimate"),
        pl.col("_units").sum().alias("support"),
        pl.len().cast(pl.Int64).alias("n_defined"),
        (1.0 / (pl.col("_share").pow(2) / pl.col("_units")).sum()).alias("_equivalent"),
        _least_variance().alias("_least"),
    )
    variance = _variance(cells, attach(classes, average.select(*by, "estimate"), by), by)
    groups = aggregate(units, by, pl.len().alias("_rows"))
    result = attach(attach(groups, average, by), variance, by).with_columns(
        pl.col("support", "clusters", "n_defined").fill_null(0),
        estimate=pl.when(pl.col("n_defined") > 0).then(pl.col("estimate")).fill_nan(None),
    )
    return _with_interval(result, confidence).select(
        *by, "estimate", "lower", "upper", "support", "clusters", "n_defined"
    )


def _class_ratios(cells: pl.DataFrame, by: Sequence[str], *, macro: bool) -> pl.DataFrame:
    """One row per group and class with units: _ratio, _units, its _share of the weight, the _total weight."""
    weight = pl.lit(1.0) if macro else _W
    classes = aggregate(cells, [*by, "_category"], _Y.sum(), _N.sum(), _W.sum()).filter(_N > 0.0)
    totals = aggregate(classes.with_columns(_w=weight), by, _W.sum().alias("_total"))
    return attach(classes, totals, by).select(
        *by,
        "_category",
        "_total",
        (_Y / _N).alias("_ratio"),
        _N.alias("_units"),
        (weight / pl.col("_total")).alias("_share"),
    )


def _least_variance() -> pl.Expr:
    """The variance of the average if units were independent and every class had four more, two of them right."""
    n = pl.col("_units")
    cautious = (pl.col("_ratio") * n + 2.0) / (n + 4.0)
    return (pl.col("_share").pow(2) * cautious * (1.0 - cautious) / n).sum()


def _variance(cells: pl.DataFrame, classes: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """One row per group: _variance of the average, and the number of clusters behind it."""
    ratio = pl.col("_ratio")
    influence = pl.col("_share") * (_Y - ratio * _N) / pl.col("_units") + _W / pl.col("_total") * (
        ratio - pl.col("estimate")
    )
    per_cluster = aggregate(
        attach(cells, classes, [*by, "_category"]).filter(ratio.is_not_null()),
        [*by, "_cluster"],
        influence.sum().alias("_influence"),
        ((_N != 0.0) | (_W != 0.0)).any().alias("_used"),
    )
    m = pl.col("clusters")
    return aggregate(
        per_cluster,
        by,
        pl.col("_used").sum().cast(pl.Int64).alias("clusters"),
        pl.col("_influence").pow(2).sum().alias("_squares"),
    ).with_columns(_variance=pl.when(m > 1).then(m / (m - 1) * pl.col("_squares")))


def _with_interval(frame: pl.DataFrame, confidence: float) -> pl.DataFrame:
    interval = wilson_from_variance(
        frame["estimate"].to_numpy(),
        np.maximum(frame["_variance"].to_numpy(), frame["_least"].to_numpy()),
        units=frame["_equivalent"].to_numpy(),
        quantile=t_quantile(confidence, frame["clusters"].to_numpy() - 1),
    )
    bounds = {"lower": interval.lower, "upper": interval.upper}
    return frame.with_columns(pl.Series(name, values).fill_nan(None) for name, values in bounds.items())
