"""Estimates as dots with their intervals, a line for each row, a panel for each metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair as alt
import polars as pl

from cvfail.charts.drawing import drawable, layered, tooltips
from cvfail.charts.theme import Look

STEP = 22
"""Height of a row in pixels."""

THIN = 30
"""Rows with less support are drawn faint."""

_SCHEMA = {
    "label": pl.String,
    "panel": pl.String,
    "estimate": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "reference": pl.Float64,
    "support": pl.Float64,
    "filled": pl.Boolean,
}


def dot_panels(
    rows: pl.DataFrame,
    look: Look,
    *,
    labels: Sequence[str],
    panels: Sequence[str],
    told: Mapping[str, str],
    domain: Sequence[float] | None = (0.0, 1.0),
) -> alt.FacetChart:
    """Dots with intervals.

    Args:
        rows: One row per label and panel: label, panel, estimate, lower, upper; reference, what it is compared with,
            drawn as a faint tick; support; filled, else the dot is hollow. Further columns are told.
        look: Width of a panel; colours.
        labels: The lines, from the top.
        panels: The metrics, from the left.
        told: What the tooltips say, see `tooltips`.
        domain: Of the scale; None for one of each panel's own.
    """
    known = rows.with_columns(
        *(pl.lit(None, dtype).alias(name) for name, dtype in _SCHEMA.items() if name not in rows.columns)
    ).with_columns(
        pl.col("filled").fill_null(value=True),
        faint=pl.col("support").cast(pl.Float64).fill_null(THIN) < THIN,
    )
    colours = look.colours
    base = alt.Chart(drawable(known))
    scale = alt.Scale(domain=list(domain)) if domain is not None else alt.Scale(zero=False, nice=True)
    y = alt.Y("label", type="nominal", sort=list(labels), title=None, axis=alt.Axis(grid=False, ticks=False))
    x = {
        name: alt.X(name, type="quantitative", title=None, scale=scale)
        for name in ("estimate", "lower", "reference")
    }
    opacity = alt.condition("datum.faint", alt.value(0.4), alt.value(1))
    reference = base.mark_tick(color=colours.soft, thickness=1.5, size=STEP, opacity=0.7).encode(
        x=x["reference"], y=y
    )
    bounds = base.mark_rule(strokeWidth=2, color=colours.right).encode(
        x=x["lower"], x2=alt.X2("upper"), y=y, opacity=opacity
    )
    points = base.mark_point(size=60, color=colours.right, strokeWidth=2, fillOpacity=1).encode(
        x=x["estimate"],
        y=y,
        opacity=opacity,
        fill=alt.condition("datum.filled", alt.value(colours.right), alt.value(colours.page)),
        tooltip=tooltips(told),
    )
    height = alt.Step(STEP) if look.height <= 0 else look.height
    chart = layered(reference, bounds, points).properties(width=look.width, height=height)
    facets = chart.facet(column=alt.Column("panel", type="nominal", sort=list(panels), title=None))
    return facets if domain is not None else facets.resolve_scale(x="independent")
