"""Attribute columns from values of any JSON kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import polars as pl


def attribute_columns(values: Mapping[str, Sequence[Any]]) -> tuple[dict[str, pl.Series], list[str]]:
    """Scalar values become columns; the entries of objects called ``attributes`` do so one by one.

    Lists and objects are no attributes and are left out, and so is what is null everywhere.

    Args:
        values: Per name one value per record.

    Returns:
        The columns by name, and the names of entries that the record has itself as well, whose columns
        are left out.
    """
    flat = {name: column for name, column in values.items() if name != "attributes"}
    entries = _entries(values.get("attributes", ()))
    clashes = [name for name in entries if name in flat]
    columns = {
        name: series
        for name, column in (entries | flat).items()
        if (series := attribute_series(name, column)) is not None
    }
    return columns, clashes


def attribute_series(name: str, values: Sequence[Any]) -> pl.Series | None:
    """One attribute column; numbers stay numbers, mixed kinds become text.

    Args:
        name: The name of the column.
        values: One value per record; None where it has none.

    Returns:
        The column, or None if the values are not scalar or all null.

    Example:
        >>> attribute_series("pose", ["left", None, 3]).to_list()
        ['left', None, '3']
    """
    kinds = {_kind(value) for value in set(map(type, values)) - {type(None)}}
    if not kinds or None in kinds:
        return None
    python_type = _common(kinds)
    converted = [None if value is None else python_type(value) for value in values]
    try:
        return pl.Series(name, converted, dtype=_DTYPES[python_type])
    except (OverflowError, TypeError):
        return pl.Series(name, [None if value is None else str(value) for value in values], dtype=pl.String)


_DTYPES: dict[type, type[pl.DataType]] = {
    bool: pl.Boolean,
    int: pl.Int64,
    float: pl.Float64,
    str: pl.String,
}


def _kind(python_type: type) -> type | None:
    """Which of the four scalar kinds a type belongs to; None if to none."""
    if issubclass(python_type, bool | str):
        return bool if issubclass(python_type, bool) else str
    if issubclass(python_type, Integral):
        return int
    return float if issubclass(python_type, Real) else None


def _common(kinds: set[type | None]) -> type:
    """The kind that can hold all values: text if numbers alone cannot."""
    if str in kinds and len(kinds) > 1:
        return str
    return max((kind for kind in kinds if kind is not None), key=list(_DTYPES).index)


def _entries(objects: Sequence[Any]) -> dict[str, list[Any]]:
    """The entries of objects as columns; what is no object has none."""
    columns: dict[str, list[Any]] = {}
    if dict not in set(map(type, objects)):
        return columns
    for number, entries in enumerate(objects):
        if not isinstance(entries, dict):
            continue
        for key, value in entries.items():
            if key not in columns:
                columns[key] = [None] * len(objects)
            columns[key][number] = value
    return columns
