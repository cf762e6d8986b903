"""Cause: there is too little of the slice to learn from."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
import polars as pl
from polars.exceptions import PolarsError

from cvfail.attributes.binning import SIZE_EDGES, SIZE_LABELS, bin_by_edges
from cvfail.errors import QueryError
from cvfail.failures.causes.claim import Claim, percent
from cvfail.failures.causes.context import CauseContext
from cvfail.failures.conditions import Condition, slice_name
from cvfail.failures.failure_mode import FailureMode
from cvfail.failures.mode_errors import ModeErrors

_OF_OBJECTS = frozenset({"category", "size", "area", "ground_truth_id"})
"""Columns that only a table of objects has."""


def coverage(errors: ModeErrors, context: CauseContext) -> Claim | None:
    """Claim for all errors alike if the slice is rarer than its share: (1 - share / fair share) · excess / errors.

    Args:
        errors: A mode of objects in a slice with conditions; None for others.
        context: With `training`, if that is known.

    Returns:
        With training data, share is that of the slice among its rows and the fair share that of the slice among
        the objects here (among the images, if the training data are of images). Without, share is that of the
        slice among the objects here, and the fair share one of as many equal ones as there are combinations of
        values of the slice's attributes here: a weaker statement, since nothing is known of the training data.
        A mode that holds one value against another is compared with the other: shares are of the two alone, and an
        equal part is half. Only the excess over the rest, or over the other value, can be due to it. Facts:
        share_of_training (null without training data or without the slice's columns in it), share_here, fair_share,
        rows_wanted (training rows of the slice that are missing to the fair share) and times_rarer (fair share ÷
        share; both null without training data), objects, images (of the slice here), excess (excess errors ÷ errors).
    """
    if errors.mode.unit == "predictions" or not errors.mode.conditions:
        return None
    mode, evidence = errors.mode, context.evidence
    images = np.unique(evidence.coding.truth_image[errors.in_slice]).size
    objects = int(errors.in_slice.sum())
    whole = evidence.regular() if errors.beside is None else errors.in_slice | errors.beside[0]
    of = "" if errors.beside is None else " of both values"
    here = objects / max(int(whole.sum()), 1)
    excess = _excess(errors)
    learnt = _share_of_training(mode, context)
    if learnt is not None:
        share, fair = learnt.share, learnt.fair
        text = (
            f"{learnt.name} is {percent(share)} of the training data{of} and {percent(fair)} of the data here"
        )
    else:
        parts = 2 if mode.against is not None else _combinations(mode.conditions, context)
        share, fair = here, 1.0 / max(parts, 1)
        text = (
            f"the slice is {percent(here)} of the objects{of} here, where an equal part would be "
            f"{percent(fair)}; the training data are not known"
        )
    lack = max(0.0, 1.0 - share / fair) if fair else 0.0
    facts = {
        "share_of_training": None if learnt is None else share,
        "share_here": here,
        "fair_share": fair,
        "rows_wanted": None if learnt is None else learnt.rows_wanted,
        "times_rarer": fair / share if learnt is not None and share else None,
        "objects": objects,
        "images": images,
        "excess": excess,
    }
    return Claim(np.full(errors.rows.size, lack * excess), facts, text)


@dataclass(frozen=True)
class _Learnt:
    """What of a slice the training data tell.

    Attributes:
        name: The conditions that they know.
        share: Of the slice among their rows, or among those of both values.
        fair: The same of the same units here.
        rows: Those rows.
    """

    name: str
    share: float
    fair: float
    rows: int

    @property
    def rows_wanted(self) -> int | None:
        """Rows of the slice to add to the training data until they have the fair share of it."""
        if self.fair >= 1.0:
            return None
        return max(0, ceil((self.fair - self.share) * self.rows / (1.0 - self.fair)))


def _excess(errors: ModeErrors) -> float:
    """The share of the errors that the rest's rate does not explain, from 0 to 1."""
    told = errors.against_rest()
    if not told["errors"] or told["excess_errors"] is None:
        return 0.0
    return min(1.0, max(0.0, told["excess_errors"] / told["errors"]))


def _combinations(conditions: tuple[Condition, ...], context: CauseContext) -> int:
    """How many combinations of values of the slice's attributes objects have; those without a value aside."""
    names = list(dict.fromkeys(condition.attribute for condition in conditions))
    try:
        levels = pl.DataFrame([context.levels(name).alias(name) for name in names])
    except QueryError:
        return 0
    return levels.filter(pl.Series(context.evidence.regular())).drop_nulls().unique().height


def _share_of_training(mode: FailureMode, context: CauseContext) -> _Learnt | None:
    if context.training is None or context.training.is_empty():
        return None
    training, evidence = _with_size(context.training), context.evidence
    is_of_objects = bool(_OF_OBJECTS & set(training.columns))
    told = set(training.columns)
    if not is_of_objects:
        told &= set(evidence.attributes("images"))
    own, other = (
        tuple(c for c in side if c.attribute in told) for side in (mode.conditions, mode.against or ())
    )
    if not own or (mode.against is not None and not {c.attribute for c in mode.differing[0]} <= told):
        return None
    against = None if mode.against is None else other
    share, rows = _share(training, own, against)
    fair = _share_here(own, against, context) if is_of_objects else _share(evidence.images, own, against)[0]
    return _Learnt(slice_name(own), share, fair, rows)


def _share_here(
    conditions: tuple[Condition, ...], against: tuple[Condition, ...] | None, context: CauseContext
) -> float:
    """The share of the objects, or of those of both values, in which all conditions hold."""
    own = context.units(conditions).truth
    whole = context.evidence.regular() if against is None else own | context.units(against).truth
    return float(own.sum() / max(int(whole.sum()), 1))


def _with_size(training: pl.DataFrame) -> pl.DataFrame:
    """The training data with the size of objects whose area is known."""
    if "size" in training.columns or "area" not in training.columns:
        return training
    return training.with_columns(bin_by_edges(training["area"], SIZE_EDGES, labels=SIZE_LABELS).alias("size"))


def _share(
    rows: pl.DataFrame, conditions: tuple[Condition, ...], against: tuple[Condition, ...] | None
) -> tuple[float, int]:
    """The share of rows, or of those of both values, in which all conditions hold, and the number of these rows.

    Raises:
        QueryError: A column is of another type than the attribute.
    """
    own = _holds(conditions)
    try:
        among = rows if against is None else rows.filter(own | _holds(against))
        return float(among.select(own.mean()).item() or 0.0), among.height
    except PolarsError as error:
        raise QueryError(
            f"training data: {str(error).splitlines()[0]}. Hint: columns of the same types as the attributes here"
        ) from error


def _holds(conditions: tuple[Condition, ...]) -> pl.Expr:
    return pl.all_horizontal([condition.expression for condition in conditions]).fill_null(value=False)
