"""Which rows are shown as examples: a few per group, the most telling first, spread over images."""

from __future__ import annotations

import polars as pl

from cvfail.evidence.attributes import Attribute
from cvfail.evidence.operating_point import OperatingPoint

_INDICES = ("prediction_index", "ground_truth_index")
_KEPT = (*_INDICES, "overlap", "true_code", "predicted_code", "error_type")
_TURN = "unit:turn"


def choose(units: pl.DataFrame, by: list[str], count: int, *, surest_first: bool = True) -> pl.DataFrame:
    """Pick up to `count` units of every group.

    Args:
        units: One row per unit, with `image`, `score`, `area` and the two row indices, of two models also
            `baseline_index`.
        by: Columns that make a group, null being one of its own; none for all units together.
        count: Units per group.
        surest_first: Highest score first for wrong units; lowest first for right ones. Units without a score
            (missed objects) come by area, largest first.

    Returns:
        The chosen rows; inside a group every image comes once before one comes twice, so that a single bad
        image does not fill a gallery.
    """
    ties = [name for name in (*_INDICES, "baseline_index") if name in units.columns]
    ordered = units.sort(
        "score", "area", *ties, descending=[surest_first, True, *[False] * len(ties)], nulls_last=True
    )
    turn = pl.int_range(pl.len()).over([*by, "image"])
    early = ordered.with_columns(turn.alias(_TURN)).filter(pl.col(_TURN) < count)
    spread = early.sort(_TURN, maintain_order=True).drop(_TURN)
    return spread.group_by(by, maintain_order=True).head(count) if by else spread.head(count)


def confusion_units(point: OperatingPoint) -> pl.DataFrame:
    """One row per unit that the confusion matrix counts, with what `choose` orders by.

    Columns: those of `OperatingPoint.cells`, then image (code), score (null where nothing was predicted) and
    area (pixels; null for classification).
    """
    return with_order(point, point.cells)


def error_type_units(point: OperatingPoint) -> pl.DataFrame:
    """One row per error with its `error_type`: false positives with what they aim at, and missed objects."""
    wrong = point.predictions.filter(pl.col("outcome") == "false_positive").select(
        pl.col("error_type").cast(pl.String),
        "prediction_index",
        ground_truth_index="target_index",
        overlap="overlap",
    )
    missed = point.ground_truth.filter(pl.col("outcome") == "missed").select(
        "ground_truth_index", error_type=pl.lit("missed")
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
