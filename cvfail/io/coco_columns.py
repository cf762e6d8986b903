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


def record_columns(values: Values, section: Section, *, label: str) -> tuple[list[pl.Series], list[Problem]]:
    """Declared columns, then attributes.

    Args:
        values: The values of all records; ids are of one type.
        section: What they are.
        label: How messages call them.

    Returns:
        The columns, without those that are null everywhere and need not be there; and one problem for each
        attribute whose name is taken.
    """
    columns: list[pl.Series] = []
    for item in section.fields:
        column_values = values.known[item.name]
        if item.required or any(value is not None for value in column_values):
            columns += _columns(item, column_values)
    attributes, clashes = attribute_columns(values.extra)
    clashes += [name for name in attributes if name in section.declaration.names]
    free = [column for name, column in attributes.items() if name not in clashes]
    return columns + free, [_clash(name, section, label) for name in clashes]


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


def _clash(name: str, section: Section, label: str) -> Problem:
    return Problem(
        source=label,
        field=name,
        rule=f"an attribute of {section.name} may not be called {name!r}: another field has that name",
        hint="rename the attribute in the file, or leave it out",
    )
