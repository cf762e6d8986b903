"""Cause: objects are too small, or of another size that fails."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.attributes.binning import SIZE_EDGES
from cvfail.failures.causes.claim import Claim
from cvfail.failures.causes.context import CauseContext
from cvfail.failures.causes.object_property import ObjectProperty, property_claim
from cvfail.failures.causes.units import UnitRows
from cvfail.failures.mode_errors import ModeErrors
from cvfail.tables.arrays import column_array

SMALL = SIZE_EDGES[0]
"""Square pixels below which a box is small: 32²."""

_TOLD_BY = frozenset({"size", "area", "box_area", "relative_size", "width", "height"})


def size(errors: ModeErrors, context: CauseContext) -> Claim | None:
    """Claim the attributable fraction for errors of small boxes, or of those of the size that the slice asks for.

    Args:
        errors: A mode of a detector; None for a classifier.
        context: Of its operating point.

    Returns:
        See `cvfail.failures.causes.object_property.property_claim`; conditions on size, area, width or height are
        dropped. A box is small below 32² square pixels, objects by their area, false positives by their own box.
    """
    if context.evidence.task != "detection":
        return None
    own = tuple(c for c in errors.mode.conditions if c.attribute in _TOLD_BY)
    if own:
        words = f"boxes with {' and '.join(map(str, own))}"
        rows = context.units(own)
    else:
        words, rows = f"boxes below {SMALL:.0f} px²", UnitRows(*_small(context))
    return property_claim(errors, context, ObjectProperty(words, rows, _TOLD_BY.__contains__))


def _small(context: CauseContext) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    columns = context.evidence.outcomes.columns
    sides = columns("predictions", ["width", "height"])
    area = column_array(columns("ground_truth", ["area"]), "area", np.float64)
    own = column_array(sides, "width", np.float64) * column_array(sides, "height", np.float64)
    return area < SMALL, own < SMALL
