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


@kernel
def weighted_average_precision(
    rows: NDArray[np.int64],
    matched: NDArray[np.uint16],
    ignored: NDArray[np.uint16],
    rank: NDArray[np.int32],
    limit: int,
    images: NDArray[np.int32],
    weights: NDArray[np.uint8],
    positives: NDArray[np.float64],
    recalls: NDArray[np.float64],
    average: NDArray[np.float64],
    final_recall: NDArray[np.float64],
) -> None:
    """Average precision and recall of one class in bootstrap replicates that weight the images.

    Args:
        rows: Prediction rows of the class in descending score, shape (n,).
        matched: Bit t is set where matched at threshold t, shape (D,).
        ignored: Bit t is set where neither right nor wrong, shape (D,).
        rank: Rank inside image and class, shape (D,).
        limit: Predictions of rank `limit` and above take no part.
        images: Cluster code of each prediction row, shape (D,).
        weights: How often each cluster is in each replicate, shape (B, clusters).
        positives: Weighted ground truth that counts in each replicate, shape (B,).
        recalls: Ascending recalls, shape (R,).
        average: Out, shape (B, T): mean interpolated precision; NaN in a replicate without ground truth.
        final_recall: Out, shape (B, T).

    Source: Poisson bootstrap of the sums behind `precision_at_recalls`. Cost: replicates times rows.
    """
    thresholds = average.shape[1]
    every_bit = np.uint16((1 << thresholds) - 1)
    hit, neutral, image = _kept_outcomes(rows, matched, ignored, rank, limit, images, every_bit)
    most = np.count_nonzero(hit)
    found = np.empty(thresholds, np.int64)
    wrong = np.empty(thresholds, np.int64)
    events = np.empty(thresholds, np.int64)
    points = np.empty((thresholds, most), np.float64)
    reached = np.empty((thresholds, most), np.float64)
    for replicate in range(weights.shape[0]):
        total = positives[replicate]
        if total <= 0:
            average[replicate] = np.nan
            final_recall[replicate] = np.nan
            continue
        found[:] = 0
        wrong[:] = 0
        events[:] = 0
        wrong_everywhere = 0
        for i in range(hit.size):
            weight = int(weights[replicate, image[i]])
            if hit[i] == 0 and neutral[i] == 0:
                wrong_everywhere += weight
                continue
            if weight == 0:
                continue
            for t in range(thresholds):
                if (neutral[i] >> t) & 1:
                    continue
                if (hit[i] >> t) & 1:
                    found[t] += weight
                    points[t, events[t]] = found[t] / (wrong_everywhere + wrong[t] + found[t])
                    reached[t, events[t]] = found[t] / total
                    events[t] += 1
                else:
                    wrong[t] += weight
        for t in range(thresholds):
            final_recall[replicate, t] = found[t] / total
            average[replicate, t] = _mean_envelope(points[t, : events[t]], reached[t, : events[t]], recalls)


@kernel
def _kept_outcomes(
    rows: NDArray[np.int64],
    matched: NDArray[np.uint16],
    ignored: NDArray[np.uint16],
    rank: NDArray[np.int32],
    limit: int,
    images: NDArray[np.int32],
    every_bit: np.uint16,
) -> tuple[NDArray[np.uint16], NDArray[np.uint16], NDArray[np.int32]]:
    """Outcomes and clusters of the rows that can count, side by side in memory, since they are read many times."""
    kept = 0
    hit = np.empty(rows.size, np.uint16)
    neutral = np.empty(rows.size, np.uint16)
    image = np.empty(rows.size, np.int32)
    for i in range(rows.size):
        row = rows[i]
        if rank[row] < limit and ignored[row] != every_bit:
            hit[kept] = matched[row]
            neutral[kept] = ignored[row]
            image[kept] = images[row]
            kept += 1
    return hit[:kept], neutral[:kept], image[:kept]


@kernel
def _mean_envelope(
    points: NDArray[np.float64], reached: NDArray[np.float64], recalls: NDArray[np.float64]
) -> float:
    """Mean over the recalls of the largest precision at this recall or a higher one; changes `points`."""
    for k in range(points.size - 2, -1, -1):
        points[k] = max(points[k], points[k + 1])
    total = 0.0
    k = 0
    for r in range(recalls.size):
        while k < points.size and reached[k] < recalls[r]:
            k += 1
        if k == points.size:
            break
        total += points[k]
    return total / recalls.size
