"""Cause: the images of the slice are unlike the others, or unlike those of a reference."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import polars as pl

from cvfail.evidence.evidence import Evidence
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.failures.causes.attributable import LEVEL, attributable
from cvfail.failures.causes.claim import Claim, Fact, p_text, percent
from cvfail.failures.causes.context import CauseContext
from cvfail.failures.causes.distributions import Distance, kolmogorov_smirnov, shares_differ
from cvfail.failures.causes.units import Mask, UnitRows
from cvfail.failures.conditions import Condition, slice_name
from cvfail.failures.mode_errors import ModeErrors

SCORE = "score of right predictions"


def domain_shift(errors: ModeErrors, context: CauseContext) -> Claim | None:
    """Claim the attributable fraction of the conditions on images, if the model sees these images differently.

    Args:
        errors: A mode in a slice with a condition on an attribute of images; None for others.
        context: With `reference` and `training`, if there are such.

    Returns:
        Each row claims max(0, 1 - rate_without / rate_with), with the error's rates in the slice and in the images
        where the same holds of objects, but not these conditions, if that difference is significant at .05
        (clustered by image), and if a distribution differs too, at .05 shared by all that are looked at: the scores
        of right predictions, whatever the score, in the slice against the rest and, if the reference is evidence,
        against its own; and each attribute of images that the slice does not fix, in its images against the images
        of the reference, or of the training data if there is no reference. A mode that holds one value against
        another is compared with the other: the conditions are those that differ, and the rest is what the mode is
        held against. Facts: conditions, rate_with, rate_without, rate_p_value, which (differs most surely), against
        (``rest`` or the other value, ``reference`` or ``training``), distance (0 to 1), p_value (times how many were
        looked at).
    """
    mode = errors.mode
    of_images = set(context.evidence.attributes("images"))
    conditions = tuple(c for c in mode.differing[0] if c.attribute in of_images)
    if not conditions:
        return None
    others = tuple(c for c in mode.conditions if c not in conditions)
    inside = context.units(mode.conditions)
    outside = context.units(others) - context.units(conditions)
    other = "rest"
    if mode.against is not None:
        outside, other = context.units(mode.against), slice_name(mode.differing[1])
    compared = attributable(errors, context.evidence, with_it=inside, without_it=outside)
    looked = list(_distances(conditions, inside, outside, other, context))
    known = [one for one in looked if one[2].p_value is not None]
    which, against, most = min(
        known, key=lambda one: one[2].p_value or 0.0, default=(None, None, Distance(None, None))
    )
    p_value = None if most.p_value is None else min(1.0, most.p_value * len(known))
    facts: dict[str, Fact] = {
        "conditions": slice_name(conditions),
        "rate_with": compared.rate_with,
        "rate_without": compared.rate_without,
        "rate_p_value": compared.p_value,
        "which": which,
        "against": against,
        "distance": most.distance,
        "p_value": p_value,
    }
    differs = p_value is not None and p_value < LEVEL
    weights = np.full(errors.rows.size, compared.fraction if differs else 0.0)
    return Claim(weights, facts, _sentence(facts, other))


def _distances(
    conditions: tuple[Condition, ...], inside: UnitRows, outside: UnitRows, other: str, context: CauseContext
) -> Iterator[tuple[str, str, Distance]]:
    """What was compared, with what, and how far apart it is."""
    here = partial(_right_scores, context.everything)
    yield SCORE, other, _scores_differ(here(inside.truth), here(outside.truth))
    reference, against = context.reference, "reference"
    if isinstance(reference, Evidence):
        there = OperatingPoint.of(reference, iou=context.point.iou, score=-np.inf)
        yield SCORE, against, _scores_differ(here(inside.truth), _right_scores(there, reference.regular()))
        images: pl.DataFrame | None = reference.images
    elif reference is not None:
        images = reference
    else:
        images, against = context.training, "training"
    if images is None:
        return
    taken = {condition.attribute for condition in conditions}
    present = np.unique(context.evidence.coding.truth_image[inside.truth])
    own = context.evidence.images[present]
    for name in context.evidence.attributes("images"):
        if name not in taken and name in images.columns:
            distance = _values_differ(own[name], images[name])
            if distance is not None:
                yield name, against, distance


def _right_scores(
    everything: OperatingPoint, objects: Mask
) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], np.ndarray[tuple[int], np.dtype[np.int32]]]:
    """Scores of the predictions that find some objects, and the cluster of each."""
    found = np.flatnonzero(everything.found & objects)
    evidence = everything.evidence
    return everything.scores[everything.partner[found]], evidence.clusters[evidence.coding.truth_image[found]]


def _scores_differ(first: tuple, second: tuple) -> Distance:  # type: ignore[type-arg]
    return kolmogorov_smirnov(first[0], second[0], first_clusters=first[1], second_clusters=second[1])


def _values_differ(here: pl.Series, there: pl.Series) -> Distance | None:
    """Numbers by their distribution, other values by their shares; None where they are of unlike types."""
    here, there = here.drop_nulls(), there.drop_nulls()
    if here.dtype.is_numeric() != there.dtype.is_numeric():
        return None
    if here.dtype.is_numeric():
        return kolmogorov_smirnov(
            here.to_numpy().astype(np.float64),
            there.to_numpy().astype(np.float64),
            first_clusters=np.arange(here.len()),
            second_clusters=np.arange(there.len()),
        )
    if here.dtype.is_nested() or there.dtype.is_nested():
        return None
    return shares_differ(*(values.cast(pl.String).to_numpy().astype(np.str_) for values in (here, there)))


def _sentence(facts: dict[str, Fact], other: str) -> str:
    without = "without" if other == "rest" else f"with {other}"
    rates = (
        f"{percent(facts['rate_with'])} with {facts['conditions']}, {percent(facts['rate_without'])} {without} "  # type: ignore[arg-type]
        f"({p_text(facts['rate_p_value'])})"  # type: ignore[arg-type]
    )
    if facts["which"] is None:
        return f"{rates}; nothing to compare it by"
    against = facts["against"] if facts["against"] == other != "rest" else f"the {facts['against']}"
    return (
        f"{rates}; {facts['which']} differs from {against} by {facts['distance']:.2f} "
        f"({p_text(facts['p_value'])})"  # type: ignore[arg-type]
    )
