"""What every cell of a group-by holds of every cluster, reduced to the sums that a clustered comparison needs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.jit import kernel


@kernel
def add_clusters(
    cells: NDArray[np.int64],
    places: NDArray[np.int32],
    starts: NDArray[np.int64],
    errors: NDArray[np.float64],
    sums: NDArray[np.float64],
) -> None:
    """Add up products of units and errors of a cell with those of its cluster, over all clusters.

    Args:
        cells: Number of the cell of each unit, units ordered by cluster, shape (n,).
        places: Row of `sums` that each cell has, -1 where nothing is asked, shape (cells,).
        starts: First unit of each cluster, then n, shape (clusters + 1,).
        errors: Error of each unit, shape (n,).
        sums: In and out, shape (k, 11), the columns of `cvfail.statistics.slice_sums.SLICE_SUMS`: with n, y the units
            and errors of a cell in a cluster and N, Y those of the cluster, the numbers of clusters and of clusters
            with n = N, Σn, Σy, Σy², Σyn, Σn², ΣyY, ΣyN, ΣnY, ΣnN.

    Cost: one pass over the units. Counts are exact below 2⁵³.
    """
    units = np.zeros(sums.shape[0], np.float64)
    wrong = np.zeros(sums.shape[0], np.float64)
    touched = np.empty(sums.shape[0], np.int64)
    for cluster in range(starts.size - 1):
        low, high = starts[cluster], starts[cluster + 1]
        count = 0
        all_errors = 0.0
        for i in range(low, high):
            all_errors += errors[i]
            place = places[cells[i]]
            if place < 0:
                continue
            if units[place] == 0.0:
                touched[count] = place
                count += 1
            units[place] += 1.0
            wrong[place] += errors[i]
        all_units = np.float64(high - low)
        for k in range(count):
            place = touched[k]
            n, y = units[place], wrong[place]
            units[place] = 0.0
            wrong[place] = 0.0
            own = sums[place]
            own[0] += 1.0
            if n == all_units:
                own[1] += 1.0
            own[2] += n
            own[3] += y
            own[4] += y * y
            own[5] += y * n
            own[6] += n * n
            own[7] += y * all_errors
            own[8] += y * all_units
            own[9] += n * all_errors
            own[10] += n * all_units


@kernel
def add_slice(
    inside: NDArray[np.bool_],
    among: NDArray[np.bool_],
    starts: NDArray[np.int64],
    errors: NDArray[np.float64],
    sums: NDArray[np.float64],
    totals: NDArray[np.float64],
) -> None:
    """Add up what one slice, and what the units among which it lies, hold of every cluster.

    Args:
        inside: Whether each unit is in the slice, units ordered by cluster, shape (n,).
        among: Whether each unit counts at all, shape (n,).
        starts: First unit of each cluster, then n, shape (clusters + 1,).
        errors: Error of each unit, shape (n,).
        sums: In and out, shape (11,), as in `add_clusters`.
        totals: In and out, shape (6,), the columns of `cvfail.statistics.slice_sums.TOTAL_SUMS`: clusters with units,
            ΣN, ΣY, ΣY², ΣYN, ΣN².

    Cost: one pass over the units. Counts are exact below 2⁵³.
    """
    for cluster in range(starts.size - 1):
        n, y, all_n, all_y = 0.0, 0.0, 0.0, 0.0
        for i in range(starts[cluster], starts[cluster + 1]):
            if among[i]:
                all_n += 1.0
                all_y += errors[i]
                if inside[i]:
                    n += 1.0
                    y += errors[i]
        if all_n == 0.0:
            continue
        totals[0] += 1.0
        totals[1] += all_n
        totals[2] += all_y
        totals[3] += all_y * all_y
        totals[4] += all_y * all_n
        totals[5] += all_n * all_n
        if n == 0.0:
            continue
        sums[0] += 1.0
        if n == all_n:
            sums[1] += 1.0
        sums[2] += n
        sums[3] += y
        sums[4] += y * y
        sums[5] += y * n
        sums[6] += n * n
        sums[7] += y * all_y
        sums[8] += y * all_n
        sums[9] += n * all_y
        sums[10] += n * all_n
