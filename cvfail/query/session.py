"""SQL over an evaluation: a read-only DuckDB with its tables and views."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import TYPE_CHECKING

import polars as pl

from cvfail.errors import CvfailError, QueryError
from cvfail.evidence.evidence import BACKGROUND, Block
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.tables.writing import writing_errors

if TYPE_CHECKING:
    import duckdb

Made = Mapping[str, Callable[[], pl.DataFrame]]
"""Tables by name that are made where a question reads them, and not otherwise."""

_NOTHING_MADE: Made = MappingProxyType({})

VIEWS = ("true_positives", "false_positives", "false_negatives", "confusions", "confusion_matrix")
"""Each is one question in ``<name>.sql``, whose first comment says what a row means."""


class _Stream:
    """Shows an object's Arrow stream only, so that DuckDB takes the protocol and not its own handling of the type."""

    def __init__(self, source: pl.DataFrame | duckdb.DuckDBPyRelation) -> None:
        self.source = source

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.source.__arrow_c_stream__(requested_schema)


def query(point: OperatingPoint, sql: str, *, made: Made = _NOTHING_MADE) -> pl.DataFrame:
    """Answer one SELECT over the tables and views of an evaluation.

    Tables: images, categories, ground_truth, predictions (with their outcomes at the operating point), pairs and
    cells (the units of the confusion matrix). Views: true_positives, false_positives, false_negatives,
    confusions, confusion_matrix. And the tables that are `made`.

    Args:
        point: The evaluation at an overlap and a score threshold.
        sql: One SELECT statement; nothing can be written and no file be read.
        made: Further tables, each made only if the statement reads it.

    Returns:
        The answer.

    Raises:
        QueryError: Not one SELECT, or DuckDB refuses it; the message is DuckDB's.
        CvfailError: There is no room for the tables at the operating point, or a table cannot be made.
    """
    import duckdb

    views = {view: (files(__package__) / f"{view}.sql").read_text() for view in VIEWS}
    with TemporaryDirectory(prefix="cvfail-") as spill, duckdb.connect(":memory:") as connection:
        if point.evidence.block_count == 1:
            _register(connection, _tables(point))
        else:
            views = {view: text for view, text in views.items() if _mentions(sql, view)}
            tables = [name for name in _ROW_NAMES if any(_mentions(t, name) for t in (sql, *views.values()))]
            _write_blocks(point, tables, Path(spill))
            _show_files(connection, tables, Path(spill))
            _register(connection, _whole_tables(point))
        for text in views.values():
            connection.execute(text)
        try:
            _require_select(connection, sql)
            _register(connection, {name: made[name]() for name in _read(connection, sql, made)})
            _lock(connection, Path(spill))
            return _answer(connection.sql(sql))
        except duckdb.Error as error:
            raise QueryError(
                f"{error}\nHint: tables and views are {', '.join(sorted([*_NAMES, *VIEWS, *made]))}"
            ) from error


def _register(connection: duckdb.DuckDBPyConnection, tables: dict[str, pl.DataFrame]) -> None:
    for name, frame in tables.items():
        connection.register(name, _Stream(_plain(frame)))


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    """A table in types that are the same in memory and in a file: text instead of labels, lists instead of arrays."""
    labels = pl.selectors.by_dtype(pl.Null, pl.Categorical) | pl.selectors.enum()
    arrays = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Array)]
    return frame.with_columns(labels.cast(pl.String), *(pl.col(name).arr.to_list() for name in arrays))


def _mentions(text: str, name: str) -> bool:
    """Whether a name stands in some SQL, if only in a comment: what is not mentioned need not be made."""
    return re.search(rf"\b{name}\b", text, re.IGNORECASE) is not None


def _read(connection: duckdb.DuckDBPyConnection, sql: str, names: Iterable[str]) -> list[str]:
    """The tables that a statement reads; where DuckDB cannot say that, those that it mentions."""
    import duckdb

    try:
        read = {name.casefold() for name in connection.get_table_names(sql)}
    except duckdb.Error:
        return [name for name in names if _mentions(sql, name)]
    return [name for name in names if name in read]


