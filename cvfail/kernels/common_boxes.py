"""Boxes of one table that overlap boxes of another one in the same group."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.boxes import Boxes, box_overlap
from cvfail.kernels.jit import kernel


@kernel
def common_boxes(
    starts: NDArray[np.int64],
    boxes: Boxes,
    other_starts: NDArray[np.int64],
    others: Boxes,
    least: float,
    row: NDArray[np.int64],
    other_row: NDArray[np.int64],
    overlap: NDArray[np.float64],
) -> int:
    """List the pairs of boxes, one of each table, that overlap enough; equal boxes overlap by 1 even if empty.

    Args:
        starts: Where the boxes of each group start, shape (groups + 1,).
        boxes: Boxes of the first table, by group.
        other_starts: Likewise of the second table.
        others: Boxes of the second table, by group.
        least: Least intersection over union.
        row: Out, shape (P,): rows of the first table, ascending; as many as have room.
        other_row: Out, shape (P,): rows of the second table.
        overlap: Out, shape (P,).

    Returns:
        How many pairs there are; ask again with so much room.

    Cost: the products of the sizes of the groups.
    """
    found = 0
    for group in range(starts.size - 1):
        for i in range(starts[group], starts[group + 1]):
            for j in range(other_starts[group], other_starts[group + 1]):
                equal = (
                    boxes.x[i] == others.x[j]
                    and boxes.y[i] == others.y[j]
                    and boxes.width[i] == others.width[j]
                    and boxes.height[i] == others.height[j]
                )
                shared = 1.0 if equal else box_overlap(boxes, i, others, j, False)
                if shared >= least:
                    if found < row.size:
                        row[found] = i
                        other_row[found] = j
                        overlap[found] = shared
                    found += 1
    return found
