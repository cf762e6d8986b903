"""The parts of a summary that open a gallery: failure modes, the confusion matrix, slices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from cvfail.evidence.attributes import attribute
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.metrics.confusion import ConfusionMatrix
from cvfail.report import sentences
from cvfail.report.causes import mode_causes
from cvfail.report.choosing import (
    OrderedUnits,
    choose,
    in_order,
    with_attribute,
    with_order,
)
from cvfail.report.gallery import TakesExamples
from cvfail.report.interventions import mode_interventions, watched
from cvfail.report.queries import mode_sql
from cvfail.report.schema import Confusion, ConfusionCell, Estimate, FailureMode, SliceTable, Task
from cvfail.report.similarity import similarity_order

if TYPE_CHECKING:
    from cvfail.failures.causes.shares import CauseTable
    from cvfail.failures.interventions.interventions import Interventions
    from cvfail.failures.mode_table import FailureModes

MOST_SIGNIFICANT_MODES = 50
MOST_OTHER_MODES = 20
MOST_PAIRS = 12
MOST_CELL_EXAMPLES = 6000
"""Examples behind all cells together; every cell has at least one."""


def failure_modes(
    modes: FailureModes,
    causes: CauseTable,
    actions: Interventions,
    point: OperatingPoint,
    gallery: TakesExamples,
    *,
    examples: int,
) -> list[FailureMode]:
    """The ranked modes with causes and actions, the significant ones first; only those have examples."""
    significant = modes.df.filter(pl.col("significant")).head(MOST_SIGNIFICANT_MODES)
    others = modes.df.filter(~pl.col("significant")).head(MOST_OTHER_MODES)
    behind = modes.units().partition_by("rank", as_dict=True)
    shown = [_mode(row, point.evidence.task) for row in pl.concat([significant, others]).to_dicts()]
    for mode in shown:
        rank, units = mode["rank"], pl.DataFrame()
        mode["sql"] = mode_sql(point.evidence, modes.of_rank(rank).mode)
        if mode["significant"]:
            units = in_order(with_order(point, behind[rank,]))
            mode["examples"] = gallery.add(choose(units, [], examples))
        mode["causes"] = mode_causes(causes, modes.of_rank(rank), rank, units, gallery, examples=examples)
        mode["interventions"], mode["watch"] = mode_interventions(actions, rank), watched(actions, rank)
    return shown


def _mode(row: Mapping[str, Any], task: Task) -> FailureMode:
    def bounded(name: str, value: str) -> Estimate:
        return Estimate(
            estimate=row[value],
            lower=row[f"{name}_lower"],
            upper=row[f"{name}_upper"],
            support=row["support"],
        )

    kind = row["error_type"]
    what = sentences.HAPPENS[kind] if row["error"] == kind else row["error"]
    mode = FailureMode(
        rank=row["rank"],
        title=f"{what} where {row['slice']}",
        what=what,
        sentence="",
        error_type=row["error_type"],
        slice=row["slice"],
        unit=sentences.unit_name(row["unit"], task),
        support=row["support"],
        errors=row["errors"],
        rate=row["rate"],
        rest_rate=row["rest_rate"],
        difference=bounded("difference", "difference"),
        excess=bounded("excess", "excess_errors"),
        q_value=row["q_value"],
        significant=row["significant"],
        sql="",
        examples=[],
        causes=[],
        interventions=[],
        watch=[],
    )
    mode["sentence"] = sentences.mode_sentence(mode)
    return mode


def confusion(
    matrix: ConfusionMatrix, units: OrderedUnits, gallery: TakesExamples, *, examples: int
) -> Confusion:
    """The cells that are not zero, each with examples: fewer where there are many cells or all is right."""
    counts = matrix.counts
    true, predicted = np.nonzero(counts)
    examples = min(examples, max(1, MOST_CELL_EXAMPLES // max(1, true.size)))
    by = ["true_code", "predicted_code"]
    wrong_units = choose(units.errors, by, examples)
    right_units = choose(units.right, by, (examples + 1) // 2)
    behind = {**wrong_units.partition_by(by, as_dict=True), **right_units.partition_by(by, as_dict=True)}
    background = len(matrix.labels) - 1 if matrix.background else None
    order = np.lexsort((-counts[true, predicted], true == predicted))
    cells = [
        ConfusionCell(
            true=t,
            predicted=p,
            count=int(counts[t, p]),
            examples=gallery.add(behind[t, p]) if (t, p) in behind else [],
        )
        for t, p in zip(true[order].tolist(), predicted[order].tolist(), strict=True)
    ]
    confused = [
        place
        for place, cell in enumerate(cells)
        if cell["true"] != cell["predicted"] and background not in {cell["true"], cell["predicted"]}
    ]
    return Confusion(
        background=background,
        row_totals=counts.sum(axis=1).tolist(),
        column_totals=counts.sum(axis=0).tolist(),
        cells=cells,
        pairs=confused[:MOST_PAIRS],
        similarity=similarity_order(counts, background=matrix.background),
    )


def add_slice_examples(
    tables: list[SliceTable],
    point: OperatingPoint,
    errors: pl.DataFrame,
    gallery: TakesExamples,
    *,
    examples: int,
) -> None:
    """Enter how many of the errors (of `OrderedUnits`) each slice has, and examples of them, into its row."""
    for table in tables:
        valued = with_attribute(errors, attribute(point.evidence, table["attribute"]))
        counts = dict(valued.group_by("value").len().iter_rows())
        chosen = choose(valued, ["value"], examples).partition_by("value", as_dict=True)
        for row in table["rows"]:
            row["errors"] = counts.get(row["value"], 0)
            if row["errors"]:
                row["examples"] = gallery.add(chosen[row["value"],])
