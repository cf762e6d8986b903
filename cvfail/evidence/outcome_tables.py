"""Where the rows of an evaluation are: in memory, or in files that are read when somebody asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import polars as pl

TABLES = ("ground_truth", "predictions", "pairs")
"""The tables that grow with the number of objects; images and categories are always in memory."""


class OutcomeTables(Protocol):
    """Ground truth, predictions and pairs with their outcome columns."""

    def names(self, table: str) -> list[str]:
        """The columns of a table, in order."""
        ...

    def rows(self, table: str) -> int:
        """The number of rows of a table."""
        ...

    def frame(self, table: str) -> pl.DataFrame:
        """A whole table."""
        ...

    def column(self, table: str, name: str) -> pl.Series:
        """One column of a table."""
        ...


class FramesInMemory:
    """Tables that are frames already."""

    def __init__(self, frames: Mapping[str, pl.DataFrame]) -> None:
        self._frames = dict(frames)

    def names(self, table: str) -> list[str]:
        """The columns of a table, in order."""
        return self._frames[table].columns

    def rows(self, table: str) -> int:
        """The number of rows of a table."""
        return self._frames[table].height

    def frame(self, table: str) -> pl.DataFrame:
        """A whole table."""
        return self._frames[table]

    def column(self, table: str, name: str) -> pl.Series:
        """One column of a table."""
        return self._frames[table][name]
