"""Files of predictions that are changed and written again: COCO results, Parquet, CSV."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
from polars.exceptions import PolarsError

from cvfail.errors import FormatError, PolicyError
from cvfail.io.files import existing, file_bytes, parquet_frame
from cvfail.tables.writing import write_table, write_whole

RECORD = "unit:record"
"""Column with the number of the record that a row came from."""

_TABLES = (".parquet", ".csv")
_BOX = ("x", "y", "width", "height")
_SHORT = {"w": "width", "h": "height"}


@dataclass(frozen=True)
class PredictionFile:
    """Predictions as they stand in a file, and as a table.

    Attributes:
        path: The file.
        frame: One row per record: its number in `RECORD`, `image_id`, `category_id`, `score`, x, y, width and height
            where boxes are known, and the other columns of a table.
        content: What JSON held; None for tables.
    """

    path: Path
    frame: pl.DataFrame
    content: Any = None

    @classmethod
    def read(cls, path: str | Path) -> PredictionFile:
        """Read a COCO results file, or a Parquet or CSV table with its columns.

        Raises:
            MissingFileError: It does not exist.
            FormatError: It is damaged or holds no predictions.
        """
        path = existing(path)
        suffix = path.suffix.lower()
        if suffix == ".json":
            content = _decoded(path)
            return cls(path, _numbered(_of_records(_records(content, path), path)), content)
        if suffix not in _TABLES:
            raise FormatError(f"{path.name} is no file of predictions. Hint: .json, .parquet or .csv")
        return cls(path, _numbered(_with_boxes(read_table(path))))

    def write(self, rows: pl.DataFrame, path: str | Path) -> Path:
        """Write what is left of the predictions, with their new scores; the file appears whole.

        Args:
            rows: Rows of `frame` in the order in which they are written; `score` and `probabilities` may differ.
            path: Where; JSON if the predictions were, else .parquet or .csv.

        Raises:
            PolicyError: The suffix names another kind of file than the predictions came in.
        """
        path = Path(path)
        suffix, is_json = path.suffix.lower(), self.content is not None
        if is_json != (suffix == ".json") or (not is_json and suffix not in _TABLES):
            hint = ".json" if is_json else " or ".join(_TABLES)
            raise PolicyError(f"{path.name}: {self.path.name} is written as {hint}. Hint: end the name so")
        if not is_json:
            given = self.frame.columns if "bbox" not in self.frame.columns else set(rows.columns) - set(_BOX)
            return write_table(
                rows.select(name for name in rows.columns if name in given and name != RECORD), path
            )
        records = _records(self.content, self.path)
        changed = [
            {**records[number], "score": score} for number, score in rows.select(RECORD, "score").iter_rows()
        ]
        whole = changed if isinstance(self.content, list) else {**self.content, "annotations": changed}
        write_whole(path, lambda target: target.write_bytes(msgspec.json.encode(whole)))
        return path


def read_table(path: str | Path) -> pl.DataFrame:
    """A Parquet or CSV table, or the images of a COCO file.

    Raises:
        MissingFileError: It does not exist.
        FormatError: It is damaged, or of another kind.
    """
    path = existing(path)
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return parquet_frame(path)
    if suffix == ".json":
        content = _decoded(path)
        records = content.get("images") if isinstance(content, dict) else content
        frame = _frame(records, path)
        return (
            frame.rename({"id": "image_id"})
            if "image_id" not in frame.columns and "id" in frame.columns
            else frame
        )
    if suffix != ".csv":
        raise FormatError(f"{path.name} is no table. Hint: .parquet, .csv, or a COCO file")
    try:
        return pl.read_csv(path, infer_schema_length=None)
    except PolarsError as error:
        raise FormatError(f"{path.name} is no CSV table: {str(error).splitlines()[0]}") from error


def _decoded(path: Path) -> Any:  # noqa: ANN401
    try:
        return msgspec.json.decode(file_bytes(path))
    except msgspec.DecodeError as error:
        raise FormatError(f"{path.name} is not JSON: {error}") from error


def _records(content: Any, path: Path) -> list[dict[str, Any]]:  # noqa: ANN401
    records = content.get("annotations") if isinstance(content, dict) else content
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise FormatError(f"{path.name} is no list of predictions. Hint: a COCO results file")
    return records


def _of_records(records: list[dict[str, Any]], path: Path) -> pl.DataFrame:
    """The fields that maps and thresholds read, and those that are plain values."""
    if not records:
        columns = {"image_id": pl.Int64, "category_id": pl.Int64, "score": pl.Float64}
        return pl.DataFrame(schema={**columns, **dict.fromkeys(_BOX, pl.Float64)})
    names = dict.fromkeys(name for record in records for name in record)
    plain = [{n: v for n in names if _is_plain(v := record.get(n)) and n != "bbox"} for record in records]
    frame = _frame(plain, path)
    if not all(isinstance(record.get("bbox"), list) and len(record["bbox"]) == 4 for record in records):
        return frame
    boxes = pl.DataFrame([record["bbox"] for record in records], schema=_BOX, orient="row")
    return frame.drop(_BOX, strict=False).hstack(boxes.cast(pl.Float64).get_columns())


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | bool)


def _frame(records: Any, path: Path) -> pl.DataFrame:  # noqa: ANN401
    try:
        return pl.DataFrame(records, infer_schema_length=None, strict=True)
    except (PolarsError, TypeError, ValueError) as error:
        raise FormatError(
            f"{path.name}: records differ in their fields: {str(error).splitlines()[0]}"
        ) from error


def _with_boxes(frame: pl.DataFrame) -> pl.DataFrame:
    """A table with x, y, width and height, if it has a box in one column or short names."""
    if "bbox" in frame.columns and "x" not in frame.columns:
        box = pl.col("bbox").cast(pl.List(pl.Float64))
        return frame.with_columns(box.list.get(place).alias(name) for place, name in enumerate(_BOX))
    missing = {
        short: name for short, name in _SHORT.items() if short in frame.columns and name not in frame.columns
    }
    return frame.with_columns(pl.col(short).alias(name) for short, name in missing.items())


def _numbered(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias(RECORD))
