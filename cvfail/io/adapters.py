"""Any table that the user may hold as a Polars frame."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

import polars as pl
from polars.exceptions import PolarsError

from cvfail.errors import Problem, SchemaError

_NO_COLUMN = "must be a column of integers, numbers or text"

ColumnLike = Any
"""A list, a numpy array, or a Polars, pandas or pyarrow column."""

TableLike = Any
"""A Polars, pandas or pyarrow table, a DuckDB relation, a dictionary of columns, a list of dictionaries."""

_UNNAMED_INDEX = re.compile(r"__index_level_\d+__")
"""How pandas calls an index without a name when it becomes a column."""


class ArrowStream:
    """An object of which only the Arrow stream shows.

    Polars recognises DuckDB relations and takes a path that leaves "nanobind: leaked" messages on stderr when
    the process ends; behind this face it cannot.
    """

    def __init__(self, source: TableLike | ColumnLike) -> None:
        self._source = source

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The rows as an Arrow stream capsule."""
        return self._source.__arrow_c_stream__(requested_schema)


def as_polars(table: TableLike, name: str) -> pl.DataFrame:
    """A table of any library as a Polars frame, without a copy where Arrow allows.

    Args:
        table: Polars DataFrame or LazyFrame; anything with ``__arrow_c_stream__`` (pandas, pyarrow, DuckDB,
            cvfail's results); a dictionary of arrays; a list of dictionaries.
        name: What messages call it.

    Raises:
        SchemaError: It is no table, or a column mixes types.

    Example:
        >>> as_polars({"image_id": [1, 2]}, "images").height
        2
    """
    if isinstance(table, pl.DataFrame):
        return table
    if isinstance(table, pl.LazyFrame):
        return table.collect()
    try:
        if hasattr(table, "__arrow_c_stream__"):
            frame = pl.DataFrame(ArrowStream(table))
            return frame.select(c for c in frame.columns if not _UNNAMED_INDEX.fullmatch(c))
        if isinstance(table, Mapping):
            return pl.DataFrame({column: copy(values) for column, values in table.items()})
        if isinstance(table, Sequence) and not isinstance(table, str):
            return pl.DataFrame(table, infer_schema_length=None)
    except (PolarsError, TypeError, ValueError, OverflowError) as error:
        raise _no_table(name, str(error).splitlines()[0], "give every column one type") from error
    raise _no_table(
        name,
        type(table).__name__,
        "pass a Polars, pandas or pyarrow table, a DuckDB relation, or a dictionary of columns",
    )


def as_column(values: ColumnLike, name: str) -> pl.Series:
    """One column of any library as a Polars series; true and false become 1 and 0.

    Args:
        values: A list, a numpy array, or a Polars, pandas or pyarrow column.
        name: What messages call it, and the name of the series.

    Raises:
        SchemaError: It has more than one dimension, or mixes types.
    """
    try:
        if hasattr(values, "__arrow_c_stream__") and not isinstance(values, pl.Series):
            values = ArrowStream(values)
        elif hasattr(values, "tolist") and getattr(values, "dtype", None) == "object":
            values = values.tolist()
        series = pl.Series(name, values)
    except (PolarsError, TypeError, ValueError, OverflowError) as error:
        reason = str(error).splitlines()[0]
        raise _no_table(name, reason, "give all values one type", rule=_NO_COLUMN) from error
    if series.dtype.is_nested() or series.dtype == pl.Object:
        raise _no_table(name, str(series.dtype), "pass one value per row", rule=_NO_COLUMN)
    return series.cast(pl.Int64) if series.dtype == pl.Boolean else series


def _no_table(name: str, found: str, hint: str, *, rule: str = "must be a table") -> SchemaError:
    return SchemaError([Problem(source=name, field=name, rule=rule, found=found, hint=hint)])
