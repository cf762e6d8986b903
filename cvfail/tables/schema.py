"""The vocabulary in which a table is declared: columns with type, unit, range and the meaning of null."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import polars as pl

DType = pl.DataType | type[pl.DataType]
"""What Polars accepts as a dtype."""

ID_DTYPES = (pl.Int64(), pl.String())
"""The two dtypes that an id may have; one dataset uses one of them for each kind of id."""


@dataclass(frozen=True)
class Default:
    """What stands in a column that the input does not have.

    Attributes:
        meaning: The same in words, for the documentation.
        value: An expression over the other columns of the table.
    """

    meaning: str
    value: pl.Expr


NULL = Default("null", pl.lit(None))
ROW_NUMBER = Default("the row number", pl.int_range(pl.len(), dtype=pl.Int64))


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a declared table.

    Attributes:
        name: The name in every frame, file and SQL view.
        dtype: A Polars dtype, or ``"id"``: integers or strings, as the user has them.
        meaning: What a value says, a sentence fragment.
        unit: Unit of the values; empty for pure numbers and text.
        null: What null means; empty where null is not allowed.
        minimum: Smallest legal value; None without a limit.
        maximum: Largest legal value; None without a limit.
        unique: Whether no two rows may share a value.
        default: What fills an absent column; None where the input must have it.
        optional: Whether the column may be absent from the finished table as well.
    """

    name: str
    dtype: DType | Literal["id"]
    meaning: str
    unit: str = ""
    null: str = ""
    minimum: float | None = None
    maximum: float | None = None
    unique: bool = False
    default: Default | None = None
    optional: bool = False

    @property
    def is_id(self) -> bool:
        """Whether the column holds ids, whose dtype the user chooses."""
        return isinstance(self.dtype, str)

    @property
    def is_required(self) -> bool:
        """Whether an input without this column is refused."""
        return self.default is None and not self.optional

    def accepts(self, dtype: pl.DataType) -> bool:
        """Whether a finished column may have this dtype."""
        return dtype in ID_DTYPES if isinstance(self.dtype, str) else dtype == self.dtype


@dataclass(frozen=True)
class Table:
    """A declared table; columns that it does not name are attributes and ride along.

    Attributes:
        name: The name in every folder, frame and SQL view.
        row: What one row is.
        columns: The declared columns in order.
    """

    name: str
    row: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the declared columns, in order."""
        return tuple(column.name for column in self.columns)

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __getitem__(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    def empty(self, *, id_dtype: DType = pl.Int64) -> pl.DataFrame:
        """The table without rows, with the declared columns.

        Args:
            id_dtype: What the ids are: ``pl.Int64`` or ``pl.String``.
        """
        return pl.DataFrame(
            schema={c.name: id_dtype if isinstance(c.dtype, str) else c.dtype for c in self if not c.optional}
        )

    def attributes(self, frame: pl.DataFrame) -> list[str]:
        """The columns of a frame that the declaration does not name, in order."""
        return [name for name in frame.columns if name not in self.names]
