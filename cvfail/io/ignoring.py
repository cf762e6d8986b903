"""Which ground truth counts neither for nor against the model, by a column of the user's choice."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from cvfail.errors import Problem
from cvfail.tables.findings import Findings
from cvfail.tables.hints import missing_column_hint
from cvfail.tables.raw import RawTable


def with_ignored(raw: RawTable, ignore: str | None, findings: Findings, *, required: bool) -> RawTable:
    """The ground truth with `is_ignored` taken from another column.

    Args:
        raw: The ground truth.
        ignore: The name of the column; it stays an attribute unless it is called ``ignore`` itself. None
            leaves the table as it is.
        findings: Where to say that the column is not there.
        required: Whether it must be there.

    Returns:
        A new table; null in the column is false.
    """
    if ignore is None:
        return raw
    if ignore in raw.frame.columns:
        frame = raw.frame.with_columns(pl.col(ignore).alias("is_ignored"))
        frame = frame.drop("ignore") if ignore == "ignore" else frame
        return replace(raw, frame=frame, fields={**raw.fields, "is_ignored": ignore})
    if required:
        problem = Problem(
            source=raw.label,
            field=ignore,
            rule=f"column {ignore!r}, which was to say what is ignored, is missing",
            found="columns " + ", ".join(raw.frame.columns),
            hint=missing_column_hint(ignore, raw.frame.columns),
        )
        findings.add_structural("ground_truth", problem)
    return raw
