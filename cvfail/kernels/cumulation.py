"""Precision at fixed recalls, from packed outcomes in score order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.jit import kernel
from cvfail.kernels.scored_outcomes import DETAILED

_EPSILON = 2.220446049250313e-16
"""``numpy.spacing(1)``, which the reference adds to the denominator of precision."""


@kernel
def precision_at_recalls(
    records: NDArray[np.uint64],
    details: NDArray[np.uint16],
    detail_rank: NDArray[np.int32],
    level_of_image: NDArray[np.int32],
    positives: NDArray[np.int64],
    limits: NDArray[np.int64],
    recalls: NDArray[np.float64],
    precision: NDArray[np.float64],
    recall: NDArray[np.float64],
    found_within: NDArray[np.int64],
) -> None:
    """Interpolated precision of one class at fixed recalls, per level, area range and overlap threshold.

    A first pass adds up what is right and wrong; a second one takes it away again from the lowest score upwards,
    so that the envelope of precision is a running maximum. Precision is needed at true positives only: recall
    changes nowhere else, and between two true positives it can only fall.

    Args:
        records: The class's packed outcomes in descending score, shape (n,); see `pack_outcomes`.
        details: Matched bits, then ignored bits of each area range, shape (m, 2 A).
        detail_rank: Rank inside image and class behind each row of details, shape (m,).
        level_of_image: The level that each image code belongs to, -1 for none, shape (images,).
        positives: Ground truth that counts, shape (levels, A).
        limits: Numbers of predictions per image and class, shape (M,).
        recalls: Ascending recalls from 0, shape (R,).
        precision: Out, shape (levels, A, T, R): largest precision at this recall or a higher one, 0 beyond the
            last; NaN without ground truth.
        recall: Out, shape (levels, A, T): recall of all predictions; NaN likewise.
        found_within: In zeros, out, shape (levels, M, T): ground truth of the first area range that is found by
            predictions of a rank below each limit.

    Source: pycocotools 2.0.11 ``COCOeval.accumulate``. Cost: two passes over the records.
    """
    levels, areas, thresholds = recall.shape
    found = np.zeros((levels, areas, thresholds), np.int64)
    wrong = np.zeros((levels, areas, thresholds), np.int64)
    everywhere = np.zeros((levels, areas), np.int64)
    for i in range(records.size):
        level = level_of_image[records[i] >> np.uint64(32)]
        if level < 0:
            continue
        record = np.int64(records[i] & np.uint64(0xFFFFFFFF))
        if not record & DETAILED:
            for area in range(areas):
                everywhere[level, area] += (record >> area) & 1
            continue
        row = record & (DETAILED - 1)
        for area in range(areas):
            hits, neutral = details[row, area], details[row, areas + area]
            for t in range(thresholds):
                if not (neutral >> t) & 1:
                    if (hits >> t) & 1:
                        found[level, area, t] += 1
                        if area == 0:
                            for m in range(limits.size):
                                found_within[level, m, t] += detail_rank[row] < limits[m]
                    else:
                        wrong[level, area, t] += 1
    best = np.zeros((levels, areas, thresholds))
    reached = np.empty((levels, areas, thresholds), np.int64)
    for level in range(levels):
        for area in range(areas):
            total = positives[level, area]
            for t in range(thresholds):
                if total == 0:
                    precision[level, area, t] = np.nan
                    recall[level, area, t] = np.nan
                    continue
                recall[level, area, t] = found[level, area, t] / total
                place = recalls.size
                while place > 0 and recalls[place - 1] > recall[level, area, t]:
                    place -= 1
                    precision[level, area, t, place] = 0.0
                if found[level, area, t] == 0:
                    precision[level, area, t, :place] = 0.0
                reached[level, area, t] = place
    for i in range(records.size - 1, -1, -1):
        level = level_of_image[records[i] >> np.uint64(32)]
        if level < 0:
            continue
        record = np.int64(records[i] & np.uint64(0xFFFFFFFF))
        if not record & DETAILED:
            for area in range(areas):
                everywhere[level, area] -= (record >> area) & 1
            continue
        row = record & (DETAILED - 1)
        for area in range(areas):
            total = positives[level, area]
            if total == 0:
                continue
            hits, neutral = details[row, area], details[row, areas + area]
            for t in range(thresholds):
                if (neutral >> t) & 1:
                    continue
                if not (hits >> t) & 1:
                    wrong[level, area, t] -= 1
                    continue
                right = found[level, area, t]
                here = right / (
                    np.float64(everywhere[level, area] + wrong[level, area, t] + right) + _EPSILON
                )
                best[level, area, t] = max(best[level, area, t], here)
                found[level, area, t] = right - 1
                earlier = (right - 1) / total
                place = reached[level, area, t]
                while place > 0 and (recalls[place - 1] > earlier or right == 1):
                    place -= 1
                    precision[level, area, t, place] = best[level, area, t]
                reached[level, area, t] = place
