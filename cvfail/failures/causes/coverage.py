"""Cause: there is too little of the slice to learn from."""

from __future__ import annotations

from math import ceil

import numpy as np
import polars as pl
from polars.exceptions import PolarsError

from cvfail.attributes.binning import SIZE_EDGES, SIZE_LABELS, bin_by_edges
from cvfail.errors import QueryError
from cvfail.failures.causes.claim import Claim, percent
from cvfail.failures.causes.context import CauseContext
from cvfail.failures.conditions import Condition, slice_name
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
        Only the excess over the rest can be due to it. Facts: share_of_training (null without training data or
        without the slice's columns in it), share_here, fair_share, rows_wanted (training rows of the slice that are
        missing to the fair share) and times_rarer (fair share ÷ share; both null without training data), objects,
        images (of the slice here), excess (excess errors ÷ errors).
    """
    if errors.mode.unit == "predictions" or not errors.mode.conditions:
        return None
    evidence = context.evidence
    images = np.unique(evidence.coding.truth_image[errors.in_slice]).size
    objects = int(errors.in_slice.sum())
    here = objects / max(int(evidence.regular().sum()), 1)
    excess = _excess(errors)
    learnt = _share_of_training(errors.mode.conditions, context)
    if learnt is not None:
        name, share, fair = learnt
        text = f"{name} is {percent(share)} of the training data and {percent(fair)} of the data here"
    else:
        share, fair = here, 1.0 / max(_combinations(errors.mode.conditions, context), 1)
        text = (
            f"the slice is {percent(here)} of the objects here, where an equal part would be "
            f"{percent(fair)}; the training data are not known"
        )
    lack = max(0.0, 1.0 - share / fair) if fair else 0.0
    facts = {
        "share_of_training": None if learnt is None else share,
        "share_here": here,
        "fair_share": fair,
        "rows_wanted": None if learnt is None else _rows_wanted(context, share, fair),
        "times_rarer": fair / share if learnt is not None and share else None,
        "objects": objects,
        "images": images,
        "excess": excess,
    }
    return Claim(np.full(errors.rows.size, lack * excess), facts, text)


def _rows_wanted(context: CauseContext, share: float, fair: float) -> int | None:
    """Rows of the slice to add to the training data until they have the fair share of it."""
    if context.training is None or fair >= 1.0:
        return None
    return max(0, ceil((fair - share) * context.training.height / (1.0 - fair)))


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


def _share_of_training(
    conditions: tuple[Condition, ...], context: CauseContext
) -> tuple[str, float, float] | None:
    """What of the slice the training data tell, its share of them, and its share of the same units here."""
    if context.training is None or context.training.is_empty():
        return None
    training, evidence = _with_size(context.training), context.evidence
    is_of_objects = bool(_OF_OBJECTS & set(training.columns))
    known = tuple(c for c in conditions if c.attribute in training.columns)
    if not is_of_objects:
        known = tuple(c for c in known if c.attribute in evidence.attributes("images"))
    if not known:
        return None
    learnt = _share(training, known)
    if is_of_objects:
        here = float(context.units(known).truth.sum() / max(int(evidence.regular().sum()), 1))
    else:
        here = _share(evidence.images, known)
    return slice_name(known), learnt, here


def _with_size(training: pl.DataFrame) -> pl.DataFrame:
    """The training data with the size of objects whose area is known."""
    if "size" in training.columns or "area" not in training.columns:
        return training
    return training.with_columns(bin_by_edges(training["area"], SIZE_EDGES, labels=SIZE_LABELS).alias("size"))


def _share(rows: pl.DataFrame, conditions: tuple[Condition, ...]) -> float:
    """The share of rows in which all conditions hold.

    Raises:
        QueryError: A column is of another type than the attribute.
    """
    holds = pl.all_horizontal([condition.expression for condition in conditions]).fill_null(value=False)
    try:
        return float(rows.select(holds.mean()).item() or 0.0)
    except PolarsError as error:
        raise QueryError(
            f"training data: {str(error).splitlines()[0]}. Hint: columns of the same types as the attributes here"
        ) from error
