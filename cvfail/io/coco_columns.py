"""The values of COCO records as columns under the declared names."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
import polars as pl

from cvfail.errors import Problem
from cvfail.io.attribute_columns import attribute_columns
from cvfail.io.coco_fields import BOX, FLAG, ID, TEXT, Field, Section
from cvfail.io.coco_records import Values


def record_columns(values: Values, section: Section) -> tuple[list[pl.Series], list[Problem]]:
    """Declared columns, then attributes.

    Args:
        values: The values of all records.
        section: What they are.

    Returns:
        The columns, without those that are null everywhere and need not be there; and problems of columns
        as a whole, whose source is to be filled in.
    """
    columns: list[pl.Series] = []
    problems: list[Problem] = []
    for item in section.fields:
        column_values = values.known[item.name]
        if not item.required and all(value is None for value in column_values):
            continue
        if item.kind is ID and len(_kinds_of_ids(column_values)) > 1:
            problems.append(_mixed_ids(item, column_values))
        else:
            columns += _columns(item, column_values)
    attributes, clashes = attribute_columns(values.extra)
    clashes += [name for name in attributes if name in section.declaration.names]
    problems += [_clash(name, section) for name in clashes]
    return columns + [column for name, column in attributes.items() if name not in clashes], problems


def _columns(item: Field, values: Sequence[Any]) -> list[pl.Series]:
    if item.kind is BOX:
        return _box_columns(item.columns, values)
    (name,) = item.columns
    if item.kind is ID:
        return [pl.Series(name, values)]
    if item.kind is FLAG:
        return [pl.Series(name, [None if value is None else int(value) for value in values], dtype=pl.Int64)]
    return [pl.Series(name, values, dtype=pl.String if item.kind is TEXT else pl.Float64)]


def _box_columns(names: Sequence[str], boxes: Sequence[Any]) -> list[pl.Series]:
    usable = pl.Series([box is not None for box in boxes], dtype=pl.Boolean)
    whole = boxes if usable.all() else [(0, 0, 0, 0) if box is None else box for box in boxes]
    flat = np.fromiter(chain.from_iterable(whole), np.float64, count=4 * len(boxes)).reshape(-1, 4)
    frame = pl.DataFrame(flat, schema=list(names), orient="row")
    return frame.select(pl.when(usable).then(pl.all()) if not usable.all() else pl.all()).get_columns()


def _kinds_of_ids(values: Sequence[Any]) -> set[bool]:
    return {issubclass(kind, str) for kind in set(map(type, values)) if kind is not type(None)}


def _mixed_ids(item: Field, values: Sequence[Any]) -> Problem:
    texts = [number for number, value in enumerate(values) if isinstance(value, str)]
    return Problem(
        source="",
        field=item.name,
        rule=f"{item.name} must have the same type in all records",
        found=f"text in {len(texts)} of {len(values)} records, first in record {texts[0]}, else integers",
        hint="write all of them as integers, or all in quotation marks",
    )


def _clash(name: str, section: Section) -> Problem:
    return Problem(
        source="",
        field=name,
        rule=f"an attribute of {section.name} may not be called {name!r}: another field has that name",
        hint="rename the attribute in the file, or leave it out",
    )
