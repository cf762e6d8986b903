"""What stands behind the numbers of a report as SQL, which `cvfail sql` answers with exactly these rows."""

from __future__ import annotations

from collections.abc import Iterable

from cvfail.evidence.evidence import Evidence, Task
from cvfail.evidence.operating_point import OBJECT_ERRORS
from cvfail.failures.failure_mode import REDUNDANT, FailureMode
from cvfail.report.schema import Queries
from cvfail.report.sentences import ERROR_TYPES
from cvfail.report.sql_conditions import Side, condition_on

_SUREST_FIRST = "\nORDER BY score DESC NULLS LAST, prediction_index, ground_truth_index"
_SUREST_PREDICTIONS_FIRST = "\nORDER BY score DESC, prediction_index"
_LARGEST_FIRST = "\nORDER BY area DESC, ground_truth_index"

_CELLS = """\
SELECT images.image_id, images.file_name, cells.*, predictions.score
FROM cells
LEFT JOIN ground_truth USING (ground_truth_index)
LEFT JOIN predictions USING (prediction_index)
JOIN images ON images.image_id = coalesce(ground_truth.image_id, predictions.image_id)
WHERE """

_OBJECTS = """\
SELECT images.file_name, ground_truth.*
FROM ground_truth
JOIN images USING (image_id)
WHERE """

_TAKEN_FOR = """\
SELECT images.file_name, ground_truth.*, predictions.category AS taken_for
FROM ground_truth
JOIN images USING (image_id)
JOIN predictions ON predictions.prediction_index = ground_truth.nearest_prediction
WHERE """

_PREDICTIONS = """\
SELECT images.file_name, predictions.*
FROM predictions
JOIN images USING (image_id)
WHERE """

_OF_OBJECTS = f"SELECT nearest_prediction FROM ground_truth WHERE outcome IN {OBJECT_ERRORS[1:]}"
"""The false positives that are told with the object that they would find."""


_CAUSE = """\
SELECT images.file_name, predictions.score, cause_errors.*
FROM cause_errors
LEFT JOIN ground_truth USING (ground_truth_index)
LEFT JOIN predictions USING (prediction_index)
JOIN images ON images.image_id = coalesce(ground_truth.image_id, predictions.image_id)
WHERE cause_errors.rank = {rank} AND cause_errors.cause = {cause} AND cause_errors.weight >= 0.5"""

_BAND = """\
SELECT images.file_name, predictions.*, (matched >> %(place)d) & 1 = 1 AS is_right
FROM predictions
JOIN images USING (image_id)
WHERE {where}
  AND predictions.rank < %(limit)d AND (ignored >> %(place)d) & 1 = 0
ORDER BY is_right, score DESC, prediction_index"""


def queries(task: Task, *, place: int = 0, limit: int = 100, has_training: bool = False) -> Queries:
    """The statements of everything that comes in great numbers, with ``{…}`` for what differs.

    Args:
        task: Of the evaluation.
        place: Of the overlap threshold on the policy's ladder.
        limit: The policy's detections per image and class.
        has_training: Whether causes know of training data, which SQL does not.
    """
    wrong = _CELLS + 'cells."true" <> cells.predicted'
    return Queries(
        cell=_CELLS + 'cells."true" = {true} AND cells.predicted = {predicted}' + _SUREST_FIRST,
        errors=wrong + "\n  AND {where}" + _SUREST_FIRST,
        class_errors=wrong + '\n  AND {class} IN (cells."true", cells.predicted)' + _SUREST_FIRST,
        type_of_class={}
        if task == "classification"
        else {name: error_type_sql(name, of_class=True) for name in ERROR_TYPES},
        suspects="SELECT * FROM label_errors WHERE kind = {kind} ORDER BY rank",
        all_suspects="SELECT * FROM label_errors ORDER BY rank",
        cause=None if has_training else _CAUSE + _SUREST_FIRST,
        band=_BAND % {"place": place, "limit": limit},
    )


def error_type_sql(name: str, *, of_class: bool = False) -> str:
    """The errors of one type, see `cvfail.report.choosing.error_type_units`.

    Args:
        name: The type.
        of_class: Whether those of one class are asked for, ``{class}``.
    """
    if name == "missed":
        text, order = f"{_OBJECTS}ground_truth.outcome = 'missed'", _LARGEST_FIRST
    else:
        text, order = f"{_PREDICTIONS}predictions.outcome = 'false_positive'", _SUREST_PREDICTIONS_FIRST
        text += f" AND predictions.error_type = '{name}'"
    table = "ground_truth" if name == "missed" else "predictions"
    return (f"{text} AND {table}.category = {{class}}" if of_class else text) + order


def mode_sql(evidence: Evidence, mode: FailureMode) -> str:
    """The errors of a failure mode, the rows of `FailureModes.examples`."""
    if mode.unit == "predictions":
        holds = [*_prediction_error(mode.kind), *_conditions(evidence, mode, "predictions")]
        return _PREDICTIONS + _all_of(holds) + _SUREST_PREDICTIONS_FIRST
    holds = [f"ground_truth.outcome = '{mode.kind}'"]
    if mode.confusion is not None:
        true, predicted = mode.confusion
        holds += [f"ground_truth.category = {quoted(true)}", f"predictions.category = {quoted(predicted)}"]
    start = _OBJECTS if mode.confusion is None else _TAKEN_FOR
    order = _LARGEST_FIRST if evidence.task == "detection" else "\nORDER BY ground_truth_index"
    return start + _all_of([*holds, *_conditions(evidence, mode, "ground_truth")]) + order


def quoted(text: str) -> str:
    """A text as a string of SQL.

    Example:
        >>> quoted("it's")
        "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def _prediction_error(kind: str) -> list[str]:
    wrong = "predictions.outcome = 'false_positive'"
    if kind != REDUNDANT:
        return [wrong, f"predictions.error_type = '{kind}'"]
    return [
        wrong,
        "predictions.error_type IN ('classification', 'localisation')",
        f"predictions.prediction_index NOT IN ({_OF_OBJECTS})",
    ]


def _conditions(evidence: Evidence, mode: FailureMode, side: Side) -> list[str]:
    return [condition_on(evidence, condition, side=side) for condition in mode.conditions]


def _all_of(conditions: Iterable[str]) -> str:
    return "\n  AND ".join(conditions)
