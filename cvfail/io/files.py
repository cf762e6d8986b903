"""Opening what the user named: a clear word where it is not there."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from cvfail.errors import FormatError, MissingFileError


def existing(path: str | Path) -> Path:
    """The path, if there is something.

    Raises:
        MissingFileError: Nothing is there; the message names a similar file in the same folder.
    """
    path = Path(path)
    if path.exists():
        return path
    if not path.parent.is_dir():
        raise MissingFileError(f"{path} does not exist, nor does the folder {path.parent}")
    close = get_close_matches(path.name, [neighbour.name for neighbour in path.parent.iterdir()], n=1)
    hint = f" Hint: did you mean {path.parent / close[0]}?" if close else ""
    raise MissingFileError(f"{path} does not exist.{hint}")


def file_bytes(path: str | Path) -> bytes:
    """The content of a file.

    Raises:
        MissingFileError: It does not exist.
        FormatError: It is a folder, or empty.
    """
    path = existing(path)
    if path.is_dir():
        raise FormatError(f"{path} is a folder, not a file. Hint: name the file inside it")
    content = path.read_bytes()
    if not content:
        raise FormatError(f"{path.name} is empty (0 bytes). Hint: a results file without results holds []")
    return content


def parquet_frame(path: str | Path) -> pl.DataFrame:
    """The table in a Parquet file.

    Raises:
        MissingFileError: It does not exist.
        FormatError: It is not a whole Parquet file.
    """
    path = existing(path)
    try:
        return pl.read_parquet(path)
    except (PolarsError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise FormatError(
            f"{path.name} is not a complete Parquet file: {reason}. "
            "Hint: it may have been cut off while it was written or copied; make it again"
        ) from error
