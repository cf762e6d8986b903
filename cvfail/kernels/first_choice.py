"""The one ground truth that each prediction aims at: the one it overlaps most, taken or not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.boxes import Boxes, box_overlap
from cvfail.kernels.jit import kernel


@kernel
def first_choices(
    image: NDArray[np.int32],
    category: NDArray[np.int32],
    boxes: Boxes,
    truth_offsets: NDArray[np.int64],
    truth_order: NDArray[np.int64],
    truth_category: NDArray[np.int32],
    truth_boxes: Boxes,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Find the ground truth of the same image and class that each prediction overlaps most.

    All ground truth takes part, ignored or not; of equal overlaps the first in input order is chosen.

    Args:
        image: Image code of each prediction, shape (D,).
        category: Class code of each prediction, shape (D,).
        boxes: Boxes of the predictions table, pixels.
        truth_offsets: Where each image starts in `truth_order`, shape (images + 1,).
        truth_order: Ground-truth rows grouped by image, in input order inside an image, shape (G,).
        truth_category: Class code of each ground truth, shape (G,).
        truth_boxes: Boxes of the ground-truth table, pixels.

    Returns:
        The ground-truth row of each prediction, -1 where it overlaps none, and the overlap with it, 0 where it
        overlaps none; both of shape (D,).

    Cost: predictions times ground truths of each image.

    Source: VOC devkit ``VOCevaldet.m``; WIDER FACE ``evaluation.py``, ``image_eval``.
    """
    choice = np.full(image.size, -1, np.int64)
    largest = np.zeros(image.size, np.float64)
    for row in range(image.size):
        for slot in range(truth_offsets[image[row]], truth_offsets[image[row] + 1]):
            truth = truth_order[slot]
            if truth_category[truth] != category[row]:
                continue
            overlap = box_overlap(boxes, row, truth_boxes, truth, False)
            if overlap > largest[row]:
                largest[row] = overlap
                choice[row] = truth
    return choice, largest
