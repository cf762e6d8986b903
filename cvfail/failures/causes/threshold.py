"""Cause: the score threshold is wrong for the slice."""

from __future__ import annotations

import numpy as np

from cvfail.failures.causes.claim import Claim
from cvfail.failures.causes.context import CauseContext
from cvfail.failures.failure_mode import REDUNDANT
from cvfail.failures.mode_errors import ModeErrors
from cvfail.metrics.curves.score_curve import ScoreCurve

NAMES = ("threshold", "recovered", "extra_false_positives", "lost_objects", "f1_now", "f1_then")

_SUPPRESSED = ("duplicate", REDUNDANT)


def threshold(errors: ModeErrors, context: CauseContext) -> Claim | None:
    """Claim 1 for errors that the slice's own best threshold would not make.

    Args:
        errors: Any mode but those of duplicates and redundant boxes, of which None: a threshold drops them with
            the objects of the same scores, and suppression without.
        context: Whose outcomes at every score are looked at.

    Returns:
        The best threshold is the highest score at which the slice's F1 over all scores is largest; right
        predictions lie where their object does, wrong ones by their own side. If it is below the operating score,
        unfound objects count that a prediction of their class would then find; if it is above, false positives
        count that it would drop. Facts: threshold, recovered (errors of the mode), extra_false_positives and
        lost_objects (in the slice; negative is fewer), f1_now and f1_then (of the slice), everywhere_f1_now and
        everywhere_f1_then (if it were used for everything), and false_positives: ``exact``, or ``shared``.

    Notes:
        Where only objects have an attribute of the slice, it gets its share of the false positives of the other
        conditions, in proportion to objects. Thresholds never split predictions of one score.
    """
    if errors.mode.kind in _SUPPRESSED:
        return None
    curve, rule = slice_curve(errors, context)
    score, best = context.point.score, curve.best
    recovers = np.zeros(errors.rows.size)
    if best is not None:
        if errors.mode.unit == "predictions":
            recovers[context.point.scores[errors.rows] < best] = 1.0
        elif best < score:
            recovers[context.sweep.found_at[errors.rows] >= best] = 1.0
    facts = _facts(curve, best, score) | {"recovered": int(recovers.sum())}
    if best is not None:
        _, _, now = context.sweep.whole.at(score)
        _, _, then = context.sweep.whole.at(best)
        facts |= {"everywhere_f1_now": now, "everywhere_f1_then": then}
    return Claim(recovers, facts | {"false_positives": rule}, _sentence(facts, errors, score))


def slice_curve(errors: ModeErrors, context: CauseContext) -> tuple[ScoreCurve, str]:
    """F1 of the mode's slice at every score, and how false positives were given to it."""
    conditions = errors.mode.conditions
    of_both = tuple(c for c in conditions if context.members(c).wrong is not None)
    objects, shared = context.units(conditions), context.units(of_both)
    count = int(shared.truth.sum())
    weight = 1.0 if len(of_both) == len(conditions) or not count else objects.truth.sum() / count
    rule = "exact" if len(of_both) == len(conditions) else "shared"
    return context.sweep.curve(objects.truth, shared.predictions, weight=float(weight)), rule


def _facts(curve: ScoreCurve, best: float | None, score: float) -> dict[str, float | int | str | None]:
    """What changes in the slice from one threshold to the other."""
    right, wrong, now = curve.at(score)
    if best is None:
        return dict.fromkeys(NAMES) | {
            "f1_now": now,
            "everywhere_f1_now": None,
            "everywhere_f1_then": None,
        }
    more_right, more_wrong, then = curve.at(best)
    return {
        "threshold": best,
        "recovered": 0,
        "extra_false_positives": round(more_wrong - wrong, 1),
        "lost_objects": int(right - more_right),
        "f1_now": now,
        "f1_then": then,
    }


def _sentence(facts: dict[str, float | int | str | None], errors: ModeErrors, score: float) -> str:
    if facts["threshold"] is None:
        return "no threshold gives the slice an F1 above 0"
    of_predictions = errors.mode.unit == "predictions"
    change = "drop" if of_predictions else "recover"
    if not facts["recovered"]:
        return (
            f"the slice's best threshold is {facts['threshold']:.3g} instead of {score:.3g} and would {change} "
            "none"
        )
    price = (
        f"at the price of {facts['lost_objects']:,} objects"
        if of_predictions
        else f"for {facts['extra_false_positives']:,.0f} more false positives"
    )
    return (
        f"a threshold of {facts['threshold']:.3g} instead of {score:.3g} would {change} {facts['recovered']:,} of "
        f"{errors.rows.size:,}, {price}; F1 of the slice {facts['f1_now']:.3f} → {facts['f1_then']:.3f}"
    )
