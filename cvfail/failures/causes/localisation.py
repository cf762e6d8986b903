"""Cause: the object is seen, but its box is poor."""

from __future__ import annotations

import numpy as np

from cvfail.failures.causes.claim import Claim
from cvfail.failures.causes.context import CauseContext
from cvfail.failures.causes.offsets import MEASURES, Offset, described, offsets
from cvfail.failures.mode_errors import ModeErrors

_KINDS = ("missed", "localisation")


def localisation(errors: ModeErrors, context: CauseContext) -> Claim | None:
    """Claim 1 for unfound objects that a box of their class nearly finds.

    Args:
        errors: A mode of missed or badly placed objects of a detector; None for others.
        context: Whose near misses are looked at.

    Returns:
        A near miss is a false positive of the object's class whose IoU is at least the policy's `background_iou`
        (.1) and below the overlap threshold. Facts: near_misses; dx and dy, the mean offset of their centres as
        shares of the object's width and height, to the right and downwards; width_bias and height_bias, the mean
        logarithm of predicted over true width and height; each with ``_p_value``, clustered by image; systematic,
        whether any of these has a direction (p below .05 / 4, and half of the root mean square or more).
    """
    if context.evidence.task != "detection" or errors.mode.kind not in _KINDS:
        return None
    near = context.near_miss[errors.rows] >= 0
    found = near_miss_offsets(errors, context)
    facts: dict[str, float | int | str | None] = {"near_misses": int(near.sum())}
    for name in MEASURES:
        facts |= {name: found[name].mean, f"{name}_p_value": found[name].p_value}
    direction = described(found)
    facts["systematic"] = bool(direction)
    text = f"{facts['near_misses']:,} of {errors.rows.size:,} objects have a box of their class that is off too far"
    if direction:
        text += f"; {direction}"
    elif facts["near_misses"]:
        text += ", in no common direction"
    return Claim(near.astype(np.float64), facts, text)


def near_miss_offsets(errors: ModeErrors, context: CauseContext) -> dict[str, Offset]:
    """How the near misses of a mode of objects lie against their objects."""
    near = context.near_miss[errors.rows]
    known = near >= 0
    return offsets(context.evidence, near[known], errors.rows[known])
