"""From raw tables to a Dataset: every rule of every table is checked, everything broken is told at once."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import polars as pl

from cvfail.tables.dataset import Dataset, Task, name_problems
from cvfail.tables.declared import INPUT_TABLES
from cvfail.tables.findings import Findings
from cvfail.tables.raw import RawTable
from cvfail.tables.references import (
    derived,
    reference_rules,
    type_problems,
    with_one_id_type,
    with_predicted_categories,
)
from cvfail.tables.rules import check_rows, declared_rules
from cvfail.tables.standard import standardise
from cvfail.tables.suspicions import InputWarning, suspicions

OnInvalid = Literal["raise", "drop"]


def validated(
    raw: Mapping[str, RawTable],
    *,
    task: Task,
    on_invalid: OnInvalid = "raise",
    findings: Findings | None = None,
) -> Dataset:
    """Standardise and check the tables of a dataset.

    Args:
        raw: ``ground_truth`` and ``predictions``; ``images`` and ``categories`` where the input has them.
            Absent ones are derived from the ids that ground truth and predictions use.
        task: ``"detection"`` or ``"classification"``.
        on_invalid: ``"raise"`` every problem at once, or ``"drop"`` the rows that break a rule of rows and
            keep them in `Dataset.rejected`.
        findings: What the reader found wrong already.

    Returns:
        The dataset; predicted categories that nothing else knows are added to `categories`.

    Raises:
        SchemaError: All problems of all tables; with ``"drop"`` those that concern a whole table.

    Warns:
        InputWarning: The input is legal but looks like something else: corners, boxes in 0..1, shifted ids.
    """
    findings = findings or Findings()
    frames = _standard_frames(raw, task, findings)
    known: dict[str, pl.DataFrame] = {}
    for table in INPUT_TABLES[task]:
        frame, origin = frames[table.name], raw.get(table.name, _DERIVED)
        rules = declared_rules(table, origin.frame.columns) + reference_rules(table.name, frame, known)
        rules = [rule for rule in rules if rule.column in frame.columns]
        keeps = check_rows(rules, frame, table, origin, findings)
        known[table.name] = frame.filter(keeps) if on_invalid == "drop" else frame
    findings.raise_any(structural_only=on_invalid == "drop")
    source = {table.name: raw.get(table.name, _DERIVED).source for table in INPUT_TABLES[task]}
    data = Dataset(task=task, **known, source=source, rejected=findings.rows)
    for text in suspicions(data):
        warnings.warn(text, InputWarning, stacklevel=3)
    return replace(data, categories=with_predicted_categories(data.categories, data.predictions))


_DERIVED = RawTable(pl.DataFrame(), source="derived")


def _standard_frames(raw: Mapping[str, RawTable], task: Task, findings: Findings) -> dict[str, pl.DataFrame]:
    """All tables with declared columns and dtypes, ids of one type, and absent tables derived."""
    declared = {table.name: table for table in INPUT_TABLES[task]}
    frames = {}
    for name, table in declared.items():
        if name in raw:
            frames[name], problems = standardise(table, raw[name])
            problems += name_problems(raw[name].frame, table, raw[name].label)
            findings.add_structural(name, *problems)
    for name, problem in type_problems(frames, raw):
        findings.add_structural(name, problem)
    frames = with_one_id_type(frames)
    for name in ("images", "categories"):
        if name not in frames:
            frames[name], _ = standardise(declared[name], RawTable(derived(name, frames)))
    return with_one_id_type(frames)
