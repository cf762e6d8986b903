"""What a classifier answered for each image: a class, and how sure it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.errors import Problem, SchemaError
from cvfail.io.adapters import ColumnLike
from cvfail.tables.findings import Findings, shown

Classes = Sequence[Any]
"""Integers or strings: classes in the order of the probabilities; of two, the second is the positive one."""

_SUM_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Answers:
    """The answers of a classifier, one per image.

    Attributes:
        columns: `category_id`, then `score` and `probabilities` where the model gave such.
        classes: The classes in order; None if the answers do not depend on it.
        told: By column, which values are unusable and were said to be so.
    """

    columns: list[pl.Series]
    classes: Classes | None = None
    told: dict[str, pl.Series] = field(default_factory=dict)


def said_classes(predicted: pl.Series, confidence: pl.Series | None) -> Answers:
    """The classes as the model said them, with its confidence in them where it gave one."""
    columns = [predicted.alias("category_id")]
    return Answers(columns if confidence is None else [*columns, confidence.alias("score")])


def positive_or_negative(
    scores: pl.Series, truth: pl.Series, classes: Classes | None, threshold: float
) -> Answers:
    """The positive class where its score reaches the threshold, else the negative one.

    Args:
        scores: Score of the positive class in [0, 1].
        truth: The labels, which say the classes where nothing else does.
        classes: The negative and the positive class; None for the two values of `truth`.
        threshold: A score that reaches it is positive.

    Returns:
        The answers; the confidence in the negative class is 1 - score.

    Raises:
        SchemaError: There are not two classes, or the scores are no numbers.
    """
    if not (scores.dtype.is_numeric() or scores.null_count() == len(scores)):
        raise _unusable("scores", "must be numbers", str(scores.dtype), "scores are confidences in [0, 1]")
    classes = _counted(truth, 2) if classes is None else classes
    if len(classes) != 2:
        raise _unusable(
            "scores",
            "of a positive class need two labels",
            f"{len(classes)} labels: {shown(list(classes))}",
            "pass predicted as well, or probabilities, one column per class",
        )
    values = scores.cast(pl.Float64)
    is_positive = values >= threshold
    confidence = pl.select(
        pl.when(is_positive | ~values.is_between(0, 1)).then(values).otherwise(1 - values).alias("score")
    ).to_series()
    codes = is_positive.fill_null(value=False).cast(pl.Int64)
    return Answers([_of(classes, codes.to_numpy()), confidence], classes)


def probable_classes(
    probabilities: ColumnLike,
    truth: pl.Series,
    predicted: pl.Series | None,
    classes: Classes | None,
    findings: Findings,
) -> Answers:
    """The most probable class, the first of equals; or the class as the model said it.

    Args:
        probabilities: One row per image, one column per class.
        truth: The labels, which say the classes where nothing else does.
        predicted: The class as the model said it; None for the most probable one.
        classes: The classes in the order of the columns; None for the values of `truth`.
        findings: Where rows go that are no probabilities.

    Returns:
        The answers; the confidence is the probability of the answered class, null if that has none.

    Raises:
        SchemaError: The matrix does not have one row per image and one column per class.
    """
    matrix = _matrix(probabilities, len(truth))
    classes = _counted(truth, matrix.shape[1]) if classes is None else classes
    if matrix.shape[1] != len(classes):
        raise _unusable(
            "probabilities",
            "must have one column per label",
            f"{matrix.shape[1]} columns, {len(classes)} labels: {shown(list(classes))}",
            "pass labels=[...] in the order of the columns",
        )
    broken = _note_improbable(matrix, findings)
    if predicted is None:
        codes = matrix.argmax(axis=1)
        answer = _of(classes, codes)
    else:
        answer = predicted.alias("category_id")
        position = {label: code for code, label in enumerate(classes)}
        codes = np.array([position.get(label, -1) for label in predicted.to_list()], np.int64)
    with_none = np.column_stack([matrix, np.full(len(matrix), np.nan)])
    score = pl.Series("score", with_none[np.arange(len(matrix)), codes]).fill_nan(None)
    rows = pl.Series("probabilities", matrix, dtype=pl.Array(pl.Float64, matrix.shape[1])).arr.to_list()
    return Answers([answer, score, rows], classes, dict.fromkeys(("score", "probabilities"), broken))


def _matrix(probabilities: ColumnLike, images: int) -> NDArray[np.float64]:
    hint = "pass an array with one row per image and one column per class"
    try:
        matrix = np.asarray(probabilities, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise _unusable("probabilities", "must be a matrix of numbers", str(error), hint) from error
    if matrix.ndim != 2 or len(matrix) != images or matrix.shape[1] == 0:
        found = f"shape {matrix.shape} for {images} images"
        raise _unusable("probabilities", "must have one row per image", found, hint)
    return matrix


def _counted(truth: pl.Series, number: int) -> Classes:
    """The classes that the labels tell: integers from 0, or the distinct values if there are that many."""
    values = truth.drop_nulls().unique().sort()
    counts = pl.Series(range(number))
    if values.is_empty() or (values.dtype.is_integer() and values.is_in(counts.implode()).all()):
        return list(range(number))
    return list(values.to_list())


def _of(classes: Classes, codes: NDArray[np.integer[Any]]) -> pl.Series:
    return pl.Series("category_id", list(classes)).gather(pl.Series(codes))


def _note_improbable(matrix: NDArray[np.float64], findings: Findings) -> pl.Series:
    """Note rows that are no probabilities; returns which."""
    finite = np.all(np.isfinite(matrix), axis=1)
    inside = np.all((matrix >= 0) & (matrix <= 1), axis=1)
    adds_up = np.isclose(np.sum(matrix, axis=1, where=inside.reshape(-1, 1)), 1, rtol=0, atol=_SUM_TOLERANCE)
    rules = (
        ("must be finite numbers", ~finite, "repair the program that wrote them"),
        ("must be in [0, 1]", finite & ~inside, "these look like logits: apply softmax first"),
        ("of an image must sum to 1", inside & ~adds_up, "apply softmax, or divide each row by its sum"),
    )
    for rule, mask, hint in rules:
        if mask.any():
            _note(rule, mask, hint, matrix, findings)
    return pl.Series(~(inside & adds_up))


def _note(
    rule: str, mask: NDArray[np.bool_], hint: str, matrix: NDArray[np.float64], findings: Findings
) -> None:
    records = np.flatnonzero(mask)
    found = pl.Series("found", [shown(row.tolist()) for row in matrix[records]])
    problem = Problem(
        source="labels",
        field="probabilities",
        rule=f"probabilities {rule}",
        count=records.size,
        total=len(matrix),
        record=int(records[0]),
        found=found[0],
        hint=hint,
    )
    findings.add_rows("predictions", problem, records=pl.Series(records), found=found)


def _unusable(name: str, rule: str, found: str, hint: str) -> SchemaError:
    return SchemaError([Problem(source="labels", field=name, rule=f"{name} {rule}", found=found, hint=hint)])
