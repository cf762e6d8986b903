"""From the user's column names to the declared ones."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from cvfail.errors import PolicyError
from cvfail.tables.findings import TABLE_ORDER
from cvfail.tables.raw import RawTable

ColumnNames = Mapping[str, str] | Mapping[str, Mapping[str, str]]
"""The user's names by declared name: for all tables at once, or by table."""

_COCO_NAMES: dict[str, dict[str, str]] = {
    "images": {"image_id": "id"},
    "categories": {"category_id": "id"},
    "ground_truth": {"ground_truth_id": "id", "is_crowd": "iscrowd", "width": "w", "height": "h"},
    "predictions": {"width": "w", "height": "h"},
}
"""Names that are understood where the declared one is absent."""


def renamed(frame: pl.DataFrame, table: str, columns: ColumnNames | None, *, source: str) -> RawTable:
    """A frame under the declared names.

    Args:
        frame: The user's table.
        table: The declared name of the table.
        columns: The user's names by declared name, ``{"score": "confidence"}``, or such mappings by table. A
            mapping for all tables holds where the column exists. A column that has the declared name
            already gives way.
        source: File name, or ``"frame"``.

    Returns:
        The table; mapped columns first, the others as they were.

    Raises:
        PolicyError: There is no table of a name in `columns`.
    """
    names = _names_of(table, columns, frame)
    for declared, usual in _COCO_NAMES[table].items():
        if declared not in frame.columns and usual in frame.columns:
            names.setdefault(declared, usual)
    present = {declared: user for declared, user in names.items() if user in frame.columns}
    others = [c for c in frame.columns if c not in present.values() and c not in names]
    mapped = [pl.col(user).alias(declared) for declared, user in present.items()]
    section = table if source == "frame" else ""
    return RawTable(frame.select(*mapped, *others), source=source, section=section, fields=names)


def _names_of(table: str, columns: ColumnNames | None, frame: pl.DataFrame) -> dict[str, str]:
    if columns is None:
        return {}
    flat = {name: user for name, user in columns.items() if isinstance(user, str)}
    nested = {name: users for name, users in columns.items() if not isinstance(users, str)}
    unknown = sorted(set(nested) - set(TABLE_ORDER))
    if unknown:
        raise PolicyError(
            f"columns names the table {unknown[0]!r}. Hint: the tables are {', '.join(TABLE_ORDER)}"
        )
    for_all = {name: user for name, user in flat.items() if user in frame.columns}
    return for_all | dict(nested.get(table, {}))
