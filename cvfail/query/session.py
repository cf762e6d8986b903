"""SQL over an evaluation: a read-only DuckDB with its tables and views."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import RLock
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING

import polars as pl
from polars.exceptions import PolarsError

from cvfail.errors import QueryError
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.query.point_tables import TABLES, plain, point_table, write_point_table, write_table
from cvfail.query.sandbox import ArrowStream, answer, reading, require_select, sandboxed, stopped_after

if TYPE_CHECKING:
    import duckdb

Made = Mapping[str, Callable[[], pl.DataFrame]]
"""Tables by name that are made where a question reads them, and not otherwise."""

_NOTHING_MADE: Made = MappingProxyType({})

VIEWS = ("true_positives", "false_positives", "false_negatives", "confusions", "confusion_matrix")
"""Each is one question in ``<name>.sql``, whose first comment says what a row means."""


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
    with Session(point, made=made, in_files=point.evidence.block_count > 1) as session:
        return session.query(sql)


class Session:
    """A sandboxed DuckDB over an evaluation for many questions, from any thread; closed when it is left.

    A table is prepared when a statement first mentions it, and kept. As files it costs disk and no memory, and
    questions are answered side by side; without files the tables are read where they are, one question at a time.

    Args:
        point: The evaluation at an overlap and a score threshold.
        made: Further tables, each made only if a statement reads it.
        in_files: Whether tables are kept as Parquet files in a temporary folder.
    """

    def __init__(self, point: OperatingPoint, *, made: Made = _NOTHING_MADE, in_files: bool = True) -> None:
        self._point, self._made, self._in_files = point, made, in_files
        self._folder = TemporaryDirectory(prefix="cvfail-")
        self._connection = sandboxed(Path(self._folder.name))
        self._shown: set[str] = set()
        self._preparing = RLock()

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database and its files."""
        self._connection.close()
        self._folder.cleanup()

    @property
    def names(self) -> list[str]:
        """The tables and views that can be read, sorted."""
        return sorted([*TABLES, *VIEWS, *self._made])

    def query(
        self, sql: str, *, timeout: float | None = None, first: int = 0, most: int | None = None
    ) -> pl.DataFrame:
        """Answer one SELECT.

        Args:
            sql: The statement.
            timeout: Seconds after which DuckDB is stopped; making a table that is not there yet is not counted.
            first: Rows of the answer that are left out before those that are returned.
            most: Rows that are returned at most; all if None.

        Raises:
            QueryError: Not one SELECT, or DuckDB refuses it (the message is its own), or the time was up.
            CvfailError: There is no room for the tables, or one cannot be made.
        """
        with self._asked(sql, timeout) as relation:
            return answer(relation if most is None else relation.limit(most, first))

    def count(self, sql: str, *, timeout: float | None = None) -> int:
        """How many rows the answer to one SELECT has; errors as in `query`."""
        with self._asked(sql, timeout) as relation:
            return int(answer(relation.aggregate("count(*) AS rows")).item())

    @contextmanager
    def _asked(self, sql: str, timeout: float | None) -> Iterator[duckdb.DuckDBPyRelation]:
        """The relation that a statement stands for, while it may be read."""
        import duckdb

        try:
            with self._connected() as connection:
                require_select(connection, sql)
                self._show(connection, sql)
                with reading(connection), stopped_after(connection, timeout):
                    yield connection.sql(sql)
        except (duckdb.Error, PolarsError) as error:
            raise QueryError(f"{error}\nHint: tables and views are {', '.join(self.names)}") from error

    @contextmanager
    def _connected(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of its own to each question; what is registered is seen by one only."""
        if not self._in_files:
            with self._preparing:
                yield self._connection
            return
        with self._connection.cursor() as connection:
            yield connection

    def _show(self, connection: duckdb.DuckDBPyConnection, sql: str) -> None:
        """Prepare what a statement mentions; everything where it mentions nothing, as ``SHOW TABLES`` does."""
        with self._preparing:
            own = (*TABLES, *VIEWS)
            for name in [name for name in own if _mentions(sql, name)] or own:
                self._show_own(name)
            for name in _read(connection, sql, self._made):
                if name not in self._shown:
                    self._show_frame(name, self._made[name]())

    def _show_own(self, name: str) -> None:
        if name in self._shown:
            return
        if name in VIEWS:
            text = (files(__package__) / f"{name}.sql").read_text()
            for table in TABLES:
                if _mentions(text, table):
                    self._show_own(table)
            self._connection.execute(text)
            self._shown.add(name)
        elif self._in_files:
            self._show_files(name, write_point_table(self._point, name, Path(self._folder.name)))
        else:
            self._show_frame(name, point_table(self._point, name))

    def _show_frame(self, name: str, frame: pl.DataFrame) -> None:
        if self._in_files:
            path = Path(self._folder.name) / f"{name}.parquet"
            write_table(frame, path)
            self._show_files(name, str(path))
        else:
            self._connection.register(name, ArrowStream(plain(frame)))
            self._shown.add(name)

    def _show_files(self, name: str, pattern: str) -> None:
        quoted = pattern.replace("'", "''")
        self._connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{quoted}')")
        self._shown.add(name)


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
