"""Failure modes: errors beyond those expected, in their order, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import altair as alt
import polars as pl

from cvfail.charts.drawing import GROUP, columns_of, drawable, finished, layered, tooltips
from cvfail.charts.interval_dots import STEP
from cvfail.charts.theme import SHAPES, LookOptions, row_look
from cvfail.tables.result import ResultTable

_TOLD = {
    "": "n:mode",
    "errors": "i:errors",
    "units": "i:support",
    "rate": "q:rate",
    "elsewhere": "q:rest_rate",
    "errors in excess": "q:excess_errors",
    "lower": "q:excess_lower",
    "upper": "q:excess_upper",
    "q": "q:q_value",
}
_KINDS = ("missed", "classification", "localisation", "duplicate", "background", "both")


_NEEDED = (
    "rank",
    "mode",
    "error_type",
    "error",
    "slice",
    "rate",
    "rest_rate",
    "excess_errors",
    "significant",
)


def failure_modes(modes: ResultTable, *, most: int = 20, **look: Unpack[LookOptions]) -> alt.LayerChart:
    """Draw ranked failure modes.

    Args:
        modes: Of `Evaluation.failure_modes`.
        most: How many are drawn: the first.
        look: ``width``, ``height``, ``theme``.

    Returns:
        A line for each mode: errors in excess with their interval, colour and shape by the type of error, hollow
        where not significant, and the rate beside that elsewhere.

    Raises:
        QueryError: The table is of another question.
    """
    columns_of(modes.df, *_NEEDED, what="a chart of failure modes")
    own = row_look(look, width=380)
    rows = (
        modes.df.sort("rank")
        .head(most)
        .with_columns(
            pl.format("{}. {}: {}", "rank", "error", pl.col("slice").replace("", "everywhere")).alias(
                "label"
            ),
            pl.format("{} % | {} %", *_percent("rate", "rest_rate")).alias("rates"),
            pl.col("error_type").alias(GROUP),
        )
    )
    palette = own.colours
    colour, shape = _by_error(rows[GROUP], palette.series)
    base = alt.Chart(drawable(rows))
    y = alt.Y(
        "label",
        type="nominal",
        sort=rows["label"].to_list(),
        title=None,
        axis=alt.Axis(grid=False, ticks=False),
    )
    title = "Errors beyond those expected"
    scale = alt.Scale(zero=True, nice=True)
    bounds = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("excess_lower", type="quantitative", title=title, scale=scale),
        x2=alt.X2("excess_upper"),
        y=y,
        color=colour,
    )
    sides = {"x": alt.X("excess_errors", type="quantitative", title=title, scale=scale), "y": y}
    sure, unsure = (
        base.transform_filter(f"{sign}datum.significant")
        .mark_point(size=70, strokeWidth=2, opacity=1, **filling)
        .encode(**sides, color=colour, shape=shape, tooltip=tooltips(_TOLD))
        for sign, filling in (("", {"filled": True}), ("!", {"filled": False, "fill": palette.page}))
    )
    zero = (
        alt.Chart(drawable(rows).head(1)).mark_rule(color=palette.soft).encode(x=alt.XDatum(0, scale=scale))
    )
    rates = base.mark_text(align="left", dx=8, fontSize=10, color=palette.soft).encode(
        x=alt.X("excess_upper", type="quantitative", title=title, scale=scale),
        y=y,
        text=alt.Text("rates", type="nominal"),
    )
    notes = [f"{most} of {len(modes.df)} modes"] if len(modes.df) > most else []
    chart = finished(
        layered(zero, bounds, sure, unsure, rates),
        own,
        title="Failure modes",
        caption=modes.caption,
        notes=[*notes, "at the right: how often, and how often elsewhere; hollow: not significant"],
        width=own.width + 320,
    )
    return chart.properties(height=own.height or alt.Step(STEP))


def _percent(*names: str) -> list[pl.Expr]:
    return [(100 * pl.col(name)).round().cast(pl.Int64).cast(pl.String).fill_null("–") for name in names]


def _by_error(errors: pl.Series, series: Sequence[str]) -> tuple[alt.Color, alt.Shape]:
    """A colour and a shape for each type of error, in an order that is the same in every chart."""
    kinds = [kind for kind in _KINDS if kind in errors]
    kinds += [kind for kind in errors.unique(maintain_order=True) if kind not in kinds]
    colours = [series[k % len(series)] for k in range(len(kinds))]
    shapes = [SHAPES[k % len(SHAPES)] for k in range(len(kinds))]
    common: dict[str, Any] = {
        "type": "nominal",
        "title": "Error",
        "legend": alt.Legend(orient="bottom", direction="horizontal"),
    }
    colour = alt.Color(GROUP, scale=alt.Scale(domain=kinds, range=colours), **common)
    return colour, alt.Shape(GROUP, scale=alt.Scale(domain=kinds, range=shapes), **common)
