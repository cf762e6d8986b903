"""Average precision in bootstrap replicates, all replicates side by side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.jit import kernel
from cvfail.kernels.scored_outcomes import DETAILED


@kernel
def weighted_average_precision(
    records: NDArray[np.uint64],
    details: NDArray[np.uint16],
    detail_rank: NDArray[np.int32],
    cluster_of_image: NDArray[np.int32],
    weights: NDArray[np.uint8],
    positives: NDArray[np.int64],
    limits: NDArray[np.int64],
    recalls: NDArray[np.float64],
    average: NDArray[np.float64],
    recall: NDArray[np.float64],
    found_within: NDArray[np.int64],
) -> None:
    """Average precision and recall of one class when each cluster counts as often as its weight says.

    A first pass adds up true and false positives; a second one takes them away again from the lowest score
    upwards, so that the envelope of precision is a running maximum and nothing has to be stored. The inner loops
    run over replicates, which lie side by side.

    Args:
        records: The class's packed outcomes in descending score, shape (n,); see `pack_outcomes`.
        details: Matched bits, then ignored bits of each area range, shape (m, 2 A).
        detail_rank: Rank inside image and class behind each row of details, shape (m,).
        cluster_of_image: Cluster code of each image code, shape (images,).
        weights: How often each cluster is in each replicate, shape (clusters, B).
        positives: Weighted ground truth that counts in each area range and replicate, shape (A, B).
        limits: Numbers of predictions per image and class, shape (M,).
        recalls: 101 ascending recalls from 0 to 1.
        average: Out, shape (A, T, B): mean interpolated precision; NaN in a replicate without ground truth.
        recall: Out, shape (A, T, B): recall of all predictions; NaN likewise.
        found_within: In zeros, out, shape (M, T, B): weighted ground truth of the first area range that is found
            by predictions of a rank below each limit.

    Source: Poisson bootstrap of the sums behind `precision_at_recalls`. Cost: replicates times records.
    """
    areas, thresholds, replicates = average.shape
    found = np.zeros((areas, thresholds, replicates), np.int32)
    wrong = np.zeros((areas, thresholds, replicates), np.int32)
    everywhere = np.zeros((areas, replicates), np.int32)
    for i in range(records.size):
        weight = weights[cluster_of_image[records[i] >> np.uint64(32)]]
        record = np.int64(records[i] & np.uint64(0xFFFFFFFF))
        if not record & DETAILED:
            for area in range(areas):
                if (record >> area) & 1:
                    _add(everywhere[area], weight)
            continue
        row = record & (DETAILED - 1)
        for area in range(areas):
            hits, neutral = details[row, area], details[row, areas + area]
            for t in range(thresholds):
                if (neutral >> t) & 1:
                    continue
                if not (hits >> t) & 1:
                    _add(wrong[area, t], weight)
                    continue
                _add(found[area, t], weight)
                if area == 0:
                    for m in range(limits.size):
                        if detail_rank[row] < limits[m]:
                            for b in range(replicates):
                                found_within[m, t, b] += weight[b]
    best = np.zeros((areas, thresholds, replicates))
    reached = np.zeros((areas, thresholds, replicates), np.int32)
    needed = np.zeros((areas, thresholds, replicates), np.int32)
    for area in range(areas):
        for t in range(thresholds):
            for b in range(replicates):
                total = positives[area, b]
                if total <= 0:
                    average[area, t, b] = np.nan
                    recall[area, t, b] = np.nan
                    continue
                average[area, t, b] = 0.0
                recall[area, t, b] = found[area, t, b] / total
                reached[area, t, b] = _count_up_to(recalls, recall[area, t, b])
                needed[area, t, b] = _smallest_count(recalls[reached[area, t, b] - 1], total)
    for i in range(records.size - 1, -1, -1):
        weight = weights[cluster_of_image[records[i] >> np.uint64(32)]]
        record = np.int64(records[i] & np.uint64(0xFFFFFFFF))
        if not record & DETAILED:
            for area in range(areas):
                if (record >> area) & 1:
                    _take(everywhere[area], weight)
            continue
        row = record & (DETAILED - 1)
        for area in range(areas):
            hits, neutral = details[row, area], details[row, areas + area]
            for t in range(thresholds):
                if (neutral >> t) & 1:
                    continue
                if not (hits >> t) & 1:
                    _take(wrong[area, t], weight)
                    continue
                _raise_best(best[area, t], found[area, t], wrong[area, t], everywhere[area], weight)
                for b in range(replicates):
                    if found[area, t, b] < needed[area, t, b] and weight[b] > 0:
                        total = positives[area, b]
                        left = found[area, t, b] / total
                        earlier = _count_up_to(recalls, left) if found[area, t, b] > 0 else 0
                        average[area, t, b] += best[area, t, b] * (reached[area, t, b] - earlier)
                        reached[area, t, b] = earlier
                        needed[area, t, b] = _smallest_count(recalls[earlier - 1], total) if earlier else 0
    average /= recalls.size


@kernel
def _add(counts: NDArray[np.int32], weight: NDArray[np.uint8]) -> None:
    for b in range(weight.size):
        counts[b] += weight[b]


@kernel
def _take(counts: NDArray[np.int32], weight: NDArray[np.uint8]) -> None:
    for b in range(weight.size):
        counts[b] -= weight[b]


@kernel
def _raise_best(
    best: NDArray[np.float64],
    found: NDArray[np.int32],
    wrong: NDArray[np.int32],
    everywhere: NDArray[np.int32],
    weight: NDArray[np.uint8],
) -> None:
    """Take precision here into the running maximum, and take the true positive away, in every replicate."""
    for b in range(weight.size):
        right = np.float64(found[b])
        here = right / max(everywhere[b] + wrong[b] + right, 1.0) if weight[b] > 0 else 0.0
        best[b] = max(best[b], here)
        found[b] -= weight[b]


@kernel
def _smallest_count(recall: float, total: int) -> int:
    """The smallest count whose share of the total reaches a recall: guessed, then corrected for rounding.

    The recall 0 is reached by every count, but it takes one true positive to have a precision there.
    """
    count = int(recall * total)
    while count / total < recall:
        count += 1
    while count > 0 and (count - 1) / total >= recall:
        count -= 1
    return max(count, 1)


@kernel
def _count_up_to(recalls: NDArray[np.float64], recall: float) -> int:
    """How many of the evenly spaced recalls are at most a recall: guessed, then corrected for rounding."""
    count = min(int(recall * (recalls.size - 1)) + 1, recalls.size)
    while count < recalls.size and recalls[count] <= recall:
        count += 1
    while count > 0 and recalls[count - 1] > recall:
        count -= 1
    return count
