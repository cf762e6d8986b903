"""The Dataset: ground truth and predictions as standard tables, ready to be evaluated."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import polars as pl

from cvfail.errors import Problem, SchemaError
from cvfail.tables.declared import INPUT_TABLES, RESERVED_NAMES, RESERVED_PREFIXES
from cvfail.tables.schema import Table

Task = Literal["detection", "classification"]

REJECTED_SCHEMA = {
    "table": pl.String,
    "record": pl.Int64,
    "field": pl.String,
    "rule": pl.String,
    "found": pl.String,
}
"""Columns of `Dataset.rejected` and of `SchemaError.rows`: one row per broken rule of a record."""


def no_rejected_rows() -> pl.DataFrame:
    """The table of rejected rows, without rows."""
    return pl.DataFrame(schema=REJECTED_SCHEMA)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Ground truth and predictions of one model on one set of images, validated.

    Readers make it (`read_coco`, `read_parquet`, `from_frames`, `from_labels`); rows are in the user's order.
    Columns that the declaration does not name are attributes and ride along to every result.

    Attributes:
        task: What is evaluated.
        images: One row per image: `image_id`, `file_name`, `width`, `height`, `cluster_id`, attributes.
        categories: One row per class: `category_id`, `name`, `supercategory`, `frequency`.
        ground_truth: One row per annotated object, or per labelled image.
        predictions: One row per predicted object, or per classified image.
        source: The file name of each table, or ``"frame"``.
        rejected: Rows that ``on_invalid="drop"`` left out: `table`, `record`, `field`, `rule`, `found`.
    """

    task: Task
    images: pl.DataFrame
    categories: pl.DataFrame
    ground_truth: pl.DataFrame
    predictions: pl.DataFrame
    source: dict[str, str] = field(default_factory=dict)
    rejected: pl.DataFrame = field(default_factory=no_rejected_rows)

    def __post_init__(self) -> None:
        problems = [
            problem
            for table in INPUT_TABLES[self.task]
            for problem in name_problems(
                self.frame(table.name), table, self.source.get(table.name, table.name)
            )
        ]
        if problems:
            raise SchemaError(problems)

    def frame(self, table: str) -> pl.DataFrame:
        """One of the four tables by its name."""
        frames = {
            "images": self.images,
            "categories": self.categories,
            "ground_truth": self.ground_truth,
            "predictions": self.predictions,
        }
        return frames[table]

    def attributes(self, table: str) -> list[str]:
        """The names of a table's attribute columns, in order.

        Args:
            table: ``"images"``, ``"categories"``, ``"ground_truth"`` or ``"predictions"``.
        """
        declaration = next(t for t in INPUT_TABLES[self.task] if t.name == table)
        return declaration.attributes(self.frame(table))

    def __repr__(self) -> str:
        lines = [f"Dataset for {self.task}"]
        for table in INPUT_TABLES[self.task]:
            attributes = ", ".join(self.attributes(table.name))
            rows = f"  {table.name}: {self.frame(table.name).height:,} rows"
            lines.append(f"{rows}; attributes: {attributes}" if attributes else rows)
        if self.rejected.height:
            lines.append(f"  rejected: {self.rejected.n_unique(['table', 'record']):,} rows")
        return "\n".join(lines)


def name_problems(frame: pl.DataFrame, table: Table, source: str) -> list[Problem]:
    """Attributes whose names cvfail needs itself or that another one has; SQL knows no upper and lower case.

    Args:
        frame: One table with its attributes.
        table: Its declaration.
        source: The file name, or the table's name.

    Returns:
        One problem per name that is taken.
    """
    taken = RESERVED_NAMES | set(table.names)
    problems = []
    for name in table.attributes(frame):
        if name.lower() in taken or name.lower().startswith(RESERVED_PREFIXES):
            rule = f"an attribute may not be called {name!r}: a column of that name has another meaning"
            hint = f"rename the attribute, for example to {name + '_given'!r}, or leave it out"
            problems.append(Problem(source=source, field=name, rule=rule, hint=hint))
        taken |= {name.lower()}
    return problems
