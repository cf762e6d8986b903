"""Ratios whose units come in clusters: objects in images, frames in videos, images of a patient."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from cvfail.statistics.grouping import aggregate, as_expression
from cvfail.statistics.proportions import wilson_bounds
from cvfail.statistics.quantiles import t_quantile

CLUSTER_SUMS = (
    "clusters",
    "numerator",
    "denominator",
    "numerator_squared",
    "numerator_denominator",
    "denominator_squared",
)
"""What `cluster_sums` returns beside the group columns: all that a clustered ratio needs, and additive."""


def clustered_ratio(
    frame: pl.DataFrame,
    *,
    numerator: str | pl.Expr,
    denominator: str | pl.Expr,
    cluster: str,
    by: Sequence[str] = (),
    confidence: float = 0.95,
) -> pl.DataFrame:
    """The ratio Σ numerator / Σ denominator per group, with an interval that knows about clusters.

    Args:
        frame: One row per unit, or per any part of a cluster; sums over a cluster are what counts.
        numerator: Column or expression, summed within a cluster: the successes, ``2 * tp`` for F1.
        denominator: Column or expression, summed within a cluster: the trials, ``2 * tp + fp + fn`` for F1.
            Within a cluster 0 <= numerator <= denominator.
        cluster: Column that names the cluster: an image, a video, a patient.
        by: Group columns; null is a group of its own.
        confidence: Coverage of the interval, in (0, 1).

    Returns:
        One row per group, sorted by ``by`` with nulls last: the columns of ``by`` and

        - estimate: Σ numerator / Σ denominator; null where the denominator is 0.
        - lower, upper: Interval; null where fewer than two clusters have units.
        - support: Σ denominator.
        - numerator: Σ numerator.
        - clusters: Number of clusters with a denominator above 0.
        - design_effect: How much larger the variance is than that of as many independent units. Null with
          fewer than two clusters, or at an estimate of 0 or 1.

        Without rows: one row of zeros and nulls if ``by`` is empty, else no row.

    Raises:
        PolicyError: ``confidence`` is not in (0, 1).

    Notes:
        With cluster sums y and n over m clusters and p = Σy/Σn::

            v    = m/(m-1) · Σ(y - pn)² / (Σn)²
            deff = v / (p(1-p)/Σn)
            n*   = min(Σn, Σn/deff)        Wilson with n* trials and the t quantile of m-1

        At p = 0 or 1 there is no variation to see and n* = Σn. Cost: two group-bys.

    Source: Cochran, Sampling Techniques (1977) §6.3; Korn and Graubard, Survey Methodology 24 (1998) 193-201.

    Example:
        >>> frame = pl.DataFrame({"image": [1, 1, 2, 2, 3], "found": [1, 1, 0, 1, 0]})
        >>> result = clustered_ratio(frame, numerator="found", denominator=pl.lit(1), cluster="image")
        >>> result.select(pl.all().round(3)).to_dicts()[0]
        {'estimate': 0.6, 'lower': 0.064, 'upper': 0.971, 'support': 5.0, 'numerator': 3.0, 'clusters': 3,
         'design_effect': 1.3}
    """
    sums = cluster_sums(frame, numerator=numerator, denominator=denominator, cluster=cluster, by=by)
    return ratio_from_sums(sums, confidence=confidence)


def cluster_sums(
    frame: pl.DataFrame,
    *,
    numerator: str | pl.Expr,
    denominator: str | pl.Expr,
    cluster: str,
    by: Sequence[str] = (),
) -> pl.DataFrame:
    """The additive sums from which `ratio_from_sums` computes a clustered ratio.

    Args:
        frame: One row per unit, or per any part of a cluster.
        numerator: Column or expression, summed within a cluster.
        denominator: Column or expression, summed within a cluster.
        cluster: Column that names the cluster.
        by: Group columns; null is a group of its own.

    Returns:
        One row per group, sorted by ``by`` with nulls last: the columns of ``by``, then

        - clusters: Number of clusters with a denominator other than 0, Int64.
        - numerator, denominator: Σy and Σn over the clusters, Float64.
        - numerator_squared, numerator_denominator, denominator_squared: Σy², Σyn and Σn².

        Without rows: one row of zeros if ``by`` is empty, else no row.

    Notes:
        Sums of disjoint sets of clusters add up (`merge_sums`), so shards and days can be merged. For counts
        they are exact in any order as long as they stay below 2⁵³. Shards must not split a cluster.

    Example:
        >>> frame = pl.DataFrame({"image": [1, 1, 2], "found": [1, 1, 0]})
        >>> cluster_sums(frame, numerator="found", denominator=pl.lit(1), cluster="image").rows()
        [(2, 2.0, 3.0, 4.0, 4.0, 5.0)]
    """
    units = frame.select(
        *by,
        pl.col(cluster).alias("_cluster"),
        as_expression(numerator).cast(pl.Float64).alias("_y"),
        as_expression(denominator).cast(pl.Float64).alias("_n"),
    )
    clusters = aggregate(units, [*by, "_cluster"], pl.col("_y", "_n").sum())
    return sums_of_clusters(clusters, numerator="_y", denominator="_n", by=by)


def sums_of_clusters(
    clusters: pl.DataFrame,
    *,
    numerator: str | pl.Expr,
    denominator: str | pl.Expr,
    by: Sequence[str] = (),
) -> pl.DataFrame:
    """`cluster_sums` of a frame that already has one row per group and cluster.

    Args:
        clusters: One row per cluster, or per group and cluster.
        numerator: Column or expression.
        denominator: Column or expression.
        by: Group columns; null is a group of its own.

    Returns:
        The columns of `cluster_sums`.

    Example:
        >>> clusters = pl.DataFrame({"found": [2, 0], "objects": [2, 1]})
        >>> sums_of_clusters(clusters, numerator="found", denominator="objects").rows()
        [(2, 2.0, 3.0, 4.0, 4.0, 5.0)]
    """
    y, n = (as_expression(value).cast(pl.Float64) for value in (numerator, denominator))
    return aggregate(
        clusters,
        by,
        (n != 0.0).sum().cast(pl.Int64).alias("clusters"),
        y.sum().alias("numerator"),
        n.sum().alias("denominator"),
        (y * y).sum().alias("numerator_squared"),
        (y * n).sum().alias("numerator_denominator"),
        (n * n).sum().alias("denominator_squared"),
    )


def merge_sums(parts: Iterable[pl.DataFrame], *, by: Sequence[str] = ()) -> pl.DataFrame:
    """Add up the `cluster_sums` of disjoint sets of clusters.

    Args:
        parts: At least one frame from `cluster_sums`, all with the same ``by``.
        by: Their group columns.

    Returns:
        The columns of `cluster_sums`, one row per group of any part.

    Example:
        >>> days = [pl.DataFrame({"image": [i, i], "found": [1, i]}) for i in (0, 1)]
        >>> options = {"numerator": "found", "denominator": pl.lit(1), "cluster": "image"}
        >>> merged = merge_sums([cluster_sums(day, **options) for day in days])
        >>> merged.equals(cluster_sums(pl.concat(days), **options))
        True
    """
    return aggregate(pl.concat(list(parts)), by, *(pl.col(name).sum() for name in CLUSTER_SUMS))


def ratio_from_sums(sums: pl.DataFrame, *, confidence: float = 0.95) -> pl.DataFrame:
    """The clustered ratio of every row of `cluster_sums`.

    Args:
        sums: Group columns and those of `cluster_sums`.
        confidence: Coverage of the interval, in (0, 1).

    Returns:
        The columns of `clustered_ratio`, one row per row of ``sums``.

    Raises:
        PolicyError: ``confidence`` is not in (0, 1).

    Example:
        >>> frame = pl.DataFrame({"image": [1, 2, 3], "found": [1, 1, 0]})
        >>> sums = cluster_sums(frame, numerator="found", denominator=pl.lit(1), cluster="image")
        >>> ratio_from_sums(sums).select("estimate", "support", "clusters").rows()
        [(0.6666666666666666, 3.0, 3)]
    """
    y, n, m, p = (pl.col(name) for name in ("numerator", "denominator", "clusters", "estimate"))
    residuals = (
        pl.col("numerator_squared")
        - 2.0 * p * pl.col("numerator_denominator")
        + p * p * pl.col("denominator_squared")
    ).clip(0.0, None)
    spread, deff = p * (1.0 - p), pl.col("design_effect")
    lower, upper = wilson_bounds(p * pl.col("_effective"), pl.col("_effective"), quantile=pl.col("_quantile"))
    groups = [name for name in sums.columns if name not in CLUSTER_SUMS]
    return (
        sums.with_columns(
            pl.when(n > 0.0).then(y / n).alias("estimate"),
            pl.Series("_quantile", t_quantile(confidence, sums["clusters"].to_numpy() - 1)),
        )
        .with_columns(_variance=pl.when(m > 1).then(m / (m - 1) * residuals / (n * n)))
        .with_columns(design_effect=pl.when(spread > 0.0).then(pl.col("_variance") * n / spread))
        .with_columns(_effective=n / pl.max_horizontal(deff, pl.lit(1.0)))
        .with_columns(lower=lower, upper=upper, support=n)
        .select(*groups, "estimate", "lower", "upper", "support", "numerator", "clusters", "design_effect")
    )
