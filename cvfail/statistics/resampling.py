"""Bootstrap of ratios of sums: every cluster counts as often as its weight says, in each replicate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.errors import QueryError
from cvfail.statistics.bootstrap import poisson_weights
from cvfail.statistics.cluster_keys import ClusterIds, check_cluster_ids, id_series
from cvfail.statistics.grouping import aggregate, as_expression, attach
from cvfail.statistics.proportions import Interval
from cvfail.statistics.replicates import p_value_of_replicates, percentile_bounds, wilson_of_replicates
from cvfail.tables.identifiers import encode, sorted_keys

Column = str | pl.Expr

_BLOCK = 2**22
"""Weights that are held as floats at one time: 32 MB."""


def replicate_sums(
    cluster_ids: ClusterIds, sums: object, *, replicates: int, seed: int
) -> NDArray[np.float64]:
    """Weighted totals of per-cluster sums in every bootstrap replicate.

    Args:
        cluster_ids: Integers or texts, each cluster once, shape (n,).
        sums: What each cluster adds to each total, shape (n, k): an array or any scipy sparse array.
        replicates: Number of replicates B.
        seed: Of the weights, see `poisson_weights`.

    Returns:
        Totals, shape (k, B). Those of disjoint sets of clusters add up, so shards need not be in one place; for
        counts they are exact in any order as long as they stay below 2⁵³.

    Notes:
        The matrix product sumsᵀ · weightsᵀ, in blocks of clusters. Cost: 10 ns per weight and 1 ns per replicate
        and sum other than zero; memory 8 · k · B bytes and 32 MB.

    Example:
        >>> totals = replicate_sums(["a.jpg", "b.jpg"], [[3, 4], [0, 2]], replicates=50, seed=0)
        >>> totals.shape
        (2, 50)
        >>> shards = [replicate_sums([name], [own], replicates=50, seed=0)
        ...           for name, own in (("a.jpg", [3, 4]), ("b.jpg", [0, 2]))]
        >>> bool((totals == shards[0] + shards[1]).all())
        True
    """
    from scipy.sparse import csr_array

    ids = id_series(cluster_ids)
    matrix = csr_array(sums, dtype=np.float64)
    totals = np.zeros((matrix.shape[1], replicates))
    step = max(_BLOCK // max(replicates, 1), 1)
    for start in range(0, len(ids), step):
        weights = poisson_weights(ids[start : start + step], replicates, seed=seed)
        totals += matrix[start : start + step].T @ np.ascontiguousarray(weights.T, dtype=np.float64)
    return totals


def bootstrap_ratio(
    frame: pl.DataFrame,
    *,
    numerator: Column,
    denominator: Column,
    cluster: str,
    by: Sequence[str] = (),
    interval: Literal["wilson", "percentile"] = "wilson",
    replicates: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> pl.DataFrame:
    """The ratio Σ numerator / Σ denominator per group with an interval from a Poisson bootstrap of the clusters.

    Args:
        frame: One row per unit, or per any part of a cluster.
        numerator: Column or expression, summed within a cluster: ``tp``, or ``2 * tp`` for F1.
        denominator: Column or expression, summed within a cluster: ``tp + fp``, or ``2 * tp + fp + fn``.
        cluster: Column that names the cluster by its id: an image, a video, a patient.
        by: Group columns; null is a group of its own.
        interval: ``wilson`` for the variance of the replicates in Wilson's form, see `wilson_of_replicates`;
            ``percentile`` for quantiles of the replicates, which have no width where no replicate varies.
        replicates: How many.
        confidence: Coverage of the interval, in (0, 1).
        seed: Of the weights; the same seed gives every group and every model the same weights.

    Returns:
        One row per group, sorted by ``by`` with nulls last: the columns of ``by`` and

        - estimate: Σ numerator / Σ denominator; null where the denominator is 0.
        - lower, upper: Interval; null where fewer than two clusters have units.
        - support: Σ denominator.
        - clusters: Number of clusters with a denominator other than 0.
        - undefined: Replicates in which none of the group's clusters is drawn; they are left out.

        Without rows: one row of zeros and nulls if ``by`` is empty, else no row.

    Raises:
        PolicyError: ``confidence`` is not in (0, 1) or ``replicates`` is negative.
        QueryError: Cluster ids are neither integers nor texts, or one is null.

    Notes:
        `clustered_ratio` gives the same interval at the cost of two group-bys; this is for checking it, and for
        keeping the replicates of a ratio beside those of an average precision.

    Source: Chamandy et al., Estimating uncertainty for massive data streams (2012).

    Example:
        >>> frame = pl.DataFrame({"image": range(40), "found": [3, 1] * 20, "objects": [4, 2] * 20})
        >>> result = bootstrap_ratio(frame, numerator="found", denominator="objects", cluster="image")
        >>> result.select(pl.all().round(2)).to_dicts()[0]
        {'estimate': 0.67, 'lower': 0.63, 'upper': 0.7, 'support': 120.0, 'clusters': 40, 'undefined': 0}
    """
    groups, (y, n) = _replicated(frame, [numerator, denominator], cluster, by, replicates, seed)
    samples = _ratio(y, n)
    estimate = _ratio(groups["_0"].to_numpy(), groups["_1"].to_numpy())
    clusters, units = groups["clusters"].to_numpy(), groups["_1"].to_numpy()
    bounds = wilson_of_replicates(estimate, samples, clusters=clusters, units=units, confidence=confidence)
    if interval == "percentile":
        lower, upper, _ = percentile_bounds(samples, confidence=confidence)
        few = clusters < 2
        bounds = Interval(estimate, np.where(few, np.nan, lower), np.where(few, np.nan, upper))
    return groups.select(
        *by,
        pl.Series("estimate", estimate, dtype=pl.Float64).fill_nan(None),
        pl.Series("lower", bounds.lower, dtype=pl.Float64).fill_nan(None),
        pl.Series("upper", bounds.upper, dtype=pl.Float64).fill_nan(None),
        pl.col("_1").alias("support"),
        "clusters",
        pl.Series("undefined", np.isnan(samples).sum(axis=1), dtype=pl.Int64),
    )


def bootstrap_difference(
    frame: pl.DataFrame,
    *,
    numerators: tuple[Column, Column],
    denominators: tuple[Column, Column],
    cluster: str,
    by: Sequence[str] = (),
    replicates: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> pl.DataFrame:
    """The second model's ratio minus the first's, both under the same weights in each replicate.

    Args:
        frame: One row per unit, or per any part of a cluster, with the counts of both models.
        numerators: Columns or expressions of the first and of the second model, as in `bootstrap_ratio`.
        denominators: Likewise.
        cluster: Column that names the cluster by its id.
        by: Group columns; null is a group of its own.
        replicates: How many.
        confidence: Coverage of the interval, in (0, 1).
        seed: Of the weights.

    Returns:
        One row per group, sorted by ``by`` with nulls last: the columns of ``by`` and

        - estimate: second - first; null where either is undefined.
        - lower, upper: Percentiles of the replicates, of type 7; null where fewer than two clusters have units.
        - p_value: Two-sided, of no difference, never 0: see `p_value_of_replicates`. Null likewise.
        - first, second: The two ratios.
        - support: Σ of the first denominator.
        - clusters: Number of clusters with a denominator other than 0 of either model.
        - undefined: Replicates in which either ratio is undefined; they are left out.

        Without rows: one row of zeros and nulls if ``by`` is empty, else no row.

    Raises:
        PolicyError: ``confidence`` is not in (0, 1) or ``replicates`` is negative.
        QueryError: A count is null: only clusters that both models were run on can be compared.

    Source: same weights for both models as in Efron and Tibshirani, An Introduction to the Bootstrap (1993)
    §15.3; p-value as in Davison and Hinkley (1997) §4.2.

    Example:
        >>> frame = pl.DataFrame({"image": range(60), "a": [1, 0, 1] * 20, "b": [1, 1, 1] * 20, "n": [1] * 60})
        >>> result = bootstrap_difference(frame, numerators=("a", "b"), denominators=("n", "n"), cluster="image")
        >>> result.select(pl.col("estimate", "lower", "p_value").round(3)).row(0)
        (0.333, 0.222, 0.002)
    """
    columns = [numerators[0], denominators[0], numerators[1], denominators[1]]
    _refuse_nulls(frame, columns)
    groups, totals = _replicated(frame, columns, cluster, by, replicates, seed)
    first, second = _ratio(totals[0], totals[1]), _ratio(totals[2], totals[3])
    samples = np.where((groups["clusters"].to_numpy() > 1)[:, np.newaxis], second - first, np.nan)
    lower, upper, _ = percentile_bounds(samples, confidence=confidence)
    whole = [groups[f"_{k}"].to_numpy() for k in range(4)]
    ratios = {"first": _ratio(whole[0], whole[1]), "second": _ratio(whole[2], whole[3])}
    values = {
        "estimate": ratios["second"] - ratios["first"],
        "lower": lower,
        "upper": upper,
        "p_value": p_value_of_replicates(samples),
        **ratios,
    }
    return groups.select(
        *by,
        *(pl.Series(name, value, dtype=pl.Float64).fill_nan(None) for name, value in values.items()),
        pl.col("_1").alias("support"),
        "clusters",
        pl.Series("undefined", np.isnan(second - first).sum(axis=1), dtype=pl.Int64),
    )


def _replicated(
    frame: pl.DataFrame,
    columns: Sequence[Column],
    cluster: str,
    by: Sequence[str],
    replicates: int,
    seed: int,
) -> tuple[pl.DataFrame, list[NDArray[np.float64]]]:
    """Groups with their totals _0, _1, … and clusters; and the totals of each column per replicate, (groups, B)."""
    from scipy.sparse import csr_array

    names = [f"_{k}" for k in range(len(columns))]
    units = frame.select(
        *by,
        pl.col(cluster).alias("_cluster"),
        *(as_expression(c).cast(pl.Float64).alias(name) for c, name in zip(columns, names, strict=True)),
    )
    cells = aggregate(units, [*by, "_cluster"], pl.col(names).sum())
    used = pl.any_horizontal(pl.col(name) != 0.0 for name in names[1::2])
    groups = aggregate(cells, by, pl.col(names).sum(), used.sum().cast(pl.Int64).alias("clusters"))
    places = attach(cells, groups.select(*by).with_row_index("_group"), by) if by else cells
    row = places["_group"].to_numpy() if by else np.zeros(len(cells), np.int64)
    check_cluster_ids(cells["_cluster"])
    ids = sorted_keys(cells["_cluster"])
    values = np.concatenate([cells[name].to_numpy() for name in names])
    column = np.concatenate([row + k * len(groups) for k in range(len(names))])
    positions = np.tile(encode(cells["_cluster"], ids), len(names)), column
    matrix = csr_array((values, positions), shape=(len(ids), len(names) * len(groups)))
    totals = replicate_sums(ids, matrix, replicates=replicates, seed=seed)
    return groups, np.split(totals, len(names))


def _ratio(numerator: NDArray[np.float64], denominator: NDArray[np.float64]) -> NDArray[np.float64]:
    undefined = np.full(np.shape(numerator), np.nan)
    return np.asarray(np.divide(numerator, denominator, out=undefined, where=denominator != 0.0))


def _refuse_nulls(frame: pl.DataFrame, columns: Sequence[Column]) -> None:
    missing = frame.select(
        pl.any_horizontal(as_expression(column).is_null() for column in columns).sum().alias("_missing")
    ).item()
    if missing:
        raise QueryError(
            f"a comparison needs the counts of both models; they are null in {missing} of {len(frame)} rows. "
            "Hint: keep only the images that both models were run on"
        )
