"""Totals of counts in every bootstrap replicate, class by class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.jit import kernel


@kernel
def cell_totals(
    counts: NDArray[np.int32],
    group: NDArray[np.int32],
    cluster: NDArray[np.int32],
    weights: NDArray[np.uint8],
    totals: NDArray[np.int32],
) -> None:
    """Add up counts, each as often as its cluster is drawn.

    Args:
        counts: Of each cell, shape (M, J).
        group: Group code of each cell, shape (M,).
        cluster: Cluster code of each cell, shape (M,).
        weights: How often each cluster is drawn in each replicate, shape (clusters, B).
        totals: Is added to, shape (groups, J, B). Exact below 2³¹.

    Cost: a multiplication per count other than zero and replicate.
    """
    for cell in range(counts.shape[0]):
        own = weights[cluster[cell]]
        for j in range(counts.shape[1]):
            count = counts[cell, j]
            if count != 0:
                row = totals[group[cell], j]
                for b in range(own.size):
                    row[b] += count * np.int32(own[b])
