"""The tables of an evaluation at an operating point, as SQL shows them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl

from cvfail.errors import CvfailError
from cvfail.evidence.evidence import BACKGROUND, Block
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.tables.writing import writing_errors


def plain(frame: pl.DataFrame) -> pl.DataFrame:
    """A table in types that are the same in memory and in a file: text instead of labels, lists instead of arrays."""
    labels = pl.selectors.by_dtype(pl.Null, pl.Categorical) | pl.selectors.enum()
    arrays = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Array)]
    return frame.with_columns(labels.cast(pl.String), *(pl.col(name).arr.to_list() for name in arrays))


def point_table(point: OperatingPoint, name: str) -> pl.DataFrame:
    """One of `TABLES`, whole."""
    if name in ROW_TABLES:
        return ROW_TABLES[name](point)
    return point.evidence.images if name == "images" else point.evidence.categories


def write_point_table(point: OperatingPoint, name: str, folder: Path) -> str:
    """Write one of `TABLES` as Parquet files, those with many rows block by block.

    Args:
        point: The operating point.
        name: The table.
        folder: Gets a folder of that name.

    Returns:
        The pattern that matches the files.

    Raises:
        CvfailError: There is no room.
    """

    def write_block(block: Block) -> None:
        rows = block.as_in_the_whole(ROW_TABLES[name](point.on(block)))
        write_table(rows, folder / name / f"{block.first_image:012d}.parquet")

    if name in ROW_TABLES:
        _with_room(folder, (folder / name).mkdir)
        point.evidence.over_blocks(write_block)
        return str(folder / name / "*.parquet")
    path = folder / f"{name}.parquet"
    write_table(point_table(point, name), path)
    return str(path)


def write_table(frame: pl.DataFrame, path: Path) -> None:
    """Write a table as SQL reads it.

    Raises:
        CvfailError: There is no room.
    """

    def write() -> None:
        with writing_errors():
            plain(frame).write_parquet(path, compression="lz4")

    _with_room(path.parent, write)


def _with_room(folder: Path, write: Callable[[], None]) -> None:
    try:
        write()
    except OSError as error:
        raise CvfailError(
            f"{folder} could not be written: {error}. Hint: make room, or set TMPDIR to another folder"
        ) from error


def _ground_truth(point: OperatingPoint) -> pl.DataFrame:
    codes = point.evidence.coding.truth_category
    return point.ground_truth.with_columns(_labels(point).gather(codes).alias("category"))


def _predictions(point: OperatingPoint) -> pl.DataFrame:
    codes = point.evidence.coding.category
    return point.all_predictions.with_columns(_labels(point).gather(codes).alias("category"))


def _cells(point: OperatingPoint) -> pl.DataFrame:
    cells, labels = point.cells, _labels(point)
    return cells.select(
        labels.gather(cells["true_code"]).alias("true"),
        labels.gather(cells["predicted_code"]).alias("predicted"),
        pl.exclude("true_code", "predicted_code"),
    )


def _labels(point: OperatingPoint) -> pl.Series:
    """The label of every category code, that of the background last."""
    return pl.Series([*point.evidence.category_names, BACKGROUND], dtype=pl.String)


ROW_TABLES: dict[str, Callable[[OperatingPoint], pl.DataFrame]] = {
    "ground_truth": _ground_truth,
    "predictions": _predictions,
    "pairs": lambda point: point.evidence.pairs,
    "cells": _cells,
}
"""The tables that grow with the number of objects."""

TABLES = ("images", "categories", *ROW_TABLES)
