"""Precision at fixed recalls, from predictions in score order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.jit import kernel

_EPSILON = 2.220446049250313e-16
"""``numpy.spacing(1)``, which the reference adds to the denominator of precision."""


@kernel
def precision_at_recalls(
    rows: NDArray[np.int64],
    matched: NDArray[np.uint16],
    ignored: NDArray[np.uint16],
    rank: NDArray[np.int32],
    limit: int,
    positives: int,
    recalls: NDArray[np.float64],
    precision: NDArray[np.float64],
    final_recall: NDArray[np.float64],
) -> None:
    """Interpolated precision of one class at fixed recalls, for every overlap threshold at once.

    Precision is needed at true positives only: recall changes nowhere else, and between two true positives it
    can only fall. A prediction that is wrong at every threshold is one addition for all of them.

    Args:
        rows: Prediction rows of the class in descending score, shape (n,).
        matched: Bit t is set where matched at threshold t, shape (D,).
        ignored: Bit t is set where neither right nor wrong, shape (D,).
        rank: Rank inside image and class, shape (D,).
        limit: Predictions of rank `limit` and above take no part.
        positives: Ground truth that counts; above 0.
        recalls: Ascending recalls, shape (R,).
        precision: Out, shape (T, R): largest precision at this recall or a higher one, 0 beyond the last.
        final_recall: Out, shape (T,): recall of all predictions.

    Source: pycocotools 2.0.11 ``COCOeval.accumulate``. Cost: one pass over the rows.
    """
    thresholds = precision.shape[0]
    every_bit = np.uint16((1 << thresholds) - 1)
    hits = 0
    for i in range(rows.size):
        hits += matched[rows[i]] != 0 and rank[rows[i]] < limit
    found = np.zeros(thresholds, np.int64)
    wrong = np.zeros(thresholds, np.int64)
    points = np.empty((thresholds, hits), np.float64)
    wrong_everywhere = 0
    for i in range(rows.size):
        row = rows[i]
        if rank[row] >= limit or ignored[row] == every_bit:
            continue
        if matched[row] == 0 and ignored[row] == 0:
            wrong_everywhere += 1
            continue
        for t in range(thresholds):
            if (ignored[row] >> t) & 1:
                continue
            if (matched[row] >> t) & 1:
                found[t] += 1
                points[t, found[t] - 1] = found[t] / (
                    np.float64(wrong_everywhere + wrong[t] + found[t]) + _EPSILON
                )
            else:
                wrong[t] += 1
    for t in range(thresholds):
        count = found[t]
        final_recall[t] = count / positives
        for k in range(count - 2, -1, -1):
            points[t, k] = max(points[t, k], points[t, k + 1])
        k = 0
        for r in range(recalls.size):
            while k < count and (k + 1) / positives < recalls[r]:
                k += 1
            precision[t, r] = points[t, k] if k < count else 0.0
