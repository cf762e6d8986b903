"""Labels and predictions that stand in one place of an image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.boxes import Boxes, box_overlap
from cvfail.kernels.jit import kernel


@kernel
def labels_in_one_place(
    offsets: NDArray[np.int64],
    boxes: Boxes,
    category: NDArray[np.int32],
    regular: NDArray[np.bool_],
    found: NDArray[np.bool_],
    same_reach: float,
    other_reach: float,
    partner: NDArray[np.int64],
    overlap: NDArray[np.float64],
) -> None:
    """Find labels that repeat another label of their image, or contradict it.

    Of two labels the one that the model did not find is at fault; of two found or two unfound ones the later row.

    Args:
        offsets: Where the labels of each image start, shape (images + 1,).
        boxes: Boxes of the labels.
        category: Category code of each label, shape (G,).
        regular: Labels that count, shape (G,).
        found: Labels that the model found, shape (G,).
        same_reach: Labels of one class that overlap by this are duplicates.
        other_reach: Labels of two classes that overlap by this are in conflict.
        partner: In -1, out the label that a label at fault overlaps most, of its own class in row 0 and of
            another class in row 1, the first one on ties; shape (2, G).
        overlap: In 0, out the overlap with it, shape (2, G).

    Cost: half the square of the labels of each image.
    """
    for image in range(offsets.size - 1):
        for row in range(offsets[image], offsets[image + 1]):
            if not regular[row]:
                continue
            for other in range(row + 1, offsets[image + 1]):
                if not regular[other]:
                    continue
                shared = box_overlap(boxes, row, boxes, other, False)
                group = 0 if category[row] == category[other] else 1
                if shared <= 0.0 or shared < (same_reach if group == 0 else other_reach):
                    continue
                fault, kept = (row, other) if found[other] and not found[row] else (other, row)
                if shared > overlap[group, fault]:
                    overlap[group, fault] = shared
                    partner[group, fault] = kept


@kernel
def first_of_each_place(
    rows: NDArray[np.int64], image: NDArray[np.int32], boxes: Boxes, reach: float
) -> NDArray[np.bool_]:
    """Keep each prediction that does not overlap a kept one before it.

    Args:
        rows: Prediction rows by image, best first, shape (n,).
        image: Image code of each prediction, shape (D,).
        boxes: Boxes of the predictions.
        reach: Two predictions of one image that overlap by this stand in one place.

    Returns:
        Which of `rows` are kept, shape (n,). Cost: the square of the rows of each image.
    """
    kept = np.ones(rows.size, np.bool_)
    start = 0
    for place in range(rows.size):
        if image[rows[place]] != image[rows[start]]:
            start = place
        for before in range(start, place):
            if kept[before] and box_overlap(boxes, rows[place], boxes, rows[before], False) >= reach:
                kept[place] = False
                break
    return kept


@kernel
def seen_among_smaller(
    rows: NDArray[np.int64],
    image: NDArray[np.int32],
    offsets: NDArray[np.int64],
    boxes: Boxes,
    regular: NDArray[np.bool_],
    seen: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Count the other labels of the image that are no larger than a label, and how many of them are seen.

    Args:
        rows: Labels to count for, shape (n,).
        image: Image code of each label, shape (G,).
        offsets: Where the labels of each image start, shape (images + 1,).
        boxes: Boxes of the labels.
        regular: Labels that count, shape (G,).
        seen: Labels that some prediction touches, shape (G,).

    Returns:
        Labels that are no larger, and those of them that are seen, shape (2, n). Cost: the labels of the image
        for each row.
    """
    counts = np.zeros((2, rows.size), np.int64)
    for place in range(rows.size):
        row = rows[place]
        area = boxes.width[row] * boxes.height[row]
        for other in range(offsets[image[row]], offsets[image[row] + 1]):
            if other != row and regular[other] and boxes.width[other] * boxes.height[other] <= area:
                counts[0, place] += 1
                counts[1, place] += seen[other]
    return counts
