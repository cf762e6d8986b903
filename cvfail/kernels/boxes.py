"""Axis-aligned boxes and their overlap."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.jit import kernel


class Boxes(NamedTuple):
    """Boxes of a table, one array per column, as stored: pixels, float64, shape (n,)."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    width: NDArray[np.float64]
    height: NDArray[np.float64]


@kernel
def box_overlap(boxes: Boxes, i: int, others: Boxes, j: int, over_own_area: bool) -> float:
    """Intersection over union of two boxes, or over the first box's area.

    Boxes are used as stored, right edges are ``x + width``, and the union is ``(own + other) - intersection`` in
    this order, so that the result equals the reference to the last bit. Touching and zero-area boxes give 0.

    Args:
        boxes: The table of the first box (the prediction).
        i: Its row.
        others: The table of the second box (the ground truth).
        j: Its row.
        over_own_area: True for a crowd region: divide by the first box's area instead of the union.

    Returns:
        The overlap in [0, 1].

    Source: pycocotools 2.0.11, maskApi.c ``bbIou``.
    """
    shared_width = min(boxes.x[i] + boxes.width[i], others.x[j] + others.width[j]) - max(
        boxes.x[i], others.x[j]
    )
    if shared_width <= 0.0:
        return 0.0
    shared_height = min(boxes.y[i] + boxes.height[i], others.y[j] + others.height[j]) - max(
        boxes.y[i], others.y[j]
    )
    if shared_height <= 0.0:
        return 0.0
    intersection = shared_width * shared_height
    own = boxes.width[i] * boxes.height[i]
    if over_own_area:
        return float(intersection / own)
    return float(intersection / ((own + others.width[j] * others.height[j]) - intersection))
