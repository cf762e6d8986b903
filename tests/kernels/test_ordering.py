"""Orders equal numpy's stable sorts, ties and signs included."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cvfail.kernels.ordering import descending_order, group_rows
from cvfail.kernels.ranking import rank_predictions

SCORES = st.lists(
    st.sampled_from([0.0, -0.0, 0.5, 1.0, -1.5, 1e-300, -1e300]) | st.floats(-10, 10), max_size=80
)


@given(SCORES)
def test_descending_order_is_a_stable_sort_of_the_negated_scores(scores):
    scores = np.array(scores, np.float64)
    rows = np.arange(scores.size)[::-1].copy()
    expected = rows[np.argsort(-scores[rows], kind="stable")]
    np.testing.assert_array_equal(descending_order(scores, rows), expected)


@given(st.lists(st.integers(0, 6), max_size=60))
def test_grouping_keeps_input_order_inside_a_group(codes):
    codes = np.array(codes, np.int32)
    offsets, order = group_rows(codes, 7)
    np.testing.assert_array_equal(order, np.argsort(codes, kind="stable"))
    np.testing.assert_array_equal(np.diff(offsets), np.bincount(codes, minlength=7))


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 3), st.sampled_from([0.1, 0.2, 0.2, 0.9])), max_size=400
    )
)
def test_ranks_count_better_predictions_of_the_same_image_and_class(rows):
    image = np.array([row[0] for row in rows], np.int32)
    classes = np.array([row[1] for row in rows], np.int32)
    scores = np.array([row[2] for row in rows], np.float64)
    offsets, order = group_rows(image, 3)
    rank = np.empty(len(rows), np.int32)
    rank_predictions(0, 3, offsets, order, classes, scores, rank)
    np.testing.assert_array_equal(order, np.lexsort((np.arange(len(rows)), -scores, classes, image)))
    for i in range(len(rows)):
        same = (image == image[i]) & (classes == classes[i])
        better = (scores > scores[i]) | ((scores == scores[i]) & (np.arange(len(rows)) < i))
        assert rank[i] == (same & better).sum()
