"""Overlaps equal pycocotools to the last bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask

from cvfail.kernels.boxes import Boxes, box_overlap

SIDE = st.floats(0, 500, allow_nan=False) | st.sampled_from([0.0, 1.0, 32.0, 0.1])
BOX = st.tuples(SIDE, SIDE, SIDE, SIDE)


def columns(boxes):
    return Boxes(*np.array(boxes, np.float64).reshape(-1, 4).T.copy())


@given(BOX, BOX, st.booleans())
def test_overlap_is_pycocotools(box, other, crowd):
    expected = mask.iou(np.array([box]), np.array([other]), [int(crowd)])[0, 0]
    assert box_overlap(columns([box]), 0, columns([other]), 0, crowd) == expected


def test_the_reference_cases(golden):
    case = golden["bbox_iou"]
    predictions, truths = case["input"]["dt"], case["input"]["gt"]
    for crowd, key in ((False, "iscrowd_00"), (True, "iscrowd_01")):
        for i, expected in enumerate(case["expected"][key]):
            if min(predictions[i][2:]) < 0:
                continue  # a negative size is an input error in cvfail
            assert box_overlap(columns(predictions), i, columns(truths), 0, False) == pytest.approx(
                expected[0]
            )
            assert box_overlap(columns(predictions), i, columns(truths), 1, crowd) == pytest.approx(
                expected[1]
            )
