"""Cause: the border of the image cuts the object."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.failures.causes.claim import Claim
from cvfail.failures.causes.context import CauseContext
from cvfail.failures.causes.object_property import (
    ObjectProperty,
    attribute_of_objects,
    has_it,
    only_objects,
    property_claim,
)
from cvfail.failures.mode_errors import ModeErrors

TOLERANCE = 2.0
"""A side that comes this close to the border of the image, in pixels, is cut."""

_NAMES = ("truncation", "truncated", "is_truncated")
_TOLD_BY = frozenset({*_NAMES, "border", "border_sides", "position"})


def truncation(errors: ModeErrors, context: CauseContext) -> Claim | None:
    """Claim the attributable fraction for errors of objects that are cut off.

    Args:
        errors: A mode of objects of a detector; None for others.
        context: Of its operating point.

    Returns:
        See `cvfail.failures.causes.object_property.property_claim`. An object is cut off if an attribute
        ``truncation`` or ``truncated`` says so, wherever its box lies; where there is none, if its box comes within
        2 px of the border of the image. None where neither that nor the size of any image is known.
    """
    if context.evidence.task != "detection" or errors.mode.unit == "predictions":
        return None
    name = attribute_of_objects(context, _NAMES)
    if name is not None:
        cut, words = has_it(context.evidence.attribute_column("ground_truth", name)), "truncated objects"
    else:
        touching = touches_border(context)
        if touching is None:
            return None
        cut, words = touching, "objects that the border cuts"
    told = ObjectProperty(words, only_objects(context, cut), lambda name: name.lower() in _TOLD_BY)
    return property_claim(errors, context, told)


def touches_border(context: CauseContext) -> NDArray[np.bool_] | None:
    """Objects whose box comes near the border, shape (G,); None where the size of no image is known."""
    evidence = context.evidence
    images = evidence.images.select(
        pl.col("width", "height").cast(pl.Float64).replace(0.0, None).fill_null(np.nan)
    ).to_numpy()
    if np.isnan(images).all():
        return None
    sizes = images[evidence.coding.truth_image]
    boxes = evidence.outcomes.columns("ground_truth", ["x", "y", "width", "height"]).to_numpy()
    start, stop = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
    near = (start <= TOLERANCE) | (stop >= sizes - TOLERANCE)
    return np.asarray((near & ~np.isnan(sizes)).any(axis=1))
