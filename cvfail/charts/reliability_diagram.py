"""Reliability: how often predictions of a score are right, beside what chance would give."""

from __future__ import annotations

from typing import Unpack

import altair as alt
import polars as pl

from cvfail.charts.drawing import GROUP, columns_of, drawable, finished, grouped, layered, tooltips
from cvfail.charts.theme import Look, LookOptions
from cvfail.tables.result import ResultTable

_UNIT = alt.Scale(domain=[0, 1])
_TOLD = {
    "mean score": "q:mean_score",
    "share right": "q:estimate",
    "lower": "q:lower",
    "upper": "q:upper",
    "by chance from": "q:chance_lower",
    "to": "q:chance_upper",
    "predictions": "i:support",
}


def reliability(
    table: ResultTable, *, most: int = 6, **look: Unpack[LookOptions]
) -> alt.VConcatChart | alt.FacetChart:
    """Draw the share that is right against the score, bin by bin.

    Args:
        table: Of `Calibration.reliability()`.
        most: Of the groups in the table, how many are drawn: those with most predictions.
        look: ``width``, ``height``, ``theme``.

    Returns:
        Points with intervals; grey, what each bin would show by chance if every score were right; below, how many
        predictions a bin has. With groups, a panel for each, without these counts.

    Raises:
        QueryError: The table is of another question.
    """
    columns_of(
        table.df,
        "bin",
        "low",
        "high",
        "mean_score",
        "estimate",
        "support",
        "chance_lower",
        what="a reliability diagram",
    )
    frame, names, notes = grouped(table.df, "bin", most=most)
    title = "Reliability: share right against score"
    notes = [*notes, "grey: what chance gives if every score is right"]
    rows = drawable(frame).with_columns(
        zero=pl.lit(0.0), one=pl.lit(1.0), first=pl.col("bin") == pl.col("bin").min().over(GROUP)
    )
    if names:
        own = Look.of(look, width=200, height=200)
        panels = _panel(rows, own).properties(width=own.width, height=own.height)
        facets = panels.facet(alt.Facet(GROUP, type="nominal", title=None, sort=names), columns=3)
        wide = own.width * min(len(names), 3)
        return finished(facets, own, title=title, caption=table.caption, notes=notes, width=wide)
    own = Look.of(look, width=380, height=340)
    diagram = _panel(rows, own).properties(width=own.width, height=own.height)
    counts = (
        alt.Chart(rows)
        .mark_bar(color=own.colours.soft, opacity=0.55)
        .encode(
            x=alt.X("low", type="quantitative", scale=_UNIT, title="Score"),
            x2=alt.X2("high"),
            y=alt.Y(
                "support", type="quantitative", title="Predictions", axis=alt.Axis(tickCount=3, format="~s")
            ),
            y2=alt.Y2("zero"),
            tooltip=tooltips(_TOLD),
        )
        .properties(width=own.width, height=max(own.height // 5, 40))
    )
    return finished(
        alt.vconcat(diagram, counts, spacing=8), own, title=title, caption=table.caption, notes=notes
    )


def _panel(rows: pl.DataFrame, look: Look) -> alt.LayerChart:
    colours = look.colours
    base = alt.Chart(rows)
    x = alt.X("mean_score", type="quantitative", scale=_UNIT, title="Score")
    y = alt.Y("estimate", type="quantitative", scale=_UNIT, title="Share right")
    chance = base.mark_rect(color=colours.soft, opacity=0.28).encode(
        x=alt.X("low", type="quantitative", scale=_UNIT, title="Score"),
        x2=alt.X2("high"),
        y=alt.Y("chance_lower", type="quantitative", scale=_UNIT, title="Share right"),
        y2=alt.Y2("chance_upper"),
    )
    once = base.transform_filter("datum.first")
    perfect = once.mark_rule(strokeDash=[4, 4], color=colours.soft).encode(
        x=alt.X("zero", type="quantitative", scale=_UNIT, title="Score"),
        y=alt.Y("zero", type="quantitative", scale=_UNIT, title="Share right"),
        x2=alt.X2("one"),
        y2=alt.Y2("one"),
    )
    bounds = base.mark_rule(strokeWidth=2, color=colours.right).encode(
        x=x, y=alt.Y("lower", type="quantitative", scale=_UNIT, title="Share right"), y2=alt.Y2("upper")
    )
    points = base.mark_point(filled=True, size=55, opacity=1, color=colours.right).encode(
        x=x, y=y, tooltip=tooltips(_TOLD)
    )
    return layered(chance, perfect, bounds, points)
