"""Rows of an answer as examples of a gallery: laid out on their images."""

from __future__ import annotations

from typing import Any

import polars as pl

from cvfail.errors import QueryError
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.report.layout import Unit, lay_out, lay_out_images
from cvfail.report.schema import Example, ImageEntry
from cvfail.serve.pictures import Pictures

_PREDICTION = ("prediction_index", "nearest_prediction", "matched_prediction")
_TRUTH = ("ground_truth_index", "target_index")
_OTHER = "other_index"


def can_be_shown(columns: list[str]) -> bool:
    """Whether an answer has columns that name rows or images."""
    return bool({*_PREDICTION, *_TRUTH, "image_id"} & set(columns))


def shown(point: OperatingPoint, rows: pl.DataFrame, pictures: Pictures, token: str) -> dict[str, Any]:
    """Lay out rows of an answer.

    Args:
        point: The operating point of the report.
        rows: With prediction_index, ground_truth_index (or what predictions and objects call the other side),
            other_index, or image_id.
        pictures: Of the images.
        token: What their addresses carry.

    Returns:
        examples, images and pictures as in `cvfail.report.schema.Summary`; the examples of rows that name
        nothing are left out.

    Raises:
        QueryError: No column names a row or an image, or a number is not one of a row.
    """
    if not can_be_shown(rows.columns):
        raise QueryError(
            "no column of the answer names a row. Hint: select prediction_index, ground_truth_index or image_id"
        )
    units = _units(point, rows)
    examples: list[Example]
    images: list[ImageEntry]
    if units:
        examples, images = lay_out(point, units)
        codes = list(dict.fromkeys(unit.image(point) for unit in units))
    elif "image_id" in rows.columns:
        codes = _image_codes(point, rows["image_id"])
        examples, images = lay_out_images(point, codes)
    else:
        codes, examples, images = [], [], []
    return {
        "examples": examples,
        "images": images,
        "pictures": pictures.enter(examples, images, codes, token),
    }


def _units(point: OperatingPoint, rows: pl.DataFrame) -> list[Unit]:
    outcomes = point.evidence.outcomes
    predictions = _indices(rows, _PREDICTION, outcomes.rows("predictions"))
    truths = _indices(rows, _TRUTH, outcomes.rows("ground_truth"))
    others = _indices(rows, (_OTHER,), outcomes.rows("ground_truth"))
    named = list(zip(predictions, truths, others, strict=True))
    overlaps = _overlaps(point, named)
    return [
        Unit(prediction, truth, overlaps.get((prediction, truth)), other)
        for prediction, truth, other in named
        if prediction is not None or truth is not None
    ]


def _indices(rows: pl.DataFrame, names: tuple[str, ...], count: int) -> list[int | None]:
    """The row numbers in the first of some columns that is there."""
    name = next((name for name in names if name in rows.columns), None)
    if name is None:
        return [None] * rows.height
    values = rows[name]
    if values.dtype == pl.Null:
        return [None] * rows.height
    if not values.dtype.is_integer():
        raise QueryError(f"{name} holds {values.dtype}, not numbers of rows")
    if values.null_count() < values.len() and (values.min() < 0 or values.max() >= count):  # type: ignore[operator]
        raise QueryError(f"{name} is not the number of a row: there are {count}")
    return values.to_list()


def _overlaps(
    point: OperatingPoint, named: list[tuple[int | None, int | None, int | None]]
) -> dict[tuple[int | None, int | None], float]:
    wanted = [prediction for prediction, truth, _ in named if prediction is not None and truth is not None]
    pairs = point.evidence.outcomes.columns("pairs", ["prediction_index", "ground_truth_index", "overlap"])
    index = pl.col("prediction_index")
    behind = pairs.filter(index.is_in(pl.Series(wanted, dtype=pairs.schema["prediction_index"]).implode()))
    return {(prediction, truth): overlap for prediction, truth, overlap in behind.iter_rows()}


def _image_codes(point: OperatingPoint, ids: pl.Series) -> list[int]:
    keys = point.evidence.images.sort("image_id").select("image_id", code=pl.int_range(pl.len()))
    if ids.dtype != keys.schema["image_id"]:
        ids = ids.cast(keys.schema["image_id"], strict=False)
    wanted = pl.DataFrame({"image_id": ids}).unique(maintain_order=True)
    return wanted.join(keys, on="image_id", maintain_order="left")["code"].to_list()
