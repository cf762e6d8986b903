"""Curves with their bands: a line for every group, its interval behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import polars as pl

from cvfail.charts.drawing import GROUP, colour_of, dash_of, drawable, tooltips
from cvfail.charts.theme import Look

ALL = "all"


@dataclass(frozen=True)
class Axis:
    """What is drawn along one side.

    Attributes:
        field: Its column; of a side with a band also ``_lower`` and ``_upper``.
        title: What it says.
        scale: From where to where, and how.
        axis: Ticks, if they are not the usual ones.
    """

    field: str
    title: str
    scale: alt.Scale
    axis: alt.Axis | None = None

    def x(self) -> alt.X:
        """Along the bottom."""
        ticks: dict[str, Any] = {} if self.axis is None else {"axis": self.axis}
        return alt.X(self.field, type="quantitative", title=self.title, scale=self.scale, **ticks)

    def y(self, suffix: str = "") -> alt.Y:
        """Along the left."""
        ticks: dict[str, Any] = {} if self.axis is None else {"axis": self.axis}
        return alt.Y(self.field + suffix, type="quantitative", title=self.title, scale=self.scale, **ticks)


UNIT = alt.Scale(domain=[0, 1])


def curve_layers(
    frame: pl.DataFrame,
    names: Sequence[str],
    look: Look,
    *,
    x: Axis,
    y: Axis,
    told: Mapping[str, str],
    order: str = "threshold",
) -> list[alt.Chart]:
    """The band and the line of every group.

    Args:
        frame: One row per point with a column `GROUP`.
        names: The groups; empty if there is one alone.
        look: Size and colours.
        x: Along the bottom.
        y: Along the left; its band is drawn where the table has one.
        told: What the tooltips say, see `tooltips`.
        order: The column by which points are joined.
    """
    shown = list(names) or [ALL]
    points = drawable(frame).drop_nulls([x.field, y.field])
    colour, by = colour_of(shown, look), alt.Order(order, type="quantitative")
    line = (
        alt.Chart(points)
        .mark_line(clip=True, point={"size": 60, "opacity": 0})
        .encode(
            x=x.x(),
            y=y.y(),
            color=colour,
            strokeDash=dash_of(shown),
            order=by,
            tooltip=tooltips({**({"group": f"n:{GROUP}"} if names else {}), **told}),
        )
    )
    if y.field + "_lower" not in points.columns:
        return [line]
    lower, upper = f"{y.field}_lower", f"{y.field}_upper"
    band = (
        alt.Chart(points)
        .mark_area(opacity=0.16, orient="vertical", clip=True)
        .encode(x=x.x(), y=y.y("_lower"), y2=alt.Y2(upper), color=colour)
    )
    if points[lower].null_count():
        band = band.transform_filter(f"isValid(datum['{lower}'])")
    return [band, line]


def straight_line(
    look: Look, start: tuple[float, float], end: tuple[float, float], x: Axis, y: Axis
) -> alt.Chart:
    """A faint dashed line: what chance, or perfection, would give."""
    ends = pl.DataFrame({x.field: [start[0], end[0]], y.field: [start[1], end[1]]})
    marks = alt.Chart(ends).mark_line(strokeDash=[4, 4], strokeWidth=1, color=look.colours.soft, clip=True)
    chance: alt.Chart = marks.encode(x=x.x(), y=y.y())
    return chance
