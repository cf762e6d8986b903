"""Pairs of boxes are those of a loop over all of them, and there is never too little room for them."""

import numpy as np
import pytest

from cvfail.kernels.boxes import Boxes, box_overlap
from cvfail.kernels.common_boxes import common_boxes
from cvfail.tables.arrays import read_only


def random_boxes(rng, count):
    sides = [rng.integers(0, 4, count).astype(float) for _ in range(4)]
    return Boxes(*map(read_only, sides))


@pytest.mark.parametrize("seed", range(5))
def test_pairs_are_those_of_a_plain_loop(seed):
    rng = np.random.default_rng(seed)
    starts, others = ([0, 3, 3, 9], [0, 5, 6, 10])
    boxes, other_boxes = random_boxes(rng, 9), random_boxes(rng, 10)
    expected = []
    for group in range(3):
        for i in range(starts[group], starts[group + 1]):
            for j in range(others[group], others[group + 1]):
                equal = all(a[i] == b[j] for a, b in zip(boxes, other_boxes, strict=True))
                shared = 1.0 if equal else box_overlap(boxes, i, other_boxes, j, False)
                if shared >= 0.5:
                    expected.append((i, j, shared))
    starts, others = (read_only(np.array(one)) for one in (starts, others))
    for room in (0, 1, len(expected), 200):
        out = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room)
        found = common_boxes(starts, boxes, others, other_boxes, 0.5, *out)
        assert found == len(expected)
        assert [*zip(*(one[:found].tolist() for one in out), strict=True)] == expected[:room]
