"""Any table of the user's as attributes of images, ground truth or predictions."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

import polars as pl
from polars.exceptions import PolarsError

from cvfail.errors import FormatError, PolicyError, Problem, SchemaError
from cvfail.io.adapters import TableLike, as_polars
from cvfail.io.files import existing, parquet_frame
from cvfail.tables.dataset import Dataset
from cvfail.tables.declared import INPUT_TABLES
from cvfail.tables.findings import shown
from cvfail.tables.standard import converted
from cvfail.tables.suspicions import InputWarning

Key = Literal["image_id", "file_name", "ground_truth_id", "prediction_id"]

KEY_TABLES: dict[Key, str] = {
    "image_id": "images",
    "file_name": "images",
    "ground_truth_id": "ground_truth",
    "prediction_id": "predictions",
}
"""The table that each key joins to."""


def with_attributes(data: Dataset, table: TableLike | str | Path, *, on: Key = "image_id") -> Dataset:
    """Join a table of attributes.

    Args:
        data: A dataset; not modified.
        table: Polars, pandas, pyarrow, a DuckDB relation, a dictionary of columns, a result of cvfail, or the path
            of a .parquet, .csv, .json or .jsonl file. One row per key, in any order; every other column becomes an
            attribute.
        on: The key: ``"image_id"`` or ``"file_name"`` for attributes of images, ``"ground_truth_id"`` or
            ``"prediction_id"`` for those of objects.

    Returns:
        A new dataset, rows in the order of `data`. Where the table has no row, the new attributes are null.
        Columns that are keys themselves, such as `file_name` beside `image_id`, are left out.

    Raises:
        SchemaError: The table has no such key, a key occurs twice or is of another type, or an attribute has a
            name that is taken.
        MissingFileError, FormatError: The file does not exist or is not of its format.
        PolicyError: There is no such key.

    Warns:
        InputWarning: Keys of the table are not in the dataset, or the other way round; with their number.

    Example:
        >>> import cvfail as cf
        >>> objects = {"image_id": [1, 2], "category_id": [1, 1], "bbox": [[0, 0, 5, 5]] * 2, "score": [0.5, 0.6]}
        >>> data = cf.from_frames(ground_truth=objects, predictions=objects, box_format="xywh")
        >>> with_attributes(data, {"image_id": [2, 1], "weather": ["rain", "sun"]}).images["weather"].to_list()
        ['sun', 'rain']
    """
    if on not in get_args(Key):
        raise PolicyError(f"no table has the key {on!r}. Hint: one of {', '.join(map(repr, KEY_TABLES))}")
    source, given = _opened(table, on)
    target = data.frame(KEY_TABLES[on])
    known = given.with_columns(_keys(given, target[on], source)).filter(pl.col(on).is_not_null())
    _refuse_repeated(known[on], source)
    _say_unmatched(known[on], target[on], source)
    attributes = known.select(on, pl.exclude(*KEY_TABLES))
    joined = target.select(on).join(attributes, on=on, how="left", maintain_order="left").drop(on)
    widened = with_columns(target, KEY_TABLES[on], joined, source=source)
    if KEY_TABLES[on] == "images":
        return replace(data, images=widened)
    return (
        replace(data, ground_truth=widened) if on == "ground_truth_id" else replace(data, predictions=widened)
    )


def with_columns(frame: pl.DataFrame, table: str, new: pl.DataFrame, *, source: str = "") -> pl.DataFrame:
    """A table with new columns at its end.

    Args:
        frame: The table.
        table: Its declared name.
        new: As many rows in the same order.
        source: Where the columns come from, for the message; computed ones have no source.

    Raises:
        SchemaError: A name is taken; SQL knows no upper and lower case.
    """
    taken = {name.lower() for name in frame.columns}
    clashes = [name for name in new.columns if name.lower() in taken]
    if clashes:
        hint = "rename or drop the columns of one side" + ("" if source else "; are they there already?")
        raise SchemaError(
            [
                Problem(
                    source=source or table,
                    field=clashes[0],
                    rule=f"new columns must have names that {table} does not have",
                    found=", ".join(clashes),
                    hint=hint,
                )
            ]
        )
    return frame.hstack(new)


def key_of(path: str | Path) -> Key:
    """The key that a file of attributes is to be joined on: the first of the four that it has as a column.

    Objects' keys come before images', so that a table of objects may name their images as well.

    Raises:
        SchemaError: It has none of them.
        MissingFileError, FormatError: The file does not exist or is not of its format.
    """
    names = _read(Path(path), None).columns
    keys: tuple[Key, ...] = ("ground_truth_id", "prediction_id", "image_id", "file_name")
    for key in keys:
        if key in names:
            return key
    rule = "attributes need a key: image_id, file_name, ground_truth_id or prediction_id"
    found = "columns " + ", ".join(names) if names else "no columns"
    raise SchemaError([Problem(source=Path(path).name, field="image_id", rule=rule, found=found)])


def _opened(table: TableLike | str | Path, on: Key) -> tuple[str, pl.DataFrame]:
    """What messages call the table, and its rows; refused if it lacks the key."""
    if isinstance(table, str | Path):
        source, frame = Path(table).name, _read(Path(table), on)
    else:
        source, frame = "attributes", as_polars(table, "attributes")
    if on not in frame.columns:
        found = "columns " + ", ".join(frame.columns) if frame.columns else "no columns"
        keys = [key for key in KEY_TABLES if key in frame.columns]
        hint = f"on={keys[0]!r}" if keys else f"rename the column that holds it to {on!r}"
        rule = f"the key {on!r} is missing"
        raise SchemaError([Problem(source=source, field=on, rule=rule, found=found, hint=hint)])
    return source, frame


def _read(path: Path, key: str | None) -> pl.DataFrame:
    """A file by its suffix; a key in text files is read as text, so that ids keep their leading zeros."""
    suffix = existing(path).suffix.lower()
    if suffix == ".parquet":
        return parquet_frame(path)
    try:
        if suffix == ".csv":
            overrides = {key: pl.String()} if key else None
            return pl.read_csv(
                path, infer_schema_length=None, schema_overrides=overrides, try_parse_dates=True
            )
        if suffix == ".jsonl":
            return pl.read_ndjson(path, infer_schema_length=None)
        if suffix == ".json":
            return pl.read_json(path, infer_schema_length=None)
    except (PolarsError, OSError) as error:
        raise FormatError(f"{path.name} cannot be read: {str(error).splitlines()[0]}") from error
    raise FormatError(
        f"{path.name}: the suffix {path.suffix!r} names no format. Hint: .parquet, .csv, .json or .jsonl"
    )


def _keys(given: pl.DataFrame, target: pl.Series, source: str) -> pl.Series:
    """The table's keys in the dtype of the dataset's."""
    keys = given[target.name]
    if keys.dtype == pl.String and target.dtype == pl.Int64 and Path(source).suffix.lower() == ".csv":
        keys = keys.cast(pl.Int64, strict=False)
        if keys.null_count() > given[target.name].null_count():
            keys = given[target.name]
    declared = next(
        column
        for tables in INPUT_TABLES.values()
        for table in tables
        for column in table
        if column.name == target.name
    )
    fitting = converted(keys, declared)
    if fitting is not None and (fitting.dtype == target.dtype or target.is_empty() or keys.is_empty()):
        return fitting.cast(target.dtype, strict=False)
    problem = Problem(
        source=source,
        field=target.name,
        rule=f"{target.name} must be {'text' if target.dtype == pl.String else 'integers'}, as in the dataset",
        found=f"{keys.dtype}, for example {shown(keys.drop_nulls().first())}",
        hint="cast the column",
    )
    raise SchemaError([problem])


def _refuse_repeated(keys: pl.Series, source: str) -> None:
    repeated = keys.filter(keys.is_duplicated())
    if len(repeated):
        again = keys.len() - keys.n_unique()
        problem = Problem(
            source=source,
            field=keys.name,
            rule=f"each {keys.name} must occur once; {again} of {len(keys)} rows repeat one",
            found=f"{keys.name}={shown(repeated.first())} {(keys == repeated.first()).sum()} times",
            hint=f"choose or aggregate first, for example table.unique({keys.name!r})",
        )
        raise SchemaError([problem])


def _say_unmatched(keys: pl.Series, target: pl.Series, source: str) -> None:
    unknown = keys.filter(~keys.is_in(target.implode()))
    if len(unknown):
        text = f"{len(unknown)} of {len(keys)} {keys.name} are not in the dataset, for example"
        warnings.warn(
            f"{source}: {text} {shown(unknown.first())}; they are left out", InputWarning, stacklevel=3
        )
    without = target.filter(~target.is_in(keys.implode()).fill_null(value=False))
    if len(without):
        text = f"{len(without)} of {len(target)} {keys.name} of the dataset have no row, for example"
        warnings.warn(
            f"{source}: {text} {shown(without.first())}; their attributes are null",
            InputWarning,
            stacklevel=3,
        )
