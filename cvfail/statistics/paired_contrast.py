"""Two models on the same images: the difference of two ratios of sums, by linearisation, with the clusters paired."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from cvfail.statistics.grouping import aggregate, as_expression, attach
from cvfail.statistics.quantiles import t_p_value, t_quantile

Column = str | pl.Expr


def paired_contrast(
    frame: pl.DataFrame,
    *,
    numerators: tuple[Column, Column],
    denominators: tuple[Column, Column],
    cluster: str,
    by: Sequence[str] = (),
    confidence: float = 0.95,
) -> pl.DataFrame:
    """The second model's ratio minus the first's.

    Args:
        frame: One row per unit, or per any part of a cluster, with the counts of both models.
        numerators: Columns or expressions of the first and of the second model, summed within a cluster.
        denominators: Likewise.
        cluster: Column that names the cluster: an image, a video, a patient.
        by: Group columns; null is a group of its own.
        confidence: Coverage of the interval, in (0, 1).

    Returns:
        One row per group, sorted by ``by`` with nulls last: the columns of ``by`` and

        - first, second: The two ratios; null where the denominator is 0.
        - estimate: second - first; null where either is undefined.
        - lower, upper, p_value: Interval, and two-sided p-value of no difference; null where fewer than two clusters
          have units. Where no cluster tells the two apart, the interval is the difference and p is 1.
        - error: Standard error of the difference.
        - support: Σ of the first denominator.
        - clusters: Number of clusters with a denominator other than 0 of either model.
        - unlike: Number of clusters in which the two differ in either sum.

        Without rows: one row of zeros and nulls if ``by`` is empty, else no row.

    Raises:
        PolicyError: ``confidence`` is not in (0, 1).

    Notes:
        With sums y and n of cluster i, totals N and ratios r of model 1 and 2::

            z_i = (y_i2 - r_2 n_i2)/N_2 - (y_i1 - r_1 n_i1)/N_1
            v   = m/(m-1) · Σ z_i²        t = (r_2 - r_1)/√v  with m-1 degrees of freedom

        m is the number of clusters. Cost: two group-bys.

    Source: linearisation of a difference of ratios, Cochran, Sampling Techniques (1977) §6.

    Example:
        >>> frame = pl.DataFrame({"image": range(60), "a": [1, 0, 1] * 20, "b": [1, 1, 1] * 20, "n": [1] * 60})
        >>> result = paired_contrast(frame, numerators=("a", "b"), denominators=("n", "n"), cluster="image")
        >>> result.select(pl.col("first", "second", "estimate", "lower").round(3)).row(0)
        (0.667, 1.0, 0.333, 0.211)
    """
    columns = [numerators[0], denominators[0], numerators[1], denominators[1]]
    names = ["_y1", "_n1", "_y2", "_n2"]
    units = frame.select(
        *by,
        pl.col(cluster).alias("_cluster"),
        *(as_expression(c).cast(pl.Float64).alias(name) for c, name in zip(columns, names, strict=True)),
    )
    cells = aggregate(units, [*by, "_cluster"], pl.col(names).sum())
    totals = aggregate(
        cells,
        by,
        *(pl.col(name).sum().alias(f"_all{name}") for name in names),
        ((pl.col("_n1") != 0.0) | (pl.col("_n2") != 0.0)).sum().cast(pl.Int64).alias("clusters"),
        ((pl.col("_y1") != pl.col("_y2")) | (pl.col("_n1") != pl.col("_n2")))
        .sum()
        .cast(pl.Int64)
        .alias("unlike"),
    ).with_columns(_ratio("1").alias("first"), _ratio("2").alias("second"))
    influence = _influence("2", "second") - _influence("1", "first")
    squares = aggregate(attach(cells, totals, by), by, (influence * influence).sum().alias("_squares"))
    return _inference(attach(totals, squares, by), by, confidence)


def _ratio(model: str) -> pl.Expr:
    numerator, denominator = pl.col(f"_all_y{model}"), pl.col(f"_all_n{model}")
    return pl.when(denominator != 0.0).then(numerator / denominator)


def _influence(model: str, ratio: str) -> pl.Expr:
    """What a cluster adds to the error of a ratio."""
    return (pl.col(f"_y{model}") - pl.col(ratio) * pl.col(f"_n{model}")) / pl.col(f"_all_n{model}")


def _inference(totals: pl.DataFrame, by: Sequence[str], confidence: float) -> pl.DataFrame:
    m = pl.col("clusters")
    known = totals.with_columns(
        estimate=pl.col("second") - pl.col("first"),
        _error=pl.when(m > 1).then((m / (m - 1) * pl.col("_squares")).sqrt()),
    )
    degrees = known["clusters"].to_numpy() - 1
    reach = pl.Series("_reach", t_quantile(confidence, degrees)).fill_nan(None) * known["_error"]
    statistic = np.abs((known["estimate"] / known["_error"]).cast(pl.Float64).to_numpy())
    tested = pl.Series("_tested", np.minimum(t_p_value(statistic, degrees), 1.0)).fill_nan(None)
    difference = pl.col("estimate")
    certain = pl.col("_error") == 0.0
    no_difference = pl.when(difference == 0.0).then(1.0).otherwise(0.0)
    return known.with_columns(reach, tested).select(
        *by,
        "first",
        "second",
        "estimate",
        (difference - pl.col("_reach")).alias("lower"),
        (difference + pl.col("_reach")).alias("upper"),
        pl.when(certain & difference.is_not_null()).then(no_difference).otherwise("_tested").alias("p_value"),
        pl.col("_error").alias("error"),
        pl.col("_all_n1").alias("support"),
        "clusters",
        "unlike",
    )
