"""Group-bys whose groups may be none, one or many columns, with sorted groups."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl


def aggregate(frame: pl.DataFrame, by: Sequence[str], *expressions: pl.Expr) -> pl.DataFrame:
    """Aggregate by any number of columns, including none.

    Args:
        frame: Any rows.
        by: Group columns; null is a group of its own. Empty means one group, also for a frame without rows.
        expressions: Named aggregations.

    Returns:
        ``by`` columns, then one column per expression; sorted by ``by``, nulls last.

    Example:
        >>> frame = pl.DataFrame({"light": ["night", None, "day"], "n": [1, 2, 3]})
        >>> aggregate(frame, ["light"], pl.col("n").sum()).rows()
        [('day', 3), ('night', 1), (None, 2)]
        >>> aggregate(frame.clear(), [], pl.col("n").sum()).rows()
        [(0,)]
    """
    if not by:
        return frame.select(*expressions)
    # The order is kept while grouping so that sums of floats do not depend on the number of threads.
    return frame.group_by(list(by), maintain_order=True).agg(*expressions).sort(list(by), nulls_last=True)


def attach(frame: pl.DataFrame, other: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """Put the columns of a one-row-per-group table beside every row of its group.

    Args:
        frame: Any rows.
        other: One row per combination of ``by``; exactly one row if ``by`` is empty.
        by: Group columns; null matches null.

    Returns:
        All rows of ``frame`` in their order, with the further columns of ``other``; null where it has no row.

    Example:
        >>> frame = pl.DataFrame({"light": ["night", None]})
        >>> attach(frame, pl.DataFrame({"light": [None, "night"], "n": [1, 2]}), ["light"]).rows()
        [('night', 2), (None, 1)]
    """
    if not by:
        return frame.join(other, how="cross")
    return frame.join(other, on=list(by), how="left", nulls_equal=True, maintain_order="left")


def as_expression(column: str | pl.Expr) -> pl.Expr:
    """A column name as an expression; expressions as they are."""
    return pl.col(column) if isinstance(column, str) else column
