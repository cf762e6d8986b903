"""Receiver operating characteristic and detection error tradeoff of images."""

from __future__ import annotations

from typing import Unpack

import altair as alt
import numpy as np
import polars as pl

from cvfail.charts.curves import UNIT, Axis, curve_layers, straight_line
from cvfail.charts.drawing import columns_of, finished, grouped, layered, thinned
from cvfail.charts.theme import Look, LookOptions
from cvfail.tables.result import ResultTable

_FALSE = Axis("false_positive_rate", "False-positive rate (1 − specificity)", UNIT)
_TRUE = Axis("true_positive_rate", "True-positive rate (sensitivity)", UNIT)
_RATES = ("true_positive_rate", "false_positive_rate", "false_negative_rate")
_TOLD = {
    "true positive rate": "q:true_positive_rate",
    "false positive rate": "q:false_positive_rate",
    "threshold": "q:threshold",
    "positive images": "i:support",
    "negative images": "i:negatives",
}
_SHARES = (0.001, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.99, 0.999)
_NO_NEGATIVES = "no image without an object: false-positive rates are undefined; by category they are not"


def roc(curve: ResultTable, *, most: int = 6, **look: Unpack[LookOptions]) -> alt.LayerChart:
    """Draw the receiver operating characteristic.

    Args:
        curve: Of `Evaluation.curve("roc")`.
        most: Of the groups in the table, how many are drawn: those with most positive images.
        look: ``width``, ``height``, ``theme``.

    Returns:
        A line for each group with the band of its true-positive rate; the dashed line is chance.

    Raises:
        QueryError: The table is of another question.
    """
    own = Look.of(look, width=380, height=360)
    frame, names, notes = _groups(curve, most)
    chance = straight_line(own, (0.0, 0.0), (1.0, 1.0), _FALSE, _TRUE)
    layers = curve_layers(thinned(frame, names), names, own, x=_FALSE, y=_TRUE, told=_TOLD)
    return finished(
        layered(chance, *layers),
        own,
        title="Receiver operating characteristic",
        caption=curve.caption,
        notes=notes,
    )


def det(curve: ResultTable, *, most: int = 6, **look: Unpack[LookOptions]) -> alt.LayerChart:
    """Draw the detection error tradeoff: both error rates on scales of normal quantiles.

    Args:
        curve: Of `Evaluation.curve("det")`.
        most: Of the groups in the table, how many are drawn: those with most positive images.
        look: ``width``, ``height``, ``theme``.

    Returns:
        A line for each group with the band of its miss rate; the dashed line is chance.

    Raises:
        QueryError: The table is of another question.
    """
    own = Look.of(look, width=380, height=360)
    frame, names, notes = _groups(curve, most)
    frame = frame.with_columns(
        _deviates(frame, "false_positive_rate", "false_positive"),
        *(
            _deviates(frame, f"false_negative_rate{end}", f"false_negative{end}")
            for end in ("", "_lower", "_upper")
        ),
    )
    scale = alt.Scale(domain=_deviate_range(frame), nice=False)
    x = Axis("false_positive", "False-positive rate", scale, _percent())
    y = Axis("false_negative", "Miss rate", scale, _percent())
    told = {"miss rate": "q:false_negative_rate", **_TOLD}
    chance = straight_line(own, (-4.0, 4.0), (4.0, -4.0), x, y)
    layers = curve_layers(thinned(frame, names), names, own, x=x, y=y, told=told)
    return finished(
        layered(chance, *layers),
        own,
        title="Detection error tradeoff",
        caption=curve.caption,
        notes=notes,
    )


def _groups(curve: ResultTable, most: int) -> tuple[pl.DataFrame, list[str], list[str]]:
    columns_of(curve.df, "threshold", *_RATES, "support", "negatives", what="images by their score")
    frame, names, notes = grouped(curve.df, "threshold", most=most)
    if len(frame) and frame["false_positive_rate"].is_null().all():
        notes = [*notes, _NO_NEGATIVES]
    return frame, names, notes


def _deviates(frame: pl.DataFrame, rate: str, name: str) -> pl.Series:
    """Normal quantiles of a rate; null at 0 and 1."""
    from scipy.special import ndtri

    values = frame[rate].cast(pl.Float64).fill_null(np.nan).to_numpy()
    return pl.Series(name, ndtri(values)).fill_nan(None)


def _deviate_range(frame: pl.DataFrame) -> list[float]:
    """From where to where both axes go: what is drawn, from 1 % to 60 % at least."""
    from scipy.special import ndtri

    drawn = frame.select("false_positive", "false_negative").unpivot()["value"]
    known = drawn.filter(drawn.is_finite())
    ends = [float(ndtri(0.01)), float(ndtri(0.6)), *known.cast(pl.Float64).to_list()]
    return [max(min(ends) - 0.1, -3.2), min(max(ends) + 0.1, 3.2)]


def _percent() -> alt.Axis:
    """Ticks at round shares."""
    from scipy.special import ndtri

    places = [float(value) for value in ndtri(np.array(_SHARES))]
    return alt.Axis(
        values=places, labelOverlap="greedy", labelExpr="format(cumulativeNormal(datum.value), '.3~p')"
    )
