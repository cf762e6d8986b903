"""Free-response operating characteristic: what is found at so many false positives per image."""

from __future__ import annotations

from typing import Unpack

import altair as alt
import polars as pl

from cvfail.charts.curves import ALL, UNIT, Axis, curve_layers
from cvfail.charts.drawing import (
    colour_of,
    columns_of,
    drawable,
    finished,
    grouped,
    layered,
    shape_of,
    thinned,
)
from cvfail.charts.theme import Look, LookOptions
from cvfail.tables.result import ResultTable

_SENSITIVITY = Axis("sensitivity", "Sensitivity", UNIT)
_TOLD = {
    "at most": "q:target",
    "sensitivity": "q:sensitivity",
    "lower": "q:sensitivity_lower",
    "upper": "q:sensitivity_upper",
    "threshold": "q:threshold",
    "objects": "i:support",
}


def froc(table: ResultTable, *, most: int = 6, **look: Unpack[LookOptions]) -> alt.LayerChart:
    """Draw sensitivity at numbers of false positives per image.

    Args:
        table: Of `Evaluation.curve("froc")`.
        most: Of the groups in the table, how many are drawn: those with most objects.
        look: ``width``, ``height``, ``theme``.

    Returns:
        A line for each group with its band, points at the targets, which stand on a logarithmic scale.

    Raises:
        QueryError: The table is of another question.
    """
    own = Look.of(look)
    columns_of(table.df, "target", "sensitivity", "support", what="sensitivity at false positives per image")
    frame, names, notes = grouped(table.df, "target", most=most)
    targets = frame["target"].filter(frame["target"] > 0).unique().sort()
    if len(targets) < frame["target"].n_unique():
        notes = [*notes, "the target 0 has no place on a logarithmic scale"]
    scale = alt.Scale(type="log", base=2, domain=_range(targets))
    ticks = alt.Axis(values=targets.to_list()[:20], format="~g")
    x = Axis("target", "False positives per image, at most", scale, ticks)
    rows = thinned(frame.filter(pl.col("target") > 0), names)
    shown = names or [ALL]
    points = (
        alt.Chart(drawable(rows))
        .mark_point(filled=True, size=45, opacity=1)
        .encode(x=x.x(), y=_SENSITIVITY.y(), color=colour_of(shown, own), shape=shape_of(shown, legend=False))
    )
    layers = curve_layers(rows, names, own, x=x, y=_SENSITIVITY, told=_TOLD, order="target")
    return finished(
        layered(*layers, points),
        own,
        title="Sensitivity at false positives per image (FROC)",
        caption=table.caption,
        notes=[*notes, *_means(table, names)],
    )


def _range(targets: pl.Series) -> list[float]:
    if targets.is_empty():
        return [0.125, 8.0]
    return (
        [float(targets[0]), float(targets[-1])] if len(targets) > 1 else [targets[0] / 2.0, targets[0] * 2.0]
    )


def _means(table: ResultTable, names: list[str]) -> list[str]:
    """The mean over the targets, where there is one curve alone."""
    mean: pl.DataFrame | None = getattr(table, "mean", None)
    if mean is None or names or len(mean) != 1 or mean["estimate"].item() is None:
        return []
    row = mean.row(0, named=True)
    bounds = "" if row["lower"] is None else f" ({row['lower']:.3f} to {row['upper']:.3f})"
    return [f"mean sensitivity {row['estimate']:.3f}{bounds}"]
