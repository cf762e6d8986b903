"""Where an answer goes: to stdout in a format, or to a file whose suffix says the format."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from cvfail.cli.messages import OUTPUT, Messages
from cvfail.errors import PolicyError

if TYPE_CHECKING:
    import polars as pl

Format = Literal["table", "json", "jsonl", "csv", "md"]
TABLE_SUFFIXES = (".csv", ".json", ".jsonl", ".parquet", ".md", ".txt")


@Parameter(name="*", group=OUTPUT)
@dataclass(frozen=True, kw_only=True)
class Output:
    """Where a table goes, and in which format.

    Attributes:
        output: File to write instead of stdout: .csv, .json, .jsonl, .parquet, .md or .txt.
        format: Format on stdout; json, jsonl and csv have every column and every digit.
    """

    output: Annotated[Path | None, Parameter(name=("--output", "-o"), metavar="FILE")] = None
    format: Annotated[Format | None, Parameter(show_default="table")] = None

    def __post_init__(self) -> None:
        """Refuse at once what would fail after the work is done."""
        if self.file is None:
            return
        if self.file.suffix.lower() not in TABLE_SUFFIXES:
            raise PolicyError(
                f"--output {self.file}: the suffix {self.file.suffix!r} names no format. "
                f"Hint: end the name in {', '.join(TABLE_SUFFIXES)}"
            )
        if self.format is not None:
            raise PolicyError(
                f"--format is for stdout; the suffix of {self.file} says its format. Hint: leave one out"
            )

    @property
    def file(self) -> Path | None:
        """The file for the table; None for stdout."""
        return self.output

    @property
    def width(self) -> int | None:
        """Characters in a line, if the table is printed for somebody to read and the line is limited."""
        if self.file is not None or self.format not in {None, "table"}:
            return None
        return shutil.get_terminal_size().columns if sys.stdout.isatty() or "COLUMNS" in os.environ else None

    def fits(self, df: pl.DataFrame) -> bool:
        """Whether a table is written whole, as it is to a file or in a data format."""
        from cvfail.cli.terminal import fits

        return self.width is None or fits(df, self.width)

    def write(
        self, df: pl.DataFrame, messages: Messages, *, caption: str = "", shown: Sequence[str] = ()
    ) -> None:
        """Write or print a table.

        Args:
            df: The table; files and data formats get all of it.
            messages: Where it is said what was written or left out.
            caption: How the numbers were made; part of what is printed to be read, a message otherwise.
            shown: What to print of it on a terminal, most important first, by the names of
                `cvfail.cli.terminal.readable`; everything if not given.
        """
        from cvfail.tables.writing import table_text, write_table

        if self.file is None and self.format in {None, "table"}:
            self._print(df, messages, caption, shown)
            return
        if caption:
            messages.say(caption)
        if self.file is None:
            sys.stdout.write(table_text(df, self.format or "table"))
        else:
            write_table(df, self.file)
            messages.say(f"wrote {self.file}: {len(df):,} row{'s' * (len(df) != 1)}")

    def _print(self, df: pl.DataFrame, messages: Messages, caption: str, shown: Sequence[str]) -> None:
        from cvfail.cli.terminal import rendered

        page = rendered(df, caption=caption, shown=shown, width=self.width, colour=sys.stdout.isatty())
        sys.stdout.write(page.text)
        if page.left_out:
            sys.stdout.flush()
            messages.say(f"not shown: {page.left_out}. Hint: --format csv, or -o FILE, has everything")


DEFAULT_OUTPUT = Output()


@Parameter(name="*", group=OUTPUT)
@dataclass(frozen=True, kw_only=True)
class RunOrTable(Output):
    """Where the run or the table goes.

    Attributes:
        output: Folder to save the run in, if the name has no suffix; else file for the table: .csv, .json,
            .jsonl, .parquet, .md or .txt.
    """

    output: Annotated[Path | None, Parameter(name=("--output", "-o"), metavar="RUN")] = None

    @property
    def folder(self) -> Path | None:
        """The folder for the run; None if it is not to be saved."""
        path = self.output
        if path is None or path.suffix.lower() in TABLE_SUFFIXES:
            return None
        return path if path.suffix == "" or path.is_dir() else None

    @property
    def file(self) -> Path | None:
        """The file for the table; None for stdout."""
        return None if self.folder is not None else self.output


DEFAULT_RUN_OR_TABLE = RunOrTable()


@Parameter(name="*", group=OUTPUT)
@dataclass(frozen=True, kw_only=True)
class RunOutput(RunOrTable):
    """Where the run or the table goes, and how much memory making it may take.

    Attributes:
        memory: Stream the tables of --data, which need not fit in memory, into the folder of --output with at
            most this much memory: "4GB".
    """

    memory: Annotated[str | None, Parameter(metavar="AMOUNT")] = None

    def __post_init__(self) -> None:
        """Refuse at once what would fail after the work is done."""
        super().__post_init__()
        if self.memory is not None and self.folder is None:
            raise PolicyError("--memory streams into a folder. Hint: -o run")


DEFAULT_RUN_OUTPUT = RunOutput()
