"""Support and errors of candidate slices, by a cube of their attributes or by bitmaps, whichever is cheaper."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.bitmaps import count_intersections, sum_intersections
from cvfail.kernels.cubes import count_cells, read_cells, sum_cells
from cvfail.slices.unit_table import UnitTable

Integers = NDArray[np.int64]

_ROWS_PER_WORD = 0.2
"""What intersecting and counting a word costs beside visiting a row for a cube: .11 with AVX-512, more without."""

_MOST_CELLS = 1 << 22
_MOST_BITMAP_BYTES = 1 << 28


class Sums(NamedTuple):
    """Units, Σ weight and Σ weight · error of slices, as integers on the scale of the table, each of shape (c,)."""

    support: Integers
    weight: Integers
    errors: Integers


@dataclass(frozen=True)
class Candidates:
    """Conjunctions over one set of attributes.

    Attributes:
        attributes: Numbers of the attributes, ascending, shape (order,).
        prefixes: Items of every slice that candidates extend, shape (p, order - 1).
        prefix: Which of them each candidate extends, equal ones side by side, shape (c,).
        last: The item that each candidate adds, shape (c,).
    """

    attributes: tuple[int, ...]
    prefixes: NDArray[np.int32]
    prefix: Integers
    last: NDArray[np.int32]

    @property
    def items(self) -> NDArray[np.int32]:
        """Items of each candidate, shape (c, order)."""
        return np.concatenate([self.prefixes[self.prefix], self.last[:, None]], axis=1)


class Counter:
    """Counts candidates of one table; may be asked from several threads.

    A cube visits every row once for all cells. Bitmaps intersect a prefix once and count one word per 64 rows and
    candidate: cheaper where few candidates are left, and for attributes whose product is too large for a cube.
    """

    def __init__(self, table: UnitTable) -> None:
        self._table = table
        self._lock = Lock()
        self._bitmaps: NDArray[np.uint64] | None = None
        counts = [len(attribute.items) for attribute in table.attributes]
        self._first_item = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)

    def level_one(self) -> Sums:
        """Sums of every item."""
        parts = [
            self._by_cube((number,), np.arange(*self._item_range(number), dtype=np.int32)[:, None])
            for number in range(len(self._table.attributes))
        ]
        joined = [
            np.concatenate([part[k] for part in parts]) if parts else np.zeros(0, np.int64) for k in range(3)
        ]
        return Sums(*joined)

    def count(self, candidates: Candidates) -> Sums:
        """Sums of candidates of two or more items."""
        if self._prefers_bitmaps(candidates):
            return self._by_bitmaps(candidates)
        return self._by_cube(candidates.attributes, candidates.items)

    def _item_range(self, attribute: int) -> tuple[int, int]:
        return int(self._first_item[attribute]), int(self._first_item[attribute + 1])

    def _cells(self, attributes: tuple[int, ...]) -> int:
        cells = 1
        for number in attributes:
            cells *= self._table.attributes[number].size
        return cells

    def _prefers_bitmaps(self, candidates: Candidates) -> bool:
        cells = self._cells(candidates.attributes)
        words = int(self._table.words[-1])
        order = len(candidates.attributes)
        by_bitmaps = _ROWS_PER_WORD * words * (candidates.last.size + order * candidates.prefixes.shape[0])
        return cells > _MOST_CELLS or by_bitmaps < self._table.units + cells

    def _by_cube(self, attributes: tuple[int, ...], items: NDArray[np.int32]) -> Sums:
        table = self._table
        sizes = np.array([table.attributes[number].size for number in attributes], np.int64)
        strides = np.concatenate([np.cumprod(sizes[:0:-1])[::-1], [1]]).astype(np.int64)
        numbers, cells = np.array(attributes, np.int64), int(sizes.prod())
        if table.segment_values is None:
            assert table.unit_values is not None
            sums = np.zeros((2, cells), np.int64)
            sum_cells(table.codes, numbers, strides, table.unit_values, sums)
            counts = np.zeros((1, cells), np.int64)
            count_cells(table.codes, numbers, strides, table.starts, counts)
            cube = np.concatenate([counts, sums])
        else:
            cube = np.zeros((table.starts.size - 1, cells), np.int64)
            count_cells(table.codes, numbers, strides, table.starts, cube)
        read = np.empty((cube.shape[0], items.shape[0]), np.int64)
        read_cells(cube, items, strides, *table.item_codes, read)
        return self._sums(read)

    def _by_bitmaps(self, candidates: Candidates) -> Sums:
        table = self._table
        bitmaps, prefixes, last = self._bitmaps_of(candidates)
        counts = np.zeros((table.starts.size - 1, last.size), np.int64)
        with np.errstate(over="ignore"):
            count_intersections(bitmaps, prefixes, candidates.prefix, last, table.words, counts)
            if table.unit_values is None:
                return self._sums(counts)
            sums = np.zeros((2, last.size), np.int64)
            sum_intersections(bitmaps, prefixes, candidates.prefix, last, table.unit_values, sums)
        return self._sums(np.concatenate([counts, sums]))

    def _bitmaps_of(
        self, candidates: Candidates
    ) -> tuple[NDArray[np.uint64], NDArray[np.int32], NDArray[np.int32]]:
        """Bitmaps of all items, or, where these are too large, of the candidates' attributes with new numbers."""
        table = self._table
        if int(self._first_item[-1]) * int(table.words[-1]) * 8 <= _MOST_BITMAP_BYTES:
            with self._lock:
                if self._bitmaps is None:
                    everything = [table.bitmaps(number) for number in range(len(table.attributes))]
                    self._bitmaps = np.concatenate(everything)
            return self._bitmaps, candidates.prefixes, candidates.last
        own = [table.bitmaps(number) for number in candidates.attributes]
        starts = np.concatenate([[0], np.cumsum([len(bitmaps) for bitmaps in own])])[:-1]
        shift = (self._first_item[list(candidates.attributes)] - starts).astype(np.int32)
        return np.concatenate(own), candidates.prefixes - shift[:-1], candidates.last - shift[-1]

    def _sums(self, counts: Integers) -> Sums:
        values = self._table.segment_values
        if values is None:
            return Sums(counts[0], counts[1], counts[2])
        return Sums(counts.sum(axis=0), values[:, 0] @ counts, values[:, 1] @ counts)
