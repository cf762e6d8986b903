"""Ids of a file of which some are integers and others text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from cvfail.errors import Problem
from cvfail.io.coco_fields import ID, Field, Json, Section
from cvfail.io.coco_records import Values
from cvfail.tables.findings import Findings


def without_mixed_ids(
    values: Values, section: Section, *, label: str, findings: Findings
) -> tuple[Values, dict[str, pl.Series]]:
    """The values without the fields whose ids are of both types, which concerns the table as a whole.

    Args:
        values: The values of all records.
        section: What the records are.
        label: How messages call them.
        findings: Where the problems go.

    Returns:
        The values, with None in place of mixed ids, and by declared column that no row has a usable one.
    """
    told: dict[str, pl.Series] = {}
    known = dict(values.known)
    for item in section.fields:
        ids = values.known[item.name]
        if (
            item.kind is ID
            and len({issubclass(kind, str) for kind in set(map(type, ids)) - {type(None)}}) > 1
        ):
            findings.add_structural(section.table, _problem(item, ids, label))
            known[item.name] = [None] * len(ids)
            told |= dict.fromkeys(
                item.columns, pl.repeat(value=True, n=len(ids), dtype=pl.Boolean, eager=True)
            )
    return replace(values, known=known), told


def _problem(item: Field, ids: Sequence[Json], label: str) -> Problem:
    texts = [number for number, value in enumerate(ids) if isinstance(value, str)]
    return Problem(
        source=label,
        field=item.name,
        rule=f"{item.name} must have the same type in all records",
        found=f"text in {len(texts)} of {len(ids)} records, first in record {texts[0]}, else integers",
        hint="write all of them as integers, or all in quotation marks",
    )
