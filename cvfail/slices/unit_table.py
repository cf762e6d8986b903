"""The units of a search as arrays: encoded attributes, and errors that add up without rounding."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.errors import QueryError
from cvfail.kernels.bitmaps import pack_codes
from cvfail.slices.items import Dropped, EncodedAttribute, Item, encode_attribute
from cvfail.slices.objectives import Totals
from cvfail.tables.arrays import read_only
from cvfail.tables.parallel import run_in_order

MOST_SEGMENTS = 16
"""Rows with up to so many different (error, weight) are counted by value instead of added up one by one."""

_PRECISION = 52
_WORD = 64


@dataclass(frozen=True)
class AttributeItems:
    """An attribute of a table: its name, how many codes it has, and its predicates."""

    name: str
    size: int
    items: tuple[Item, ...]


@dataclass(frozen=True)
class UnitTable:
    """Units that count, ordered by their (error, weight), so that equal ones stand in one segment.

    Attributes:
        frame: The rows as given.
        rows: Row of `frame` that each unit is, shape (n,).
        attributes: The attributes that slices are made of.
        dropped: Those that none are made of, with the reason.
        items: All predicates, attribute by attribute.
        codes: Code of each attribute and unit, shape (attributes, n).
        errors: Error of each unit, shape (n,).
        weights: Weight of each unit, shape (n,).
        starts: First unit of each segment, then n.
        segment_values: (weight, weight · error) of the units of each segment as integers, shape (segments, 2); None
            where units differ too much and `unit_values` hold them one by one, shape (n, 2).
        scale: What one of these integers means: a power of two.
        peaks: Largest error of a unit of each item, shape (items,).
        totals: Sums over all units.
    """

    frame: pl.DataFrame
    rows: NDArray[np.int64]
    attributes: tuple[AttributeItems, ...]
    dropped: tuple[Dropped, ...]
    items: tuple[Item, ...]
    codes: NDArray[np.unsignedinteger]
    errors: NDArray[np.float64]
    weights: NDArray[np.float64]
    starts: NDArray[np.int64]
    segment_values: NDArray[np.int64] | None
    unit_values: NDArray[np.int64] | None
    scale: tuple[float, float]
    peaks: NDArray[np.float64]
    totals: Totals

    @property
    def units(self) -> int:
        """Number of units that count."""
        return int(self.rows.size)

    @cached_property
    def item_attribute(self) -> NDArray[np.int64]:
        """Number of the attribute of each item."""
        counts = [len(attribute.items) for attribute in self.attributes]
        return np.repeat(np.arange(len(counts)), counts)

    @cached_property
    def item_codes(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where the codes of each item start, and the codes of all items."""
        sizes = [0, *(len(item.codes) for item in self.items)]
        codes = [code for item in self.items for code in item.codes]
        return read_only(np.cumsum(sizes, dtype=np.int64)), read_only(np.array(codes, np.int64))

    @cached_property
    def words(self) -> NDArray[np.int64]:
        """First word of each segment in a bitmap, then the number of words."""
        sizes = -(-np.diff(self.starts) // _WORD)
        return read_only(np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64))

    def bitmaps(self, attribute: int) -> NDArray[np.uint64]:
        """Units of each item of an attribute as bits, shape (items of the attribute, words)."""
        encoded = self.attributes[attribute]
        own = np.zeros((encoded.size, int(self.words[-1])), np.uint64)
        pack_codes(self.codes[attribute], self.starts, self.words, own)
        if all(item.codes == (place,) for place, item in enumerate(encoded.items)):
            return own[: len(encoded.items)]
        return np.stack([np.bitwise_or.reduce(own[list(item.codes)], axis=0) for item in encoded.items])

    def subset(self, chosen: NDArray[np.bool_]) -> UnitTable:
        """The same slices over some units, given as a mask in the order of `rows`."""
        return _arranged(
            self.frame,
            self.attributes,
            self.dropped,
            self.rows[chosen],
            self.codes[:, chosen],
            self.errors[chosen],
            self.weights[chosen],
        )

    def with_errors(self, errors: NDArray[np.float64]) -> UnitTable:
        """The same units with other errors, given in the order of `rows`."""
        return _arranged(
            self.frame, self.attributes, self.dropped, self.rows, self.codes, errors, self.weights
        )

    def members(self, items: Sequence[int]) -> NDArray[np.bool_]:
        """Which units, in the order of `rows`, satisfy all of some items."""
        mask = np.ones(self.units, np.bool_)
        for number in items:
            satisfied = np.zeros(self.attributes[self.item_attribute[number]].size, np.bool_)
            satisfied[list(self.items[number].codes)] = True
            mask &= satisfied[self.codes[self.item_attribute[number]]]
        return mask


