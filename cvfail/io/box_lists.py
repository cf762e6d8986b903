"""A column of boxes as lists, as four columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from cvfail.errors import Problem
from cvfail.tables.findings import Findings, shown
from cvfail.tables.raw import RawTable


def unpacked_boxes(raw: RawTable, table: str, columns: Sequence[str], findings: Findings) -> RawTable:
    """The column `bbox` as four columns of numbers.

    Args:
        raw: The table.
        table: Its declared name.
        columns: The names of the four columns; columns that have them already give way.
        findings: Where rows go whose list has not exactly four numbers.

    Returns:
        The table, with null in the rows that are told.
    """
    name = raw.field("bbox")
    boxes = raw.frame["bbox"]
    if isinstance(boxes.dtype, pl.Array):
        boxes = boxes.arr.to_list()
    lists_numbers = isinstance(boxes.dtype, pl.List) and boxes.dtype.inner.is_numeric()
    if lists_numbers:
        broken = boxes.list.len().ne_missing(4)
    else:
        boxes = pl.repeat(None, raw.frame.height, dtype=pl.List(pl.Float64), eager=True)
        broken = pl.repeat(value=True, n=raw.frame.height, dtype=pl.Boolean, eager=True)
    _report(broken, raw, table, structural=not lists_numbers, findings=findings)
    return replace(
        raw,
        frame=raw.frame.drop("bbox", *columns, strict=False).with_columns(
            pl.when(~broken).then(boxes.list.get(number, null_on_oob=True)).alias(column)
            for number, column in enumerate(columns)
        ),
        fields={**raw.fields, **{column: f"{name}[{number}]" for number, column in enumerate(columns)}},
        told={**raw.told, **dict.fromkeys(columns, broken)} if broken.any() else raw.told,
    )


def _report(broken: pl.Series, raw: RawTable, table: str, *, structural: bool, findings: Findings) -> None:
    if not broken.any():
        return
    records = broken.arg_true()
    found = pl.Series("found", [shown(box) for box in raw.frame["bbox"].filter(broken).to_list()])
    name = raw.field("bbox")
    problem = Problem(
        source=raw.label,
        field=name,
        rule=f"{name} must be a list of 4 numbers",
        count=len(records),
        total=len(broken),
        record=records[0],
        found=found[0],
        hint="write the four numbers of each box",
    )
    if structural:
        findings.add_structural(table, problem)
    else:
        findings.add_rows(table, problem, records=records, found=found)
