"""The exception classes of cvfail and how they word a problem.

Every error names the file or table, the rule, how many rows break it and the first of them, what was
found there, and what to do about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


class CvfailError(Exception):
    """Base of every error that cvfail raises on purpose."""


@dataclass(frozen=True)
class Problem:
    """One rule that some rows of one table break.

    Attributes:
        source: File name, or the table's name where the data came as a frame.
        field: Column or JSON field, as the user knows it.
        rule: What should hold, as a sentence fragment: ``score must be in [0, 1]``.
        count: How many records break the rule.
        total: How many records were looked at.
        record: Zero-based number of the first record that breaks it; None if it concerns the whole table.
        found: What stands in that record.
        hint: What to do, one sentence.
    """

    source: str
    field: str
    rule: str
    count: int = 1
    total: int | None = None
    record: int | None = None
    found: str | None = None
    hint: str | None = None

    def __str__(self) -> str:
        text = f"{self.source}: {self.rule}"
        if self.total is not None:
            text += f"; {self.count} of {self.total} records break this"
        if self.record is not None:
            first = f"record {self.record}"
            if self.found is not None:
                first += f", {self.field}={self.found}"
            text += f" (first: {first})"
        elif self.found is not None:
            text += f" (found: {self.found})"
        return f"{text}. Hint: {self.hint}" if self.hint else f"{text}."


class SchemaError(CvfailError, ValueError):
    """Input rows or columns break the declared tables; carries every problem that was found.

    Attributes:
        problems: All broken rules, in the order of the tables.
        rows: One row per (table, record, field, rule, found), the offending values; None if no rows are at fault.
    """

    def __init__(self, problems: Sequence[Problem], rows: pl.DataFrame | None = None) -> None:
        self.problems = tuple(problems)
        self.rows = rows
        lines = [str(problem) for problem in self.problems]
        if len(lines) > 1:
            lines.insert(0, f"{len(self.problems)} problems in the input:")
        super().__init__("\n".join(lines))


class FormatError(CvfailError, ValueError):
    """A file is not in the format that it should have: truncated, not JSON, not an evaluation folder."""


class MissingFileError(CvfailError, FileNotFoundError):
    """A file or folder that was named does not exist."""


class PolicyError(CvfailError, ValueError):
    """A matching policy or an option asks for something that has no meaning."""


class QueryError(CvfailError, ValueError):
    """A question to an evaluation cannot be answered as asked: unknown column, class, or not a SELECT."""


class MissingDependencyError(CvfailError, ImportError):
    """An optional library is needed; the message says which extra installs it."""

    def __init__(self, library: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs {library}, which is not installed. Hint: pip install 'cvfail[{extra}]'"
        )
