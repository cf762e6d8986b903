"""Operating points: the threshold of every group with its interval, and what it is worth."""

from __future__ import annotations

from typing import Unpack

import altair as alt
import polars as pl

from cvfail.charts.drawing import GROUP, MOST_ROWS, columns_of, finished, grouped
from cvfail.charts.interval_dots import dot_panels
from cvfail.charts.theme import LookOptions, row_look
from cvfail.tables.result import ResultTable

_THRESHOLD, _WORTH = "threshold", "worth on other images"
_TOLD = {
    "of": "n:label",
    "panel": "n:panel",
    "value": "q:estimate",
    "lower": "q:lower",
    "upper": "q:upper",
    "on its own images": "q:reference",
    "precision": "q:precision",
    "recall": "q:recall",
    "false positives per image": "q:false_positives_per_image",
    "objects": "i:support",
    "why": "n:reason",
}


def operating_points(
    table: ResultTable, *, most: int = MOST_ROWS, **look: Unpack[LookOptions]
) -> alt.FacetChart:
    """Draw chosen thresholds.

    Args:
        table: Of `Evaluation.operating_points`.
        most: How many groups are drawn: those with most objects.
        look: ``width`` (of a panel), ``height``, ``theme``.

    Returns:
        A line for each group: the threshold with its interval, hollow where it is not the group's own; where it was
        judged on other images, what it is worth there, with the F-score on its own images as a tick.

    Raises:
        QueryError: The table is of another question.
    """
    columns_of(
        table.df,
        "threshold",
        "threshold_lower",
        "threshold_upper",
        "held_out",
        "source",
        "reason",
        what="a chart of operating points",
    )
    frame, _, notes = grouped(table.df, "threshold", most=most)
    told = ("precision", "recall", "false_positives_per_image", "support", "reason")
    chosen = frame.select(
        *told,
        pl.lit(_THRESHOLD).alias("panel"),
        label=GROUP,
        estimate="threshold",
        lower="threshold_lower",
        upper="threshold_upper",
        reference=pl.lit(None, pl.Float64),
        filled=(pl.col("source") == "own").fill_null(value=False),
    )
    worth = chosen.with_columns(
        pl.lit(_WORTH).alias("panel"),
        pl.lit(value=True).alias("filled"),
        estimate=frame["held_out"],
        lower=frame["held_out_lower"],
        upper=frame["held_out_upper"],
    )
    is_judged = not frame["held_out"].is_null().all()
    rows = pl.concat([chosen, worth] if is_judged else [chosen])
    own = row_look(look, width=230)
    nowhere = frame.filter(pl.col("threshold").is_null())[GROUP].to_list()
    notes += [f"no threshold: {', '.join(nowhere[:5])}{' …' * (len(nowhere) > 5)}"] if nowhere else []
    panels = [_THRESHOLD, _WORTH] if is_judged else [_THRESHOLD]
    within = not is_judged or bool(frame["held_out_upper"].fill_null(0.0).max() <= 1.0)  # type: ignore[operator]
    chart = dot_panels(
        rows,
        own,
        labels=frame[GROUP].to_list(),
        panels=panels,
        told=_TOLD,
        domain=(0.0, 1.0) if within else None,
    )
    return finished(
        chart,
        own,
        title="Operating points",
        caption=table.caption,
        notes=notes,
        width=own.width * len(panels) + 100,
    )
