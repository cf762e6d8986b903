"""The confusion matrix as cells: right in one colour, wrong in another, the least confused classes together."""

from __future__ import annotations

from typing import Literal, NamedTuple, Unpack

import altair as alt
import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.charts.cell_heat import CellTexts, cell_heat
from cvfail.charts.drawing import finished, layered
from cvfail.charts.theme import Look, LookOptions
from cvfail.errors import QueryError
from cvfail.metrics.confusion import ConfusionMatrix

Shares = Literal["count", "true", "predicted"]

_SAID: dict[str, str] = {
    "count": "counts",
    "true": "percent of the row (true class)",
    "predicted": "percent of the column (predicted class)",
}
_TOLD = {
    "true": "n:row",
    "predicted": "n:column",
    "count": "i:count",
    "of the true class": "q:share_of_true",
    "of the predicted class": "q:share_of_predicted",
}
_CELL = 34
_MOST_WITH_NUMBERS = 26

MOST_CLASSES = 68
"""More cells are not handed to a chart: with the others and the background 70 × 70."""


class Shown(NamedTuple):
    """A matrix of some of its classes; the others stand together before the background.

    Attributes:
        counts: Shape (n, n).
        labels: n names.
        others: Place of those that stand together; None if there are none.
    """

    counts: NDArray[np.int64]
    labels: list[str]
    others: int | None


def confusion_matrix(
    matrix: ConfusionMatrix, *, show: Shares = "count", most: int = 20, **look: Unpack[LookOptions]
) -> alt.LayerChart:
    """Draw a confusion matrix.

    Args:
        matrix: Of `Evaluation.confusion_matrix`.
        show: ``count``, or percent of the ``true`` class (rows) or of the ``predicted`` one (columns).
        most: How many classes are drawn, at most 68: those that are confused most often; the remaining ones stand
            together, so that rows and columns still add up.
        look: ``width``, ``height``, ``theme``.

    Returns:
        Rows true, columns predicted, ``(background)`` last; what is right blue, what is wrong orange.

    Raises:
        QueryError: There is no such `show`.
    """
    if show not in _SAID:
        raise QueryError(f"show is {show!r}. Hint: one of {', '.join(_SAID)}")
    most = min(most, MOST_CLASSES)
    shown = most_confused_classes(matrix, most)
    size = len(shown.labels)
    own = Look.of(look, width=max(_side(size), _CELL), height=max(_side(size), _CELL))
    cells = _cells(matrix, shown, show)
    layers = [
        cell_heat(
            cells.filter(kind=kind),
            own,
            rows=shown.labels,
            columns=shown.labels,
            texts=CellTexts(row="True class", column="Predicted class"),
            told=_TOLD,
            ramp=ramp,
        )
        for kind, ramp in (
            ("right", own.colours.ramp),
            ("wrong", own.colours.alarm),
            ("both", (own.colours.line, own.colours.soft)),
        )
        if kind in cells["kind"]
    ]
    notes = [_SAID[show] + "; blue is right, orange wrong"]
    if shown.others is not None:
        notes.append(f"the {most} of {_classes(matrix)} classes that are confused most often")
    grid: alt.LayerChart = layered(*layers).resolve_scale(color="independent")
    return finished(
        grid,
        own,
        title="Confusion matrix",
        caption=matrix.caption,
        notes=notes,
        width=own.width + 120,
    )


def most_confused_classes(matrix: ConfusionMatrix, most: int) -> Shown:
    """The classes with most confusions in their order, and all others together.

    Example:
        >>> matrix = ConfusionMatrix([[5, 1, 0], [2, 5, 0], [0, 0, 9]], ["cat", "dog", "fish"])
        >>> shown = most_confused_classes(matrix, 2)
        >>> shown.labels, shown.counts.tolist()
        (['cat', 'dog', '(1 other)'], [[5, 1, 0], [2, 5, 0], [0, 0, 9]])
    """
    classes = _classes(matrix)
    if classes <= most:
        return Shown(matrix.counts, matrix.labels, None)
    wrong = matrix.counts[:classes, :classes].copy()
    np.fill_diagonal(wrong, 0)
    confused = wrong.sum(axis=0) + wrong.sum(axis=1)
    kept = np.sort(np.argsort(-confused, kind="stable")[:most])
    place = np.full(len(matrix.labels), most)
    place[kept] = np.arange(most)
    place[classes:] = most + 1
    counts = np.zeros((most + 1 + matrix.background,) * 2, np.int64)
    np.add.at(counts, (place[:, None], place[None, :]), matrix.counts)
    rest = classes - most
    others = f"({rest} other{'s' * (rest > 1)})"
    return Shown(counts, [*(matrix.labels[k] for k in kept), others, *matrix.labels[classes:]], most)


def _classes(matrix: ConfusionMatrix) -> int:
    return len(matrix.labels) - matrix.background


def _side(size: int) -> int:
    return size * (_CELL if size <= _MOST_WITH_NUMBERS else 10)


def _cells(matrix: ConfusionMatrix, shown: Shown, show: Shares) -> pl.DataFrame:
    """One row per cell, all that is drawn of it."""
    size = len(shown.labels)
    counts = shown.counts.astype(np.float64)
    rows, columns = counts.sum(axis=1, keepdims=True), counts.sum(axis=0, keepdims=True)
    of_true = np.divide(counts, rows, out=np.full(counts.shape, np.nan), where=rows > 0)
    of_predicted = np.divide(counts, columns, out=np.full(counts.shape, np.nan), where=columns > 0)
    true, predicted = np.divmod(np.arange(size * size), max(size, 1))
    value = {"count": counts, "true": of_true, "predicted": of_predicted}[show].ravel()
    names = pl.Series(shown.labels, dtype=pl.String)
    frame = pl.DataFrame(
        {
            "row": names.gather(true),
            "column": names.gather(predicted),
            "count": shown.counts.ravel(),
            "share_of_true": of_true.ravel(),
            "share_of_predicted": of_predicted.ravel(),
            "value": value,
            "heat": np.sqrt(value) if show == "count" else value,
        }
    ).fill_nan(None)
    kind = np.where(true == predicted, "right", "wrong")
    if shown.others is not None:
        kind[(true == shown.others) & (predicted == shown.others)] = "both"
    corner = (true == size - 1) & (predicted == size - 1) & matrix.background
    number = pl.col("value") if show == "count" else 100 * pl.col("value")
    drawn = frame.with_columns(
        kind=pl.Series(kind, dtype=pl.String),
        text=pl.when(pl.col("count") > 0).then(_short(number)).otherwise(pl.lit("")),
    )
    if size > _MOST_WITH_NUMBERS:
        drawn = drawn.with_columns(text=pl.lit(""))
    return drawn.filter(pl.Series(~corner))


def _short(number: pl.Expr) -> pl.Expr:
    """A number of at most four letters; less than one percent is said to be so."""
    whole = number.round().cast(pl.Int64)
    thousands = pl.format("{}k", (number / 1000).round().cast(pl.Int64))
    return (
        pl.when(number < 0.5)
        .then(pl.lit("<1"))
        .when(number < 10_000)
        .then(whole.cast(pl.String))
        .otherwise(thousands)
    )
