"""The failure modes of one value against another: night against day, one camera against the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Unpack

import numpy as np
import polars as pl

from cvfail.errors import QueryError
from cvfail.evidence.attributes import attribute_names
from cvfail.evidence.attributes import attributes as attributes_of
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.failures.mode_table import FailureModes
from cvfail.failures.modes import ModeOptions, failure_modes
from cvfail.failures.units import ErrorUnits, object_units, prediction_units
from cvfail.failures.value_pair import Value, ValuePair
from cvfail.slices.every_slice import cells_of
from cvfail.statistics.multiplicity import benjamini_hochberg
from cvfail.statistics.standardised_contrast import standardised_contrast
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


def failure_contrast(
    point: OperatingPoint,
    attribute: str,
    value: Value,
    against: Value,
    *,
    attributes: Sequence[str] | None = None,
    **options: Unpack[ModeOptions],
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
        **options: Those of `cvfail.failures.modes.failure_modes`. max_order is how many attributes a slice may fix
            beside the value, 1 if not given; min_support and min_clusters are of the units of either value.

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
    options.setdefault("max_order", 1)
    others = [name for name in names if name != attribute]
    return failure_modes(point, attributes=others, pair=pair, **options)


def contrast_rates(
    point: OperatingPoint,
    attribute: str,
    value: Value,
    against: Value,
    *,
    within: Sequence[str] = (),
    confidence: float = 0.95,
) -> ResultTable:
    """How often each error happens with one value and with another, over all rows that have them.

    Args:
        point: The evaluation at an overlap and a score threshold.
        attribute: See `failure_contrast`.
        value: See `failure_contrast`.
        against: See `failure_contrast`.
        within: Attributes whose mix is not to count: the rates of the other value are those at this value's mix of
            them. Where more objects are small at night, ``within=["size"]`` says what is left of the difference.
        confidence: Coverage of the intervals.

    Returns:
        One row per error: error, support, errors, rate (of the value), against_support, against_errors, against_rate
        (of the other, at the value's mix of `within`), difference with difference_lower and _upper, excess_errors
        with excess_lower and _upper (errors of the value beyond those expected at the other's rate), p_value, q_value
        (Benjamini and Hochberg's over these errors). Units and rates are those of
        `cvfail.failures.modes.failure_modes`; combinations of `within` that only one of the values has are left out.
        A rate without units is null, and so is an interval in fewer than two images. Errors of predictions are left
        out where only ground truth has one of the attributes.

    Raises:
        QueryError: There is no such attribute or value, or one of `within` has too many values to compare within.

    Notes:
        See `cvfail.statistics.standardised_contrast`.
    """
    evidence = point.evidence
    pair = ValuePair.of(evidence, attribute, value, against)
    names = [name for name in dict.fromkeys(within) if name != attribute]
    kinds = [object_units(point, names, min_support=1, pair=pair)]
    if all(one.prediction is not None for one in attributes_of(evidence, [attribute, *names])):
        kinds.append(prediction_units(point, names, min_support=1, pair=pair))
    rows = [_compared(error, units.of_error(error), confidence) for units in kinds for error in units.errors]
    frame = pl.DataFrame(rows, schema={name: CONTRAST_SCHEMA[name] for name in list(CONTRAST_SCHEMA)[:-1]})
    mix = f" at the same mix of {', '.join(names)}" if names else ""
    return ResultTable(
        frame.with_columns(benjamini_hochberg(frame["p_value"]).alias("q_value")),
        caption=f"errors of {pair}{mix}; {evidence.describe(iou=point.iou, score=point.score)}",
    )


def _compared(error: str, units: ErrorUnits, confidence: float) -> dict[str, Any]:
    """One error with one value against the same with the other."""
    clustered = units.clustered
    for dropped in clustered.dropped:
        if not dropped.is_constant:
            raise QueryError(
                f"nothing can be compared within {dropped}. Hint: an attribute with fewer values"
            )
    strata, _ = cells_of(clustered, tuple(range(len(clustered.attributes))))
    has_value = np.zeros(0, np.bool_) if units.has_value is None else units.has_value
    told = standardised_contrast(units.errors, has_value, strata, clustered.clusters, confidence=confidence)
    row = {"error": error, **asdict(told)}
    excess = {"excess_errors": "difference", "excess_lower": "difference_lower"}
    excess["excess_upper"] = "difference_upper"
    for name, source in excess.items():
        row[name] = None if row[source] is None else row[source] * told.support
    return row
