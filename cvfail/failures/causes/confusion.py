"""Cause: two classes are confused."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.failures.causes.claim import Claim, Fact, percent, share_of
from cvfail.failures.causes.context import CauseContext
from cvfail.failures.errors_of_rows import code_of
from cvfail.failures.failure_mode import ARROW
from cvfail.failures.mode_errors import ModeErrors

CLOSE = 0.1
"""Scores that differ by no more are a close call."""


def confusion(errors: ModeErrors, context: CauseContext) -> Claim | None:
    """Claim 1 for objects that a box of another class finds.

    Args:
        errors: A mode of objects; None for others.
        context: Whose confusions are looked at.

    Returns:
        Objects count on which a false positive of another class lies with an overlap at the threshold or above.
        Facts: pair, the two classes a→b of most of them; count, how many are of that pair, and share; reverse, how
        many objects of b are taken for a in the whole set; gap, the mean of the score of the wrong prediction minus
        that of the prediction of the right class which finds the object at a lower score (for a classifier with
        probabilities: of the first class minus the true one), null if there is none; with_second, how many have
        such; close_calls, the share of these whose gap is .1 or less.
    """
    if errors.mode.unit == "predictions":
        return None
    rows, point = errors.rows, context.point
    taken_for = point.repairs[rows]
    confused = context.object_codes[rows] == code_of("classification")
    covered = confused | context.covered_by_another_class[rows]
    facts = _pair(rows[confused], taken_for[confused], context) | _gap(
        rows[confused], taken_for[confused], context
    )
    return Claim(covered.astype(np.float64), facts, _sentence(facts, int(covered.sum()), rows.size))


def _pair(truths: NDArray[np.int64], rows: NDArray[np.int64], context: CauseContext) -> dict[str, Fact]:
    coding, names = context.evidence.coding, context.evidence.category_names
    numbers, counts = np.unique(
        coding.truth_category[truths].astype(np.int64) * len(names) + coding.category[rows],
        return_counts=True,
    )
    if not numbers.size:
        return {"pair": None, "count": 0, "share": None, "reverse": None}
    true, predicted = divmod(int(numbers[counts.argmax()]), len(names))
    repairs = context.point.repairs
    lost = np.flatnonzero(context.object_codes == code_of("classification"))
    reverse = (coding.truth_category[lost] == predicted) & (coding.category[repairs[lost]] == true)
    return {
        "pair": f"{names[true]}{ARROW}{names[predicted]}",
        "count": int(counts.max()),
        "share": share_of(float(counts.max()), truths.size),
        "reverse": int(reverse.sum()),
    }


def _gap(truths: NDArray[np.int64], rows: NDArray[np.int64], context: CauseContext) -> dict[str, Fact]:
    """How much better the wrong class scores than the right one."""
    if "probabilities" in context.evidence.outcomes.names("predictions"):
        gaps = _of_probabilities(truths, rows, context)
    else:
        second = context.sweep.found_at[truths]
        gaps = (context.point.scores[rows] - second)[np.isfinite(second)]
    return {
        "gap": float(gaps.mean()) if gaps.size else None,
        "with_second": int(gaps.size),
        "close_calls": share_of(float((gaps <= CLOSE).sum()), gaps.size),
    }


def _of_probabilities(
    truths: NDArray[np.int64], rows: NDArray[np.int64], context: CauseContext
) -> NDArray[np.float64]:
    """The probability of the first class minus that of the true one, where there are probabilities."""
    true = context.evidence.coding.truth_category[truths]
    column = context.evidence.outcomes.column("predictions", "probabilities")[rows]
    known = np.flatnonzero(column.is_not_null().to_numpy())
    if not known.size:
        return np.empty(0)
    matrix = np.array(column[known].to_list(), np.float64)
    return np.asarray(matrix.max(axis=1) - matrix[np.arange(known.size), true[known]])


def _sentence(facts: dict[str, Fact], covered: int, number: int) -> str:
    if facts["pair"] is None:
        return f"{covered:,} of {number:,} objects are covered by a box of another class"
    text = (
        f"{covered:,} of {number:,} objects are taken for another class, {facts['count']:,} of them {facts['pair']}; "
        f"{facts['reverse']} the other way round in the whole set"
    )
    if facts["gap"] is None:
        return f"{text}; the right class is not among the predictions"
    return (
        f"{text}; the wrong class scores {facts['gap']:.2f} higher than the right one, "
        f"{percent(float(facts['close_calls'] or 0.0))} are close calls"
    )
