"""What is wrong with the tables, gathered in full before anything is raised."""

from __future__ import annotations

import math

import polars as pl

from cvfail.errors import Problem, SchemaError
from cvfail.tables.dataset import REJECTED_SCHEMA, no_rejected_rows

TABLE_ORDER = ("images", "categories", "ground_truth", "predictions")


class Findings:
    """Problems of all tables, and the rows that have them.

    A structural problem concerns a whole table (a column is missing) and is always an error. The others
    concern single rows, which ``on_invalid="drop"`` can leave out.
    """

    def __init__(self) -> None:
        self._structural: dict[str, list[Problem]] = {name: [] for name in TABLE_ORDER}
        self._of_rows: dict[str, list[Problem]] = {name: [] for name in TABLE_ORDER}
        self._rows: list[pl.DataFrame] = []

    def add_structural(self, table: str, *problems: Problem) -> None:
        """Note problems that make a table unusable as a whole."""
        self._structural[table].extend(problems)

    def add_rows(self, table: str, problem: Problem, *, records: pl.Series, found: pl.Series) -> None:
        """Note a rule that some rows break.

        Args:
            table: The declared name of the table.
            problem: The rule with its count and its first record.
            records: The user's number of each row that breaks it.
            found: What stands there, as text; as long as `records`.
        """
        self._of_rows[table].append(problem)
        rows = pl.DataFrame({"record": records.cast(pl.Int64), "found": found.cast(pl.String)})
        named = rows.with_columns(table=pl.lit(table), field=pl.lit(problem.field), rule=pl.lit(problem.rule))
        self._rows.append(named.select(REJECTED_SCHEMA.keys()))

    @property
    def rows(self) -> pl.DataFrame:
        """The offending values: `table`, `record`, `field`, `rule`, `found`."""
        return pl.concat([no_rejected_rows(), *self._rows])

    def raise_any(self, *, structural_only: bool) -> None:
        """Raise everything at once, if there is anything.

        Args:
            structural_only: Whether rows that break a rule are no error, because they are dropped.

        Raises:
            SchemaError: With all problems in the order of the tables.
        """
        problems: list[Problem] = []
        for table in TABLE_ORDER:
            problems += self._structural[table]
            problems += [] if structural_only else self._of_rows[table]
        if problems:
            raise SchemaError(problems, self.rows if self._rows else None)


def shown(value: object) -> str:
    """A value as a message shows it: text in quotes, NaN by its name, long values cut.

    Example:
        >>> shown("cat"), shown(float("nan")), shown(None), shown(73.0)
        ("'cat'", 'NaN', 'null', '73.0')
    """
    if value is None:
        return "null"
    if isinstance(value, float) and math.isnan(value):
        return "NaN"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
