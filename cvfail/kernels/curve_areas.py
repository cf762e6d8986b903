"""Areas below the curves of a ranking, under many sets of weights."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.jit import kernel


@kernel
def curve_areas(
    scores: NDArray[np.float64],
    right: NDArray[np.bool_],
    clusters: NDArray[np.int32],
    weights: NDArray[np.uint8],
    positives: NDArray[np.int64],
    below_precision: NDArray[np.float64],
    below_roc: NDArray[np.float64],
) -> None:
    """Add up both areas, equal scores in one piece.

    Args:
        scores: Descending, shape (n,).
        right: Whether each row is right, or positive, shape (n,).
        clusters: Cluster code of each row, shape (n,).
        weights: How often each cluster counts, shape (B, clusters).
        positives: Weighted rows that there are to find, shape (B,).
        below_precision: Out, Σ (R_i - R_{i-1}) P_i, shape (B,); NaN without positives.
        below_roc: Out, by trapezoids, shape (B,); NaN without positives among the rows, or without negatives.

    Source: scikit-learn 1.9 ``average_precision_score`` and ``roc_auc_score``. Cost: one pass over the ranking per
    set of weights.
    """
    n = scores.size
    for b in range(weights.shape[0]):
        weight = weights[b]
        found, wrong, found_before, wrong_before = 0, 0, 0, 0
        steps, trapezoids = 0.0, 0.0
        for i in range(n):
            times = int(weight[clusters[i]])
            if right[i]:
                found += times
            else:
                wrong += times
            if i + 1 < n and scores[i + 1] == scores[i]:
                continue
            if found > found_before:
                steps += (found - found_before) * (found / (found + wrong))
            trapezoids += float(wrong - wrong_before) * (found + found_before)
            found_before, wrong_before = found, wrong
        below_precision[b] = steps / positives[b] if positives[b] > 0 else np.nan
        below_roc[b] = trapezoids / (2.0 * found * wrong) if found > 0 and wrong > 0 else np.nan
