"""The first choice is numpy's argmax over the overlaps of the image and class."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask

from cvfail.kernels.boxes import Boxes
from cvfail.kernels.first_choice import first_choices
from cvfail.kernels.ordering import group_rows
from cvfail.tables.arrays import read_only

IMAGES = 3
SIDE = st.integers(0, 12)
OBJECT = st.tuples(st.integers(0, IMAGES - 1), st.integers(0, 1), SIDE, SIDE, SIDE, SIDE)


def columns(objects):
    table = np.array(objects, np.float64).reshape(-1, 6)
    codes = [read_only(table[:, i].astype(np.int32)) for i in (0, 1)]
    return *codes, Boxes(*(read_only(column) for column in table[:, 2:].T))


def argmax_of_overlaps(prediction, truths):
    rows = [row for row, truth in enumerate(truths) if truth[:2] == prediction[:2]]
    if not rows:
        return -1, 0.0
    boxes = np.array([truths[row][2:] for row in rows], np.float64)
    overlaps = mask.iou(np.array([prediction[2:]], np.float64), boxes, [0] * len(rows))[0]
    best = int(np.argmax(overlaps))
    return (rows[best], overlaps[best]) if overlaps[best] > 0 else (-1, 0.0)


@given(st.lists(OBJECT, max_size=8), st.lists(OBJECT, max_size=8))
def test_the_choice_is_the_first_of_the_largest_overlaps(predictions, truths):
    image, category, boxes = columns(predictions)
    truth_image, truth_category, truth_boxes = columns(truths)
    grouped = group_rows(truth_image, IMAGES)
    choice, overlap = first_choices(image, category, boxes, *grouped, truth_category, truth_boxes)
    expected = [argmax_of_overlaps(prediction, truths) for prediction in predictions]
    assert list(zip(choice.tolist(), overlap.tolist(), strict=True)) == expected
