"""A folder of Parquet tables that are read in parts, because together they need not fit in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from cvfail.errors import FormatError, MissingFileError
from cvfail.io.boxes import BoxFormat
from cvfail.io.column_names import ColumnNames, renamed
from cvfail.io.files import existing
from cvfail.io.frames import detection_dataset
from cvfail.tables.dataset import Dataset
from cvfail.tables.raw import RawTable

_ROWS_OF_IDS = 1 << 22
"""So many ids are looked at together."""


def scan_parquet(
    folder: str | Path,
    *,
    box_format: BoxFormat = "xywh",
    normalised: bool = False,
    columns: ColumnNames | None = None,
    ignore: str | None = None,
) -> ParquetScan:
    """Name a folder of Parquet tables of detections without reading it; `evaluate` streams it.

    Args:
        folder: Holds `ground_truth`, `predictions` and, where there are such, `images` and `categories`: each a
            file ``<table>.parquet`` or a folder ``<table>/`` of files, which are read in the order of their names.
        box_format: What the four numbers of a box are; see `from_frames`.
        normalised: Whether boxes are shares of the image's size.
        columns: Your column names by the declared ones, for all tables or by table.
        ignore: The ground-truth column that says what counts neither for nor against the model.

    Returns:
        What `evaluate` takes in place of a `Dataset`.

    Raises:
        MissingFileError: The folder or one of the two needed tables does not exist.
        FormatError: It is a file.
    """
    folder = existing(folder)
    if not folder.is_dir():
        raise FormatError(f"{folder} is a file. Hint: scan_parquet takes the folder that holds the tables")
    scan = ParquetScan(folder, box_format, normalised, columns, ignore)
    for table in ("ground_truth", "predictions"):
        if not scan.paths(table):
            raise MissingFileError(
                f"{folder} has no {table}.parquet, nor a folder {table}/ with .parquet files in it"
            )
    return scan


@dataclass(frozen=True)
class ParquetScan:
    """Parquet tables and how they are to be read; made by `scan_parquet`."""

    folder: Path
    box_format: BoxFormat
    normalised: bool
    columns: ColumnNames | None
    ignore: str | None

    def paths(self, table: str) -> list[Path]:
        """The files of a table in the order of their rows; none if it does not exist."""
        file = self.folder / f"{table}.parquet"
        return [file] if file.is_file() else sorted((self.folder / table).glob("*.parquet"))

    def source(self, table: str) -> str:
        """How messages call a table."""
        paths = self.paths(table)
        return paths[0].name if len(paths) == 1 else f"{table}/"

    @cached_property
    def heights(self) -> dict[str, int]:
        """Rows of ground truth and predictions."""
        return {
            table: int(self._collect(table, pl.scan_parquet(self.paths(table)).select(pl.len())).item())
            for table in ("ground_truth", "predictions")
        }

    def rows(self, table: str, first: int, count: int) -> RawTable:
        """Some consecutive rows of a table under the declared names.

        Raises:
            FormatError: A file is not a whole Parquet file, or has other columns than the first one.
        """
        frame = self._collect(table, pl.scan_parquet(self.paths(table)).slice(first, count))
        return self.named(frame, table)

    def whole(self, table: str) -> RawTable | None:
        """A whole table under the declared names; None if it does not exist."""
        if not self.paths(table):
            return None
        return self.named(self._collect(table, pl.scan_parquet(self.paths(table))), table)

    def named(self, frame: pl.DataFrame, table: str) -> RawTable:
        """Rows of a table under the declared names."""
        return renamed(frame, table, self.columns, source=self.source(table))

    def ids(self, table: str, names: list[str]) -> Iterator[pl.DataFrame]:
        """Some declared columns of all rows, in runs of rows; those that the table has."""
        columns = self._declared(table, names)
        for first in range(0, self.heights[table], _ROWS_OF_IDS):
            part = pl.scan_parquet(self.paths(table)).slice(first, _ROWS_OF_IDS)
            yield self._collect(table, part.select(columns))

    def distinct(self, table: str, name: str) -> pl.Series | None:
        """The different values in a declared column, in no order; None if the table lacks it."""
        columns = self._declared(table, [name])
        if not columns:
            return None
        return self._collect(table, pl.scan_parquet(self.paths(table)).select(columns).unique())[name]

    def _declared(self, table: str, names: list[str]) -> list[pl.Expr]:
        """Declared columns that a table has, from the columns of its files."""
        head = self.rows(table, 0, 0)
        user_names = {name: head.field(name) for name in names if name in head.frame.columns}
        in_files = self._collect(table, pl.scan_parquet(self.paths(table)).slice(0, 0)).columns
        return [pl.col(user if user in in_files else name).alias(name) for name, user in user_names.items()]

    def dataset(self, tables: dict[str, RawTable]) -> Dataset:
        """Some rows of the tables as a valid dataset.

        Raises:
            SchemaError: Rows break the rules; records are numbered from the first row of `tables`.
        """
        return detection_dataset(
            tables,
            box_format=self.box_format,
            normalised=self.normalised,
            ignore=self.ignore,
            on_invalid="raise",
        )

    def fingerprint(self) -> dict[str, object]:
        """What tells whether the same input is read again: names, sizes and times of change of all files."""
        files = [path for table in _TABLES for path in self.paths(table)]
        return {
            "files": [[path.name, path.stat().st_size, path.stat().st_mtime_ns] for path in files],
            "box_format": self.box_format,
            "normalised": self.normalised,
            "columns": repr(self.columns),
            "ignore": self.ignore,
        }

    def _collect(self, table: str, frame: pl.LazyFrame) -> pl.DataFrame:
        try:
            return frame.collect(engine="streaming")
        except (PolarsError, OSError) as error:
            path = self._first_unreadable(table)
            reason = str(error).splitlines()[0]
            raise FormatError(
                f"{path.name} is not a complete Parquet file with the columns of the others: {reason}. "
                "Hint: it may have been cut off while it was written or copied; make it again"
            ) from error

    def _first_unreadable(self, table: str) -> Path:
        paths = self.paths(table)
        for path in paths:
            try:
                pl.read_parquet_schema(path)
            except (PolarsError, OSError):
                return path
        return paths[0]


_TABLES = ("images", "categories", "ground_truth", "predictions")


def with_row_numbers(raw: RawTable, name: str, numbers: pl.Series) -> RawTable:
    """The table with ids that are row numbers of the whole table, unless it has ids of its own."""
    if name in raw.frame.columns:
        return raw
    return replace(raw, frame=raw.frame.with_columns(numbers.cast(pl.Int64).alias(name)))
