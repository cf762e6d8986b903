"""Errors by type: how many and what each costs, of everything and of each class, with examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from cvfail.evidence.operating_point import OperatingPoint
from cvfail.report import sentences
from cvfail.report.choosing import choose, error_type_units, in_order
from cvfail.report.gallery import TakesExamples
from cvfail.report.queries import error_type_sql
from cvfail.report.schema import ClassErrors, ErrorsOfClass, ErrorType

MOST_CLASS_EXAMPLES = 3000
"""Examples behind all types of all classes together; each has at least one."""


def ordered_errors(point: OperatingPoint) -> pl.DataFrame:
    """The errors of all types with the `class` that each is charged to, in the order in which they are shown."""
    return in_order(_with_class(error_type_units(point), point))


def error_types(
    table: pl.DataFrame, units: pl.DataFrame, gallery: TakesExamples, *, examples: int
) -> list[ErrorType]:
    """The six error types, most frequent first; the special rows of the table are left out.

    Args:
        table: `cvfail.decomposition.error_types.error_types` of everything.
        units: `ordered_errors`.
        gallery: Takes the examples.
        examples: So many behind each type.
    """
    chosen = choose(units, ["error_type"], examples)
    rows = table.filter(pl.col("error_type").is_in(list(sentences.ERROR_TYPES)))
    return [
        ErrorType(
            name=row["error_type"],
            explanation=sentences.ERROR_TYPES[row["error_type"]],
            count=row["count"],
            share=row["share"],
            delta_ap=row["delta_ap"],
            delta_ap_lower=row["delta_ap_lower"],
            delta_ap_upper=row["delta_ap_upper"],
            sql=error_type_sql(row["error_type"]),
            examples=gallery.add(chosen.filter(error_type=row["error_type"])),
        )
        for row in rows.sort("count", descending=True).to_dicts()
    ]


def errors_by_class(
    table: pl.DataFrame, labels: Sequence[str], units: pl.DataFrame, gallery: TakesExamples, *, examples: int
) -> list[ErrorsOfClass]:
    """The types of each class that has objects or errors, in the order of the labels.

    Args:
        table: `cvfail.decomposition.error_types.error_types` by ``category``.
        labels: Names of the classes in the order of their codes.
        units: `ordered_errors`.
        gallery: Takes the examples.
        examples: So many behind each type of each class, fewer where there are many classes.
    """
    by = ["class", "error_type"]
    groups = units.select(by).n_unique()
    chosen = choose(units, by, min(examples, max(1, MOST_CLASS_EXAMPLES // max(1, groups))))
    behind = chosen.partition_by(by, as_dict=True)
    shown = table.filter(pl.col("error_type").is_in(list(sentences.ERROR_TYPES)))
    codes = {name: code for code, name in reversed(list(enumerate(labels)))}
    return [
        ErrorsOfClass(
            label=codes[name],
            ap=rows["ap"][0],
            types=[
                _class_errors(row, behind.get((codes[name], row["error_type"])), gallery)
                for row in rows.to_dicts()
                if row["count"] or row["delta_ap"]
            ],
        )
        for (name,), rows in shown.partition_by("category", as_dict=True, maintain_order=True).items()
    ]


def _with_class(units: pl.DataFrame, point: OperatingPoint) -> pl.DataFrame:
    """Errors with the code of their class: of the object that is missed, of the prediction that is wrong."""
    coding = point.evidence.coding
    predicted = pl.lit(pl.Series(coding.category, dtype=pl.Int64))
    true = pl.lit(pl.Series(coding.truth_category, dtype=pl.Int64))
    wrong = pl.col("prediction_index").is_not_null()
    if units.is_empty():
        return units.with_columns(pl.lit(None, pl.Int64).alias("class"))
    known = [
        units.filter(wrong).with_columns(predicted.gather(pl.col("prediction_index")).alias("class")),
        units.filter(~wrong).with_columns(true.gather(pl.col("ground_truth_index")).alias("class")),
    ]
    return pl.concat([frame for frame in known if not frame.is_empty()])


def _class_errors(row: Mapping[str, Any], behind: pl.DataFrame | None, gallery: TakesExamples) -> ClassErrors:
    return ClassErrors(
        name=row["error_type"],
        count=row["count"],
        delta_ap=row["delta_ap"],
        examples=[] if behind is None else gallery.add(behind),
    )
