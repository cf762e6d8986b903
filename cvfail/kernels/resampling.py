"""Average precision in bootstrap replicates, all replicates side by side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.jit import kernel


@kernel
def weighted_average_precision(
    rows: NDArray[np.int64],
    matched: NDArray[np.uint16],
    ignored: NDArray[np.uint16],
    rank: NDArray[np.int32],
    limit: int,
    clusters: NDArray[np.int32],
    weights: NDArray[np.uint8],
    positives: NDArray[np.float64],
    recalls: NDArray[np.float64],
    average: NDArray[np.float64],
    final_recall: NDArray[np.float64],
) -> None:
    """Average precision and recall of one class when each cluster counts as often as its weight says.

    A first pass adds up true and false positives; a second one takes them away again from the lowest score
    upwards, so that the envelope of precision is a running maximum and nothing has to be stored. The inner loops
    run over replicates, which lie side by side.

    Args:
        rows: Prediction rows of the class in descending score, shape (n,).
        matched: Bit t is set where matched at threshold t, shape (D,).
        ignored: Bit t is set where neither right nor wrong, shape (D,).
        rank: Rank inside image and class, shape (D,).
        limit: Predictions of rank `limit` and above take no part.
        clusters: Cluster code of each prediction row, shape (D,).
        weights: How often each cluster is in each replicate, shape (clusters, B).
        positives: Weighted ground truth that counts in each replicate, shape (B,).
        recalls: 101 ascending recalls from 0 to 1.
        average: Out, shape (T, B): mean interpolated precision; NaN in a replicate without ground truth.
        final_recall: Out, shape (T, B): recall of all predictions; NaN likewise.

    Source: Poisson bootstrap of the sums behind `precision_at_recalls`. Cost: replicates times rows.
    """
    thresholds, replicates = average.shape
    every_bit = np.uint16((1 << thresholds) - 1)
    found = np.zeros((thresholds, replicates), np.int64)
    wrong = np.zeros((thresholds, replicates), np.int64)
    wrong_everywhere = np.zeros(replicates, np.int64)
    for i in range(rows.size):
        row = rows[i]
        if rank[row] < limit and ignored[row] != every_bit:
            _add(1, matched[row], ignored[row], weights[clusters[row]], found, wrong, wrong_everywhere)
    best = np.zeros((thresholds, replicates))
    reached = np.empty((thresholds, replicates), np.int64)
    for t in range(thresholds):
        for b in range(replicates):
            if positives[b] <= 0:
                average[t, b] = np.nan
                final_recall[t, b] = np.nan
                continue
            average[t, b] = 0.0
            final_recall[t, b] = found[t, b] / positives[b]
            reached[t, b] = _count_up_to(recalls, final_recall[t, b])
    for i in range(rows.size - 1, -1, -1):
        row = rows[i]
        if rank[row] >= limit or ignored[row] == every_bit:
            continue
        weight = weights[clusters[row]]
        for t in range(thresholds):
            if not (matched[row] >> t) & 1 or (ignored[row] >> t) & 1:
                continue
            for b in range(replicates):
                if weight[b] == 0 or positives[b] <= 0:
                    continue
                right = found[t, b]
                before = right - int(weight[b])
                best[t, b] = max(best[t, b], right / (wrong_everywhere[b] + wrong[t, b] + right))
                earlier = _count_up_to(recalls, before / positives[b]) if before > 0 else 0
                average[t, b] += best[t, b] * (reached[t, b] - earlier)
                reached[t, b] = earlier
        _add(-1, matched[row], ignored[row], weight, found, wrong, wrong_everywhere)
    average /= recalls.size


@kernel
def _add(
    sign: int,
    matched: int,
    ignored: int,
    weight: NDArray[np.uint8],
    found: NDArray[np.int64],
    wrong: NDArray[np.int64],
    wrong_everywhere: NDArray[np.int64],
) -> None:
    """Add (or take away) one prediction in every replicate."""
    if matched == 0 and ignored == 0:
        for b in range(weight.size):
            wrong_everywhere[b] += sign * int(weight[b])
        return
    for t in range(found.shape[0]):
        if (ignored >> t) & 1:
            continue
        counts = found[t] if (matched >> t) & 1 else wrong[t]
        for b in range(weight.size):
            counts[b] += sign * int(weight[b])


@kernel
def _count_up_to(recalls: NDArray[np.float64], recall: float) -> int:
    """How many of the evenly spaced recalls are at most a recall: guessed, then corrected for rounding."""
    count = min(int(recall * (recalls.size - 1)) + 1, recalls.size)
    while count < recalls.size and recalls[count] <= recall:
        count += 1
    while count > 0 and recalls[count - 1] > recall:
        count -= 1
    return count
