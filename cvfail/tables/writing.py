"""Tables as files and as text: the suffix decides the format, a file is complete or absent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, get_args
from uuid import uuid4

import polars as pl
from polars.exceptions import PolarsError

from cvfail.errors import PolicyError

TextFormat = Literal["table", "csv", "json", "jsonl", "md"]
"""Formats in which a table can be printed."""

_CELL_LENGTH = 100


def write_table(df: pl.DataFrame, path: str | Path) -> Path:
    r"""Write a table in the format that the suffix names.

    The file appears when it is complete: a run that is interrupted leaves what was there before.

    Args:
        df: Any table. Nested columns become JSON text in CSV and Markdown.
        path: Ends in .csv, .json (an array of objects), .jsonl (an object per line), .parquet, .md, or
            .txt (as on the terminal). Missing folders are made.

    Returns:
        The path as a `Path`.

    Raises:
        PolicyError: The suffix names no format.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     write_table(pl.DataFrame({"a": [1, None]}), f"{folder}/out.csv").read_text()
        'a\n1\n\n'
    """
    path = Path(path)
    suffix = path.suffix.lower().removeprefix(".")
    name = "table" if suffix == "txt" else suffix
    if name == "parquet":
        write_whole(path, df.write_parquet)
    elif name in _TEXT:
        text = table_text(df, name)  # type: ignore[arg-type]
        write_whole(path, lambda target: target.write_text(text, encoding="utf-8", newline="\n"))
    else:
        raise PolicyError(
            f"{path.name}: the suffix {path.suffix!r} names no format. "
            "Hint: end the name in .csv, .json, .jsonl, .parquet, .md or .txt"
        )
    return path


def table_text(df: pl.DataFrame, text_format: TextFormat = "table") -> str:
    r"""A table as text, ending in a line break.

    Args:
        df: Any table; nested columns become JSON text except in JSON.
        text_format: ``"table"`` for reading on a terminal, all rows and columns; ``"csv"``; ``"json"``;
            ``"jsonl"``; ``"md"`` for Markdown.

    Raises:
        PolicyError: There is no such format.

    Example:
        >>> table_text(pl.DataFrame({"class": ["cat"], "recall": [0.5]}), "md")
        '| class | recall |\n| --- | ---: |\n| cat | 0.5 |\n'
    """
    if text_format not in _TEXT:
        raise PolicyError(
            f"no format is called {text_format!r}. Hint: use one of {', '.join(get_args(TextFormat))}"
        )
    return _TEXT[text_format](df)


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let a function write to a temporary name in the same folder, then give the file its name.

    Args:
        path: Where the file goes; what is there is replaced. Missing folders are made.
        write: Writes the whole file to the path that it is given.

    Raises:
        OSError: It could not be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid4().hex}.part")
    try:
        with writing_errors():
            write(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def writing_errors() -> Iterator[None]:
    """Polars wraps what the system says of a full disk in errors of its own; inside this they are `OSError`.

    Raises:
        OSError: Something could not be written.
    """
    try:
        yield
    except PolarsError as error:
        raise OSError(str(error).splitlines()[0]) from error


def _csv(df: pl.DataFrame) -> str:
    return _flat(df).write_csv()


def _json(df: pl.DataFrame) -> str:
    import msgspec

    return msgspec.json.format(msgspec.json.encode(df.to_dicts()), indent=2).decode() + "\n"


def _json_lines(df: pl.DataFrame) -> str:
    import msgspec

    return "".join(msgspec.json.encode(row).decode() + "\n" for row in df.iter_rows(named=True))


def _markdown(df: pl.DataFrame) -> str:
    rules = ["---:" if dtype.is_numeric() else "---" for dtype in df.dtypes]
    rows = [df.columns, rules, *([_cell(value) for value in row] for row in _flat(df).iter_rows())]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}"
    text = str(value)
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("\r", " ")


def _terminal(df: pl.DataFrame) -> str:
    with pl.Config(
        tbl_rows=-1,
        tbl_cols=-1,
        tbl_width_chars=-1,
        fmt_str_lengths=_CELL_LENGTH,
        tbl_formatting="UTF8_BORDERS_ONLY",
        tbl_hide_column_data_types=True,
        tbl_hide_dataframe_shape=True,
        float_precision=4,
    ):
        return f"{_flat(df)}\n"


def _flat(df: pl.DataFrame) -> pl.DataFrame:
    """The table with nested values as JSON text."""
    import msgspec

    def as_json(column: pl.Series) -> pl.Series:
        texts = [None if v is None else msgspec.json.encode(v).decode() for v in column.to_list()]
        return pl.Series(column.name, texts, dtype=pl.String)

    return df.with_columns(as_json(df[name]) for name, dtype in df.schema.items() if dtype.is_nested())


_TEXT: dict[str, Callable[[pl.DataFrame], str]] = {
    "table": _terminal,
    "csv": _csv,
    "json": _json,
    "jsonl": _json_lines,
    "md": _markdown,
}
