"""Every slice of a few conditions against the rest, none left out: what a search with p-values must look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial, reduce
from itertools import accumulate, combinations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.kernels.clustered_cells import add_clusters, add_slice
from cvfail.kernels.ordering import group_rows
from cvfail.slices.items import Dropped, EncodedAttribute, Item, encode_attribute
from cvfail.statistics.contrast import contrast_from_sums
from cvfail.statistics.slice_sums import SLICE_SUMS, TOTAL_SUMS, ClusterSums
from cvfail.tables.arrays import read_only
from cvfail.tables.parallel import run_in_order, worker_count

Mask = NDArray[np.bool_]
Numbers = NDArray[np.float64]

_MOST_CELLS = 1 << 24


@dataclass(frozen=True)
class ClusteredUnits:
    """Units of one kind with encoded attributes, those of a cluster side by side.

    Attributes:
        rows: Row, in the frame that was given, of each unit, shape (n,).
        clusters: Cluster of each unit, ascending, shape (n,).
        starts: First unit of each cluster code, then n.
        attributes: The attributes that slices are made of, their codes in the order of `rows`.
        dropped: Those that none are made of, with the reason.
    """

    rows: NDArray[np.int64]
    clusters: NDArray[np.int32]
    starts: NDArray[np.int64]
    attributes: tuple[EncodedAttribute, ...]
    dropped: tuple[Dropped, ...]

    @classmethod
    def of(
        cls,
        values: pl.DataFrame,
        clusters: NDArray[np.int32],
        *,
        min_support: int,
        threads: int | None = None,
    ) -> ClusteredUnits:
        """Encode a frame of attributes.

        Args:
            values: One column per attribute, one row per unit.
            clusters: Code of the image (or what else rows share) of each unit.
            min_support: Values of fewer units make no slice.
            threads: Attributes are encoded on so many threads; one per processor if None.
        """
        starts, rows = group_rows(read_only(clusters), int(clusters.max(initial=-1)) + 1)
        encode = partial(encode_attribute, min_support=min_support)
        columns = [values[name].gather(rows) for name in values.columns]
        encoded = run_in_order(encode, columns, threads=worker_count(threads))
        return cls(
            rows=rows,
            clusters=clusters[rows],
            starts=read_only(starts),
            attributes=tuple(one for one in encoded if isinstance(one, EncodedAttribute) and one.items),
            dropped=tuple(one for one in encoded if isinstance(one, Dropped)),
        )

    def where(self, chosen: Mask) -> ClusteredUnits:
        """The same slices over some of the units, chosen in the order of `rows`."""
        kept = np.flatnonzero(chosen)
        clusters = self.clusters[kept]
        return ClusteredUnits(
            rows=self.rows[kept],
            clusters=clusters,
            starts=read_only(np.searchsorted(clusters, np.arange(self.starts.size)).astype(np.int64)),
            attributes=tuple(
                EncodedAttribute(one.name, one.codes[kept], one.size, one.items) for one in self.attributes
            ),
            dropped=self.dropped,
        )

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """All conditions, attribute by attribute; each is one value."""
        return tuple(item for one in self.attributes for item in one.items)

    @cached_property
    def first_item(self) -> list[int]:
        """Number of the first condition of each attribute."""
        counts = [len(one.items) for one in self.attributes]
        return [0, *accumulate(counts)]

    def members(self, items: Sequence[int]) -> Mask:
        """Which units, in the order of `rows`, satisfy all of some conditions."""
        mask = np.ones(self.rows.size, np.bool_)
        for number in items:
            attribute = int(np.searchsorted(self.first_item, number, side="right")) - 1
            mask &= self.attributes[attribute].codes == self.items[number].codes[0]
        return mask

    def per_cluster(self, errors: Numbers, mask: Mask | None = None) -> ClusterSums:
        """What each cluster has of some units, all if None."""
        chosen = slice(None) if mask is None else np.flatnonzero(mask)
        clusters, count = self.clusters[chosen], self.starts.size - 1
        units = np.bincount(clusters, minlength=count).astype(np.float64)
        return ClusterSums(units, np.bincount(clusters, errors[chosen], minlength=count).astype(np.float64))


@dataclass(frozen=True)
class EverySlice:
    """All slices with enough units, compared with the rest.

    Attributes:
        items: The conditions of each, ascending.
        table: One row per slice, the columns of `cvfail.statistics.contrast.slice_against_rest` after ``slice``,
            its place in `items`.
    """

    items: tuple[tuple[int, ...], ...]
    table: pl.DataFrame


def every_slice(
    units: ClusteredUnits,
    errors: Numbers,
    *,
    max_order: int,
    min_support: int,
    confidence: float = 0.95,
    threads: int | None = None,
) -> EverySlice:
    """Compare every slice of up to some number of conditions with the rest of the units.

    Args:
        units: The units.
        errors: Error of each, 0 or more, in the order of `rows`, shape (n,).
        max_order: Most conditions of a slice, at most one of each attribute.
        min_support: Slices with fewer units are not looked at.
        confidence: Coverage of the intervals.
        threads: Sets of attributes are worked off on so many threads; the result is the same for any.

    Returns:
        The slices by number of conditions, then attributes, then values. One that holds the same units as one with
        a condition less is left out.

    Notes:
        Cost: two passes over the units per set of attributes. A set whose values have more than 2²⁴ combinations is
        left out.

    Example:
        >>> light = pl.DataFrame({"light": ["night", "day"] * 4})
        >>> units = ClusteredUnits.of(light, np.arange(8, dtype=np.int32), min_support=1)
        >>> found = every_slice(units, np.array([1.0, 0, 1, 0, 1, 0, 0, 0]), max_order=1, min_support=1)
        >>> [str(units.items[own[0]]) for own in found.items], found.table["rate"].to_list()
        (['light=day', 'light=night'], [0.0, 0.75])
    """
    work = partial(_slices_of, units, read_only(errors), min_support)
    parts = run_in_order(work, list(attribute_sets(units, max_order)), threads=worker_count(threads))
    items = tuple(own for numbers, _ in parts for own in map(tuple, numbers.tolist()))
    sums = np.concatenate([np.zeros((0, len(SLICE_SUMS))), *(own for _, own in parts)])
    whole = _totals(units.per_cluster(errors))
    return EverySlice(
        items, contrast_from_sums(frame_of_sums(sums), whole, by=["slice"], confidence=confidence)
    )


def each_against_rest(
    units: ClusteredUnits, errors: Numbers, slices: Sequence[tuple[Mask, Mask]], *, confidence: float = 0.95
) -> pl.DataFrame:
    """Slices, any masks, each against everything else among units of its own, any masks too.

    Args:
        units: The units.
        errors: Error of each, in the order of `rows`, shape (n,).
        slices: The units of each slice, and those among which it is compared.
        confidence: Coverage of the intervals.

    Returns:
        One row per slice in their order, its number being ``slice``: the columns of
        `cvfail.statistics.contrast.slice_against_rest`; null for slices without units.
    """
    sums = np.zeros((len(slices), len(SLICE_SUMS)))
    totals = np.zeros((len(slices), len(TOTAL_SUMS)))
    for (inside, among), own, whole in zip(slices, sums, totals, strict=True):
        add_slice(read_only(inside), read_only(among), units.starts, read_only(errors), own, whole)
    around = pl.DataFrame(totals, schema=list(TOTAL_SUMS), orient="row").with_columns(
        pl.col("all_clusters").cast(pl.Int64), slice=pl.int_range(pl.len())
    )
    return contrast_from_sums(frame_of_sums(sums), around, by=["slice"], confidence=confidence)


def _totals(whole: ClusterSums) -> pl.DataFrame:
    """The columns of `cvfail.statistics.slice_sums.TOTAL_SUMS`."""
    n, y = whole.units, whole.errors
    sums = np.count_nonzero(n), n.sum(), y.sum(), (y * y).sum(), (y * n).sum(), (n * n).sum()
    return pl.DataFrame({name: [total] for name, total in zip(TOTAL_SUMS, sums, strict=True)})


def frame_of_sums(sums: Numbers) -> pl.DataFrame:
    """Sums of slices, shape (k, 11), with the number of each."""
    frame = pl.DataFrame(sums, schema=list(SLICE_SUMS), orient="row")
    counts = (pl.col(name).cast(pl.Int64) for name in ("clusters", "clusters_inside"))
    return frame.with_columns(*counts, slice=pl.int_range(pl.len()))


def attribute_sets(units: ClusteredUnits, max_order: int) -> Iterator[tuple[int, ...]]:
    """Numbers of one attribute, then of two, and so on, whose values have no more than 2²⁴ combinations."""
    numbers = range(len(units.attributes))
    for order in range(1, max_order + 1):
        for chosen in combinations(numbers, order):
            if np.prod([float(units.attributes[k].size) for k in chosen]) <= _MOST_CELLS:
                yield chosen


def _slices_of(
    units: ClusteredUnits, errors: Numbers, min_support: int, chosen: tuple[int, ...]
) -> tuple[NDArray[np.int64], Numbers]:
    """Conditions of every slice of a set of attributes, shape (k, order), and their sums, shape (k, 11)."""
    cells, sizes = cells_of(units, chosen)
    counts = np.bincount(cells, minlength=int(np.prod(sizes))).reshape(sizes)
    kept = (counts >= max(min_support, 1)) & has_items(units, chosen) & ~repeats_a_wider_one(counts)
    numbers = np.flatnonzero(kept)
    sums = np.zeros((numbers.size, len(SLICE_SUMS)))
    add_clusters(read_only(cells), places_of(numbers, counts.size), units.starts, errors, sums)
    return items_of(units, chosen, numbers), sums


def cells_of(units: ClusteredUnits, chosen: tuple[int, ...]) -> tuple[NDArray[np.int64], tuple[int, ...]]:
    """The combination of values of some attributes that each unit has, by number, and how many values each has."""
    sizes = tuple(units.attributes[k].size for k in chosen)
    cells = np.zeros(units.rows.size, np.int64)
    for k, size in zip(chosen, sizes, strict=True):
        cells *= size
        cells += units.attributes[k].codes
    return cells, sizes


def places_of(numbers: NDArray[np.int64], size: int) -> NDArray[np.int32]:
    """Where each of some numbers below a size stands among them; -1 for the others."""
    places = np.full(size, -1, np.int32)
    places[numbers] = np.arange(numbers.size)
    return read_only(places)


def items_of(units: ClusteredUnits, chosen: tuple[int, ...], cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """The conditions that combinations of values of some attributes stand for, shape (cells, attributes)."""
    sizes = tuple(units.attributes[k].size for k in chosen)
    codes = np.stack(np.unravel_index(cells, sizes), axis=1) if chosen else np.zeros((cells.size, 0))
    return codes.astype(np.int64) + np.array([units.first_item[k] for k in chosen], np.int64)


def has_items(units: ClusteredUnits, chosen: tuple[int, ...]) -> Mask:
    """Combinations of values that make slices; the last code of an attribute may be all rare values together."""
    axes = [np.arange(units.attributes[k].size) < len(units.attributes[k].items) for k in chosen]
    return np.asarray(reduce(np.logical_and.outer, axes, np.ones((), np.bool_)))


def repeats_a_wider_one(counts: NDArray[np.int64]) -> Mask:
    """Combinations that hold as many units as one without one of the conditions."""
    repeated = np.zeros(counts.shape, np.bool_)
    if counts.ndim > 1:
        for axis in range(counts.ndim):
            repeated |= counts == counts.sum(axis=axis, keepdims=True)
    return repeated
