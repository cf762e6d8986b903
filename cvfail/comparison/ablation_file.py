"""A file that lists runs with their settings, for ablations: TOML, or CSV."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cvfail.errors import FormatError
from cvfail.io.files import file_bytes

_HINT = 'TOML has a table of each run, [nights] with run = "runs/nights"; CSV the columns run, settings ...'


class ListedRun(NamedTuple):
    """A run as the file names it.

    Attributes:
        folder: The saved run; a relative path is one beside the file.
        settings: Its settings by name.
    """

    folder: Path
    settings: dict[str, object]


def read_ablation_file(path: str | Path) -> dict[str, ListedRun]:
    r"""The runs of a file and their settings, by name, in their order.

    Args:
        path: ``.toml`` with one table per run: ``run`` is its folder, everything else a setting. ``.csv`` with a
            column ``run``, if wanted one ``name`` (else that of the folder), and one per setting; an empty cell is
            a setting that the run lacks.

    Raises:
        MissingFileError: There is no such file.
        FormatError: It is neither, a run has no folder, or two have one name.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder) / "runs.csv"
        ...     _ = path.write_text("run,nights\nold,no\nnew,yes\n")
        ...     [(name, one.settings) for name, one in read_ablation_file(path).items()]
        [('old', {'nights': 'no'}), ('new', {'nights': 'yes'})]
    """
    path = Path(path)
    content = file_bytes(path)
    try:
        text = content.decode("utf-8-sig")
        rows = _toml_rows(text) if path.suffix.lower() == ".toml" else _csv_rows(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, csv.Error) as error:
        raise FormatError(f"{path}: {error}. Hint: {_HINT}") from error
    runs: dict[str, ListedRun] = {}
    for number, (told, row) in enumerate(rows, 1):
        folder = row.get("run")
        if not isinstance(folder, str) or not folder:
            raise FormatError(f"{path}: {told or f'row {number}'} names no run. Hint: {_HINT}")
        name = told or Path(folder).name
        if name in runs:
            raise FormatError(f"{path}: two runs are named {name!r}. Hint: tell them apart by a column name")
        settings = {key: value for key, value in row.items() if key not in {"run", "name"}}
        runs[name] = ListedRun(path.parent / folder, settings)
    return runs


def _toml_rows(text: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Every table of a TOML file with its name; what is none has no run."""
    return [(name, one if isinstance(one, Mapping) else {}) for name, one in tomllib.loads(text).items()]


def _csv_rows(text: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Every row of a CSV file with its name, without empty cells."""
    table = csv.DictReader(text.splitlines(), restkey="", restval="", strict=True)
    rows = [{key: value for key, value in row.items() if key and value} for row in table]
    return [(row.get("name", ""), row) for row in rows]
