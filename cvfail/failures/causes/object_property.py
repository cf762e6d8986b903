"""Causes that are a property of the object: how much more often those that have it fail, other things equal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.failures.causes.attributable import Attributable, attributable
from cvfail.failures.causes.claim import Claim, p_text, percent
from cvfail.failures.causes.context import CauseContext
from cvfail.failures.causes.units import UnitRows
from cvfail.failures.mode_errors import ModeErrors

_WITHOUT = frozenset({"", "0", "no", "none", "false", "fully visible", "visible", "clear", "n/a", "null"})
"""Texts that say that an object does not have a property."""


@dataclass(frozen=True)
class ObjectProperty:
    """Which units have a property.

    Attributes:
        words: What they are called: ``small``.
        rows: Those that have it; all units of the other kind have it not.
        is_told_by: Whether a condition on an attribute speaks of the property.
    """

    words: str
    rows: UnitRows
    is_told_by: Callable[[str], bool]


def property_claim(errors: ModeErrors, context: CauseContext, having: ObjectProperty) -> Claim:
    """Claim the attributable fraction for the errors of units that have a property.

    Args:
        errors: The mode.
        context: Of its operating point.
        having: The property.

    Returns:
        With rate_with the error's rate among the units of the slice that have the property, and rate_without that
        among the units without it in the same conditions but for those that speak of the property, each row that
        has it claims max(0, 1 - rate_without / rate_with), if the difference is significant at .05 (clustered by
        image), else 0. So what small objects suffer everywhere at night alike is not due to their size. Facts:
        with_property (errors), rate_with, rate_without, p_value, fraction.
    """
    around = context.units_beyond(errors, having.is_told_by)
    inside = context.units(errors.mode.conditions)
    compared = attributable(
        errors, context.evidence, with_it=inside & having.rows, without_it=around - having.rows
    )
    has = having.rows.of_errors(errors)
    facts = {
        "with_property": int(has.sum()),
        "rate_with": compared.rate_with,
        "rate_without": compared.rate_without,
        "p_value": compared.p_value,
        "fraction": compared.fraction,
    }
    text = _sentence(has, having.words, compared)
    return Claim(np.where(has, compared.fraction, 0.0), facts, text)


def _sentence(has: NDArray[np.bool_], words: str, compared: Attributable) -> str:
    if not has.any():
        return f"none of {has.size:,} errors is of {words}"
    text = f"{has.sum():,} of {has.size:,} errors are of {words}"
    if compared.rate_without is None:
        return f"{text}; there are no others under the same conditions"
    return (
        f"{text}: {percent(compared.rate_with)} of them have this error, {percent(compared.rate_without)} of the "
        f"others under the same conditions ({p_text(compared.p_value)})"
    )


def only_objects(context: CauseContext, truth: NDArray[np.bool_]) -> UnitRows:
    """Objects that have a property that no prediction has."""
    return UnitRows(truth, np.zeros(context.point.kept.size, np.bool_))


def attribute_of_objects(context: CauseContext, names: tuple[str, ...]) -> str | None:
    """The first attribute of the ground truth that has one of some names, in any case."""
    return next((n for n in context.evidence.attributes("ground_truth") if n.lower() in names), None)


def has_it(values: pl.Series) -> NDArray[np.bool_]:
    """Where an attribute says that an object has a property: true, above 0, or a text that does not deny it.

    Example:
        >>> has_it(pl.Series(["none", "partial", None])).tolist(), has_it(pl.Series([0, 2])).tolist()
        ([False, True, False], [False, True])
    """
    if values.dtype == pl.Boolean:
        return values.fill_null(value=False).to_numpy()
    if values.dtype.is_numeric():
        return (values > 0).fill_null(value=False).to_numpy()
    told = values.cast(pl.String, strict=False).str.strip_chars().str.to_lowercase()
    return (told.is_not_null() & ~told.is_in(sorted(_WITHOUT))).to_numpy()
