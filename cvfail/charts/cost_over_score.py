"""What errors cost over the score threshold."""

from __future__ import annotations

from typing import Unpack

import altair as alt
import polars as pl

from cvfail.charts.curves import ALL, Axis, curve_layers
from cvfail.charts.drawing import (
    GROUP,
    colour_of,
    columns_of,
    drawable,
    finished,
    grouped,
    layered,
    shape_of,
    thinned,
)
from cvfail.charts.theme import Look, LookOptions
from cvfail.tables.result import ResultTable

_SCORE = Axis("threshold", "Score threshold", alt.Scale(domain=[0, 1]))
_COST = Axis("cost_per_image", "Cost per image", alt.Scale(zero=True))
_TOLD = {
    "threshold": "q:threshold",
    "cost per image": "q:cost_per_image",
    "false positives": "i:fp",
    "not found": "i:fn",
}


def cost(curve: ResultTable, *, most: int = 6, **look: Unpack[LookOptions]) -> alt.LayerChart:
    """Draw what errors cost per image at each score threshold, and where that is least.

    Args:
        curve: Of `Evaluation.curve("score", false_positive_cost=..., missed_cost=...)`.
        most: Of the groups in the table, how many are drawn: those with most objects.
        look: ``width``, ``height``, ``theme``.

    Returns:
        A line for each group; a point and a number where its cost is least. With a band where the table has one.

    Raises:
        QueryError: The table is of another question.
    """
    own = Look.of(look)
    columns_of(curve.df, "threshold", "cost_per_image", "support", what="cost over the score")
    frame, names, notes = grouped(curve.df, "threshold", most=most)
    shown = names or [ALL]
    least = (
        frame.drop_nulls("cost_per_image")
        .sort("cost_per_image", maintain_order=True)
        .group_by(GROUP, maintain_order=True)
        .first()
        .with_columns(label=pl.format("least at {}", pl.col("threshold").round(3)))
    )
    best = alt.Chart(drawable(least)).encode(x=_SCORE.x(), y=_COST.y(), color=colour_of(shown, own))
    points = best.mark_point(filled=True, size=70, opacity=1).encode(shape=shape_of(shown, legend=False))
    layers = [*curve_layers(thinned(frame, names), names, own, x=_SCORE, y=_COST, told=_TOLD), points]
    if not names:
        layers.append(
            best.mark_text(align="left", dx=8, dy=14).encode(text=alt.Text("label", type="nominal"))
        )
    return finished(
        layered(*layers), own, title="Cost over the threshold", caption=curve.caption, notes=notes
    )
