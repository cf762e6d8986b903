"""The table of what a model learnt from, for commands that ask for causes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

_HINT = "Hint: a CSV or Parquet file, a row per training image"


def training_table(path: Path | None) -> pl.DataFrame | None:
    """A CSV or Parquet file; None if there is none.

    Raises:
        MissingFileError: There is no such file.
        FormatError: It cannot be read.
    """
    if path is None:
        return None
    import polars as pl
    from polars.exceptions import PolarsError

    from cvfail.errors import FormatError, MissingFileError

    if not path.is_file():
        raise MissingFileError(f"{path} does not exist. {_HINT}")
    try:
        return pl.read_parquet(path) if path.suffix.lower() == ".parquet" else pl.read_csv(path)
    except PolarsError as error:
        raise FormatError(f"{path}: {error}. {_HINT}") from error
