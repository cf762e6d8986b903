"""The additive sums from which a slice is compared with the rest, also where they share clusters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.statistics.grouping import aggregate, attach

_Y, _N = pl.col("errors"), pl.col("units")
_ALL_Y, _ALL_N = pl.col("all_errors"), pl.col("all_units")

_OF_SLICES = {
    "clusters": (_N != 0.0).sum().cast(pl.Int64),
    "clusters_inside": ((_N == _ALL_N) & (_N != 0.0)).sum().cast(pl.Int64),
    "units": _N.sum(),
    "errors": _Y.sum(),
    "errors_squared": (_Y * _Y).sum(),
    "errors_units": (_Y * _N).sum(),
    "units_squared": (_N * _N).sum(),
    "errors_all_errors": (_Y * _ALL_Y).sum(),
    "errors_all_units": (_Y * _ALL_N).sum(),
    "units_all_errors": (_N * _ALL_Y).sum(),
    "units_all_units": (_N * _ALL_N).sum(),
}
_OF_TOTALS = {
    "all_clusters": (_ALL_N != 0.0).sum().cast(pl.Int64),
    "all_units": _ALL_N.sum(),
    "all_errors": _ALL_Y.sum(),
    "all_errors_squared": (_ALL_Y * _ALL_Y).sum(),
    "all_errors_units": (_ALL_Y * _ALL_N).sum(),
    "all_units_squared": (_ALL_N * _ALL_N).sum(),
}

SLICE_SUMS = tuple(_OF_SLICES)
"""What `slice_sums` returns beside the columns that name a slice."""

TOTAL_SUMS = tuple(_OF_TOTALS)
"""What `total_sums` returns."""


class ClusterSums(NamedTuple):
    """What each cluster code has of some units: Σ units and Σ errors, shape (clusters,) each."""

    units: NDArray[np.float64]
    errors: NDArray[np.float64]


def slice_sums(slices: pl.DataFrame, totals: pl.DataFrame, *, by: Sequence[str]) -> pl.DataFrame:
    """What a comparison must know of every slice.

    Args:
        slices: Columns ``by``, ``cluster``, ``errors`` and ``units``: what each slice holds of each cluster
            (image). Clusters without units in a slice need no row; several rows of one cluster are added up.
        totals: Columns ``cluster``, ``errors`` and ``units`` of every cluster, over all units of the same kind.
        by: Columns that name a slice; null is a value of its own.

    Returns:
        One row per slice, sorted by ``by`` with nulls last: the columns of ``by``, then

        - clusters, clusters_inside: Clusters with units in the slice, and those with all their units in it.
        - units, errors: Σn and Σy over the clusters, where n, y are what the slice holds of a cluster.
        - errors_squared, errors_units, units_squared: Σy², Σyn, Σn².
        - errors_all_errors, errors_all_units, units_all_errors, units_all_units: ΣyY, Σyn', Σny', Σnn', the
          products with what the whole holds of the same cluster.

    Notes:
        Sums of disjoint sets of clusters add up (`merge_sums_of_slices`). For counts they are exact in any order
        as long as they stay below 2⁵³. Shards must not split a cluster. Cost: one join and two group-bys.

    Example:
        >>> totals = pl.DataFrame({"cluster": [1, 2], "errors": [2, 1], "units": [4, 4]})
        >>> slices = pl.DataFrame({"light": ["night"], "cluster": [1], "errors": [2], "units": [3]})
        >>> slice_sums(slices, totals, by=["light"]).select("clusters", "units", "units_all_errors").row(0)
        (1, 3.0, 6.0)
    """
    cells = aggregate(slices, [*by, "cluster"], pl.col("errors", "units").sum().cast(pl.Float64))
    joined = attach(cells, _by_cluster(totals), ["cluster"])
    return aggregate(joined, by, *(sums.alias(name) for name, sums in _OF_SLICES.items()))


def total_sums(totals: pl.DataFrame) -> pl.DataFrame:
    """What a comparison must know of the whole, in which every slice lies.

    Args:
        totals: Columns ``cluster``, ``errors`` and ``units`` of every cluster.

    Returns:
        One row: all_clusters (with units), all_units, all_errors, all_errors_squared, all_errors_units and
        all_units_squared: Σn, Σy, Σy², Σyn, Σn². Those of disjoint sets of clusters add up.

    Example:
        >>> total_sums(pl.DataFrame({"cluster": [1, 2], "errors": [2, 1], "units": [4, 4]})).row(0)
        (2, 8.0, 3.0, 5.0, 12.0, 32.0)
    """
    return _by_cluster(totals).select(sums.alias(name) for name, sums in _OF_TOTALS.items())


def merge_sums_of_slices(parts: Iterable[pl.DataFrame], *, by: Sequence[str]) -> pl.DataFrame:
    """Add up the `slice_sums` (or, with no ``by``, the `total_sums`) of disjoint sets of clusters.

    Args:
        parts: At least one frame, all with the same columns.
        by: Columns that name a slice.

    Returns:
        The same columns, one row per slice of any part.

    Example:
        >>> days = [pl.DataFrame({"cluster": [i], "errors": [1], "units": [3]}) for i in (0, 1)]
        >>> merged = merge_sums_of_slices([total_sums(day) for day in days], by=[])
        >>> merged.equals(total_sums(pl.concat(days)))
        True
    """
    frames = list(parts)
    sums = [name for name in frames[0].columns if name not in by]
    return aggregate(pl.concat(frames), by, pl.col(sums).sum())


def _by_cluster(totals: pl.DataFrame) -> pl.DataFrame:
    return aggregate(
        totals,
        ["cluster"],
        _Y.sum().cast(pl.Float64).alias("all_errors"),
        _N.sum().cast(pl.Float64).alias("all_units"),
    )
