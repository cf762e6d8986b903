"""Tables for reading on a terminal: rounded numbers, an interval in one cell, as many columns as fit."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl
from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

MOST_ROWS = 200
"""A longer table is for a file."""

_UNLIMITED = 100_000
_NARROWEST_TEXT = 28
"""Text may be wrapped down to this width; numbers never are."""

_UNKNOWN = "–"
_BOX = ("x", "y", "width", "height")
_GAP = 2
_NAMED = 5
"""More columns than this are counted, not named, where they are left out."""


class Page(NamedTuple):
    """A table as it is printed.

    Attributes:
        text: The lines.
        left_out: What the table has beside them, in words; empty if nothing.
    """

    text: str
    left_out: str


@dataclass(frozen=True)
class Column:
    """One column to read.

    Attributes:
        name: Heading.
        cells: One text per row.
        is_number: Whether it is aligned right and never wrapped.
        sources: The columns of the table that it shows.
    """

    name: str
    cells: tuple[str, ...]
    is_number: bool
    sources: tuple[str, ...]

    @property
    def least_width(self) -> int:
        """The width below which it cannot be read."""
        natural = max(map(cell_len, (self.name, *self.cells)))
        return natural if self.is_number else min(natural, _NARROWEST_TEXT)


def rendered(
    df: pl.DataFrame, *, caption: str, shown: Sequence[str], width: int | None, colour: bool
) -> Page:
    """Lay out a table.

    Args:
        df: Any table.
        caption: Printed above it.
        shown: Columns as `readable` names them, most important first; all if empty.
        width: Characters in a line; None if lines may be of any length.
        colour: Whether escape sequences may be used.

    Returns:
        The page; columns that do not fit are left out from the right.
    """
    columns = {column.name: column for column in readable(df.head(MOST_ROWS))}
    chosen = [columns[name] for name in shown or columns if name in columns]
    fitting = _fitting(chosen, width)
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for column in fitting:
        table.add_column(
            column.name,
            justify="right" if column.is_number else "left",
            no_wrap=column.is_number,
            overflow="fold",
        )
    for cells in zip(*(column.cells for column in fitting), strict=True):
        table.add_row(*cells)
    return Page(_drawn(caption, table, width, colour=colour), _left_out(df, fitting))


def fits(df: pl.DataFrame, width: int) -> bool:
    """Whether all columns of a table can stand next to each other."""
    columns = readable(df.head(MOST_ROWS))
    return len(_fitting(columns, width)) == len(columns)


def readable(df: pl.DataFrame) -> list[Column]:
    """The columns of a table as text.

    An estimate and its bounds become one column of the estimate's name, ``0.594 [0.559, 0.628]``; the four
    numbers of a box become ``gt_box`` or ``pred_box``.
    """
    columns: list[Column] = []
    taken: set[str] = set()
    for name in df.columns:
        group = _box_columns(name, df) or _estimate_columns(name, df) or (name,)
        if name in taken:
            continue
        taken.update(group)
        columns.append(_column(df, group))
    return columns


def _estimate_columns(name: str, df: pl.DataFrame) -> tuple[str, ...]:
    """An estimate with its bounds: recall, recall_lower, recall_upper, or estimate, lower, upper.

    Bounds without a name are of the difference where there is no estimate.
    """
    stems = {"estimate": "", "excess_errors": "excess_"}
    if "estimate" not in df.columns and "difference_lower" not in df.columns:
        stems["difference"] = ""
    stem = stems.get(name, f"{name}_")
    group = (name, f"{stem}lower", f"{stem}upper")
    return group if set(group) <= set(df.columns) else ()


def _box_columns(name: str, df: pl.DataFrame) -> tuple[str, ...]:
    prefix = name.removesuffix("_x")
    group = tuple(f"{prefix}_{side}" for side in _BOX)
    return group if name == group[0] and set(group) <= set(df.columns) else ()


def _column(df: pl.DataFrame, group: tuple[str, ...]) -> Column:
    rows = df.select(group).rows()
    is_number = df[group[0]].dtype.is_numeric()
    match len(group):
        case 3:
            return Column(group[0], tuple(_interval(*row) for row in rows), is_number, group)
        case 4:
            name = f"{group[0].removesuffix('_x')}_box"
            return Column(name, tuple(_box(row) for row in rows), is_number, group)
        case _:
            return Column(group[0], tuple(shown(value) for (value,) in rows), is_number, group)


def _interval(estimate: float | None, lower: float | None, upper: float | None) -> str:
    """The three numbers to the same decimals, those of the largest."""
    if lower is None and upper is None:
        return shown(estimate)
    decimals = _decimals(max(abs(value) for value in (estimate, lower, upper) if value is not None))
    texts = [_UNKNOWN if value is None else f"{value:.{decimals}f}" for value in (estimate, lower, upper)]
    return "{} [{}, {}]".format(*texts)


def _box(sides: Sequence[float | None]) -> str:
    known = [f"{side:.0f}" for side in sides if side is not None]
    return " ".join(known) if known else _UNKNOWN


def shown(value: object) -> str:
    """One value on one line, rounded to three or four digits.

    Example:
        >>> [shown(v) for v in (0.59371, 24.8419, 36781, 0.0, 0.00012, None, True, "cat")]
        ['0.594', '24.8', '36781', '0', '1.2e-04', '–', 'yes', 'cat']
    """
    match value:
        case None:
            return _UNKNOWN
        case bool():
            return "yes" if value else "no"
        case float():
            return _number(value)
        case str() if not value.isprintable():
            return repr(value)[1:-1]
        case _:
            return str(value)


def _number(value: float) -> str:
    size = abs(value)
    if 0 < size < 0.0005:
        return f"{value:.1e}"
    return f"{value:.{_decimals(size)}f}" if size else "0"


def _decimals(size: float) -> int:
    """Decimals that leave three or four digits of a number of this size."""
    return 3 if size < 10 else 1 if size < 1000 else 0


def _fitting(columns: Sequence[Column], width: int | None) -> list[Column]:
    """The columns from the left that fit next to each other, at least one."""
    if width is None:
        return list(columns)
    fitting: list[Column] = []
    used = -_GAP
    for column in columns:
        used += column.least_width + _GAP
        if used > width and fitting:
            break
        fitting.append(column)
    return fitting


def _drawn(caption: str, table: Table, width: int | None, *, colour: bool) -> str:
    file = io.StringIO()
    console = Console(
        file=file,
        width=width or _UNLIMITED,
        force_terminal=colour,
        markup=False,
        highlight=False,
        emoji=False,
    )
    if caption:
        console.print(caption)
        console.print()
    console.print(table)
    return "".join(f"{line.rstrip()}\n" for line in file.getvalue().splitlines())


def _left_out(df: pl.DataFrame, fitting: Sequence[Column]) -> str:
    present = {source for column in fitting for source in column.sources}
    absent = [name for name in df.columns if name not in present]
    parts = absent if len(absent) <= _NAMED else [f"{len(absent)} more columns"]
    if len(df) > MOST_ROWS:
        parts = [*parts, f"{len(df) - MOST_ROWS:,} more rows"]
    return ", ".join(parts)
