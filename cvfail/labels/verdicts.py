"""Verdicts of people on suspected labels: a file to fill in, and what was filled in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from cvfail.errors import FormatError, Problem, SchemaError
from cvfail.evidence.evidence import Evidence
from cvfail.io.files import existing
from cvfail.labels.suspect_rows import KINDS
from cvfail.tables.writing import write_table

VERDICTS = ("confirmed", "rejected", "unsure")

KEY = ("kind", "image_id", "ground_truth_id", "prediction_id")
"""Columns that say which label a verdict is about; ids as text."""

COLUMNS = (*KEY, "label", "suggested", "verdict", "corrected")


@dataclass(frozen=True)
class Verdicts:
    """What people said of suspected labels.

    Attributes:
        df: One row per suspect, all columns text: `kind`, `image_id`, `ground_truth_id` (null where a label is
            missing), `prediction_id` (null where none speaks against the label), `label` (class when it was
            suspected), `suggested` (class), `verdict` (confirmed, rejected, unsure; null where nobody looked),
            `corrected` (class that a person gives instead of the suggested one; null otherwise).
        source: What messages call it.
    """

    df: pl.DataFrame
    source: str = "verdicts"

    @classmethod
    def of(cls, verdicts: Verdicts | pl.DataFrame | str | Path) -> Verdicts:
        """Verdicts as they are, from a table, or from a file.

        Raises:
            SchemaError: A column is missing or holds something that is no kind or no verdict.
            MissingFileError, FormatError: The file does not exist or cannot be read.
        """
        if isinstance(verdicts, Verdicts):
            return verdicts
        if isinstance(verdicts, pl.DataFrame):
            return _checked(verdicts, "verdicts")
        return read_verdicts(verdicts)

    def said(self, verdict: str) -> pl.DataFrame:
        """The rows with one verdict."""
        return self.df.filter(verdict=verdict)


def verdict_table(evidence: Evidence, suspects: pl.DataFrame) -> pl.DataFrame:
    """Suspects as rows to be judged, with the ids of both sides instead of row numbers.

    Args:
        evidence: The evaluation that they are of.
        suspects: As `LabelErrors.df`.

    Returns:
        The columns of `Verdicts.df`, `verdict` and `corrected` empty, then rank, file_name, suspicion and reason.
    """
    rows = {"ground_truth_id": "ground_truth_index", "prediction_id": "prediction_index"}
    tables = {"ground_truth_id": "ground_truth", "prediction_id": "predictions"}
    ids = {
        name: evidence.outcomes.column(tables[name], name).gather(suspects[index]).cast(pl.String)
        for name, index in rows.items()
    }
    empty = pl.lit(None, pl.String)
    frame = suspects.with_columns(**ids, image_id=pl.col("image_id").cast(pl.String))
    return frame.with_columns(verdict=empty, corrected=empty).select(
        *COLUMNS, "rank", "file_name", "suspicion", "reason"
    )


def write_verdicts(evidence: Evidence, suspects: pl.DataFrame, path: str | Path) -> Path:
    """Write suspects to be judged; see `verdict_table`. The suffix decides: .csv or .parquet.

    Raises:
        FormatError: Another suffix.
    """
    if Path(path).suffix.lower() not in {".csv", ".parquet"}:
        raise FormatError(f"{Path(path).name}: verdicts are kept as .csv or .parquet")
    return write_table(verdict_table(evidence, suspects), path)


def read_verdicts(path: str | Path) -> Verdicts:
    """Read a file that `LabelErrors.write_verdicts` wrote and people filled in.

    Args:
        path: .csv or .parquet. Further columns are left alone; upper and lower case do not matter in verdicts.

    Raises:
        SchemaError: A column is missing or holds something that is no kind or no verdict.
        MissingFileError, FormatError: The file does not exist or cannot be read.
    """
    path = existing(Path(path))
    try:
        if path.suffix.lower() == ".parquet":
            frame = pl.read_parquet(path)
        elif path.suffix.lower() == ".csv":
            frame = pl.read_csv(path, infer_schema=False)
        else:
            raise FormatError(f"{path.name}: verdicts are kept as .csv or .parquet")
    except (PolarsError, OSError) as error:
        raise FormatError(f"{path.name} cannot be read as {path.suffix[1:]}: {error}") from error
    return _checked(frame, path.name)


def _checked(frame: pl.DataFrame, source: str) -> Verdicts:
    """The columns of verdicts as text, empty text as null."""
    lacking = [name for name in (*KEY, "verdict") if name not in frame.columns]
    if lacking:
        rule = f"verdicts need the columns {', '.join((*KEY, 'verdict'))}"
        found = "columns " + ", ".join(frame.columns)
        hint = "write the file with LabelErrors.write_verdicts() or cvfail labels --verdicts"
        raise SchemaError([Problem(source=source, field=lacking[0], rule=rule, found=found, hint=hint)])
    added = [pl.lit(None, pl.String).alias(name) for name in COLUMNS if name not in frame.columns]
    text = frame.with_columns(added).select(COLUMNS).cast(pl.String)
    text = text.with_columns(pl.all().str.strip_chars().replace("", None))
    text = text.with_columns(pl.col("kind", "verdict").str.to_lowercase())
    problems = [
        problem
        for name, allowed in (("kind", KINDS), ("verdict", VERDICTS))
        if (problem := _unknown(text, name, allowed, source)) is not None
    ]
    if problems:
        raise SchemaError(problems)
    return Verdicts(text, source)


def _unknown(frame: pl.DataFrame, name: str, allowed: tuple[str, ...], source: str) -> Problem | None:
    """A value that is none of those allowed; a verdict may be absent."""
    values = frame[name]
    wrong = ~values.is_in(allowed) & values.is_not_null() if name == "verdict" else ~values.is_in(allowed)
    rows = (wrong | values.is_null() & (name != "verdict")).arg_true()
    if rows.is_empty():
        return None
    return Problem(
        source=source,
        field=name,
        rule=f"{name} must be one of {', '.join(allowed)}",
        count=len(rows),
        total=len(frame),
        record=int(rows[0]),
        found=str(values[int(rows[0])]),
        hint="leave it empty where nobody has looked" if name == "verdict" else "leave it as it was written",
    )
