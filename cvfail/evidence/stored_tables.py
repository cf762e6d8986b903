"""The tables of a saved evaluation, read from Parquet files when somebody asks, column by column."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from polars.exceptions import PolarsError

from cvfail.errors import FormatError, MissingFileError
from cvfail.evidence.columns import bits_column
from cvfail.evidence.evidence import ROW_NUMBERS
from cvfail.evidence.layout import Span
from cvfail.evidence.outcome_tables import Kind, stacked_bits
from cvfail.matching.policy import Policy


def part_path(folder: Path, table: str, block: int) -> Path:
    """The file that holds the rows of one table in one block."""
    return folder / table / f"{block:06d}.parquet"


def renumbered(frame: pl.DataFrame, start: Span, sign: int) -> pl.DataFrame:
    """A table whose columns of row numbers are moved by the first rows of a block.

    Args:
        frame: Any columns of any table.
        start: The block, or the first one of several.
        sign: 1 to number rows as in the whole evaluation, -1 to number them from the block on.
    """
    moves = {name: sign * getattr(start, of)[0] for name, of in ROW_NUMBERS.items() if name in frame.columns}
    return frame.with_columns(pl.col(name) + by for name, by in moves.items() if by)


class StoredTables:
    """Some consecutive blocks of a saved evaluation, rows numbered from its first block on.

    Args:
        folder: The evaluation.
        spans: The spans of all its blocks.
        pair_rows: Rows of pairs in each block.
        first: The first block to show.
        last: One past the last block to show.
    """

    def __init__(
        self, folder: Path, spans: list[Span], pair_rows: list[int], *, first: int, last: int
    ) -> None:
        self._folder = folder
        self._blocks = range(first, last)
        self._start = spans[first]
        end = spans[last - 1]
        self._rows = {
            "ground_truth": end.ground_truth[1] - self._start.ground_truth[0],
            "predictions": end.predictions[1] - self._start.predictions[0],
            "pairs": sum(pair_rows[first:last]),
        }

    def names(self, table: str) -> list[str]:
        """The columns of a table, in order."""
        path = self._paths(table)[0]
        try:
            return list(pl.read_parquet_schema(path))
        except (PolarsError, OSError) as error:
            raise _unreadable(path, error) from error

    def rows(self, table: str) -> int:
        """The number of rows of a table."""
        return self._rows[table]

    def frame(self, table: str) -> pl.DataFrame:
        """A whole table."""
        return self._read(table, None).rechunk()

    def columns(self, table: str, names: list[str]) -> pl.DataFrame:
        """Some columns of a table, read together."""
        return self._read(table, names)

    def column(self, table: str, name: str) -> pl.Series:
        """One column of a table."""
        return self._read(table, [name]).to_series().rechunk()

    def bits(self, kind: Kind, policy: Policy) -> NDArray[np.uint16]:
        """Packed outcomes of the predictions in all area ranges of the policy, shape (A, D)."""
        names = [bits_column(kind, area) for area in policy.area_ranges]
        return stacked_bits(self.columns("predictions", names))

    def _paths(self, table: str) -> list[Path]:
        return [part_path(self._folder, table, block) for block in self._blocks]

    def _read(self, table: str, columns: list[str] | None) -> pl.DataFrame:
        paths = self._paths(table)
        for path in paths:
            if not path.is_file():
                raise MissingFileError(f"{path} is missing. Hint: evaluate and save again")
        try:
            frame = pl.read_parquet(paths, columns=columns)
        except (PolarsError, OSError) as error:
            raise _unreadable(_first_unreadable(paths), error) from error
        return renumbered(frame, self._start, -1)


def _first_unreadable(paths: list[Path]) -> Path:
    for path in paths:
        try:
            pl.read_parquet(path)
        except (PolarsError, OSError):
            return path
    return paths[0]


def _unreadable(path: Path, error: Exception) -> FormatError:
    reason = str(error).splitlines()[0]
    return FormatError(f"{path} is damaged: {reason}. Hint: evaluate and save again")
