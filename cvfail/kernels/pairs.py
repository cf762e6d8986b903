"""The overlapping pairs of predictions and ground truths inside images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.boxes import Boxes, box_overlap
from cvfail.kernels.jit import kernel


@kernel
def overlapping_pairs(
    image_start: int,
    image_stop: int,
    truth_offsets: NDArray[np.int64],
    truth_order: NDArray[np.int64],
    truth_boxes: Boxes,
    truth_crowd: NDArray[np.bool_],
    offsets: NDArray[np.int64],
    order: NDArray[np.int64],
    boxes: Boxes,
    rank: NDArray[np.int32],
    limit: int,
    floor: float,
    pair_prediction: NDArray[np.int64],
    pair_truth: NDArray[np.int64],
    pair_overlap: NDArray[np.float64],
) -> int:
    """List the pairs of a block of images, of the same class or not, whose overlap reaches a floor.

    Pairs stand in the order of the predictions in `order`; the pairs of one prediction in input order of the
    ground truth.

    Args:
        image_start: First image code of the block.
        image_stop: One past the last image code.
        truth_offsets: Where each image starts in `truth_order`, shape (images + 1,).
        truth_order: Ground-truth rows grouped by image, in input order inside an image, shape (G,).
        truth_boxes: Boxes of the ground-truth table.
        truth_crowd: Crowd regions, shape (G,): overlap is intersection over the prediction's area.
        offsets: Where each image starts in `order`, shape (images + 1,).
        order: Prediction rows grouped by image and sorted inside it, shape (D,).
        boxes: Boxes of the predictions table.
        rank: Rank of each prediction in its image and class, shape (D,).
        limit: Predictions of rank `limit` and above take no part.
        floor: Smallest overlap that is listed, above 0.
        pair_prediction: Out, shape (capacity,): prediction row.
        pair_truth: Out, shape (capacity,): ground-truth row.
        pair_overlap: Out, shape (capacity,): overlap.

    Returns:
        The number of pairs. If it exceeds the capacity only the first ones were written: call again with room.

    Cost: predictions times ground truths of each image.
    """
    capacity = pair_prediction.size
    pairs = 0
    for image in range(image_start, image_stop):
        for place in range(offsets[image], offsets[image + 1]):
            row = order[place]
            if rank[row] >= limit:
                continue
            for slot in range(truth_offsets[image], truth_offsets[image + 1]):
                truth = truth_order[slot]
                overlap = box_overlap(boxes, row, truth_boxes, truth, truth_crowd[truth])
                if overlap >= floor:
                    if pairs < capacity:
                        pair_prediction[pairs] = row
                        pair_truth[pairs] = truth
                        pair_overlap[pairs] = overlap
                    pairs += 1
    return pairs
