"""What a slice search can be asked: which rows are units, and which of them are errors."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.errors import QueryError
from cvfail.evidence.evidence import BACKGROUND
from cvfail.evidence.operating_point import (
    ERROR_TYPES,
    OBJECT_ERRORS,
    PREDICTION_ERRORS,
    OperatingPoint,
)

Table = Literal["ground_truth", "predictions"]

TARGETS = ("recall", "precision", *OBJECT_ERRORS, *PREDICTION_ERRORS)
"""Questions that have names; the others are confusions ``A→B`` and columns."""

_ARROW = re.compile(r"\s*(.+?)\s*(?:→|->)\s*(.+?)\s*")

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Question:
    """A target on one run of images.

    Attributes:
        table: What the units are rows of.
        title: The question in words.
        valid: Rows that are units.
        error: Error of every row, 0 or more.
    """

    table: Table
    title: str
    valid: Mask
    error: NDArray[np.float64]


def question_of(point: OperatingPoint, target: str) -> Question:
    """What a target asks of a run of images.

    Args:
        point: The run at an overlap and a score threshold.
        target: See `cvfail.slices.targets.find_slices`.

    Raises:
        QueryError: There is no such target, class or column.
    """
    regular, counted = point.evidence.regular(), point.correct | point.wrong
    if target == "recall":
        return Question("ground_truth", "objects that are not found", regular, _as_errors(~point.found))
    if target == "precision":
        return Question("predictions", "false positives", counted, _as_errors(point.wrong))
    if target in OBJECT_ERRORS:
        kind = np.append(point.typed[0], 0)[point.repairs]
        error = ~point.found & (kind == OBJECT_ERRORS.index(target))
        return Question("ground_truth", f"objects with a {target} error", regular, _as_errors(error))
    if target in PREDICTION_ERRORS:
        error = point.typed[0] == 1 + ERROR_TYPES.index(target)
        return Question("predictions", f"{target} false positives", counted, _as_errors(error))
    arrow = _ARROW.fullmatch(target)
    if arrow:
        return _confusion(point, arrow[1], arrow[2])
    return _column(point, target)


def _confusion(point: OperatingPoint, true: str, predicted: str) -> Question:
    """Objects of one class that were taken for another."""
    evidence = point.evidence
    names = evidence.category_names
    codes = {**{name: code for code, name in enumerate(names)}, BACKGROUND: len(names)}
    for name in (true, predicted):
        if name not in codes:
            raise QueryError(f"{name!r} is not a class. Hint: one of {', '.join(names)}")
    if true == predicted:
        raise QueryError(f"{true}→{predicted} is no confusion. Hint: name two classes")
    cell = (pl.col("true_code") == codes[true]) & (pl.col("predicted_code") == codes[predicted])
    units = point.cells.filter(cell)
    title = f"{true}→{predicted}"
    if true == BACKGROUND:
        error = np.zeros(point.correct.size)
        error[units["prediction_index"].to_numpy()] = 1.0
        valid = (evidence.coding.category == codes[predicted]) & (point.correct | point.wrong)
        return Question("predictions", title, valid, error)
    error = np.zeros(evidence.outcomes.rows("ground_truth"))
    error[units["ground_truth_index"].to_numpy()] = 1.0
    valid = (evidence.coding.truth_category == codes[true]) & evidence.regular()
    return Question("ground_truth", title, valid, error)


def _column(point: OperatingPoint, name: str) -> Question:
    """A column of the user's."""
    outcomes = point.evidence.outcomes
    table: Table
    for table in ("ground_truth", "predictions"):
        if name in point.evidence.attributes(table):
            values = outcomes.column(table, name)
            require_numbers(values, "errors")
            known = values.is_not_null().to_numpy()
            valid = point.evidence.regular() if table == "ground_truth" else point.correct | point.wrong
            error = values.cast(pl.Float64).fill_null(0.0).to_numpy()
            return Question(table, f"{name} of {table.replace('_', ' ')}", valid & known, error)
    raise QueryError(
        f"no target {name!r}. Hint: one of {', '.join(TARGETS)}, a confusion such as 'cat→dog', "
        "or a column of ground truth or predictions"
    )


def _as_errors(mask: Mask) -> NDArray[np.float64]:
    return mask.astype(np.float64)


def require_numbers(values: pl.Series, what: str) -> None:
    """Refuse a column that holds neither numbers nor booleans.

    Raises:
        QueryError: It names the column and what it holds.
    """
    if not (values.dtype.is_numeric() or values.dtype == pl.Boolean):
        raise QueryError(f"{values.name!r} holds {values.dtype}. Hint: {what} are booleans or numbers >= 0")