def tabulate_units(
    frame: pl.DataFrame,
    *,
    attributes: Sequence[str],
    error: str,
    valid: str | None,
    weight: str | None,
    min_support: int,
    bins: int,
    half_lines: bool,
    threads: int,
) -> UnitTable:
    """Encode a frame for the search.

    Args:
        frame: One row per unit.
        attributes: Columns that slices are made of.
        error: Column of errors: booleans, 0/1, or numbers >= 0. Null where a unit is not valid.
        valid: Column that says which units count; all if None.
        weight: Column of weights >= 0; 1 if None.
        min_support: Values of fewer units make no item.
        bins: Numbers with many values are cut into so many bins.
        half_lines: Such numbers have overlapping half-lines as well.
        threads: Attributes are encoded on so many threads.

    Raises:
        QueryError: A column is missing, or errors or weights are negative, not finite or null.

    Notes:
        Weighted errors are rounded to a multiple of a power of two, at most 2⁻⁵² of their sum, so that sums of any
        rows in any order are exact: 0/1 errors and whole costs are not changed by it.
    """
    _require(frame, [*attributes, error, *(name for name in (valid, weight) if name)])
    kept = np.arange(len(frame)) if valid is None else np.flatnonzero(_flags(frame[valid]))
    errors = _amounts(frame[error], kept)
    weights = np.ones(kept.size) if weight is None else _amounts(frame[weight], kept)

    def encode(name: str) -> EncodedAttribute | Dropped:
        column = frame[name] if kept.size == len(frame) else frame[name].gather(kept)
        return encode_attribute(column, min_support=min_support, bins=bins, half_lines=half_lines)

    encoded = run_in_order(encode, list(attributes), threads=threads)
    used = tuple(one for one in encoded if isinstance(one, EncodedAttribute) and one.items)
    dropped = tuple(one for one in encoded if isinstance(one, Dropped))
    code_type = np.result_type(np.uint8, *(one.codes.dtype for one in used))
    codes = np.stack([one.codes.astype(code_type, copy=False) for one in used]) if used else None
    if codes is None:
        codes = np.zeros((0, kept.size), np.uint8)
    definitions = tuple(AttributeItems(one.name, one.size, one.items) for one in used)
    return _arranged(frame, definitions, dropped, kept, codes, errors, weights)


