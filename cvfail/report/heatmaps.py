"""Two attributes at once, mostly one by the size of the objects: rates in every cell, and the errors behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from cvfail.evidence.operating_point import OperatingPoint
from cvfail.metrics.rates import CLUSTER, RATES, rate_units
from cvfail.report.axes import Axis, axis_pairs
from cvfail.report.choosing import choose, with_attribute
from cvfail.report.estimates import FEWEST_CLUSTERS, estimate_of, unknown
from cvfail.report.gallery import TakesExamples
from cvfail.report.schema import Estimate, Heatmap, HeatmapCell, HeatmapLevel
from cvfail.statistics.clustered import clustered_ratio
from cvfail.statistics.grouping import aggregate

MOST_EXAMPLES = 2400
"""Examples behind all cells of all maps; every cell with errors has at least one."""

_ROW, _COLUMN = "unit:row", "unit:column"
_KEYS = [_ROW, _COLUMN]

Key = tuple[str | None, str | None]


def heatmaps(
    point: OperatingPoint, errors: pl.DataFrame, gallery: TakesExamples, *, examples: int
) -> list[Heatmap]:
    """A map for every pair of attributes of `axis_pairs`, at the operating point.

    Args:
        point: The operating point.
        errors: The errors of its `OrderedUnits`.
        gallery: Takes examples of the errors of each cell.
        examples: So many of each cell, fewer where there are many cells.

    Notes:
        The rates of a cell are those of ``evaluation.metrics(by=(row, column))``: an object counts in the cell of
        its own values, a wrong prediction in that of its image, class and own box, and intervals are clustered.
        Cost: a group-by of the units and a few of the images a map.
    """
    pairs = axis_pairs(point.evidence)
    cells = sum(len(row.levels) * len(column.levels) for row, column in pairs)
    examples = min(examples, max(1, MOST_EXAMPLES // max(1, cells)))
    made = (_heatmap(point, errors, row, column, gallery, examples) for row, column in pairs)
    return [one for one in made if one is not None]


def _heatmap(
    point: OperatingPoint,
    errors: pl.DataFrame,
    row: Axis,
    column: Axis,
    gallery: TakesExamples,
    examples: int,
) -> Heatmap | None:
    """One map; None if one of its attributes has a single value."""
    rates = _rates(point, row, column)
    row, column = row.only({key for key, _ in rates}), column.only({key for _, key in rates})
    if min(len(row.levels), len(column.levels)) < 2:
        return None
    behind = _errors_by_cell(errors, row, column)
    counts: dict[Key, int] = {(r, c): n for r, c, n in behind.group_by(_KEYS).len().iter_rows()}
    chosen = choose(behind, _KEYS, examples).partition_by(_KEYS, as_dict=True)
    cells = []
    for r, own in enumerate(row.levels):
        for c, other in enumerate(column.levels):
            if (own, other) in rates:
                cell = _cell(r, c, rates[own, other], counts.get((own, other), 0))
                cell["examples"] = gallery.add(chosen[own, other]) if cell["errors"] else []
                cells.append(cell)
    return Heatmap(
        rows_by=row.attribute.name,
        columns_by=column.attribute.name,
        note=" ".join(note for note in (row.note, column.note) if note),
        rows=_levels(row),
        columns=_levels(column),
        cells=cells,
    )


def _levels(axis: Axis) -> list[HeatmapLevel]:
    return [
        HeatmapLevel(value=value, where=where) for value, where in zip(axis.levels, axis.where, strict=True)
    ]


def _rates(point: OperatingPoint, row: Axis, column: Axis) -> dict[Key, dict[str, Any]]:
    """Recall and precision with their intervals, and clusters, of every cell that has units."""
    chosen = [replace(row.attribute, name=_ROW), replace(column.attribute, name=_COLUMN)]
    units = rate_units(point, chosen)
    counts = aggregate(units, [*_KEYS, CLUSTER], pl.col("tp", "fp", "fn").sum())
    counts = counts.with_columns(pl.col(_KEYS).cast(pl.String))
    whole = aggregate(counts, _KEYS, pl.len().cast(pl.Int64).alias("clusters"))
    cells: dict[Key, dict[str, Any]] = {(r, c): {"clusters": n} for r, c, n in whole.iter_rows()}
    known = ["recall"] if any(axis.prediction is None for axis in chosen) else ["recall", "precision"]
    for name in known:
        numerator, denominator = RATES[name]
        ratio = clustered_ratio(
            counts, numerator=numerator, denominator=denominator, cluster=CLUSTER, by=_KEYS
        )
        for found in ratio.to_dicts():
            cells[found[_ROW], found[_COLUMN]][name] = found
    return cells


def _errors_by_cell(errors: pl.DataFrame, row: Axis, column: Axis) -> pl.DataFrame:
    for axis, key in ((row, _ROW), (column, _COLUMN)):
        valued = with_attribute(errors, axis.attribute)
        errors = valued.with_columns(pl.col("value").cast(pl.String).alias(key)).drop("value")
    return errors


def _cell(row: int, column: int, rates: Mapping[str, Any], errors: int) -> HeatmapCell:
    recall = _estimate(rates["recall"])
    return HeatmapCell(
        row=row,
        column=column,
        recall=recall,
        precision=_estimate(rates["precision"]) if "precision" in rates else None,
        support=recall["support"] or 0,
        errors=errors,
        clusters=rates["clusters"],
        thin=rates["clusters"] < FEWEST_CLUSTERS,
        examples=[],
    )


def _estimate(row: Mapping[str, Any]) -> Estimate:
    return estimate_of({**row, "support": int(row["support"])}) if row["support"] else unknown()
