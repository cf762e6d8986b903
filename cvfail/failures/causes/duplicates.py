"""Cause: suppression of overlapping boxes leaves too many of them, or removes too many."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.decomposition.nms import nms_replay
from cvfail.failures.causes.claim import Claim, Fact
from cvfail.failures.causes.context import CauseContext
from cvfail.failures.failure_mode import REDUNDANT
from cvfail.failures.mode_errors import ModeErrors

_OVERLAPPING = 0.5

_NO_REPLAY: dict[str, Fact] = {"nms_iou": None, "removed": None, "lost": None, "lost_everywhere": None}


def duplicates(errors: ModeErrors, context: CauseContext) -> Claim | None:
    """Claim 1 for boxes on objects that have one already, and for objects hidden by a found neighbour.

    Args:
        errors: A mode of duplicates, of redundant boxes, or of missed objects; None for others and for classifiers.
        context: Whose predictions are suppressed again.

    Returns:
        All errors of the first two count. Of missed objects those count that overlap another object of their class
        that is found with an IoU of .5 or more: their box may have been suppressed. Facts: surplus or hidden, how
        many; from an exact replay of the suppression nms_iou, the threshold that removes most of them beyond the
        objects of the slice that it loses, null if none does; removed and lost, how many that are; lost_everywhere,
        objects that are lost if it is used for everything. The replay is null for missed objects: what the model's
        own suppression removed is not there to come back.
    """
    if context.evidence.task != "detection":
        return None
    kind, number = errors.mode.kind, errors.rows.size
    if kind in {"duplicate", REDUNDANT}:
        facts = {"surplus": number, **_best_replay(errors, context)}
        return Claim(np.ones(number), facts, _sentence(facts, number))
    if kind != "missed":
        return None
    hidden = context.overlap_with_found[errors.rows] >= _OVERLAPPING
    facts = {"hidden": int(hidden.sum()), **_NO_REPLAY}
    text = f"{facts['hidden']:,} of {number:,} objects overlap a found one of their class by an IoU of 0.5 or more"
    return Claim(hidden.astype(np.float64), facts, text)


def _best_replay(errors: ModeErrors, context: CauseContext) -> dict[str, Fact]:
    """The threshold that removes most errors of the mode beyond objects of its slice that are lost."""
    replayed = nms_replay(context.point, within=_concerned(errors, context), removed=context.suppressed)
    table = replayed.with_columns(
        removed=pl.col("duplicates_within") + pl.col("other_false_positives_within")
    )
    gain = (table["removed"] - table["objects_lost_within"]).to_numpy()
    if gain.max() <= 0:
        return _NO_REPLAY
    best = table.row(int(np.flatnonzero(gain == gain.max())[-1]), named=True)
    return {
        "nms_iou": best["nms_iou"],
        "removed": best["removed"],
        "lost": best["objects_lost_within"],
        "lost_everywhere": best["objects_lost"],
    }


def _concerned(errors: ModeErrors, context: CauseContext) -> NDArray[np.bool_]:
    """The errors of the mode, and the predictions that found the objects of its slice."""
    partner = context.point.partner[errors.in_slice]
    rows = np.zeros(context.point.kept.size, np.bool_)
    rows[partner[partner >= 0]] = True
    rows[errors.predictions] = True
    return rows


def _sentence(facts: dict[str, Fact], number: int) -> str:
    text = f"all {number:,} are further boxes on objects that have one"
    if facts["nms_iou"] is None:
        return f"{text}; no threshold of the suppression removes more of them than it loses objects"
    return (
        f"{text}; suppression at an IoU of {facts['nms_iou']} would remove {facts['removed']:,} and lose "
        f"{facts['lost']:,} objects of the slice, {facts['lost_everywhere']:,} everywhere"
    )
