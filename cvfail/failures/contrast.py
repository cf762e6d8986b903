"""The failure modes of one value against another: night against day, one camera against the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.evidence.attributes import attribute as known_attribute
from cvfail.evidence.attributes import attribute_names
from cvfail.evidence.operating_point import OBJECT_ERRORS, OperatingPoint
from cvfail.failures.costs import Costs
from cvfail.failures.errors_of_rows import RowErrors
from cvfail.failures.failure_mode import ERRORS
from cvfail.failures.mode_errors import ModeErrors
from cvfail.failures.mode_table import FailureModes, RankBy
from cvfail.failures.modes import frozen_mode, modes_of_search
from cvfail.failures.value_pair import Value, ValuePair
from cvfail.statistics.multiplicity import benjamini_hochberg
from cvfail.tables.result import ResultTable

CONTRAST_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "error": pl.String,
    "support": pl.Int64,
    "errors": pl.Int64,
    "rate": pl.Float64,
    "against_support": pl.Int64,
    "against_errors": pl.Int64,
    "against_rate": pl.Float64,
    "difference": pl.Float64,
    "difference_lower": pl.Float64,
    "difference_upper": pl.Float64,
    "excess_errors": pl.Float64,
    "excess_lower": pl.Float64,
    "excess_upper": pl.Float64,
    "p_value": pl.Float64,
    "q_value": pl.Float64,
}

_INFERENCE = (
    *("difference", "difference_lower", "difference_upper"),
    *("excess_errors", "excess_lower", "excess_upper", "p_value"),
)

Mask = NDArray[np.bool_]


def failure_contrast(
    point: OperatingPoint,
    attribute: str,
    value: Value,
    against: Value,
    *,
    attributes: Sequence[str] | None = None,
    max_order: int = 1,
    level: float = 0.05,
    min_support: int = 20,
    min_clusters: int = 10,
    costs: Costs | None = None,
    rank_by: RankBy | None = None,
    confidence: float = 0.95,
    insignificant: int = 5,
    replicates: int = 200,
    seed: int = 0,
) -> FailureModes:
    """Rank where the model fails more with one value of an attribute than with another.

    Args:
        point: The evaluation at an overlap and a score threshold.
        attribute: Of images or ground truth, or ``category``, or ``size``.
        value: The value whose failures are asked for, as `cvfail.evidence.attributes.attribute` names it: a range
            of a number with many values reads ``< 24.75``; None for rows without a value.
        against: The value that it is compared with.
        attributes: What slices are made of; every other attribute of images and ground truth, class and size if not
            given.
        max_order: How many attributes a slice may fix beside the value, 1 or more.
        level: Modes with a q-value below it are significant.
        min_support: Slices in which either value has fewer units are not looked at.
        min_clusters: Slices in which either value has units in fewer images (or clusters) are not looked at.
        costs: See `cvfail.failures.modes.failure_modes`.
        rank_by: See `cvfail.failures.modes.failure_modes`.
        confidence: Coverage of the intervals.
        insignificant: How many of the largest insignificant excesses are listed after the significant ones.
        replicates: Bootstrap replicates behind the intervals of `FailureModes.impact`.
        seed: Of their weights.

    Returns:
        The modes, the costliest first, significant ones before the others; see `FailureModes`. `rest_rate` is that of
        the other value under the same further conditions, and each mode has these as `FailureMode.against`.

    Raises:
        QueryError: There is no such attribute or value, or an option has no meaning.

    Notes:
        For every error, and every slice by other attributes, the first of them of everything, the units with the
        value are compared with those with the other value in the same slice: at night with by day, small at night
        with small by day. Excess errors are errors beyond those expected at the other value's rate. p-values are
        clustered by image, also where one image has units of both; q-values are Benjamini and Hochberg's over all
        slices and errors. A failure is reported once: by a narrower slice only where the two values differ more
        in it than outside it. Units and rates of errors are those of `cvfail.failures.modes.failure_modes`.
    """
    pair = ValuePair.of(point.evidence, attribute, value, against)
    names = attribute_names(point.evidence) if attributes is None else list(dict.fromkeys(attributes))
    return modes_of_search(
        point,
        [name for name in names if name != attribute],
        pair=pair,
        max_order=max_order,
        level=level,
        min_support=min_support,
        min_clusters=min_clusters,
        costs=costs,
        rank_by=rank_by,
        confidence=confidence,
        insignificant=insignificant,
        replicates=replicates,
        seed=seed,
    )


def contrast_rates(
    point: OperatingPoint, attribute: str, value: Value, against: Value, *, confidence: float = 0.95
) -> ResultTable:
    """How often each error happens with one value and with another, over all rows that have them.

    Args:
        point: The evaluation at an overlap and a score threshold.
        attribute: See `failure_contrast`.
        value: See `failure_contrast`.
        against: See `failure_contrast`.
        confidence: Coverage of the intervals.

    Returns:
        One row per error: error, support, errors, rate (of the value), against_support, against_errors, against_rate
        (of the other), difference with difference_lower and _upper, excess_errors with excess_lower and _upper
        (errors of the value beyond those expected at the other's rate), p_value, q_value (Benjamini and Hochberg's
        over these errors). Units and rates are those of `cvfail.failures.modes.failure_modes`. A rate without units
        is null, and so is an interval in fewer than two images.
        Errors of predictions are left out where only ground truth has the attribute.

    Raises:
        QueryError: There is no such attribute or value.
    """
    evidence = point.evidence
    pair = ValuePair.of(evidence, attribute, value, against)
    known = RowErrors(point)
    told = OBJECT_ERRORS if known_attribute(evidence, attribute).prediction is None else ERRORS
    rows = [{"error": error, **_compared(known, error, pair, confidence)} for error in told]
    frame = pl.DataFrame(rows, schema={name: CONTRAST_SCHEMA[name] for name in list(CONTRAST_SCHEMA)[:-1]})
    return ResultTable(
        frame.with_columns(benjamini_hochberg(frame["p_value"]).alias("q_value")),
        caption=f"errors of {pair}; {evidence.describe(iou=point.iou, score=point.score)}",
    )


def _compared(
    known: RowErrors, error: str, pair: ValuePair, confidence: float
) -> dict[str, float | int | None]:
    """One error with one value against the same with the other."""
    frozen = frozen_mode(known.point, error)
    mode = replace(frozen, conditions=(pair.condition,), against=(pair.other,))
    errors = ModeErrors.of(mode, known)
    told = errors.against_rest(confidence=confidence)
    units, wrong = _counts(errors, (errors.in_slice, errors.wrong_in_slice))
    other_units, other_wrong = (0, 0) if errors.beside is None else _counts(errors, errors.beside)
    return {
        **{name: told[name] for name in _INFERENCE},
        "support": units,
        "errors": wrong,
        "rate": wrong / units if units else None,
        "against_support": other_units,
        "against_errors": other_wrong,
        "against_rate": other_wrong / other_units if other_units else None,
    }


def _counts(errors: ModeErrors, rows: tuple[Mask, Mask]) -> tuple[int, int]:
    """Units and errors among some objects and false positives."""
    objects, predictions = rows
    if errors.mode.unit == "predictions":
        wrong = int((errors.wrong_predictions & predictions).sum())
        return int(objects.sum()) + wrong, wrong
    return int(objects.sum()), int((errors.wrong_objects & objects).sum())