def _write_blocks(point: OperatingPoint, tables: Sequence[str], folder: Path) -> None:
    """The tables at an operating point as Parquet files, one per block, so that no table need be in memory."""

    def write(block: Block) -> None:
        part = point.on(block)
        for name in tables:
            path = folder / name / f"{block.first_image:012d}.parquet"
            frame = block.as_in_the_whole(_ROW_TABLES[name](part))
            with writing_errors():
                _plain(frame).write_parquet(path, compression="lz4")

    try:
        for name in tables:
            (folder / name).mkdir()
        point.evidence.over_blocks(write)
    except OSError as error:
        raise CvfailError(
            f"{folder} could not be written: {error}. Hint: make room, or set TMPDIR to another folder"
        ) from error


def _show_files(connection: duckdb.DuckDBPyConnection, tables: Sequence[str], folder: Path) -> None:
    for name in tables:
        pattern = str(folder / name / "*.parquet").replace("'", "''")
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{pattern}')")


def _lock(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """From now on nothing can be read but what is registered and, where tables are files, these."""
    allowed = str(folder).replace("'", "''")
    for setting in (
        "autoinstall_known_extensions=false",
        "autoload_known_extensions=false",
        f"allowed_directories=['{allowed}/']",
        "enable_external_access=false",
        "lock_configuration=true",
    ):
        connection.execute(f"SET {setting}")


def _answer(relation: duckdb.DuckDBPyRelation) -> pl.DataFrame:
    """The rows of a relation; column names must differ, and intervals have no place in a frame."""
    names = [name.casefold() for name in relation.columns]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise QueryError(
            f"the answer has several columns called {', '.join(repeated)}. "
            "Hint: name them with AS, or leave one out with SELECT * EXCLUDE"
        )
    durations = [
        name
        for name, kind in zip(relation.columns, relation.types, strict=True)
        if "INTERVAL" in str(kind).upper()
    ]
    if durations:
        raise QueryError(f"{durations[0]} is an interval. Hint: date_diff('second', a, b) is a number")
    return pl.DataFrame(_Stream(relation))


def _tables(point: OperatingPoint) -> dict[str, pl.DataFrame]:
    return _whole_tables(point) | {name: table(point) for name, table in _ROW_TABLES.items()}


def _whole_tables(point: OperatingPoint) -> dict[str, pl.DataFrame]:
    return {"images": point.evidence.images, "categories": point.evidence.categories}


def _ground_truth(point: OperatingPoint) -> pl.DataFrame:
    codes = point.evidence.coding.truth_category
    return point.ground_truth.with_columns(_labels(point).gather(codes).alias("category"))


def _predictions(point: OperatingPoint) -> pl.DataFrame:
    codes = point.evidence.coding.category
    return point.all_predictions.with_columns(_labels(point).gather(codes).alias("category"))


def _cells(point: OperatingPoint) -> pl.DataFrame:
    cells, labels = point.cells, _labels(point)
    return cells.select(
        labels.gather(cells["true_code"]).alias("true"),
        labels.gather(cells["predicted_code"]).alias("predicted"),
        pl.exclude("true_code", "predicted_code"),
    )


def _labels(point: OperatingPoint) -> pl.Series:
    """The label of every category code, that of the background last."""
    return pl.Series([*point.evidence.category_names, BACKGROUND], dtype=pl.String)


_ROW_TABLES: dict[str, Callable[[OperatingPoint], pl.DataFrame]] = {
    "ground_truth": _ground_truth,
    "predictions": _predictions,
    "pairs": lambda point: point.evidence.pairs,
    "cells": _cells,
}
"""The tables that grow with the number of objects."""

_ROW_NAMES = tuple(_ROW_TABLES)
_NAMES = ("images", "categories", *_ROW_NAMES)


def _require_select(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    import duckdb

    statements = connection.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        kinds = ", ".join(str(statement.type).rpartition(".")[2] for statement in statements) or "nothing"
        raise QueryError(f"sql() answers one SELECT; found {kinds}. Hint: WITH ... SELECT ... is fine")
