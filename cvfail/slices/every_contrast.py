"""One value against another in every slice of a few conditions: what a contrast with p-values must look at."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.kernels.clustered_cells import add_clusters
from cvfail.kernels.ordering import group_rows
from cvfail.slices.every_slice import (
    ClusteredUnits,
    EverySlice,
    attribute_sets,
    cells_of,
    frame_of_sums,
    has_items,
    items_of,
    places_of,
    repeats_a_wider_one,
)
from cvfail.statistics.contrast import contrast_from_sums
from cvfail.statistics.slice_sums import SLICE_SUMS, TOTAL_SUMS
from cvfail.tables.arrays import read_only
from cvfail.tables.parallel import run_in_order, worker_count

Mask = NDArray[np.bool_]
Numbers = NDArray[np.float64]


def every_contrast(
    units: ClusteredUnits,
    errors: Numbers,
    has_value: Mask,
    *,
    max_order: int,
    min_support: int,
    min_clusters: int,
    confidence: float = 0.95,
    threads: int | None = None,
) -> EverySlice:
    """Compare the units that have a value with those that have another, among all and in every slice.

    Args:
        units: Units that have one value or the other; slices are made of their attributes.
        errors: Error of each, 0 or more, in the order of `rows`, shape (n,).
        has_value: Which have the one value; the others have the other, shape (n,).
        max_order: Most conditions of a slice, at most one of each attribute; the slice without any comes first.
        min_support: Slices in which either value has fewer units are not looked at.
        min_clusters: The same for clusters.
        confidence: Coverage of the intervals.
        threads: Sets of attributes are worked off on so many threads; the result is the same for any.

    Returns:
        Conditions of the slices, without the value, and one row for each: units, errors, rate of the value,
        rest_units, rest_errors, rest_rate of the other in the same slice, and what follows from them. A slice that
        holds the same units as one with a condition less is left out.

    Notes:
        Clusters may have units of both values: their covariance is part of the variance, see
        `cvfail.statistics.contrast`. Cost: a sort of the units and two passes over them per set of attributes.

    Example:
        >>> size = pl.DataFrame({"size": ["small", "large"] * 4})
        >>> units = ClusteredUnits.of(size, np.arange(8, dtype=np.int32), min_support=1)
        >>> is_night = np.arange(8) < 4
        >>> missed = np.array([1.0, 0, 1, 0, 0, 0, 0, 0])
        >>> found = every_contrast(units, missed, is_night, max_order=1, min_support=1, min_clusters=1)
        >>> [[str(units.items[number]) for number in own] for own in found.items]
        [[], ['size=large'], ['size=small']]
        >>> found.table.select("rate", "rest_rate").rows()
        [(0.5, 0.0), (0.0, 0.0), (1.0, 0.0)]
    """
    work = partial(_slices_of, units, errors, has_value, (min_support, min_clusters))
    sets = [(), *attribute_sets(units, max_order)]
    parts = run_in_order(work, sets, threads=worker_count(threads))
    sums, totals = (
        np.concatenate([np.zeros((0, len(names))), *(part[k] for part in parts)])
        for k, names in ((1, SLICE_SUMS), (2, TOTAL_SUMS))
    )
    whole = pl.DataFrame(totals, schema=list(TOTAL_SUMS), orient="row").with_columns(
        pl.col("all_clusters").cast(pl.Int64), slice=pl.int_range(pl.len())
    )
    return EverySlice(
        tuple(own for part in parts for own in map(tuple, part.items.tolist())),
        contrast_from_sums(frame_of_sums(sums), whole, by=["slice"], confidence=confidence),
    )


class _Part(NamedTuple):
    """Conditions of the slices of a set of attributes, and their sums, shape (k, 11) and (k, 6)."""

    items: NDArray[np.int64]
    sums: Numbers
    totals: Numbers


def _slices_of(
    units: ClusteredUnits, errors: Numbers, has_value: Mask, least: tuple[int, int], chosen: tuple[int, ...]
) -> _Part:
    min_support, min_clusters = least
    cells, sizes = cells_of(units, chosen)
    size = int(np.prod(sizes))
    counts, own = (np.bincount(part, minlength=size).reshape(sizes) for part in (cells, cells[has_value]))
    kept = has_items(units, chosen) & (np.minimum(own, counts - own) >= max(min_support, 1))
    kept &= ~repeats_a_wider_one(counts)
    if chosen:
        kept &= counts < units.rows.size
    numbers = np.flatnonzero(kept)
    sums, totals = _sums(units, errors, has_value, places_of(numbers, size)[cells], numbers.size)
    clusters = np.minimum(sums[:, 0], totals[:, 0] - sums[:, 1])
    enough = clusters >= min_clusters
    return _Part(items_of(units, chosen, numbers[enough]), sums[enough], totals[enough])


def _sums(
    units: ClusteredUnits, errors: Numbers, has_value: Mask, slices: NDArray[np.int32], count: int
) -> tuple[Numbers, Numbers]:
    """Sums of slices that do not overlap, by the slice of each unit, -1 for none.

    The units of a slice are put side by side, so that what a cluster has of a slice is like a cluster of its own.
    """
    bounds, order = group_rows(read_only(np.where(slices < 0, count, slices)), count + 1)
    order = order[: bounds[count]]
    own, clusters, wrong = slices[order], units.clusters[order], read_only(errors[order])
    is_first = (np.diff(own, prepend=-1) != 0) | (np.diff(clusters, prepend=-1) != 0)
    starts = read_only(np.append(np.flatnonzero(is_first), order.size))
    cells = read_only(np.where(has_value[order], own, count).astype(np.int64))
    places = read_only(np.append(np.arange(count), -1).astype(np.int32))
    sums = np.zeros((count, len(SLICE_SUMS)))
    add_clusters(cells, places, starts, wrong, sums)
    n = np.diff(starts).astype(np.float64)
    y = np.add.reduceat(wrong, starts[:-1]) if n.size else n
    columns = (np.ones(n.size), n, y, y * y, y * n, n * n)
    whole = [np.bincount(own[starts[:-1]], column, minlength=count) for column in columns]
    return sums, np.stack(whole, axis=1)
