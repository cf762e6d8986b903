"""Rates of the levels of an attribute, and average precision of classes, as dots with intervals."""

from __future__ import annotations

from typing import Unpack

import altair as alt
import polars as pl

from cvfail.charts.drawing import GROUP, MOST_ROWS, columns_of, finished, group_name
from cvfail.charts.interval_dots import THIN, dot_panels
from cvfail.charts.theme import LookOptions, row_look
from cvfail.errors import QueryError
from cvfail.tables.result import ResultTable

_TOLD = {
    "of": "n:label",
    "metric": "n:panel",
    "estimate": "q:estimate",
    "lower": "q:lower",
    "upper": "q:upper",
    "overall": "q:reference",
    "support": "i:support",
}
_FIRST = ("tp", "metric", "accuracy", "ap")


def rates(
    table: ResultTable,
    *,
    overall: ResultTable | None = None,
    metrics: tuple[str, ...] = ("precision", "recall", "f1"),
    most: int = MOST_ROWS,
    **look: Unpack[LookOptions],
) -> alt.FacetChart:
    """Draw rates with their intervals.

    Args:
        table: Of `Evaluation.metrics(by=...)`.
        overall: Of `Evaluation.metrics()`; a faint line where everything together stands.
        metrics: Which.
        most: How many rows are drawn: those with most support.
        look: ``width`` (of a panel), ``height``, ``theme``.

    Returns:
        A panel for each metric, a line for each row of the table in its order.

    Raises:
        QueryError: The table is of another question.
    """
    columns_of(table.df, "support", *metrics, *(f"{name}_lower" for name in metrics), what="a chart of rates")
    keys = table.df.columns[: table.df.columns.index(_first(table.df))]
    label = group_name(keys) if keys else pl.lit("all").alias(GROUP)
    return _dots(
        table,
        table.df.with_columns(label.alias("label")),
        metrics,
        overall=overall,
        most=most,
        title="Rates by " + " and ".join(keys) if keys else "Rates",
        look=look,
    )


def average_precision(
    table: ResultTable,
    *,
    overall: float | None = None,
    most: int = MOST_ROWS,
    **look: Unpack[LookOptions],
) -> alt.FacetChart:
    """Draw the average precision of classes with its interval.

    Args:
        table: Of `Evaluation.average_precision`.
        overall: The mean, as a faint line; the mean over the classes that have one, if not given.
        most: How many rows are drawn: those with most objects.
        look: ``width``, ``height``, ``theme``.

    Returns:
        A line for each class, the best first.

    Raises:
        QueryError: The table is of another question.
    """
    columns_of(
        table.df, "category", "ap", "ap_lower", "ap_upper", "support", what="a chart of average precision"
    )
    keys = [name for name in table.df.columns[: table.df.columns.index("ap")] if name != "category_id"]
    mean = table.df["ap"].mean() if overall is None else overall
    reference = ResultTable(pl.DataFrame({"ap": [mean]}, schema={"ap": pl.Float64}), caption="")
    ordered = table.df.with_columns(group_name(keys).alias("label")).sort(
        "ap", descending=True, nulls_last=True
    )
    return _dots(
        table,
        ordered,
        ("ap",),
        overall=reference,
        most=most,
        title="Average precision by class",
        look=look,
        width=360,
    )


def _first(frame: pl.DataFrame) -> str:
    for name in frame.columns:
        if name in _FIRST:
            return name
    raise QueryError(f"a chart of rates needs counts; found {', '.join(frame.columns)}")


def _dots(
    table: ResultTable,
    frame: pl.DataFrame,
    metrics: tuple[str, ...],
    *,
    overall: ResultTable | None,
    most: int,
    title: str,
    look: LookOptions,
    width: int = 200,
) -> alt.FacetChart:
    own = row_look(look, width=width)
    places = frame.with_row_index("place").sort("support", descending=True, maintain_order=True).head(most)
    kept = places.sort("place")
    parts = [
        kept.select(
            "label",
            pl.lit(name).alias("panel"),
            pl.col(name).alias("estimate"),
            pl.col(f"{name}_lower").alias("lower"),
            pl.col(f"{name}_upper").alias("upper"),
            pl.lit(None if overall is None else overall.df[name].item(), pl.Float64).alias("reference"),
            pl.col("support").cast(pl.Float64),
        )
        for name in metrics
    ]
    notes = [f"{most} of {len(frame)} rows: those with most support"] if len(frame) > most else []
    notes += ["line: everything together"] if overall is not None else []
    notes += [f"faint: support below {THIN}"] if len(kept) and (kept["support"] < THIN).any() else []
    chart = dot_panels(pl.concat(parts), own, labels=kept["label"].to_list(), panels=metrics, told=_TOLD)
    return finished(
        chart, own, title=title, caption=table.caption, notes=notes, width=own.width * len(metrics) + 100
    )
