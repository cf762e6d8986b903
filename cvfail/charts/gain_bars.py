"""Error types: the average precision that repairing each would add, with intervals."""

from __future__ import annotations

from typing import Unpack

import altair as alt
import polars as pl

from cvfail.charts.cell_heat import CellTexts, cell_heat
from cvfail.charts.drawing import GROUP, columns_of, drawable, finished, grouped, layered, tooltips
from cvfail.charts.interval_dots import STEP
from cvfail.charts.theme import Look, LookOptions, row_look
from cvfail.tables.result import ResultTable

_SPECIAL = ("all false positives", "all false negatives")
_GAIN = "AP that repairing them would add"
_TOLD = {
    "error": "n:error_type",
    "gain": "q:delta_ap",
    "lower": "q:delta_ap_lower",
    "upper": "q:delta_ap_upper",
    "errors": "i:count",
    "share of errors": "q:share",
    "AP as it is": "q:ap",
}


def error_types(
    table: ResultTable, *, most: int = 20, **look: Unpack[LookOptions]
) -> alt.LayerChart | alt.FacetChart:
    """Draw what repairing each type of error would add to average precision.

    Args:
        table: Of `Evaluation.error_types`; its ``replicates`` give the intervals.
        most: Of the groups in the table, how many are drawn: those with most errors.
        look: ``width``, ``height``, ``theme``.

    Returns:
        A bar for each type with its interval and its count; the last two, of which the types are parts, are pale.
        With groups, a cell for each group and type.

    Raises:
        QueryError: The table is of another question.
    """
    columns_of(
        table.df, "error_type", "count", "delta_ap", "delta_ap_lower", "ap", what="a chart of error types"
    )
    keys = table.df.columns[: table.df.columns.index("error_type")]
    if keys:
        return _by_group(table, most, look)
    own = row_look(look, width=380)
    rows = table.df.with_columns(
        pl.col("error_type").is_in(_SPECIAL).alias("special"),
        pl.format("n = {}", pl.col("count").cast(pl.String).fill_null("–")).alias("label"),
        pl.max_horizontal("delta_ap", "delta_ap_upper").alias("end"),
        pl.lit(0.0).alias("zero"),
    )
    palette = own.colours
    base = alt.Chart(drawable(rows))
    y = alt.Y(
        "error_type",
        type="nominal",
        sort=rows["error_type"].to_list(),
        title=None,
        axis=alt.Axis(grid=False, ticks=False),
    )
    bars = base.mark_bar(color=palette.wrong, height=STEP - 8).encode(
        x=alt.X("delta_ap", type="quantitative", title=_GAIN, scale=alt.Scale(zero=True)),
        x2=alt.X2("zero"),
        y=y,
        opacity=alt.condition("datum.special", alt.value(0.4), alt.value(0.9)),
        tooltip=tooltips(_TOLD),
    )
    bounds = base.mark_rule(color=palette.ink, strokeWidth=1.5).encode(
        x=alt.X("delta_ap_lower", type="quantitative", title=_GAIN), x2=alt.X2("delta_ap_upper"), y=y
    )
    counts = base.mark_text(align="left", dx=8, fontSize=10, color=palette.soft).encode(
        x=alt.X("end", type="quantitative", title=_GAIN), y=y, text=alt.Text("label", type="nominal")
    )
    chart = finished(
        layered(bars, bounds, counts),
        own,
        title="Error types",
        caption=table.caption,
        width=own.width + 120,
    )
    return chart.properties(height=own.height or alt.Step(STEP))


def _by_group(table: ResultTable, most: int, look: LookOptions) -> alt.LayerChart:
    """A cell for each group and type; its colour is the gain, its number the count."""
    sums = table.df.with_columns(pl.col("count").alias("support"))
    frame, names, notes = grouped(sums, "error_type", most=most)
    kinds = [kind for kind in frame["error_type"].unique(maintain_order=True) if kind not in _SPECIAL]
    cells = frame.filter(pl.col("error_type").is_in(kinds)).with_columns(
        row=GROUP,
        column="error_type",
        heat="delta_ap",
        text=pl.col("count").cast(pl.String).fill_null(""),
    )
    own = Look.of(look, width=72 * len(kinds), height=max(24 * len(names), 1))
    chart = cell_heat(
        cells,
        own,
        rows=names,
        columns=kinds,
        texts=CellTexts(row="", column="", legend="AP gain"),
        told={"group": f"n:{GROUP}", **_TOLD},
        ramp=own.colours.alarm,
    )
    notes = [*notes, "number: errors; colour: AP that repairing them would add"]
    return finished(chart, own, title="Error types by group", caption=table.caption, notes=notes)
