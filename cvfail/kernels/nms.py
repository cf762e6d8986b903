"""Greedy non-maximum suppression at several thresholds at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.boxes import Boxes, box_overlap
from cvfail.kernels.jit import kernel


@kernel
def suppress(
    rows: NDArray[np.int64],
    offsets: NDArray[np.int64],
    boxes: Boxes,
    thresholds: NDArray[np.float64],
    removed: NDArray[np.uint32],
) -> None:
    """Take predictions by descending score and remove each that overlaps a surviving one by more than a threshold.

    Args:
        rows: Prediction rows grouped by image and class, by descending score inside a group, shape (n,).
        offsets: Where each group starts in `rows`, shape (groups + 1,).
        boxes: Boxes of the predictions.
        thresholds: Ascending overlap thresholds, shape (T,), T at most 32.
        removed: In zeros, out bit t is set where a prediction is removed at threshold t, shape (D,).

    Source: torchvision 0.24 ``ops.nms`` (overlap > threshold). Cost: half the square of the size of each group; a
        prediction that every threshold has removed is compared no further.
    """
    everywhere = (np.int64(1) << thresholds.size) - 1
    for group in range(offsets.size - 1):
        for place in range(offsets[group] + 1, offsets[group + 1]):
            row = rows[place]
            gone = np.int64(0)
            for earlier in range(offsets[group], place):
                other = rows[earlier]
                able = everywhere & ~np.int64(removed[other]) & ~gone
                if able == 0:
                    continue
                overlap = box_overlap(boxes, row, boxes, other, False)
                passed = 0
                while passed < thresholds.size and overlap > thresholds[passed]:
                    passed += 1
                gone |= able & ((np.int64(1) << passed) - 1)
                if gone == everywhere:
                    break
            removed[row] = np.uint32(gone)
