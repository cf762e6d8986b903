"""What all charts share: rows that are few enough to draw, headings that state the policy, tooltips."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, cast

import altair as alt
import polars as pl

from cvfail.charts.theme import DASHES, SHAPES, TEXT, Look, configuration
from cvfail.errors import QueryError

MOST_POINTS = 2000
"""Of all curves of a chart together."""

MOST_ROWS = 40
"""Lines of a chart that has one line for each row of a table."""

GROUP = "group"

Drawn = TypeVar("Drawn")

_CHARACTER = 0.52


def finished(
    chart: Drawn, look: Look, *, title: str, caption: str, notes: Sequence[str] = (), width: int | None = None
) -> Drawn:
    """A chart with its heading, the caption of its table, and the look.

    Args:
        chart: Without configuration.
        look: Size and colours.
        title: What is drawn.
        caption: Policy and operating point behind the numbers.
        notes: What was left out of the drawing, or cannot be drawn.
        width: Of everything in pixels, by which the caption is broken into lines; the look's if not given.
    """
    letters = max(int((width or look.width) / (TEXT * _CHARACTER)), 30)
    lines = [line for text in (caption, *notes) for line in textwrap.wrap(text, letters)]
    heading = textwrap.wrap(title, max(int(letters * 0.72), 20))
    drawn: Any = chart
    told = drawn.properties(title=alt.TitleParams(text=heading or "", subtitle=lines))
    if isinstance(told, alt.Chart | alt.LayerChart):
        told = told.properties(width=look.width, height=look.height)
    return cast("Drawn", told.configure(**configuration(look)))


def layered(*layers: alt.Chart | alt.LayerChart) -> alt.LayerChart:
    """Layers over each other, the last one uppermost."""
    return cast("alt.LayerChart", alt.layer(*layers))


def grouped(frame: pl.DataFrame, value: str, *, most: int) -> tuple[pl.DataFrame, list[str], list[str]]:
    """The rows of the largest groups, the columns before `value` joined to one name.

    Args:
        frame: The columns of the groups, then `value` and others, among them ``support``.
        value: The first column that is no part of the group's name.
        most: How many groups are kept, those with most support.

    Returns:
        The rows with a column `GROUP`; the names in their order (empty without groups); what was left out.
    """
    keys = frame.columns[: frame.columns.index(value)]
    if not keys:
        return frame.with_columns(pl.lit("all").alias(GROUP)), [], []
    named = frame.with_columns(group_name(keys))
    names = named.group_by(GROUP, maintain_order=True).agg(pl.col("support").max())
    kept = (
        names.with_row_index().sort("support", descending=True, maintain_order=True).head(most).sort("index")
    )
    shown = kept[GROUP].to_list()
    notes = [f"{most} of {len(names)} groups: those with most support"] if len(names) > most else []
    return named.filter(pl.col(GROUP).is_in(shown)), shown, notes


def group_name(keys: Sequence[str]) -> pl.Expr:
    """The levels of some columns as one text, under the name `GROUP`."""
    levels = [pl.col(name).cast(pl.String).fill_null("–") for name in keys]
    return pl.concat_str(levels, separator=" · ").alias(GROUP)


def thinned(frame: pl.DataFrame, names: Sequence[str], *, points: int = MOST_POINTS) -> pl.DataFrame:
    """At most so many rows, evenly over each group, its first and last among them.

    Example:
        >>> frame = pl.DataFrame({"group": ["all"] * 5, "threshold": [0.9, 0.8, 0.7, 0.6, 0.5]})
        >>> thinned(frame, [], points=3)["threshold"].to_list()
        [0.9, 0.7, 0.5]
    """
    if len(frame) <= points:
        return frame
    each = max(points // max(len(names), 1), 2)
    place, size = pl.int_range(pl.len()).over(GROUP), pl.len().over(GROUP)
    last = size - 1
    slot = (place * (each - 1)) // pl.max_horizontal(last, 1)
    is_first = (slot != (((place - 1) * (each - 1)) // pl.max_horizontal(last, 1))) | (place == 0)
    return frame.filter((size <= each) | is_first | (place == last))


def drawable(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows as JSON can hold them: infinite numbers are null, enumerations are text."""
    finite = pl.when(pl.selectors.float().is_finite()).then(pl.selectors.float())
    return frame.with_columns(pl.selectors.by_dtype(pl.Enum, pl.Categorical).cast(pl.String)).with_columns(
        finite
    )


def columns_of(frame: pl.DataFrame, *names: str, what: str) -> None:
    """Refuse a table that lacks what a chart draws.

    Raises:
        QueryError: A column is missing.
    """
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise QueryError(
            f"{what} needs the columns {', '.join(missing)}; found {', '.join(frame.columns) or 'none'}"
        )


def tooltips(titles: Mapping[str, str]) -> list[alt.Tooltip]:
    """What is told at the pointer, by field: ``n:`` names, ``q:`` numbers, ``i:`` whole numbers."""
    formats = {"n": None, "q": ".3~f", "i": ",d"}
    shown = []
    for title, field in titles.items():
        kind, name = field.split(":")
        options: dict[str, Any] = {} if formats[kind] is None else {"format": formats[kind]}
        shown.append(
            alt.Tooltip(name, type="nominal" if kind == "n" else "quantitative", title=title, **options)
        )
    return shown


def colour_of(names: Sequence[str], look: Look, *, title: str = "", legend: bool = True) -> alt.Color:
    """Groups by colour; with a legend where there are several."""
    series = look.colours.series
    scale = alt.Scale(domain=list(names), range=[series[k % len(series)] for k in range(len(names))])
    shown = (
        alt.Legend(title=title or None, symbolType="stroke", symbolOpacity=1)
        if legend and len(names) > 1
        else None
    )
    return alt.Color(GROUP, type="nominal", scale=scale, legend=shown)


def dash_of(names: Sequence[str], *, title: str = "", legend: bool = True) -> alt.StrokeDash:
    """The same groups by dashes."""
    scale = alt.Scale(domain=list(names), range=[DASHES[k % len(DASHES)] for k in range(len(names))])
    shown = (
        alt.Legend(title=title or None, symbolType="stroke", symbolOpacity=1)
        if legend and len(names) > 1
        else None
    )
    return alt.StrokeDash(GROUP, type="nominal", scale=scale, legend=shown)


def shape_of(names: Sequence[str], *, legend: bool = True) -> alt.Shape:
    """The same groups by the shape of their points."""
    scale = alt.Scale(domain=list(names), range=[SHAPES[k % len(SHAPES)] for k in range(len(names))])
    shown = alt.Legend(title=None) if legend and len(names) > 1 else None
    return alt.Shape(GROUP, type="nominal", scale=scale, legend=shown)
