"""Rules that every row must keep, derived from the declarations, and the rows that break them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from cvfail.errors import Problem
from cvfail.tables.findings import Findings, shown
from cvfail.tables.hints import number_hint
from cvfail.tables.raw import RawTable
from cvfail.tables.schema import Column, Table


@dataclass(frozen=True)
class Rule:
    """One rule about one column.

    Attributes:
        column: The declared name of the column.
        text: The rule after the column's name: ``must not be null``.
        broken: True for each row that breaks it, never null.
        hint: Makes the remedy from the broken values and all values of the column.
    """

    column: str
    text: str
    broken: pl.Expr
    hint: Callable[[pl.Series, pl.Series], str]


def declared_rules(table: Table, columns: Sequence[str]) -> list[Rule]:
    """The rules that a table's declaration implies, for the columns that are there."""
    return [rule for column in table if column.name in columns for rule in _column_rules(column)]


def check_rows(
    rules: Sequence[Rule], frame: pl.DataFrame, table: Table, raw: RawTable, findings: Findings
) -> pl.Series:
    """Note every rule that some rows break.

    Args:
        rules: The rules to look at.
        frame: The standardised rows.
        table: The declaration.
        raw: The same rows as they came, for the user's names.
        findings: Where the problems go.

    Returns:
        Boolean series: whether the row keeps all rules.
    """
    if frame.is_empty():
        return pl.Series(dtype=pl.Boolean)
    rules = [rule for rule in rules if not (rule.text == _UNIQUE and _ascends(frame[rule.column]))]
    broken = pl.repeat(value=False, n=frame.height, dtype=pl.Boolean, eager=True)
    for told in raw.told.values():
        broken |= told
    masks = frame.select(rule.broken.alias(str(number)) for number, rule in enumerate(rules))
    for rule, mask in zip(rules, masks, strict=True):
        new = mask & ~raw.told[rule.column] if rule.column in raw.told else mask
        if new.any():
            _note(rule, new, frame, table, raw, findings)
        broken |= mask
    return ~broken


_UNIQUE = "must be unique"


def _ascends(ids: pl.Series) -> bool:
    """Whether every id is larger than the one before, so that none stands twice; much cheaper than to count them."""
    return not ids.null_count() and bool((ids.slice(1) > ids.head(-1)).all())


def _column_rules(column: Column) -> list[Rule]:
    name, value = column.name, pl.col(column.name)
    rules = []
    if not column.null and not column.optional:
        rules.append(Rule(name, "must not be null", value.is_null(), _constant("give it a value")))
    if column.dtype == pl.Float64:
        broken = ~value.is_finite().fill_null(value=True)
        rules.append(Rule(name, "must be a finite number", broken, _constant(_NOT_FINITE)))
    if column.minimum is not None:
        rules.append(_range_rule(column, column.minimum))
    if column.unique:
        broken = ~value.is_first_distinct() & value.is_not_null()
        rules.append(Rule(name, _UNIQUE, broken, _constant(_NOT_UNIQUE)))
    return rules


_NOT_FINITE = "leave the row out (on_invalid='drop') or repair the program that wrote it"
_NOT_UNIQUE = "number the rows anew, or remove the copies"


def _range_rule(column: Column, minimum: float) -> Rule:
    value = pl.col(column.name)
    outside = value < minimum if column.maximum is None else ~value.is_between(minimum, column.maximum)
    number = value.is_finite() if column.dtype == pl.Float64 else value.is_not_null()
    text = "must not be negative" if column.maximum is None else f"must be in [{minimum}, {column.maximum}]"
    return Rule(
        column.name,
        text,
        (outside & number).fill_null(value=False),
        lambda _broken, values: number_hint(values, column.name),
    )


def _constant(text: str) -> Callable[[pl.Series, pl.Series], str]:
    return lambda _broken, _values: text


def _note(
    rule: Rule, mask: pl.Series, frame: pl.DataFrame, table: Table, raw: RawTable, findings: Findings
) -> None:
    records = mask.arg_true()
    values = frame[rule.column].filter(mask)
    name = raw.field(rule.column)
    row = frame.row(records[0], named=True)
    problem = Problem(
        source=raw.label,
        field=name,
        rule=f"{name} {rule.text}",
        count=len(records),
        total=frame.height,
        record=records[0],
        found=shown(values[0]) + _identity(row, rule.column, table, raw),
        hint=rule.hint(values, frame[rule.column]),
    )
    findings.add_rows(table.name, problem, records=records, found=_as_text(values))


def _identity(row: dict[str, object], column: str, table: Table, raw: RawTable) -> str:
    """The ids of a row that help to find it: `` (image_id=42, id=7)``."""
    ids = [
        f"{raw.field(c.name)}={row[c.name]}"
        for c in table
        if c.is_id and c.name != column and c.name in raw.frame.columns and row.get(c.name) is not None
    ]
    return f" ({', '.join(ids)})" if ids else ""


def _as_text(values: pl.Series) -> pl.Series:
    return pl.Series("found", [shown(value) for value in values], dtype=pl.String)
