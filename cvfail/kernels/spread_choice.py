"""Which rows of each group are shown: the first ones, with every image once before any image twice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.jit import kernel


@kernel
def spread_choice(
    rows: NDArray[np.int64], offsets: NDArray[np.int64], images: NDArray[np.int64], count: int
) -> NDArray[np.int64]:
    """Choose up to `count` rows of every group.

    Args:
        rows: Row numbers, group after group, those of a group in the order of importance, shape (n,).
        offsets: Where each group begins and the last one ends, shape (groups + 1,).
        images: The image of each row number.
        count: Rows per group.

    Returns:
        The chosen row numbers, group after group; in a group first the first row of each image, then the
        second of each, and so on, each time in the order of importance.

    Cost: one pass over a group, as far as it takes; a further one for every further row of the same image.
    """
    chosen = np.empty(min(rows.size, (offsets.size - 1) * count), np.int64)
    known = np.empty(count, np.int64)
    seen = np.empty(count, np.int64)
    n = 0
    for group in range(offsets.size - 1):
        end = n + min(count, offsets[group + 1] - offsets[group])
        turn = 0
        n_known = 0
        while n < end:
            seen[:n_known] = 0
            for place in range(offsets[group], offsets[group + 1]):
                image = images[rows[place]]
                k = 0
                while k < n_known and known[k] != image:
                    k += 1
                if k == n_known:
                    known[k] = image
                    seen[k] = 0
                    n_known += 1
                if seen[k] == turn:
                    chosen[n] = rows[place]
                    n += 1
                    if n == end:
                        break
                seen[k] += 1
            turn += 1
    return chosen[:n]
