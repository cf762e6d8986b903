"""Precision against recall, with lines of equal F1."""

from __future__ import annotations

from typing import Unpack

import altair as alt
import numpy as np
import polars as pl

from cvfail.charts.curves import UNIT, Axis, curve_layers
from cvfail.charts.drawing import columns_of, finished, grouped, layered, thinned
from cvfail.charts.theme import Look, LookOptions
from cvfail.tables.result import ResultTable

_RECALL, _PRECISION = Axis("recall", "Recall", UNIT), Axis("precision", "Precision", UNIT)
_LEVELS = (0.2, 0.4, 0.6, 0.8)
_TOLD = {
    "recall": "q:recall",
    "precision": "q:precision",
    "lower": "q:precision_lower",
    "upper": "q:precision_upper",
    "threshold": "q:threshold",
    "right": "q:tp",
    "wrong": "q:fp",
    "not found": "q:fn",
}


def precision_recall(curve: ResultTable, *, most: int = 6, **look: Unpack[LookOptions]) -> alt.LayerChart:
    """Draw precision against recall.

    Args:
        curve: Of `Evaluation.curve("precision_recall")`.
        most: Of the groups in the table, how many are drawn: those with most objects.
        look: ``width``, ``height``, ``theme``.

    Returns:
        A line for each group with the band of its precision at each threshold; faint lines have one F1.

    Raises:
        QueryError: The table is of another question.
    """
    own = Look.of(look, width=420, height=360)
    columns_of(curve.df, "threshold", "precision", "recall", "support", what="precision against recall")
    frame, names, notes = grouped(curve.df, "threshold", most=most)
    layers = curve_layers(thinned(frame, names), names, own, x=_RECALL, y=_PRECISION, told=_TOLD)
    return finished(
        layered(*_equal_f1(own), *layers),
        own,
        title="Precision against recall",
        caption=curve.caption,
        notes=notes,
    )


def _equal_f1(look: Look) -> list[alt.Chart]:
    """Where F1 is .2, .4 …: precision = F·recall / (2·recall − F)."""
    rows = []
    for level in _LEVELS:
        recall = np.linspace(level / (2.0 - level), 1.0, 40)
        rows.append(pl.DataFrame({"recall": recall, "precision": level * recall / (2.0 * recall - level)}))
    lines = pl.concat(
        [frame.with_columns(f1=pl.lit(level)) for frame, level in zip(rows, _LEVELS, strict=True)]
    )
    ends = (
        lines.group_by("f1", maintain_order=True)
        .last()
        .with_columns(label=pl.format("F1 = {}", pl.col("f1").cast(pl.String)))
    )
    faint = alt.Chart(lines).mark_line(strokeWidth=1, color=look.colours.line, clip=True)
    names = alt.Chart(ends).mark_text(align="right", dx=-3, dy=-6, fontSize=9, color=look.colours.soft)
    sides = {"x": _RECALL.x(), "y": _PRECISION.y()}
    return [
        faint.encode(**sides, detail=alt.Detail("f1", type="quantitative")),
        names.encode(**sides, text=alt.Text("label", type="nominal")),
    ]
