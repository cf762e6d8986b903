"""Cause: something hides part of the object, or it is marked as difficult."""

from __future__ import annotations

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

_NAMES = ("occlusion", "occluded", "is_occluded", "difficult")


def occlusion(errors: ModeErrors, context: CauseContext) -> Claim | None:
    """Claim the attributable fraction for errors of objects that an attribute calls occluded or difficult.

    Args:
        errors: A mode of objects; None for others.
        context: Of its operating point.

    Returns:
        See `cvfail.failures.causes.object_property.property_claim`. None where objects have no attribute
        ``occlusion``, ``occluded`` or ``difficult``.
    """
    name = attribute_of_objects(context, _NAMES)
    if name is None or errors.mode.unit == "predictions":
        return None
    hidden = has_it(context.evidence.attribute_column("ground_truth", name))
    words = "difficult objects" if name.lower() == "difficult" else "occluded objects"
    told = ObjectProperty(words, only_objects(context, hidden), lambda name: name.lower() in _NAMES)
    return property_claim(errors, context, told)
