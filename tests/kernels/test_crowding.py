"""Crowding against a loop over all pairs."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cvfail.kernels.boxes import Boxes
from cvfail.kernels.crowding import Crowding, measure_crowding
from cvfail.tables.arrays import read_only


def plainly(boxes, category, counts):
    """Every measure of every row of one image, from all pairs."""
    rows = []
    for i, (x, y, w, h) in enumerate(boxes):
        same, largest, share, overlapping, near, of_class = 0.0, 0.0, 0.0, 0, 0, 0
        for j, (x2, y2, w2, h2) in enumerate(boxes):
            if i == j or not counts[j]:
                continue
            across = max(0.0, min(x + w, x2 + w2) - max(x, x2))
            common = across * max(0.0, min(y + h, y2 + h2) - max(y, y2))
            union = w * h + w2 * h2 - common
            iou = common / union if common > 0 else 0.0
            overlapping += iou > 0
            largest = max(largest, iou)
            share = max(share, common / (w * h) if common > 0 else 0.0)
            apart = (x + w / 2 - x2 - w2 / 2) ** 2 + (y + h / 2 - y2 - h2 / 2) ** 2
            near += apart < w * h
            of_class += category[i] == category[j]
            same = max(same, iou if category[i] == category[j] else 0.0)
        rows.append((same, largest, share, overlapping, near, of_class))
    return rows


side = st.integers(0, 12)
rows = st.lists(st.tuples(side, side, side, side, st.integers(0, 2), st.booleans()), max_size=12)


@given(st.lists(rows, max_size=4), st.randoms(use_true_random=False))
def test_rows_in_any_order_are_compared_with_the_regular_others_of_their_image(images, random):
    flat = [(image, *row) for image, some in enumerate(images) for row in some]
    order = list(range(len(flat)))
    random.shuffle(order)
    shuffled = [flat[i] for i in order]
    table = np.array([row[1:5] for row in shuffled], float).reshape(-1, 4)
    boxes = Boxes(*(read_only(np.ascontiguousarray(column)) for column in table.T))
    of_image = [[i for i, row in enumerate(shuffled) if row[0] == image] for image in range(len(images))]
    offsets = np.cumsum([0, *map(len, of_image)]).astype(np.int64)
    grouped = np.array([i for some in of_image for i in some], np.int64)
    category = np.array([row[5] for row in shuffled], np.int32)
    counts = np.array([row[6] for row in shuffled], np.bool_)
    out = Crowding(*np.zeros((3, len(flat))), *np.zeros((3, len(flat)), np.int32))
    given_arrays = [read_only(offsets), read_only(grouped), boxes, read_only(category), read_only(counts)]
    middle = len(images) // 2
    for start, stop in ((0, middle), (middle, len(images))):
        measure_crowding(start, stop, *given_arrays, out)
    found = np.stack(out, axis=1) if flat else np.empty((0, 6))
    for some in of_image:
        expected = plainly(table[some], category[some], counts[some])
        assert np.allclose(found[some], np.array(expected).reshape(-1, 6), rtol=1e-12, atol=0)