def _arranged(
    frame: pl.DataFrame,
    attributes: tuple[AttributeItems, ...],
    dropped: tuple[Dropped, ...],
    rows: NDArray[np.int64],
    codes: NDArray[np.unsignedinteger],
    errors: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> UnitTable:
    """Put units with equal (weight, error) side by side."""
    values, scale = _whole(np.stack([weights, weights * errors], axis=1))
    order, starts, segment_values = _segments(values)
    if order is not None:
        rows, errors, weights = rows[order], errors[order], weights[order]
        codes = np.stack([one[order] for one in codes]) if len(codes) else codes[:, order]
    sums = values.sum(axis=0)
    return UnitTable(
        frame=frame,
        rows=rows,
        attributes=attributes,
        dropped=dropped,
        items=tuple(item for one in attributes for item in one.items),
        codes=read_only(codes),
        errors=errors,
        weights=weights,
        starts=read_only(starts),
        segment_values=segment_values,
        unit_values=read_only(values) if segment_values is None else None,
        scale=scale,
        peaks=_peaks(attributes, codes, errors),
        totals=Totals(float(rows.size), float(sums[0]) * scale[0], float(sums[1]) * scale[1]),
    )


def _require(frame: pl.DataFrame, names: Sequence[str]) -> None:
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise QueryError(f"no column {missing[0]!r} in the units. Hint: they have {', '.join(frame.columns)}")


def _flags(values: pl.Series) -> NDArray[np.bool_]:
    return values.cast(pl.Float64).fill_null(0.0).to_numpy() > 0.0


def _amounts(values: pl.Series, kept: NDArray[np.int64]) -> NDArray[np.float64]:
    """Errors or weights of the units that count."""
    numbers = values.cast(pl.Float64).to_numpy()
    if kept.size != numbers.size:
        numbers = numbers[kept]
    bad = ~(np.isfinite(numbers) & (numbers >= 0.0))
    if bad.any():
        first = int(np.argmax(bad))
        raise QueryError(
            f"{values.name} must be a number >= 0 in every unit that counts; {int(bad.sum())} of {numbers.size} "
            f"are not (first: row {int(kept[first])}, {values.name}={values[int(kept[first])]}). "
            "Hint: mark units that do not count as not valid"
        )
    return numbers


def _whole(values: NDArray[np.float64]) -> tuple[NDArray[np.int64], tuple[float, float]]:
    """Columns as integers times a power of two, with sums below 2⁵³."""
    columns, scales = [], []
    for column in values.T:
        total = float(column.sum())
        whole = total < 2.0**_PRECISION and bool((column == np.rint(column)).all())
        exponent = 0 if whole or total <= 0.0 else _PRECISION - math.frexp(total)[1]
        columns.append(np.rint(np.ldexp(column, exponent)).astype(np.int64))
        scales.append(math.ldexp(1.0, -exponent))
    return np.stack(columns, axis=1), (scales[0], scales[1])


def _segments(
    values: NDArray[np.int64],
) -> tuple[NDArray[np.int64] | None, NDArray[np.int64], NDArray[np.int64] | None]:
    """An order in which equal values stand together, where they start, and the value of each segment.

    Many different values stay in one segment in the order in which they came; the order is None then.
    """
    whole = np.array([0, values.shape[0]], np.int64)
    sample = np.unique(values[: 100 * MOST_SEGMENTS], axis=0)
    if len(sample) > MOST_SEGMENTS:
        return None, whole, None
    distinct, inverse = _distinct_rows(values)
    if len(distinct) > MOST_SEGMENTS:
        return None, whole, None
    order = np.argsort(inverse, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(inverse, minlength=len(distinct)))]).astype(np.int64)
    return order, starts, read_only(distinct)


def _distinct_rows(values: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Distinct rows in ascending order and the number of each row's, cheap where there are few."""
    numbers = []
    for column in values.T:
        known = pl.Series(column).unique().sort().to_numpy()
        if known.size > 1 << 8:
            return values, np.zeros(0, np.uint8)
        numbers.append(
            (known, np.searchsorted(known, column) if known.size > 1 else np.zeros(column.size, np.int64))
        )
    (first, a), (second, b) = numbers
    pair = a * max(second.size, 1) + b
    present = np.flatnonzero(np.bincount(pair, minlength=1))
    if present.size > 1 << 8 or not values.size:
        return values, np.zeros(0, np.uint8)
    distinct = np.stack([first[present // second.size], second[present % second.size]], axis=1)
    place = np.zeros(first.size * second.size, np.uint8)
    place[present] = np.arange(present.size)
    return distinct, place[pair]


def _peaks(
    attributes: Sequence[AttributeItems], codes: NDArray[np.unsignedinteger], errors: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Largest error of a unit of each item."""
    highest = float(errors.max(initial=0.0))
    if ((errors == 0.0) | (errors == highest)).all():  # a slice with any error has the largest
        return np.full(sum(len(one.items) for one in attributes), highest)
    peaks = []
    for one, own in zip(attributes, codes, strict=True):
        by_code = np.zeros(one.size)
        np.maximum.at(by_code, own, errors)
        peaks += [float(by_code[list(item.codes)].max()) for item in one.items]
    return np.array(peaks)
