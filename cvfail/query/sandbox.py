"""What keeps a question to DuckDB a question: one SELECT, nothing written, no file read, and an end in time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

import polars as pl

from cvfail.errors import QueryError

if TYPE_CHECKING:
    import duckdb

_STOPPING = 0.05
"""Seconds between attempts to stop a query that had its time."""


class ArrowStream:
    """Shows an object's Arrow stream only, so that DuckDB takes the protocol and not its own handling of the type."""

    def __init__(self, source: pl.DataFrame | duckdb.DuckDBPyRelation) -> None:
        self.source = source

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.source.__arrow_c_stream__(requested_schema)


def sandboxed(folder: Path) -> duckdb.DuckDBPyConnection:
    """A new DuckDB that can read what is registered and the files of a folder, for good."""
    import duckdb

    connection = duckdb.connect(":memory:")
    allowed = str(folder).replace("'", "''")
    for setting in (
        "autoinstall_known_extensions=false",
        "autoload_known_extensions=false",
        "python_enable_replacements=false",
        f"temp_directory='{allowed}/overflow'",
        f"allowed_directories=['{allowed}/']",
        "enable_external_access=false",
        "lock_configuration=true",
    ):
        connection.execute(f"SET {setting}")
    return connection


@contextmanager
def reading(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """A transaction in which nothing can be written, not even by a SELECT with ``WITH x AS (DELETE ...)``."""
    connection.execute("BEGIN TRANSACTION READ ONLY")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")


def require_select(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Refuse everything but one SELECT.

    Raises:
        QueryError: It is something else, or several statements.
    """
    import duckdb

    statements = connection.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        kinds = ", ".join(str(statement.type).rpartition(".")[2] for statement in statements) or "nothing"
        raise QueryError(f"sql() answers one SELECT; found {kinds}. Hint: WITH ... SELECT ... is fine")


@contextmanager
def stopped_after(connection: duckdb.DuckDBPyConnection, timeout: float | None) -> Iterator[None]:
    """Stop what the connection is asked once its time is up.

    Args:
        connection: The connection.
        timeout: Seconds; None for no limit.

    Raises:
        QueryError: The time was up.
    """
    if timeout is None:
        yield
        return
    done, late = Event(), Event()

    def watch() -> None:
        if not done.wait(timeout):
            late.set()
            while not done.wait(_STOPPING):  # an interruption between two steps of a query is lost
                connection.interrupt()

    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    except Exception as error:
        if late.is_set():
            raise QueryError(
                f"the query was stopped after {timeout:g} s. Hint: ask for less, or allow more with --timeout"
            ) from error
        raise
    finally:
        done.set()
        watcher.join()


def answer(relation: duckdb.DuckDBPyRelation) -> pl.DataFrame:
    """The rows of a relation; column names must differ, and intervals have no place in a frame.

    Raises:
        QueryError: They do not, or there are some.
    """
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
    return pl.DataFrame(ArrowStream(relation))
