"""One rate by two attributes: a cell for each pair of levels."""

from __future__ import annotations

from typing import Unpack

import altair as alt
import polars as pl

from cvfail.charts.cell_heat import CellTexts, cell_heat
from cvfail.charts.drawing import columns_of, finished
from cvfail.charts.interval_dots import THIN
from cvfail.charts.theme import Look, LookOptions
from cvfail.errors import QueryError
from cvfail.tables.result import ResultTable

_MOST_LEVELS = 40


def heatmap(table: ResultTable, *, metric: str = "recall", **look: Unpack[LookOptions]) -> alt.LayerChart:
    """Draw a rate by two attributes.

    Args:
        table: Of `Evaluation.metrics(by=[first, second])`.
        metric: Which rate.
        look: ``width``, ``height``, ``theme``.

    Returns:
        A cell for each pair of levels with the rate in percent, rows of the first attribute, columns of the second;
        pale where there is little support. The tooltip has the interval.

    Raises:
        QueryError: The table is not by two attributes, or has no such rate.
    """
    columns_of(table.df, "tp", metric, f"{metric}_lower", f"{metric}_upper", "support", what="a heatmap")
    keys = table.df.columns[: table.df.columns.index("tp")]
    if len(keys) != 2:
        raise QueryError(
            f"a heatmap is by two attributes; found {len(keys)}. Hint: metrics(by=['size', 'category'])"
        )
    named = table.df.with_columns(
        *(
            pl.col(key).cast(pl.String).fill_null("–").alias(side)
            for key, side in zip(keys, ("row", "column"), strict=True)
        )
    )
    rows, columns = (
        named.group_by(side, maintain_order=True)
        .agg(pl.col("support").sum())
        .with_row_index()
        .sort("support", descending=True, maintain_order=True)
        .head(_MOST_LEVELS)
        .sort("index")[side]
        .to_list()
        for side in ("row", "column")
    )
    cells = named.filter(pl.col("row").is_in(rows) & pl.col("column").is_in(columns)).select(
        "row",
        "column",
        "support",
        heat=metric,
        lower=f"{metric}_lower",
        upper=f"{metric}_upper",
        faint=(pl.col("support") < THIN).fill_null(value=True),
        text=(100 * pl.col(metric)).round().cast(pl.Int64).cast(pl.String).fill_null("–"),
    )
    own = Look.of(look, width=max(56 * len(columns), 120), height=max(28 * len(rows), 28))
    told = {
        keys[0]: "n:row",
        keys[1]: "n:column",
        metric: "q:heat",
        "lower": "q:lower",
        "upper": "q:upper",
        "support": "i:support",
    }
    chart = cell_heat(
        cells,
        own,
        rows=rows,
        columns=columns,
        texts=CellTexts(row=keys[0], column=keys[1], legend=metric),
        told=told,
        ramp=own.colours.ramp,
        highest=1.0,
    )
    return finished(
        chart,
        own,
        title=f"{metric.capitalize()} by {keys[0]} and {keys[1]}, in percent",
        caption=table.caption,
        notes=[f"pale: support below {THIN}"] if cells["faint"].any() else [],
        width=own.width + 120,
    )
