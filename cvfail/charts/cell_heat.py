"""A grid of cells with numbers, coloured from little to much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import altair as alt
import polars as pl

from cvfail.charts.drawing import drawable, layered, tooltips
from cvfail.charts.theme import Look

FULL = 0.55
"""From this part of the ramp on, text stands on the full colour."""


_CROWDED = 26
"""With more rows or columns, names that would overlap are left out."""


class CellTexts(NamedTuple):
    """What stands beside the cells: of the rows, of the columns, and of the legend; empty for none."""

    row: str
    column: str
    legend: str = ""


def cell_heat(
    cells: pl.DataFrame,
    look: Look,
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    texts: CellTexts,
    told: Mapping[str, str],
    ramp: tuple[str, str],
    highest: float | None = None,
) -> alt.LayerChart:
    """Cells with their numbers.

    Args:
        cells: row, column, heat (0 and above), text; further columns are told. A row with a ``faint`` that is true
            is pale.
        look: Size and colours.
        rows: Names from the top.
        columns: Names from the left.
        texts: Titles.
        told: What the tooltips say, see `tooltips`.
        ramp: Colours of nothing and of much.
        highest: Heat of the full colour; that of the hottest cell if not given.
    """
    known = drawable(cells)
    if "faint" not in known.columns:
        known = known.with_columns(faint=pl.lit(value=False))
    hottest = known["heat"].max() if highest is None else highest
    top = float(hottest) if isinstance(hottest, int | float) and hottest > 0 else 1.0
    known = known.with_columns(full=((pl.col("heat") > FULL * top) & ~pl.col("faint")).fill_null(value=False))
    legend = (
        alt.Legend(title=texts.legend, gradientLength=min(max(look.height - 20, 40), 160))
        if texts.legend
        else None
    )
    scale = alt.Scale(domain=[0, top], range=list(ramp), clamp=True)
    base = alt.Chart(known).encode(
        x=alt.X(
            "column",
            type="nominal",
            sort=list(columns),
            title=texts.column or None,
            axis=_axis("top", len(columns)),
        ),
        y=alt.Y(
            "row", type="nominal", sort=list(rows), title=texts.row or None, axis=_axis("left", len(rows))
        ),
    )
    squares = base.mark_rect(stroke=look.colours.page, strokeWidth=1).encode(
        color=alt.Color("heat", type="quantitative", scale=scale, legend=legend),
        opacity=alt.condition("datum.faint", alt.value(0.35), alt.value(1)),
        tooltip=tooltips(told),
    )
    numbers = base.mark_text(fontSize=10).encode(
        text=alt.Text("text", type="nominal"),
        color=alt.condition("datum.full", alt.value(look.colours.on_full), alt.value(look.colours.ink)),
    )
    return layered(squares, numbers)


def _axis(orient: Literal["top", "left"], names: int) -> alt.Axis:
    slanted = {"labelAngle": -40, "labelAlign": "left", "labelBaseline": "bottom"}
    angle: dict[str, Any] = slanted if orient == "top" else {}
    return alt.Axis(
        orient=orient,
        ticks=False,
        domain=False,
        grid=False,
        labelLimit=140,
        labelOverlap=names > _CROWDED,
        **angle,
    )
