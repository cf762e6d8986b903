"""One mode per cause: of slices that overlap, the one that explains the errors best is kept."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.failures.search import KEYS, members
from cvfail.failures.units import Units
from cvfail.statistics.contrast import slice_against_rest

MOST_CANDIDATES = 150
"""Only this many slices, by the lower bound of their excess, compete; the others overlap with them."""


def select_modes(units: Units, candidates: pl.DataFrame, *, confidence: float) -> pl.DataFrame:
    """Pick slices one after another, each judged on the units that no earlier pick contains.

    Args:
        units: Rows of the kind that the candidates are told of.
        candidates: Significant slices of one error type, columns of `search_slices`.
        confidence: Of the intervals whose lower bound decides.

    Returns:
        The rows of `candidates` that were picked, as they came: their numbers are those of the whole slice.

    Notes:
        Greedy cover. A candidate is dropped as soon as its remaining units do not fail more than the rest: its
        p-value exceeds the largest p-value among the candidates. Cost: picks × candidates × units.
    """
    error_type = candidates["error_type"][0]
    worst = float(candidates["p_value"].to_numpy().max())
    pool = candidates.sort(["excess_lower", *KEYS], descending=[True, *[False] * 4], nulls_last=True)
    pool = pool.head(MOST_CANDIDATES)
    masks = [members(units, key).to_numpy() for key in pool.select(KEYS).iter_rows()]
    errors = units.errors(error_type).to_numpy()
    clusters = units.clusters.to_numpy()
    free = np.ones(errors.size, np.bool_)
    alive = list(range(len(masks)))
    picked: list[int] = []
    while alive:
        table = _remaining(masks, alive, free, errors, clusters, confidence)
        table = table.filter((pl.col("p_value") <= worst) & (pl.col("excess_errors") > 0))
        if table.is_empty():
            break
        best = table.sort(["excess_lower", "slice"], descending=[True, False])["slice"][0]
        picked.append(best)
        free &= ~masks[best]
        alive = [candidate for candidate in table["slice"].to_list() if candidate != best]
    return pool[picked]


def _remaining(
    masks: list[NDArray[np.bool_]],
    alive: list[int],
    free: NDArray[np.bool_],
    errors: NDArray[np.float64],
    clusters: NDArray[np.int32],
    confidence: float,
) -> pl.DataFrame:
    """Each living candidate against the rest, both without the units that are covered already."""
    rows = [np.flatnonzero(masks[candidate] & free) for candidate in alive]
    lengths = [own.size for own in rows]
    inside = _per_cluster(np.concatenate(rows), clusters, errors, slice=np.repeat(alive, lengths))
    totals = _per_cluster(np.flatnonzero(free), clusters, errors)
    return slice_against_rest(inside, totals, by=["slice"], confidence=confidence)


def _per_cluster(
    rows: NDArray[np.int64],
    clusters: NDArray[np.int32],
    errors: NDArray[np.float64],
    **keys: NDArray[np.int64],
) -> pl.DataFrame:
    """Errors and units of some rows, added up per cluster and key."""
    frame = pl.DataFrame({**keys, "cluster": clusters[rows], "errors": errors[rows]})
    sums = pl.col("errors").sum(), pl.len().cast(pl.Float64).alias("units")
    return frame.group_by(*keys, "cluster", maintain_order=True).agg(sums)
