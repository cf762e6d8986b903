"""Slices: each metric with its interval, beside the rest."""

from __future__ import annotations

from typing import Unpack

import altair as alt
import polars as pl

from cvfail.charts.drawing import MOST_ROWS, columns_of, finished
from cvfail.charts.interval_dots import THIN, dot_panels
from cvfail.charts.theme import LookOptions, row_look
from cvfail.tables.result import ResultTable

_TOLD = {
    "slice": "n:label",
    "metric": "n:panel",
    "estimate": "q:estimate",
    "lower": "q:lower",
    "upper": "q:upper",
    "rest": "q:reference",
    "difference": "q:difference",
    "q": "q:q_value",
    "support": "i:support",
}


def slices(
    table: ResultTable, *, most: int = MOST_ROWS, level: float = 0.05, **look: Unpack[LookOptions]
) -> alt.FacetChart:
    """Draw metrics of slices.

    Args:
        table: Of `Evaluation.slices`.
        most: How many slices are drawn: the first of the table.
        level: Dots of slices that differ from the rest with a q-value below it are filled.
        look: ``width`` (of a panel), ``height``, ``theme``.

    Returns:
        A panel for each metric, a line for each slice: the interval, the estimate, and as a faint tick the rest.

    Raises:
        QueryError: The table is of another question.
    """
    columns_of(
        table.df, "slice", "metric", "estimate", "lower", "upper", "rest", "q_value", what="a chart of slices"
    )
    names = table.df["slice"].unique(maintain_order=True).to_list()
    panels = table.df["metric"].unique(maintain_order=True).to_list()
    rows = table.df.filter(pl.col("slice").is_in(names[:most])).select(
        "estimate",
        "lower",
        "upper",
        "support",
        "difference",
        "q_value",
        label="slice",
        panel="metric",
        reference="rest",
        filled=(pl.col("q_value") < level).fill_null(value=False),
    )
    own = row_look(look, width=200)
    shown = names[:most]
    notes = [f"{most} of {len(names)} slices"] if len(names) > most else []
    notes += [f"filled: differs from the rest, q < {level:g}; tick: the rest; faint: support below {THIN}"]
    chart = dot_panels(rows, own, labels=shown, panels=panels, told=_TOLD, domain=_domain(rows))
    return finished(
        chart,
        own,
        title="Slices beside the rest",
        caption=table.caption,
        notes=notes,
        width=own.width * max(len(panels), 1) + 150,
    )


def _domain(rows: pl.DataFrame) -> tuple[float, float] | None:
    """From 0 to 1, unless a metric goes beyond."""
    values = rows.select("estimate", "lower", "upper").unpivot()["value"].drop_nulls().drop_nans()
    inside = values.is_empty() or bool(((values >= 0.0) & (values <= 1.0)).all())
    return (0.0, 1.0) if inside else None
