"""Bringing a raw table to its declared columns and dtypes, filling what may be absent."""

from __future__ import annotations

import polars as pl
from polars.exceptions import PolarsError

from cvfail.errors import Problem
from cvfail.tables.findings import shown
from cvfail.tables.hints import missing_column_hint, wrong_dtype_hint
from cvfail.tables.raw import RawTable
from cvfail.tables.schema import Column, Table

_EXPECTED = {
    pl.Float64: "numbers",
    pl.Int64: "whole numbers",
    pl.Boolean: "true and false, or 1 and 0",
    pl.String: "text",
    pl.List: "lists of numbers",
}


def standardise(table: Table, raw: RawTable) -> tuple[pl.DataFrame, list[Problem]]:
    """The declared columns in their dtypes, then the attributes as they are.

    Args:
        table: The declaration.
        raw: The rows as the reader found them; not modified.

    Returns:
        The frame, without the columns that could not be had, and one problem for each of those. Input
        without any column is a table without rows.
    """
    if raw.frame.width == 0:
        return table.empty(), []
    columns: list[pl.Series] = []
    problems: list[Problem] = []
    for column in table:
        if column.name in raw.frame.columns:
            series = converted(raw.frame[column.name], column)
            if series is None:
                problems.append(_wrong_dtype(column, raw))
            else:
                columns.append(series)
        elif column.is_required:
            problems.append(_missing(column, raw))
    frame = _with_defaults(pl.DataFrame(columns), table)
    attributes = raw.frame.select(table.attributes(raw.frame))
    return (frame.hstack(attributes) if frame.width else attributes), problems


def converted(series: pl.Series, column: Column) -> pl.Series | None:
    """A column in its declared dtype, without loss; None where its values are of another kind.

    Integers of any width become Int64, categories become text, float32 is widened and never rounded.
    A column without values fits every declaration.
    """
    if series.null_count() == len(series):
        return series.cast(pl.Int64 if isinstance(column.dtype, str) else column.dtype, strict=False)
    try:
        return _cast(series, column)
    except PolarsError:
        return None


def _cast(series: pl.Series, column: Column) -> pl.Series | None:
    given = series.dtype
    is_text = given in (pl.String, pl.Categorical, pl.Enum)
    if isinstance(column.dtype, str):
        return series.cast(pl.Int64) if given.is_integer() else series.cast(pl.String) if is_text else None
    if column.dtype == pl.Float64:
        return series.cast(pl.Float64) if given.is_numeric() else None
    if column.dtype == pl.Int64:
        return _whole_numbers(series)
    if column.dtype == pl.Boolean:
        return _flags(series)
    if column.dtype == pl.String:
        return series.cast(pl.String) if is_text or given.is_integer() else None
    return series.cast(column.dtype) if given in (pl.List, pl.Array) else None


def _whole_numbers(series: pl.Series) -> pl.Series | None:
    if series.dtype.is_integer():
        return series.cast(pl.Int64)
    if not series.dtype.is_float():
        return None
    values = series.fill_nan(None)
    return values.cast(pl.Int64) if (values == values.floor()).all() else None


def _flags(series: pl.Series) -> pl.Series | None:
    if series.dtype == pl.Boolean:
        return series
    if series.dtype.is_integer() and series.drop_nulls().is_in([0, 1]).all():
        return series.cast(pl.Boolean)
    return None


def _with_defaults(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Fill absent columns, and nulls of present ones, with the declared default where it can be computed."""
    if frame.width == 0:
        return frame
    for column in table:
        if column.default is None or not set(column.default.value.meta.root_names()) <= set(frame.columns):
            continue
        value = column.default.value
        if column.name not in frame.columns:
            frame = frame.with_columns(
                (value if isinstance(column.dtype, str) else value.cast(column.dtype)).alias(column.name)
            )
        elif not column.null and not column.unique and frame[column.name].null_count():
            frame = frame.with_columns(pl.coalesce(column.name, value).alias(column.name))
    return frame.select(name for name in table.names if name in frame.columns)


def _missing(column: Column, raw: RawTable) -> Problem:
    name = raw.field(column.name)
    present = raw.frame.columns
    return Problem(
        source=raw.label,
        field=name,
        rule=f"column {name!r} ({column.meaning}) is missing",
        found="columns " + ", ".join(present) if present else "no columns",
        hint=missing_column_hint(name, present),
    )


def _wrong_dtype(column: Column, raw: RawTable) -> Problem:
    name = raw.field(column.name)
    series = raw.frame[column.name]
    dtype = column.dtype
    expected = "integers or text" if isinstance(dtype, str) else _EXPECTED[dtype.base_type()]
    return Problem(
        source=raw.label,
        field=name,
        rule=f"{name} must hold {expected}",
        found=f"{series.dtype}, for example {shown(series.drop_nulls().first())}",
        hint=wrong_dtype_hint(name, series.dtype, is_id=column.is_id),
    )
