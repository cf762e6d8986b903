"""How crowded the objects of an image stand."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.boxes import Boxes, box_overlap
from cvfail.kernels.jit import kernel


class Crowding(NamedTuple):
    """What `measure_crowding` fills, one array per measure, shape (n,), zero where there is no other object."""

    max_iou_same: NDArray[np.float64]
    max_iou_any: NDArray[np.float64]
    max_ioa: NDArray[np.float64]
    n_overlapping: NDArray[np.int32]
    n_near: NDArray[np.int32]
    n_same_class: NDArray[np.int32]


@kernel
def measure_crowding(
    image_start: int,
    image_stop: int,
    offsets: NDArray[np.int64],
    order: NDArray[np.int64],
    boxes: Boxes,
    category: NDArray[np.int32],
    counts: NDArray[np.bool_],
    out: Crowding,
) -> None:
    """Compare every object of a block of images with the regular other objects of its image.

    Args:
        image_start: First image code of the block.
        image_stop: One past the last image code.
        offsets: Where each image starts in `order`, shape (images + 1,).
        order: Rows grouped by image, shape (n,).
        boxes: Boxes of the table.
        category: Category code of each row, shape (n,).
        counts: Whether a row is regular and counts as another object, shape (n,).
        out: Filled for the rows of the block: largest IoU with another object of the same class and of any class;
            largest intersection over the row's own area; number of others with an IoU above 0; number of others
            whose centre is nearer than √(width · height) of the row; number of others of the same class in the
            image.

    Cost: half the square of the objects of each image.
    """
    for image in range(image_start, image_stop):
        for place in range(offsets[image], offsets[image + 1]):
            row = order[place]
            for slot in range(place + 1, offsets[image + 1]):
                other = order[slot]
                overlap = box_overlap(boxes, row, boxes, other, False)
                if counts[other]:
                    _add(row, other, overlap, boxes, category, out)
                if counts[row]:
                    _add(other, row, overlap, boxes, category, out)


@kernel
def _add(
    row: int, other: int, overlap: float, boxes: Boxes, category: NDArray[np.int32], out: Crowding
) -> None:
    """Let another object count for a row."""
    if category[row] == category[other]:
        out.n_same_class[row] += 1
        out.max_iou_same[row] = max(out.max_iou_same[row], overlap)
    if overlap > 0.0:
        out.n_overlapping[row] += 1
        out.max_iou_any[row] = max(out.max_iou_any[row], overlap)
        out.max_ioa[row] = max(out.max_ioa[row], box_overlap(boxes, row, boxes, other, True))
    across = (boxes.x[row] + boxes.width[row] / 2.0) - (boxes.x[other] + boxes.width[other] / 2.0)
    down = (boxes.y[row] + boxes.height[row] / 2.0) - (boxes.y[other] + boxes.height[other] / 2.0)
    if across * across + down * down < boxes.width[row] * boxes.height[row]:
        out.n_near[row] += 1
