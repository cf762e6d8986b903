"""Precision, recall and F over the score threshold."""

from __future__ import annotations

from typing import Unpack

import altair as alt
import polars as pl

from cvfail.charts.curves import UNIT, Axis, curve_layers
from cvfail.charts.drawing import GROUP, MOST_POINTS, columns_of, finished, grouped, layered, thinned
from cvfail.charts.theme import Look, LookOptions
from cvfail.tables.result import ResultTable

_RATES = {"precision": "Precision", "recall": "Recall", "f_score": "F-score"}
_BOUNDS = ("", "_lower", "_upper")
_SCORE, _RATE = Axis("threshold", "Score threshold", alt.Scale(domain=[0, 1])), Axis("rate", "Rate", UNIT)
_TOLD = {"threshold": "q:threshold", "rate": "q:rate", "lower": "q:rate_lower", "upper": "q:rate_upper"}


def score(
    curve: ResultTable, *, most: int = 6, **look: Unpack[LookOptions]
) -> alt.LayerChart | alt.FacetChart:
    """Draw what each score threshold gives.

    Args:
        curve: Of `Evaluation.curve("score")`.
        most: Of the groups in the table, how many are drawn: those with most objects.
        look: ``width``, ``height``, ``theme``.

    Returns:
        Precision, recall and F-score with their bands in one panel; with groups, a panel for each of the three.

    Raises:
        QueryError: The table is of another question.
    """
    columns_of(curve.df, "threshold", *_RATES, "support", what="rates over the score")
    frame, names, notes = grouped(curve.df, "threshold", most=most)
    long = _long(thinned(frame, names, points=MOST_POINTS // len(_RATES)))
    title = "Precision, recall and F-score over the threshold"
    if not names:
        own = Look.of(look)
        lines = long.with_columns(pl.col("metric").alias(GROUP))
        layers = curve_layers(lines, list(_RATES.values()), own, x=_SCORE, y=_RATE, told=_TOLD)
        return finished(layered(*layers), own, title=title, caption=curve.caption)
    own = Look.of(look, width=210, height=220)
    panels = curve_layers(long, names, own, x=_SCORE, y=_RATE, told=_TOLD)
    facets = (
        layered(*panels)
        .properties(width=own.width, height=own.height)
        .facet(column=alt.Column("metric", type="nominal", title=None, sort=list(_RATES.values())))
    )
    return finished(facets, own, title=title, caption=curve.caption, notes=notes, width=3 * own.width)


def _long(frame: pl.DataFrame) -> pl.DataFrame:
    """One row per threshold and rate."""
    parts = [
        frame.select(
            GROUP,
            "threshold",
            pl.lit(title).alias("metric"),
            *(
                (pl.col(name + bound) if name + bound in frame.columns else pl.lit(None, pl.Float64)).alias(
                    f"rate{bound}"
                )
                for bound in _BOUNDS
            ),
        )
        for name, title in _RATES.items()
    ]
    return pl.concat(parts)
