"""A choice that is spread over images is the one that is made by counting the rows of each image."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cvfail.kernels.spread_choice import spread_choice
from cvfail.tables.arrays import read_only


def chosen_plainly(groups, images, count):
    chosen = []
    for rows in groups:
        turns = [
            sum(images[other] == images[row] for other in rows[:place]) for place, row in enumerate(rows)
        ]
        order = sorted(range(len(rows)), key=lambda place: (turns[place], place))
        chosen += [rows[place] for place in order[:count]]
    return chosen


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), max_size=40),
    st.integers(0, 6),
    st.randoms(use_true_random=False),
)
def test_every_image_comes_once_before_one_comes_twice(units, count, shuffler):
    order = list(range(len(units)))
    shuffler.shuffle(order)
    groups = [[row for row in order if units[row][0] == group] for group in range(4)]
    images = np.array([image for _, image in units], np.int64)
    rows = np.array([row for group in groups for row in group], np.int64)
    offsets = np.cumsum([0, *map(len, groups)])
    chosen = spread_choice(*map(read_only, (rows, offsets, images)), count)
    assert chosen.tolist() == chosen_plainly(groups, images, count)


def test_no_groups_give_no_choice():
    nothing = np.zeros(0, np.int64)
    assert spread_choice(*map(read_only, (nothing, np.zeros(1, np.int64), nothing)), 3).size == 0
