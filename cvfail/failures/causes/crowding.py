"""Cause: objects stand too close."""

from __future__ import annotations

from cvfail.failures.causes.claim import Claim
from cvfail.failures.causes.context import CauseContext
from cvfail.failures.causes.object_property import ObjectProperty, only_objects, property_claim
from cvfail.failures.causes.units import UnitRows
from cvfail.failures.mode_errors import ModeErrors

OVERLAPPING = 0.1
"""An object is crowded if it overlaps another one by this IoU."""

_ATTRIBUTES = frozenset(
    {"max_iou_same", "max_iou_any", "max_ioa", "n_overlapping", "n_near", "n_same_class", "n_objects"}
)


def crowding(errors: ModeErrors, context: CauseContext) -> Claim | None:
    """Claim the attributable fraction for errors of objects that overlap another one by an IoU of .1 or more.

    Args:
        errors: A mode of objects, or of boxes of wrong class and place, of a detector; None for others.
        context: Of its operating point.

    Returns:
        See `cvfail.failures.causes.object_property.property_claim`; conditions on density, crowding or the number
        of objects are dropped. A false positive is crowded if it overlaps two objects by .1 or more.
    """
    kind = errors.mode.kind
    if context.evidence.task != "detection" or (errors.mode.unit == "predictions" and kind != "both"):
        return None
    crowded = context.largest_overlap >= OVERLAPPING
    rows = only_objects(context, crowded)
    if kind == "both":
        rows = UnitRows(crowded, context.objects_under >= 2)
    return property_claim(
        errors, context, ObjectProperty("objects that overlap others", rows, _speaks_of_crowds)
    )


def _speaks_of_crowds(name: str) -> bool:
    low = name.lower()
    return low in _ATTRIBUTES or "crowd" in low or "densit" in low
