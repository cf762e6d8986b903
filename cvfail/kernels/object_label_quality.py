"""How well boxes of labels agree with confident predictions, by ObjectLab's three scores."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.boxes import Boxes, box_overlap
from cvfail.kernels.jit import kernel

OVERLAP_WEIGHT = 0.9
"""Of the overlap in the similarity of two boxes; the distance of their centres has the rest."""

PIXEL_DECAY = 0.1
SIZE_DECAY = 10.0
"""How fast similarity falls with distance, per pixel and per side of the label: the same for one of 100 × 100."""

CONFLICT = 0.95
"""Labels of two classes that overlap by this stand for one object."""


@kernel
def similarity(
    boxes: Boxes, row: int, truth_boxes: Boxes, truth: int, in_pixels: bool, overlap: float, floor: float
) -> float:
    """Similarity of a prediction and a label: 0.9 × overlap + 0.1 × exp(-decay × distance of the centres).

    Args:
        boxes: Boxes of the predictions.
        row: The prediction.
        truth_boxes: Boxes of the labels.
        truth: The label.
        in_pixels: Distances in pixels; else in √(area of the label), which frees them of the resolution.
        overlap: Overlap of the two.
        floor: No similarity is below it.
    """
    across = (boxes.x[row] + boxes.width[row] / 2.0) - (truth_boxes.x[truth] + truth_boxes.width[truth] / 2.0)
    down = (boxes.y[row] + boxes.height[row] / 2.0) - (truth_boxes.y[truth] + truth_boxes.height[truth] / 2.0)
    distance = np.sqrt(across * across + down * down)
    if in_pixels:
        near = 1.0 - (1.0 - np.exp(-PIXEL_DECAY * distance))  # as cleanlab rounds it, to 0 from 367 px on
    elif distance == 0.0:
        near = 1.0
    else:
        near = np.exp(-SIZE_DECAY * distance / np.sqrt(truth_boxes.width[truth] * truth_boxes.height[truth]))
    return float(max(floor, OVERLAP_WEIGHT * overlap + (1.0 - OVERLAP_WEIGHT) * near))


@kernel
def smallest_similarity(
    truth_offsets: NDArray[np.int64], truth_boxes: Boxes, offsets: NDArray[np.int64], boxes: Boxes
) -> float:
    """The smallest similarity above 0, in pixels, of a prediction and a label of one image; 1 if there is none.

    Args:
        truth_offsets: Where the labels of each image start, shape (images + 1,).
        truth_boxes: Boxes of the labels.
        offsets: Where the predictions of each image start, shape (images + 1,).
        boxes: Boxes of the predictions.

    Cost: predictions times labels of each image.
    """
    smallest = 1.0
    for image in range(offsets.size - 1):
        for truth in range(truth_offsets[image], truth_offsets[image + 1]):
            for row in range(offsets[image], offsets[image + 1]):
                overlap = box_overlap(boxes, row, truth_boxes, truth, False)
                value = similarity(boxes, row, truth_boxes, truth, True, overlap, 0.0)
                if 0.0 < value < smallest:
                    smallest = value
    return smallest


@kernel
def score_labels(
    image_start: int,
    image_stop: int,
    truth_offsets: NDArray[np.int64],
    truth_boxes: Boxes,
    truth_category: NDArray[np.int32],
    counts: NDArray[np.bool_],
    offsets: NDArray[np.int64],
    boxes: Boxes,
    category: NDArray[np.int32],
    scores: NDArray[np.float64],
    likely: float,
    sure: float,
    in_pixels: bool,
    least: float,
    floor: float,
    overlooked: NDArray[np.float64],
    location: NDArray[np.float64],
    swapped: NDArray[np.float64],
) -> None:
    """Score the labels and predictions of a block of images; all scores are low where a label is suspect.

    Args:
        image_start: First image code of the block.
        image_stop: One past the last image code.
        truth_offsets: Where the labels of each image start, shape (images + 1,).
        truth_boxes: Boxes of the labels.
        truth_category: Category code of each label, shape (G,).
        counts: Labels that are judged, shape (G,); the others only explain predictions.
        offsets: Where the predictions of each image start, shape (images + 1,).
        boxes: Boxes of the predictions.
        category: Category code of each prediction, shape (D,).
        scores: Score of each prediction, shape (D,).
        likely: Predictions above it judge the location of labels.
        sure: Predictions that reach it may stand for overlooked objects, those above it judge classes.
        in_pixels: Distances in pixels; else in √(area of the label).
        least: Stands for the smallest possible similarity.
        floor: No similarity is below it.
        overlooked: In NaN, out the score of each sure prediction that no label overlaps, shape (D,).
        location: In NaN, out the score of the box of each label, shape (G,).
        swapped: In NaN, out the score of the class of each label, shape (G,).

    Source: Tkachenko et al., arXiv 2309.00832; cleanlab 2.9.0 object_detection/rank.py. Cost: predictions times
    labels of each image, and the square of the labels.
    """
    for image in range(image_start, image_stop):
        first, last = truth_offsets[image], truth_offsets[image + 1]
        for row in range(offsets[image], offsets[image + 1]):
            if scores[row] < sure:
                continue
            alone = True
            nearest = -1.0
            for truth in range(first, last):
                if box_overlap(boxes, row, truth_boxes, truth, False) > 0.0:
                    alone = False
                    break
                if counts[truth] and truth_category[truth] == category[row]:
                    near = similarity(boxes, row, truth_boxes, truth, in_pixels, 0.0, floor)
                    nearest = max(nearest, near)
            if alone:
                overlooked[row] = nearest if nearest >= 0.0 else least * (1.0 - scores[row])
        for truth in range(first, last):
            if not counts[truth]:
                continue
            best, other = -1.0, -1.0
            for row in range(offsets[image], offsets[image + 1]):
                same = category[row] == truth_category[truth]
                if not scores[row] > (likely if same else sure):
                    continue
                overlap = box_overlap(boxes, row, truth_boxes, truth, False)
                near = similarity(boxes, row, truth_boxes, truth, in_pixels, overlap, floor)
                if not same:
                    other = max(other, near)
                elif overlap > 0.0:
                    best = max(best, near)
            location[truth] = best if best >= 0.0 else 1.0
            swapped[truth] = max(least, 1.0 - other) if other >= 0.0 else 1.0
            for second in range(first, last):
                if not counts[second] or truth_category[second] == truth_category[truth]:
                    continue
                if box_overlap(truth_boxes, truth, truth_boxes, second, False) >= CONFLICT:
                    swapped[truth] = least
