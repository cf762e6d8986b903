"""The documentation and the SQL schema of the tables, generated from their declarations.

``python -m cvfail.tables.documentation docs/tables.md`` writes the page.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl

from cvfail.tables.declared import (
    CATEGORIES,
    CLASSIFICATION_GROUND_TRUTH,
    CLASSIFICATION_PREDICTIONS,
    DETECTION_GROUND_TRUTH,
    DETECTION_PREDICTIONS,
    GROUND_TRUTH_OUTCOMES,
    IMAGES,
    PAIRS,
    PREDICTION_OUTCOMES,
    PREDICTION_POINT_OUTCOMES,
    RESERVED_NAMES,
    RESERVED_PREFIXES,
    TRUTH_POINT_OUTCOMES,
)
from cvfail.tables.schema import Column, Table
from cvfail.tables.writing import write_whole

_TABLES = (
    ("images", IMAGES),
    ("categories", CATEGORIES),
    ("ground_truth (detection)", DETECTION_GROUND_TRUTH),
    ("ground_truth (classification)", CLASSIFICATION_GROUND_TRUTH),
    ("predictions (detection)", DETECTION_PREDICTIONS),
    ("predictions (classification)", CLASSIFICATION_PREDICTIONS),
    ("pairs", PAIRS),
)

_OUTCOMES = (
    ("Added to predictions by matching", PREDICTION_OUTCOMES),
    ("Added to ground_truth by matching", GROUND_TRUTH_OUTCOMES),
    ("Added to `predictions` at an IoU and a score threshold", PREDICTION_POINT_OUTCOMES),
    ("Added to `ground_truth` at an IoU and a score threshold", TRUTH_POINT_OUTCOMES),
)

_SQL_TYPES: dict[object, str] = {
    pl.Int64: "BIGINT",
    pl.Int32: "INTEGER",
    pl.UInt16: "USMALLINT",
    pl.Float64: "DOUBLE",
    pl.String: "VARCHAR",
    pl.Boolean: "BOOLEAN",
}

_INTRODUCTION = """# Tables

This page is generated from the declarations in `cvfail/tables/declared.py`; change them, not this page.

Every table may have further columns. They are attributes: they ride along to every result, and those of images
and ground truth can be used to group and to slice. An id is an integer or a text, of one type in all tables.
Geometry is as given, in pixels, and never rounded.
"""


def tables_page() -> str:
    """The page about all tables in Markdown."""
    parts = [_INTRODUCTION, "## What goes in\n"]
    for title, table in _TABLES:
        if table is PAIRS:
            parts.append("## What matching adds\n")
        parts.append(f"### {title}\n\nOne row is {table.row}.\n\n{_column_list(table)}")
    parts += [f"### {title}\n\n{_column_list(columns)}" for title, columns in _OUTCOMES]
    parts.append(f"## Names that attributes may not have\n\n{_reserved()}")
    parts.append(f"## SQL schema\n\nHere for detection with integer ids.\n\n```sql\n{sql_schema()}```\n")
    return "\n".join(parts)


def sql_schema() -> str:
    """The tables of a matched detection dataset as CREATE TABLE statements, with integer ids."""
    return "\n".join(
        create_table(table, outcomes)
        for table, outcomes in (
            (IMAGES, ()),
            (CATEGORIES, ()),
            (DETECTION_GROUND_TRUTH, GROUND_TRUTH_OUTCOMES),
            (DETECTION_PREDICTIONS, PREDICTION_OUTCOMES),
            (PAIRS, ()),
        )
    )


def create_table(table: Table, outcomes: Sequence[Column] = ()) -> str:
    """A table as a CREATE TABLE statement for DuckDB.

    Args:
        table: The declaration.
        outcomes: Columns that matching adds.

    Example:
        >>> from cvfail.tables.schema import Column, Table
        >>> print(create_table(Table("sizes", "a size", (Column(name="w", dtype=pl.Int64, meaning="width"),))))
        -- One row is a size.
        CREATE TABLE sizes (
          w BIGINT NOT NULL -- width
        );
    """
    columns = [*table, *outcomes]
    lines = [f"-- One row is {table.row}.", f"CREATE TABLE {table.name} ("]
    for number, column in enumerate(columns):
        comma = "," if number < len(columns) - 1 else ""
        limit = "" if column.null or column.optional else " NOT NULL"
        unit = f" [{column.unit}]" if column.unit else ""
        lines.append(f"  {column.name} {_sql_type(column)}{limit}{comma} -- {column.meaning}{unit}")
    return "\n".join([*lines, ");", ""])


def _column_list(columns: Iterable[Column]) -> str:
    head = (
        "| column | type | unit | meaning | null means | default |\n| --- | --- | --- | --- | --- | --- |\n"
    )
    return head + "".join(f"| {' | '.join(_cells(column))} |\n" for column in columns)


def _cells(column: Column) -> list[str]:
    kind = "id" if isinstance(column.dtype, str) else _dtype_name(column.dtype)
    limits = [
        f"{sign} {limit:g}"
        for sign, limit in (("≥", column.minimum), ("≤", column.maximum))
        if limit is not None
    ]
    kind = ", ".join([kind, *limits, *(["unique"] if column.unique else [])])
    default = column.default.meaning if column.default else "may be absent" if column.optional else ""
    return [f"`{column.name}`", kind, column.unit, column.meaning, column.null, default]


def _dtype_name(dtype: object) -> str:
    if isinstance(dtype, pl.List | pl.Array):
        return f"list of {_dtype_name(dtype.inner)}"
    return str(dtype)


def _sql_type(column: Column) -> str:
    dtype = pl.Int64 if isinstance(column.dtype, str) else column.dtype
    if isinstance(dtype, pl.Array):
        return f"{_SQL_TYPES[dtype.inner]}[{dtype.size}]"
    if isinstance(dtype, pl.List):
        return f"{_SQL_TYPES[dtype.inner]}[]"
    return _SQL_TYPES[dtype]


def _reserved() -> str:
    names = ", ".join(f"`{name}`" for name in sorted(RESERVED_NAMES))
    prefixes = " or ".join(f"`{prefix}`" for prefix in RESERVED_PREFIXES)
    return f"{names}, and names that begin with {prefixes}; upper and lower case make no difference.\n"


def main(arguments: Sequence[str]) -> None:
    """Write the page to the path that is the only argument."""
    (path,) = arguments
    write_whole(Path(path), lambda target: target.write_text(tables_page(), encoding="utf-8", newline="\n"))


if __name__ == "__main__":
    main(sys.argv[1:])
