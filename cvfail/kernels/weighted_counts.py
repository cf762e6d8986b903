"""How many predictions of a ranking are right and how many are listed, each as often as its cluster weighs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.jit import kernel


@kernel
def weighted_counts(
    correct: NDArray[np.bool_],
    clusters: NDArray[np.int32],
    weights: NDArray[np.uint8],
    places: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count down a ranking and read the counts at some places.

    Args:
        correct: Whether each prediction is right, best score first, shape (n,).
        clusters: Cluster code of each prediction, shape (n,).
        weights: How often each cluster counts, shape (clusters,).
        places: After how many predictions to read the counts, ascending, in [0, n], shape (m,).

    Returns:
        Weighted numbers of right and of all predictions up to each place, both of shape (m,).

    Cost: one pass over the ranking. Source: the cumulative sums of the VOC devkit, ``VOCevaldet.m``.
    """
    found = np.zeros(places.size, np.int64)
    listed = np.zeros(places.size, np.int64)
    right = 0
    total = 0
    seen = 0
    for i in range(places.size):
        while seen < places[i]:
            weight = int(weights[clusters[seen]])
            total += weight
            if correct[seen]:
                right += weight
            seen += 1
        found[i] = right
        listed[i] = total
    return found, listed
