"""Attributes as small codes, and the predicates over them that slices are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

MOST_LEVELS = 12
"""A number with more different values is cut into bins; fewer different values never make an identifier."""

_IDENTIFIER_SHARE = 0.5
_SAMPLE = 1000
_NULL = "(null)"
_ONE_VALUE, _NO_ROWS = "one value only", "no rows"


@dataclass(frozen=True)
class Item:
    """One predicate over one attribute.

    Attributes:
        attribute: Name of the attribute.
        operator: ``=``, ``<``, ``>=``, or ``in`` for a half-open interval.
        value: The value as text; ``(null)`` for units without one.
        codes: The codes of the attribute that satisfy it.
    """

    attribute: str
    operator: str
    value: str
    codes: tuple[int, ...]

    def __str__(self) -> str:
        if self.operator == "=":
            return f"{self.attribute}={self.value}"
        return f"{self.attribute} {self.operator} {self.value}"


@dataclass(frozen=True)
class EncodedAttribute:
    """One attribute of every unit.

    Attributes:
        name: Name of the column.
        codes: Code of each unit, in [0, size), shape (n,).
        size: Number of codes.
        items: Its predicates; they may overlap. A code may be in none: values too rare to make a slice.
    """

    name: str
    codes: NDArray[np.unsignedinteger]
    size: int
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Dropped:
    """An attribute that no slice is made of, and why."""

    attribute: str
    reason: str

    @property
    def is_constant(self) -> bool:
        """Whether all units have the same value, or there are none."""
        return self.reason in {_ONE_VALUE, _NO_ROWS}

    def __str__(self) -> str:
        return f"{self.attribute} ({self.reason})"


def encode_attribute(
    values: pl.Series, *, min_support: int, bins: int = 4, half_lines: bool = False
) -> EncodedAttribute | Dropped:
    """Dictionary-encode a column and say which slices of one attribute it has.

    Args:
        values: Text, categories, booleans, numbers or times. Null is a value of its own, and so is a number that
            is not finite.
        min_support: Values of fewer units make no item; they share one code.
        bins: Numbers with more than 12 different values are cut at the quantiles into so many bins.
        half_lines: Such numbers also have the items below and from each cut on, which overlap.

    Returns:
        The codes and items; or why there are none: one value only, almost unique (more different values than half
        the units, not for floats), or nested values.

    Notes:
        Items stand in the order of their values (of an enumeration: its own), then half-lines, then null.

    Example:
        >>> light = encode_attribute(pl.Series("light", ["night", "day", None, "day"]), min_support=1)
        >>> light.codes.tolist(), [str(item) for item in light.items]
        ([1, 0, 2, 0], ['light=day', 'light=night', 'light=(null)'])
        >>> str(encode_attribute(pl.Series("name", [f"{i}.jpg" for i in range(100)]), min_support=1))
        'name (almost unique: 100 different values in 100 rows)'
    """
    name = values.name
    if values.dtype.is_nested() or values.dtype in {pl.Binary, pl.Object, pl.Duration}:
        return Dropped(name, f"{values.dtype} has no levels")
    if values.dtype.is_numeric():
        if values.dtype.is_float() or values.dtype.is_decimal():
            numbers = values.cast(pl.Float64)
            values = numbers.set(~numbers.is_finite().fill_null(value=False), None)
        distinct = _distinct_count(values)
        if distinct > MOST_LEVELS and (values.dtype.is_float() or not _is_identifier(distinct, len(values))):
            return _binned(values, bins, half_lines, min_support)
    codes, texts = _levels(values)
    counts = np.bincount(codes, minlength=len(texts))
    distinct = int(np.count_nonzero(counts))
    if distinct <= 1:
        return Dropped(name, _ONE_VALUE if len(values) else _NO_ROWS)
    if _is_identifier(distinct, len(values)):
        return Dropped(name, f"almost unique: {distinct} different values in {len(values)} rows")
    return _with_frequent(name, codes, counts, texts, min_support)


def _is_identifier(distinct: int, rows: int) -> bool:
    return distinct > max(MOST_LEVELS, _IDENTIFIER_SHARE * rows)


def _distinct_count(values: pl.Series) -> int:
    """Number of different values; of floats at least a number that says that there are many."""
    first = values.head(_SAMPLE).n_unique() if values.dtype.is_float() else 0
    return first if first > MOST_LEVELS else values.n_unique()


def _levels(values: pl.Series) -> tuple[NDArray[np.unsignedinteger], list[str]]:
    """Codes in the order of the values, null last, and the text of each."""
    if isinstance(values.dtype, pl.Enum):
        return _with_null(values.to_physical(), list(values.dtype.categories))
    if values.dtype == pl.Boolean:
        return _with_null(values.cast(pl.UInt8), ["false", "true"])
    if values.dtype in {pl.String, pl.Categorical}:
        return _text_levels(values.cast(pl.Categorical))
    if not (values.dtype.is_numeric() or values.dtype.is_temporal()):
        return _text_levels(values.cast(pl.String).cast(pl.Categorical))
    levels = values.drop_nulls().unique().sort()
    ordered = levels.to_physical().to_numpy()
    physical = values.to_physical()
    if not ordered.size:
        return _with_null(pl.repeat(None, len(values), dtype=pl.UInt32, eager=True), [])
    codes = np.searchsorted(ordered, physical.fill_null(ordered[0]).to_numpy())
    return _with_null(pl.Series(codes).set(physical.is_null(), None), levels.cast(pl.String).to_list())


def _text_levels(values: pl.Series) -> tuple[NDArray[np.unsignedinteger], list[str]]:
    """Levels of a categorical column in the order of their texts, whatever order they were first seen in."""
    levels = values.drop_nulls().unique()
    physical = levels.to_physical().to_numpy()
    texts = levels.cast(pl.String)
    order = texts.arg_sort().to_numpy()
    place = np.zeros(int(physical.max(initial=0)) + 1, np.uint32)
    place[physical[order]] = np.arange(order.size)
    codes = place[values.to_physical().fill_null(0).clip(0, place.size - 1).to_numpy()]
    return _with_null(pl.Series(codes).set(values.is_null(), None), texts.gather(order).to_list())


def _with_null(codes: pl.Series, texts: list[str]) -> tuple[NDArray[np.unsignedinteger], list[str]]:
    return codes.cast(pl.UInt32).fill_null(len(texts)).to_numpy(), [*texts, _NULL]


def _with_frequent(
    name: str,
    codes: NDArray[np.unsignedinteger],
    counts: NDArray[np.int64],
    texts: Sequence[str],
    min_support: int,
) -> EncodedAttribute:
    """Levels with support as items with the first codes; all others share the last code."""
    frequent = np.flatnonzero((counts >= min_support) & (counts > 0))
    rare = bool(counts.sum() > counts[frequent].sum())
    size = frequent.size + rare
    new = np.full(counts.size, frequent.size, _code_type(size))
    new[frequent] = np.arange(frequent.size)
    items = tuple(Item(name, "=", texts[code], (place,)) for place, code in enumerate(frequent.tolist()))
    return EncodedAttribute(name, new[codes], size, items)


def _binned(values: pl.Series, bins: int, half_lines: bool, min_support: int) -> EncodedAttribute:
    numbers = values.cast(pl.Float64)
    absent = numbers.is_null().to_numpy()
    known = numbers.drop_nulls().to_numpy()
    cuts = np.unique(np.quantile(known, np.arange(1, bins) / bins))
    cuts = cuts[cuts > known.min()]
    if not cuts.size:  # most values are the smallest one
        cuts = np.array([known[known > known.min()].min()])
    code_type = _code_type(cuts.size + 2)
    codes = np.searchsorted(cuts, numbers.fill_null(0.0).to_numpy(), side="right").astype(code_type)
    codes[absent] = cuts.size + 1
    items = _intervals(values.name, _distinct_texts(cuts.tolist()), half_lines)
    if absent.any():
        items.append(Item(values.name, "=", _NULL, (cuts.size + 1,)))
    counts = np.bincount(codes, minlength=cuts.size + 2)
    supported = tuple(item for item in items if counts[list(item.codes)].sum() >= max(min_support, 1))
    return EncodedAttribute(values.name, codes, cuts.size + 2, supported)


def _intervals(name: str, cuts: Sequence[str], half_lines: bool) -> list[Item]:
    """The bins between the cuts, and the half-lines that are no bins."""
    last = len(cuts)
    items = [
        Item(name, "<", cuts[0], (0,)),
        *(Item(name, "in", f"[{a}, {b})", (code,)) for code, (a, b) in enumerate(pairwise(cuts), start=1)),
        Item(name, ">=", cuts[-1], (last,)),
    ]
    if half_lines:
        items += [Item(name, "<", cuts[k], tuple(range(k + 1))) for k in range(1, last)]
        items += [Item(name, ">=", cuts[k], tuple(range(k + 1, last + 1))) for k in range(last - 1)]
    return items


def _distinct_texts(numbers: Sequence[float]) -> list[str]:
    """Numbers as text, with as many digits as it takes to tell them apart."""
    shown = ([f"{number:.{digits}g}" for number in numbers] for digits in range(6, 18))
    return next(texts for texts in shown if len(set(texts)) == len(numbers))


def _code_type(size: int) -> type[np.unsignedinteger]:
    return np.uint8 if size <= 1 << 8 else np.uint16 if size <= 1 << 16 else np.uint32
