"""The SQL of the rows behind a number of the report, so that all of them can be paged through."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cvfail.errors import QueryError
from cvfail.evidence.attributes import attribute_names, is_of_both_sides
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.failures.conditions import condition_of_level
from cvfail.query.session import Session

_ROW_VIEWS = ("false_positives", "false_negatives", "true_positives", "confusions")
FILTERED = (*_ROW_VIEWS, "predictions", "ground_truth", "images")
"""What the filter of the page looks at."""

_SMALL, _MEDIUM = 1024, 9216
_WRONG = 'cells."true" <> cells.predicted'


def sql_behind(point: OperatingPoint, kind: str, given: Mapping[str, str]) -> str:
    """One SELECT whose answer has a row for each unit behind a number.

    Args:
        point: The operating point of the report.
        kind: ``cell`` (given: true, predicted), ``class`` (label), ``error_type`` (name), ``class_error`` (label,
            name), ``mode`` (rank), ``slice`` (attribute, and value unless it is missing),
            ``suspects`` (name unless all).
        given: What it is of; classes by their names as the report shows them.

    Returns:
        The statement. The answer has prediction_index, ground_truth_index or both; the most confident come first.

    Raises:
        QueryError: There is no such kind, or something is not given.
    """
    try:
        return _KINDS[kind](point, given)
    except (KeyError, ValueError) as error:
        raise QueryError(f"nothing is known of {kind!r} with {dict(given)}") from error


def filtered(session: Session, table: str, where: str) -> str:
    """The SELECT that a condition after WHERE stands for: rows of a table with the attributes of their images.

    Raises:
        QueryError: There is no such table.
    """
    if table not in FILTERED:
        raise QueryError(f"{table!r} cannot be filtered. Hint: one of {', '.join(FILTERED)}")
    condition = where.strip().rstrip(";") or "true"
    if table == "images":
        return f"SELECT *\nFROM images\nWHERE {condition}"
    own = session.query(f"SELECT * FROM {table} LIMIT 0").columns
    others = session.query("SELECT * FROM images LIMIT 0").columns
    shared = [name for name in others if name in own]
    left_out = ", ".join(map(_name, shared))
    return (
        f"SELECT *\nFROM (SELECT {table}.*, images.* EXCLUDE ({left_out})\n"
        f"      FROM {table} JOIN images USING (image_id))\nWHERE {condition}"
    )


def _cell(point: OperatingPoint, given: Mapping[str, str]) -> str:
    where = f'cells."true" = {_text(given["true"])} AND cells.predicted = {_text(given["predicted"])}'
    return _units(point, "cells", where)


def _class(point: OperatingPoint, given: Mapping[str, str]) -> str:
    label = _text(given["label"])
    return _units(point, "cells", f'{_WRONG} AND (cells."true" = {label} OR cells.predicted = {label})')


def _mode(point: OperatingPoint, given: Mapping[str, str]) -> str:
    return _units(point, "mode_errors", f"mode_errors.rank = {int(given['rank'])}")


def _error_type(point: OperatingPoint, given: Mapping[str, str]) -> str:
    name = given["name"]
    label = f" AND category = {_text(given['label'])}" if "label" in given else ""
    if name == "missed":
        return (
            "SELECT outcome, category, area, file_name, ground_truth_index\n"
            f"FROM ground_truth JOIN images USING (image_id)\nWHERE outcome = 'missed'{label}\n"
            "ORDER BY area DESC, ground_truth_index"
        )
    return (
        "SELECT error_type, category, score, overlap, file_name, prediction_index,\n"
        "       target_index AS ground_truth_index\n"
        "FROM predictions JOIN images USING (image_id)\n"
        f"WHERE outcome = 'false_positive' AND error_type = {_text(name)}{label}\n"
        "ORDER BY score DESC, prediction_index"
    )


def _slice(point: OperatingPoint, given: Mapping[str, str]) -> str:
    evidence, attribute = point.evidence, given["attribute"]
    if attribute not in attribute_names(evidence):
        raise QueryError(f"{attribute!r} is not an attribute")
    condition = condition_of_level(evidence, attribute, given.get("value"))
    value = f",\n       {_value_of(point, attribute)} AS {_name(attribute)}"
    has_value = _WRONG
    if not _has_predicted_value(point, attribute):
        has_value += " AND cells.ground_truth_index IS NOT NULL"
    return (
        f"WITH errors AS (\n{_units(point, 'cells', has_value, value, order=False)}\n)\n"
        f"SELECT * FROM errors\nWHERE {condition.sql}\n{_ORDER}"
    )


def _suspects(point: OperatingPoint, given: Mapping[str, str]) -> str:
    where = f"WHERE kind = {_text(given['name'])}\n" if "name" in given else ""
    return f"SELECT *\nFROM label_errors\n{where}ORDER BY rank"


_KINDS: Mapping[str, Callable[[OperatingPoint, Mapping[str, str]], str]] = {
    "cell": _cell,
    "class": _class,
    "mode": _mode,
    "error_type": _error_type,
    "class_error": _error_type,
    "slice": _slice,
    "suspects": _suspects,
}

_ORDER = "ORDER BY score DESC NULLS LAST, area DESC NULLS LAST, prediction_index, ground_truth_index"


def _units(point: OperatingPoint, table: str, where: str, more: str = "", *, order: bool = True) -> str:
    """Rows of a table of pairs with their score and file, by whichever side they have."""
    area = "ground_truth.area" if point.evidence.task == "detection" else "NULL"
    return (
        f"SELECT {table}.*, predictions.score, {area} AS area, images.file_name{more}\n"
        f"FROM {table}\n"
        "LEFT JOIN predictions USING (prediction_index)\n"
        "LEFT JOIN ground_truth USING (ground_truth_index)\n"
        "JOIN images ON images.image_id = coalesce(ground_truth.image_id, predictions.image_id)\n"
        f"WHERE {where}" + (f"\n{_ORDER}" if order else "")
    )


def _has_predicted_value(point: OperatingPoint, attribute: str) -> bool:
    """Whether detections on nothing have a value of an attribute."""
    evidence = point.evidence
    own = {"category", "size", *evidence.attributes("images")}
    return attribute in own or is_of_both_sides(evidence, attribute)


def _value_of(point: OperatingPoint, attribute: str) -> str:
    """The value of an attribute: of the ground truth if there is one, else of the prediction."""
    evidence, name = point.evidence, _name(attribute)
    of_truth = "cells.ground_truth_index IS NOT NULL"
    if attribute == "size" and evidence.task == "detection":
        area = f"CASE WHEN {of_truth} THEN ground_truth.area ELSE predictions.width * predictions.height END"
        return (
            f"CASE WHEN {area} < {_SMALL} THEN 'small' WHEN {area} < {_MEDIUM} THEN 'medium' ELSE 'large' END"
        )
    if attribute in evidence.attributes("images"):
        return _finite(f"images.{name}", is_float=evidence.images[attribute].dtype.is_float())
    if attribute != "category" and not is_of_both_sides(evidence, attribute):
        is_float = evidence.outcomes.column("ground_truth", attribute).dtype.is_float()
        return _finite(f"ground_truth.{name}", is_float=is_float)
    value = f"CASE WHEN {of_truth} THEN ground_truth.{name} ELSE predictions.{name} END"
    is_float = attribute != "category" and any(
        evidence.outcomes.column(table, attribute).dtype.is_float()
        for table in ("ground_truth", "predictions")
    )
    return _finite(value, is_float=is_float)


def _finite(value: str, *, is_float: bool) -> str:
    """Numbers that are not finite have no level, as null has none."""
    return f"CASE WHEN isfinite({value}) THEN {value} END" if is_float else value


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _name(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'
