"""Which objects and which predictions lie in a slice, without matching again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from polars.exceptions import PolarsError

from cvfail.errors import QueryError
from cvfail.evidence.attributes import attribute, attribute_levels, attribute_names, is_of_both_sides
from cvfail.evidence.evidence import ROW_NUMBERS, Evidence
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.slices.predicates import NULL, AttributeValue, Part, Slice, columns_of

FalsePositives = Literal["none", "shared", "attributed"]
"""What false positives a slice by attributes that only ground truth has: none is known; all of the images in
question; those that aim at an object of the slice."""

Rule = Literal["exact", "own_geometry", "own_prediction", "none", "shared", "attributed"]
"""How false positives were given to a slice."""

Mask = NDArray[np.bool_]

_BOX = frozenset({"x", "y", "width", "height", "area", "size"})
_CLASS = frozenset({"category", "category_id", "image_id"})


@dataclass(frozen=True)
class Membership:
    """The rows of a slice in one run of images.

    Attributes:
        rule: How false positives were given to it.
        truth: Ground truth in the slice, shape (G,); None if only predictions can be in it.
        found_by: Predictions that may be right in the slice, if their object is in it too, shape (D,).
        wrong: Predictions that are in the slice if they are false positives, shape (D,); None if that is unknown.
    """

    rule: Rule
    truth: Mask | None
    found_by: Mask
    wrong: Mask | None


@dataclass(frozen=True)
class _Sides:
    """Where a part holds; None on a side that it does not tell of."""

    kind: Literal["exact", "own_geometry", "own_prediction", "ground_truth"]
    truth: Mask | None
    prediction: Mask | None


def membership(
    point: OperatingPoint, slice_: Slice, *, false_positives: FalsePositives = "none"
) -> Membership:
    """Decide which rows a slice has.

    Args:
        point: The evaluation at an operating point, whole or a block.
        slice_: What must hold.
        false_positives: What is done where only ground truth has an attribute.

    Raises:
        QueryError: An attribute or a value is unknown, or the predicate cannot be evaluated.

    Notes:
        An object lies in the slice by its own values and those of its image and class. A prediction that found
        an object lies where the object does, whatever its own values say. A false positive lies in the slice of
        its image and class (``exact``), and of its own box, or what else both sides have (``own_geometry``). If
        the predicate asks for what predictions alone have (``own_prediction``), all predictions lie by their own
        values, and recall is unknown. Of an attribute that ground truth alone has a false positive has no value.
    """
    evidence = point.evidence
    sides = [_sides(evidence, part) for part in slice_.parts]
    by_truth = [part.truth for part in sides if part.truth is not None]
    own = [part.prediction for part in sides if part.prediction is not None]
    kinds: set[str] = {part.kind for part in sides}
    if {"own_prediction", "ground_truth"} <= kinds:
        raise QueryError(
            f"{slice_.name!r} asks at once what only ground truth and what only predictions have. "
            "Hint: make two slices of it"
        )
    everyone = np.ones(evidence.outcomes.rows("predictions"), np.bool_)
    inside = reduce(np.logical_and, own, everyone)
    wrong: Mask | None = inside
    rule = _rule(kinds, false_positives)
    if rule == "none":
        wrong = None
    elif rule == "attributed":
        limited = [part.truth for part in sides if part.kind == "ground_truth" and part.truth is not None]
        target = point.typed[1]
        aimed_at = np.append(np.logical_and.reduce(limited), False)
        wrong = np.asarray(inside & aimed_at[target])
    whole = np.ones(evidence.outcomes.rows("ground_truth"), np.bool_)
    return Membership(
        rule=rule,
        truth=None if rule == "own_prediction" else reduce(np.logical_and, by_truth, whole),
        found_by=inside if rule == "own_prediction" else everyone,
        wrong=wrong,
    )


def _rule(kinds: set[str], false_positives: FalsePositives) -> Rule:
    if "ground_truth" in kinds:
        return false_positives
    if "own_prediction" in kinds:
        return "own_prediction"
    return "own_geometry" if "own_geometry" in kinds else "exact"


def _sides(evidence: Evidence, part: Part) -> _Sides:
    if isinstance(part, AttributeValue):
        found = _by_level(evidence, part)
        if isinstance(found, _Sides):
            return found
        part = found
    tables = {name: _tables_with(evidence, name) for name in columns_of(part)}
    kind = _kind(evidence, tables)
    return _Sides(
        kind=kind,
        truth=_holds(evidence, "ground_truth", part, tables),
        prediction=None if kind == "ground_truth" else _holds(evidence, "predictions", part, tables),
    )


def _by_level(evidence: Evidence, part: AttributeValue) -> _Sides | pl.Expr:
    """Where an attribute has a level; a comparison, if it is a number or a column that is no attribute.

    Raises:
        QueryError: The attribute is unknown, or has no such level.
    """
    name = part.attribute
    images, objects = evidence.attributes("images"), evidence.attributes("ground_truth")
    derived = {"category", "size"} if evidence.task == "detection" else {"category"}
    if name not in {*images, *objects, *derived}:
        return _compared(part, _dtype(evidence, name))
    found = attribute(evidence, name)
    levels = attribute_levels(evidence, name)
    value = None if part.value == NULL else part.value
    if value not in levels:
        has_numbers = name not in derived and _column(evidence, name).dtype.is_numeric()
        if has_numbers and value is not None and _is_number(value):
            return _compared(part, pl.Float64())
        shown = ", ".join(NULL if level is None else level for level in levels[:12])
        raise QueryError(f"{name!r} is never {part.value!r}. Hint: one of {shown}")
    wanted = pl.Series([value], dtype=pl.String)
    sides = [
        None if side is None else side.cast(pl.String).eq_missing(wanted).to_numpy()
        for side in (found.truth, found.prediction)
    ]
    return _Sides("ground_truth" if found.rule == "none" else found.rule, *sides)


def _compared(part: AttributeValue, dtype: pl.DataType) -> pl.Expr:
    """A column that has a value, as a number or as text."""
    column = pl.col(part.attribute)
    if part.value == NULL:
        return column.is_null()
    if not dtype.is_numeric():
        return column.cast(pl.String) == part.value
    if not _is_number(part.value):
        raise QueryError(f"{part.attribute!r} is never {part.value!r}. Hint: it holds {dtype}")
    return column == float(part.value)


def _dtype(evidence: Evidence, name: str) -> pl.DataType:
    """The type of a column that some table has.

    Raises:
        QueryError: There is no such column.
    """
    table = min(_tables_with(evidence, name))
    return evidence.images[name].dtype if table == "images" else _values(evidence, table, name).dtype


def _column(evidence: Evidence, name: str) -> pl.Series:
    table = "images" if name in evidence.attributes("images") else "ground_truth"
    return evidence.whole.attribute_column(table, name)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _tables_with(evidence: Evidence, name: str) -> frozenset[str]:
    """The tables that a column is read from.

    Raises:
        QueryError: There is no such column.
    """
    if name in {"category", *(("size", "area") if evidence.task == "detection" else ())}:
        return frozenset({"ground_truth", "predictions"})
    if name in evidence.attributes("images"):
        return frozenset({"images"})
    own = {table for table in ("ground_truth", "predictions") if name in evidence.outcomes.names(table)}
    if own and name not in ROW_NUMBERS:
        return frozenset(own)
    if name in evidence.images.columns:
        return frozenset({"images"})
    known = [*attribute_names(evidence.whole), *evidence.images.columns]
    known += [*evidence.outcomes.names("ground_truth"), *evidence.outcomes.names("predictions")]
    shown = ", ".join(name for name in dict.fromkeys(known) if name not in ROW_NUMBERS)
    raise QueryError(f"no attribute or column {name!r}. Hint: one of {shown}")


def _kind(
    evidence: Evidence, tables: dict[str, frozenset[str]]
) -> Literal["exact", "own_geometry", "own_prediction", "ground_truth"]:
    sets = set(tables.values())
    if frozenset({"predictions"}) in sets:
        return "own_prediction"
    if frozenset({"ground_truth"}) in sets:
        return "ground_truth"
    shared = {name for name, of in tables.items() if "images" not in of} - _CLASS
    if not shared:
        return "exact"
    alike = all(name in _BOX or is_of_both_sides(evidence, name) for name in shared)
    return "own_geometry" if alike else "ground_truth"


def _holds(evidence: Evidence, table: str, part: pl.Expr, tables: dict[str, frozenset[str]]) -> Mask | None:
    """Where an expression holds on one side; None if the side lacks a column."""
    if any(not of & {"images", table} for of in tables.values()):
        return None
    rows = evidence.outcomes.rows(table)
    columns = [_values(evidence, table, name) for name in tables]
    frame = pl.DataFrame(columns) if columns else pl.DataFrame(height=rows)
    try:
        answer = frame.select(part.alias("unit:in")).to_series()
    except PolarsError as error:
        raise QueryError(f"{part}: {str(error).splitlines()[0]}") from error
    if answer.dtype != pl.Boolean:
        raise QueryError(f"{part} gives {answer.dtype}, not true or false. Hint: compare it with something")
    if answer.len() != rows and columns:
        raise QueryError(
            f"{part} has {answer.len()} values for {rows} rows. Hint: decide every row by itself"
        )
    if answer.len() != rows:
        answer = answer.extend_constant(answer[0], rows - 1) if rows else answer.clear()
    return answer.fill_null(False).to_numpy()


def _values(evidence: Evidence, table: str, name: str) -> pl.Series:
    of = _tables_with(evidence, name)
    if name == "category" or (name == "size" and table in of):
        found = attribute(evidence, name)
        side = found.truth if table == "ground_truth" else found.prediction
        assert side is not None
        return side.cast(pl.String).alias(name)
    if "images" in of:
        coding = evidence.coding
        codes = coding.truth_image if table == "ground_truth" else coding.image
        return evidence.images[name].gather(codes)
    if name == "area" and name not in evidence.outcomes.names(table):
        sides = evidence.outcomes.columns(table, ["width", "height"])
        return (sides["width"] * sides["height"]).alias(name)
    return evidence.outcomes.column(table, name)
