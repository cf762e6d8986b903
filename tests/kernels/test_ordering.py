"""Orders equal numpy's stable sorts, ties and signs included."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cvfail.kernels.matching import sort_by_score
from cvfail.kernels.ordering import descending_order, group_rows

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


@given(st.lists(st.sampled_from([0.1, 0.2, 0.2, 0.9]), max_size=200), st.booleans())
def test_an_image_is_sorted_by_score_and_ties_keep_their_order(scores, sorted_already):
    scores = np.array(sorted(scores, reverse=True) if sorted_already else scores, np.float64)
    rows = np.arange(scores.size)
    sort_by_score(rows, np.empty_like(rows), scores)
    np.testing.assert_array_equal(rows, np.argsort(-scores, kind="stable"))
