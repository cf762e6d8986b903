"""A folder of Parquet files, one per table, as a dataset, and back."""

from __future__ import annotations

from pathlib import Path

from cvfail.errors import FormatError
from cvfail.io.boxes import BoxFormat
from cvfail.io.column_names import ColumnNames, renamed
from cvfail.io.files import existing, parquet_frame
from cvfail.io.frames import detection_dataset
from cvfail.io.ignoring import with_ignored
from cvfail.kernels.ahead import load_ahead
from cvfail.tables.dataset import Dataset, Task
from cvfail.tables.declared import INPUT_TABLES
from cvfail.tables.findings import Findings
from cvfail.tables.validation import OnInvalid, validated
from cvfail.tables.writing import write_whole

_OPTIONAL = ("images", "categories")

_LONG = 1 << 24
"""Bytes of tables that take as long to read as numba to load."""


def read_parquet(
    folder: str | Path,
    *,
    task: Task = "detection",
    box_format: BoxFormat = "xywh",
    normalised: bool = False,
    columns: ColumnNames | None = None,
    ignore: str | None = None,
    on_invalid: OnInvalid = "raise",
) -> Dataset:
    """Read a folder of Parquet files.

    Args:
        folder: Holds `ground_truth.parquet`, `predictions.parquet` and, where there are such,
            `images.parquet` and `categories.parquet`; columns as in `from_frames`. Other files are left alone.
        task: ``"detection"``, or ``"classification"``: one label and at most one prediction per image,
            without boxes, `score` optional.
        box_format: What the four numbers of a box are; see `from_frames`.
        normalised: Whether boxes are shares of the image's size.
        columns: Your column names by the declared ones, for all tables or by table.
        ignore: The ground-truth column that says what counts neither for nor against the model.
        on_invalid: ``"raise"`` all problems at once, or ``"drop"`` the rows that have one.

    Returns:
        A `Dataset`, rows in the order of the files.

    Raises:
        MissingFileError: The folder or one of the two needed files does not exist.
        FormatError: A file is not a whole Parquet file.
        SchemaError: Columns are missing or rows break the rules; every problem is in `problems`.
    """
    folder = existing(folder)
    if not folder.is_dir():
        raise FormatError(f"{folder} is a file. Hint: read_parquet takes the folder that holds the tables")
    if _bytes(folder) >= _LONG and task == "detection":
        load_ahead()
    tables = {}
    for table in INPUT_TABLES[task]:
        path = folder / f"{table.name}.parquet"
        if path.exists() or table.name not in _OPTIONAL:
            tables[table.name] = renamed(parquet_frame(path), table.name, columns, source=path.name)
    if task == "detection":
        return detection_dataset(
            tables, box_format=box_format, normalised=normalised, ignore=ignore, on_invalid=on_invalid
        )
    findings = Findings()
    tables["ground_truth"] = with_ignored(tables["ground_truth"], ignore, findings, required=True)
    return validated(tables, task=task, on_invalid=on_invalid, findings=findings)


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*.parquet"))


def write_parquet(data: Dataset, folder: str | Path) -> Path:
    """Write the four tables of a dataset, so that `read_parquet` gives them back.

    Args:
        data: Any dataset.
        folder: Made where it does not exist; files of the same names are replaced, each as a whole.

    Returns:
        The folder.
    """
    folder = Path(folder)
    for table in INPUT_TABLES[data.task]:
        write_whole(folder / f"{table.name}.parquet", data.frame(table.name).write_parquet)
    return folder
