"""The match of tidecv: the first of the best free objects of the class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.jit import kernel


@kernel
def match_first_best(
    rows: NDArray[np.int64],
    offsets: NDArray[np.int64],
    truths: NDArray[np.int64],
    overlaps: NDArray[np.float64],
    candidate: NDArray[np.bool_],
    foreground: float,
    taken: NDArray[np.bool_],
    partner: NDArray[np.int64],
) -> None:
    """Give each prediction, by descending score, the free object with the largest overlap; of equal ones the first.

    Args:
        rows: Predictions in the order in which they choose, shape (n,).
        offsets: Where the pairs of each prediction row start, shape (D + 1,).
        truths: Ground-truth row of each pair, shape (P,).
        overlaps: Overlap of each pair, shape (P,).
        candidate: Pairs of one class with an object that counts, shape (P,).
        foreground: The overlap that a match takes.
        taken: In false, out the objects that are found, shape (G,).
        partner: In -1, out the object that each prediction found, shape (D,).

    Source: tidecv 1.0.1 quantify.py, ``TIDEExample``. Cost: one pass over the pairs.
    """
    for row in rows:
        best, chosen = 0.0, np.int64(-1)
        for pair in range(offsets[row], offsets[row + 1]):
            truth = truths[pair]
            if candidate[pair] and not taken[truth]:
                overlap = overlaps[pair]
                if overlap > best or (overlap == best and truth < chosen):
                    best, chosen = overlap, truth
        if chosen >= 0 and best >= foreground:
            taken[chosen] = True
            partner[row] = chosen
