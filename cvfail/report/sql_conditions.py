"""Values of attributes as SQL conditions: on errors (rows of `cells`), on objects, on predictions."""

from __future__ import annotations

from typing import Literal

import polars as pl

from cvfail.attributes.binning import SIZE_EDGES, SIZE_LABELS
from cvfail.evidence.attributes import is_of_both_sides
from cvfail.evidence.evidence import Evidence
from cvfail.failures.conditions import Condition, condition_of_level, evidence_dtype

Side = Literal["error", "ground_truth", "predictions"]
"""What has the value: an object or a prediction; an error has it of its object, or else of its prediction."""

_AREAS = {"ground_truth": "ground_truth.area", "predictions": "predictions.width * predictions.height"}


def level_condition(evidence: Evidence, name: str, level: str | None, *, side: Side = "error") -> str:
    """One value of an attribute as a condition.

    Args:
        evidence: Whose attribute it is.
        name: Of the attribute.
        level: As `cvfail.evidence.attributes.attribute` names it; None for no value.
        side: Of what.

    Returns:
        A condition on the tables ``cells``, ``ground_truth``, ``predictions`` and ``images``, joined.
    """
    if name == "size" and evidence.task == "detection":
        return size_condition(level, side=side)
    return condition_on(evidence, condition_of_level(evidence, name, level), side=side)


def condition_on(evidence: Evidence, condition: Condition, *, side: Side) -> str:
    """A frozen condition on the columns of the joined tables."""
    name = condition.attribute
    if name == "size" and evidence.task == "detection":
        return size_condition(None if condition.value is None else str(condition.value), side=side)
    column = '"' + name.replace('"', '""') + '"'
    if name in evidence.attributes("images"):
        return condition.sql_on(_finite(evidence, name, f"images.{column}"))
    if side != "error":
        return condition.sql_on(_finite(evidence, name, f"{side}.{column}"))
    if name == "category" or is_of_both_sides(evidence, name):
        both = f"if(cells.ground_truth_index IS NULL, predictions.{column}, ground_truth.{column})"
        return condition.sql_on(_finite(evidence, name, both))
    known = condition.sql_on(_finite(evidence, name, f"ground_truth.{column}"))
    return f"cells.ground_truth_index IS NOT NULL AND {known}"


def size_condition(level: str | None, *, side: Side = "error") -> str:
    """One of COCO's sizes as a condition.

    Example:
        >>> size_condition("medium", side="ground_truth")
        'ground_truth.area >= 1024.0 AND ground_truth.area < 9216.0'
    """
    if level is None:
        return box_area_condition(side=side)
    bounds = dict(zip(SIZE_LABELS, zip([None, *SIZE_EDGES], [*SIZE_EDGES, None], strict=True), strict=True))
    return box_area_condition(*bounds[level], side=side)


def box_area_condition(low: float | None = None, high: float | None = None, *, side: Side = "error") -> str:
    """An area in square pixels from `low` to below `high`; unknown if neither is given."""
    area = _AREAS.get(side)
    if area is None:
        parts = _AREAS["predictions"], _AREAS["ground_truth"]
        area = f"if(cells.ground_truth_index IS NULL, {parts[0]}, {parts[1]})"
    return Condition("size", low=low, high=high).sql_on(area)


def _finite(evidence: Evidence, name: str, column: str) -> str:
    """The column, or null where it is no finite number, if it ever is none."""
    if name == "category" or not evidence_dtype(evidence, name).is_float():
        return column
    tables = [
        table for table in ("images", "ground_truth", "predictions") if name in evidence.attributes(table)
    ]
    odd = any(
        not evidence.whole.attribute_column(table, name).cast(pl.Float64).is_finite().all()
        for table in tables
    )
    return f"if(isfinite({column}), {column}, NULL)" if odd else column
