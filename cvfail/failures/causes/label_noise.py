"""Cause: the label is wrong, not the model."""

from __future__ import annotations

import numpy as np

from cvfail.failures.causes.claim import Claim
from cvfail.failures.causes.context import CauseContext
from cvfail.failures.causes.localisation import near_miss_offsets
from cvfail.failures.mode_errors import ModeErrors
from cvfail.labels.suspect_rows import BAD_BOX, CONFLICT, DUPLICATE, KINDS, MISSING, SPURIOUS, WRONG_CLASS

_OF_OBJECTS = (WRONG_CLASS, BAD_BOX, DUPLICATE, CONFLICT)

_WORDS = {
    WRONG_CLASS: "of a wrong class",
    BAD_BOX: "badly drawn",
    DUPLICATE: "drawn twice",
    CONFLICT: "of two classes at once",
}


def label_noise(errors: ModeErrors, context: CauseContext) -> Claim | None:
    """Claim 1 for errors whose label is suspect.

    Args:
        errors: Any mode.
        context: Whose suspects are looked at.

    Returns:
        Objects count whose label a trusted prediction contradicts (``wrong_class``, ``bad_box``) or another label
        repeats or contradicts (``duplicate``, ``conflict``), see `cvfail.labels.suspect_rows`; false positives
        count that hit an object without a label (``missing``). Facts: suspects, and of each kind how many; and
        spurious, labels that nothing touches, which claim nothing: that is what a missed object is anyway. None
        for a classifier without probabilities.

    Notes:
        Labels that are drawn badly claim nothing where the boxes of the mode's near misses are off in one
        direction: annotators err in all directions, a model's bias has one.
    """
    if context.evidence.task == "classification" and "probabilities" not in context.evidence.outcomes.names(
        "predictions"
    ):
        return None
    of_predictions = errors.mode.unit == "predictions"
    kinds = context.suspects[1 if of_predictions else 0][errors.rows]
    counted = [MISSING] if of_predictions else list(_OF_OBJECTS)
    note = ""
    if BAD_BOX in counted and (kinds == BAD_BOX).any():
        found = near_miss_offsets(errors, context)
        if any(one.is_systematic for one in found.values()):
            counted.remove(BAD_BOX)
            note = "; boxes that differ do so in one direction, which is no annotator's slip"
    numbers = {kind: int((kinds == kind).sum()) for kind in range(1, len(KINDS) + 1)}
    suspects = sum(numbers[kind] for kind in counted)
    return Claim(
        np.isin(kinds, counted).astype(np.float64),
        {
            "suspects": suspects,
            **{
                KINDS[kind - 1]: numbers[kind]
                for kind in ((MISSING,) if of_predictions else (*_OF_OBJECTS, SPURIOUS))
            },
        },
        _sentence(numbers, counted, errors.rows.size) + note,
    )


def _sentence(numbers: dict[int, int], counted: list[int], errors: int) -> str:
    suspects = sum(numbers[kind] for kind in counted)
    if counted == [MISSING]:
        return f"{suspects:,} of {errors:,} false positives may well lie on an object without a label"
    told = ", ".join(f"{numbers[kind]:,} {_WORDS[kind]}" for kind in counted if numbers[kind])
    return f"{suspects:,} of {errors:,} labels are suspect" + (f": {told}" if told else "")
