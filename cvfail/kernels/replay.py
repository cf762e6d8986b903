"""Packed outcomes of one class after some of its errors were repaired."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.jit import kernel
from cvfail.kernels.scored_outcomes import DETAILED

RIGHT = 1
WRONG = 2
WRONG_BUT_NEAR = 3
ELSEWHERE = 4


@kernel
def repair_records(
    rows: NDArray[np.int64],
    images: NDArray[np.int32],
    fates: NDArray[np.int8],
    repaired: NDArray[np.bool_],
    removed: NDArray[np.bool_],
    records: NDArray[np.uint64],
) -> int:
    """Write the records of one class, in the order given, as if some predictions were repaired and others gone.

    Args:
        rows: Prediction row of each entry, in descending score, shape (n,).
        images: Image code of each entry, shape (n,).
        fates: RIGHT; WRONG, gone if repaired; WRONG_BUT_NEAR, right if repaired; ELSEWHERE, a prediction of another
            class that is right here if repaired, and else not here; shape (n,).
        repaired: Predictions whose error is repaired, shape (D,).
        removed: Predictions that are gone, whatever they were, shape (D,).
        records: Out, room for n: image code in the upper 32 bits, below it 1 for a false positive, DETAILED for a
            true positive.

    Returns:
        How many records there are. Cost: one pass over the entries.
    """
    count = 0
    for i in range(rows.size):
        row, fate = rows[i], fates[i]
        if removed[row]:
            continue
        if fate == RIGHT:
            right = True
        elif repaired[row]:
            if fate == WRONG:
                continue
            right = True
        elif fate == ELSEWHERE:
            continue
        else:
            right = False
        outcome = np.uint64(DETAILED) if right else np.uint64(1)
        records[count] = (np.uint64(images[i]) << np.uint64(32)) | outcome
        count += 1
    return count
