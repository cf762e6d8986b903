"""Which rows are shown as examples: a few per group, the most telling first, spread over images."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.evidence.attributes import Attribute
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.tables.arrays import column_array, read_only, series_array

_INDICES = ("prediction_index", "ground_truth_index")
_KEPT = (*_INDICES, "overlap", "true_code", "predicted_code", "error_type")
_NUMBER = "unit:number"


def in_order(units: pl.DataFrame, *, surest_first: bool = True) -> pl.DataFrame:
    """Units in the order in which `choose` takes them.

    Args:
        units: One row per unit, with `score`, `area` and the two row indices, of two models also `baseline_index`.
        surest_first: Highest score first for wrong units; lowest first for right ones. Units without a score
            (missed objects) come by area, largest first.
    """
    ties = [name for name in (*_INDICES, "baseline_index") if name in units.columns]
    falling = [surest_first, True, *[False] * len(ties)]
    return units.sort("score", "area", *ties, descending=falling, nulls_last=True)


def choose(units: pl.DataFrame, by: list[str], count: int) -> pl.DataFrame:
    """Pick up to `count` units of every group.

    Args:
        units: One row per unit, with its `image`, as `in_order` puts them.
        by: Columns that make a group, null being one of its own; none for all units together.
        count: Units per group.

    Returns:
        The chosen rows, group after group; inside a group every image comes once before one comes twice, so that
        a single bad image does not fill a gallery.
    """
    from cvfail.kernels.spread_choice import spread_choice

    rows, offsets = _grouped(units, by)
    return units[spread_choice(rows, offsets, column_array(units, "image", np.int64), count)]


def _grouped(units: pl.DataFrame, by: list[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The row numbers, group after group, and where each group begins."""
    if not by:
        return read_only(np.arange(len(units))), read_only(np.array([0, len(units)]))
    numbers = pl.int_range(pl.len(), dtype=pl.Int64).alias(_NUMBER)
    groups = units.select(*by, numbers).group_by(by, maintain_order=True).agg(_NUMBER)[_NUMBER]
    sizes = groups.list.len().to_numpy()
    offsets = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])
    return series_array(groups.explode(), np.int64), read_only(offsets)


def confusion_units(point: OperatingPoint) -> pl.DataFrame:
    """One row per unit that the confusion matrix counts, with what `choose` orders by.

    Columns: those of `OperatingPoint.cells`, then image (code), score (null where nothing was predicted) and
    area (pixels; null for classification).
    """
    return with_order(point, point.cells)


class OrderedUnits(NamedTuple):
    """The units of the confusion matrix as `choose` takes them; made once for all that shows them.

    Attributes:
        errors: Those off the diagonal, the surest first.
        right: Those on it, the least sure first.
    """

    errors: pl.DataFrame
    right: pl.DataFrame

    @classmethod
    def of(cls, point: OperatingPoint) -> OrderedUnits:
        """Divide and order `confusion_units`."""
        units, right = confusion_units(point), pl.col("true_code") == pl.col("predicted_code")
        return cls(in_order(units.filter(~right)), in_order(units.filter(right), surest_first=False))


def error_type_units(point: OperatingPoint) -> pl.DataFrame:
    """One row per error with its `error_type`: false positives with what they aim at, and missed objects."""
    false_positive = point.all_predictions["outcome"] == "false_positive"
    wrong = (
        point.all_predictions.select("error_type", "prediction_index", "target_index", "overlap")
        .filter(false_positive)
        .select(
            pl.col("error_type").cast(pl.String),
            "prediction_index",
            ground_truth_index="target_index",
            overlap="overlap",
        )
    )
    missed = (
        point.ground_truth.select("ground_truth_index", "outcome")
        .filter(pl.col("outcome") == "missed")
        .select("ground_truth_index", error_type=pl.lit("missed"))
    )
    return with_order(point, pl.concat([wrong, missed], how="diagonal"))


def with_attribute(units: pl.DataFrame, attribute: Attribute) -> pl.DataFrame:
    """Units with their `value` of an attribute: of the ground truth if there is one, else of the prediction.

    Units that the attribute says nothing about (detections on nothing, for columns of the ground truth) are
    left out; null is a value that is not known.
    """
    of_truth = pl.col("ground_truth_index").is_not_null()
    prediction = attribute.prediction
    if prediction is None:
        units = units.filter(of_truth)
        prediction = pl.Series([], dtype=pl.String)
    return units.with_columns(
        value=pl.when(of_truth)
        .then(_at(attribute.truth, "ground_truth_index"))
        .otherwise(_at(prediction, "prediction_index"))
    )


def with_order(point: OperatingPoint, units: pl.DataFrame) -> pl.DataFrame:
    """Units by their row indices, and the overlap if it is there, with what `choose` orders by."""
    evidence = point.evidence
    coding = evidence.coding
    areas, boxes = None, None
    if evidence.task == "detection":
        areas = evidence.ground_truth["area"]
        boxes = evidence.predictions.select(pl.col("width") * pl.col("height")).to_series()
    kept = [name for name in units.columns if name in _KEPT]
    return units.select(
        *kept,
        image=pl.coalesce(
            _at(pl.Series(coding.truth_image), "ground_truth_index"),
            _at(pl.Series(coding.image), "prediction_index"),
        ),
        score=_at(evidence.predictions["score"], "prediction_index"),
        area=pl.coalesce(_at(areas, "ground_truth_index"), _at(boxes, "prediction_index")),
    )


def _at(values: pl.Series | None, index: str) -> pl.Expr:
    """The values at the rows that an index column names; null where it is null."""
    if values is None or values.is_empty():
        return pl.lit(None, dtype=pl.Float64 if values is None else values.dtype)
    return pl.lit(values).gather(pl.col(index).cast(pl.UInt32))
