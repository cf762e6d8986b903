"""The table that every question answers with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from cvfail.errors import MissingDependencyError

if TYPE_CHECKING:
    import pandas

_SHOWN_ROWS = 20


class ResultTable:
    """A result: a Polars frame with the sentence that says how it was made.

    It speaks Arrow (``__arrow_c_stream__``), so that Polars, DuckDB, pyarrow and pandas read it without a copy.

    Attributes:
        df: The rows as a Polars frame.
        caption: Policy and operating point behind the numbers.

    Example:
        >>> ResultTable(pl.DataFrame({"recall": [0.5]}), caption="IoU >= 0.5").df["recall"].item()
        0.5
    """

    def __init__(self, df: pl.DataFrame, *, caption: str) -> None:
        self.df = df
        self.caption = caption

    def __len__(self) -> int:
        return len(self.df)

    def __repr__(self) -> str:
        with pl.Config(
            tbl_rows=_SHOWN_ROWS,
            tbl_cols=-1,
            tbl_width_chars=160,
            fmt_str_lengths=100,
            tbl_hide_dataframe_shape=True,
            tbl_hide_column_data_types=True,
            float_precision=3,
        ):
            return f"{self.caption}\n{self._shown()}"

    def _shown(self) -> pl.DataFrame:
        """What a person sees first; `df` has everything."""
        return self.df

    def _repr_html_(self) -> str:
        """A small static table for notebooks, without script."""
        from cvfail.tables.notebook import paragraph, table_html

        headline = self._headline()
        first = paragraph(headline, strong=True) if headline else ""
        return f"{first}{paragraph(self.caption)}{table_html(self._shown(), rows=_SHOWN_ROWS)}"

    def _headline(self) -> str:
        """What a notebook says first, if a sentence says it."""
        return ""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The rows as an Arrow stream capsule."""
        return self.df.__arrow_c_stream__(requested_schema)

    def to_pandas(self) -> pandas.DataFrame:
        """The rows as a pandas frame.

        Raises:
            MissingDependencyError: pandas is not installed.
        """
        try:
            import pandas  # noqa: F401
        except ImportError as error:
            raise MissingDependencyError("pandas", "pandas", "to_pandas()") from error
        return self.df.to_pandas()

    def write(self, path: str | Path) -> Path:
        """Write the rows; the suffix decides the format: .csv, .json, .jsonl, .parquet or .md."""
        from cvfail.tables.writing import write_table

        return write_table(self.df, path)

    def to_dicts(self) -> list[dict[str, Any]]:
        """The rows as plain dictionaries."""
        return self.df.to_dicts()
