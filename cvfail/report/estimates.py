"""Result tables as rows of a summary: every rate with its interval and its support."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from cvfail.evidence.attributes import Rule, attribute, attribute_names
from cvfail.metrics.confusion import ConfusionMatrix
from cvfail.report.reportable import Reportable
from cvfail.report.schema import AverageRow, ClassRow, Estimate, Rates, SliceRow, SliceTable
from cvfail.report.sql_conditions import level_condition

FEWEST_CLUSTERS = 10
"""Below this many images (or clusters) an interval clustered by them is not to be trusted."""

_RULES: Mapping[Rule, str] = {
    "exact": "",
    "own_geometry": "A wrong detection counts where its own box belongs.",
    "none": "Only ground truth has this attribute: a wrong detection has no value, and recall stands alone.",
}

Row = Mapping[str, Any]


def estimate(row: Row, name: str, support: str) -> Estimate:
    """A rate of a metrics row with its bounds, and the column that it rests on."""
    return Estimate(
        estimate=row[name],
        lower=row[f"{name}_lower"],
        upper=row[f"{name}_upper"],
        support=row[support],
    )


def estimate_of(row: Row) -> Estimate:
    """The estimate of a row that holds nothing else."""
    return Estimate(estimate=row["estimate"], lower=row["lower"], upper=row["upper"], support=row["support"])


def unknown(support: int = 0) -> Estimate:
    """An estimate of something that was not there to be measured."""
    return Estimate(estimate=None, lower=None, upper=None, support=support)


def averages(evaluation: Reportable) -> list[AverageRow]:
    """Rates over everything, pooled (micro) and as the mean over classes (macro), in this order."""
    micro = evaluation.metrics(average="micro").df.row(0, named=True)
    macro = evaluation.metrics(average="macro").df.row(0, named=True)
    return [AverageRow(average="micro", **_rates(micro)), AverageRow(average="macro", **_rates(macro))]


def classes(evaluation: Reportable, matrix: ConfusionMatrix) -> list[ClassRow]:
    """One row per class of the matrix, in its order; a class that occurs nowhere has no rates."""
    rates = {row["category"]: row for row in evaluation.metrics(by="category").df.to_dicts()}
    detection = evaluation.evidence.task == "detection"
    precisions = (
        {row["category"]: row for row in evaluation.average_precision().df.to_dicts()} if detection else {}
    )
    labels = matrix.labels[:-1] if matrix.background else matrix.labels
    return [_class_row(code, rates.get(label), precisions.get(label)) for code, label in enumerate(labels)]


def slices(evaluation: Reportable) -> list[SliceTable]:
    """One table per attribute, without examples; the classes have a table of their own."""
    names = [name for name in attribute_names(evaluation.evidence) if name != "category"]
    return [_slice_table(evaluation, name) for name in names]


def _rates(row: Row) -> Rates:
    return Rates(
        precision=estimate(row, "precision", "predicted"),
        recall=estimate(row, "recall", "support"),
        f1=estimate(row, "f1", "support"),
    )


def _class_row(code: int, rates: Row | None, precision: Row | None) -> ClassRow:
    if rates is None:
        nothing = unknown()
        measured = Rates(precision=nothing, recall=nothing, f1=nothing)
        rates = {"support": 0, "predicted": 0, "clusters": 0}
    else:
        measured = _rates(rates)
    return ClassRow(
        label=code,
        **measured,
        ap=None if precision is None else estimate(precision, "ap", "support"),
        ap50=None if precision is None else precision["ap50"],
        specificity=_specificity(rates) if "specificity" in rates else None,
        support=rates["support"],
        predicted=rates["predicted"],
        thin=rates["clusters"] < FEWEST_CLUSTERS,
    )


def _specificity(rates: Row) -> Estimate:
    """Specificity, which rests on what is not of the class."""
    return estimate({**rates, "negatives": rates["tn"] + rates["fp"]}, "specificity", "negatives")


def _slice_table(evaluation: Reportable, name: str) -> SliceTable:
    frame = evaluation.metrics(by=name).df.sort(pl.col(name), nulls_last=True)
    rows = [
        SliceRow(
            value=row[name],
            where=level_condition(evaluation.evidence, name, row[name]),
            **_rates(row),
            support=row["support"],
            predicted=row["predicted"],
            errors=0,
            clusters=row["clusters"],
            thin=row["clusters"] < FEWEST_CLUSTERS,
            examples=[],
        )
        for row in frame.to_dicts()
    ]
    return SliceTable(attribute=name, note=_RULES[attribute(evaluation.evidence, name).rule], rows=rows)
