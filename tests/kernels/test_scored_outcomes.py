"""Records are sorted as numpy sorts stably, whatever bits their keys share."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvfail.kernels.scored_outcomes import sort_records

KEYS = st.one_of(
    st.integers(0, 2**64 - 1),
    st.integers(0, 3),
    st.integers(2**62, 2**62 + 50),
    st.sampled_from([0, 2**33, 2**33 - 1, 2**33 + 1, 2**63, 2**64 - 1]),
)


def assert_sorted(keys):
    keys = np.array(keys, np.uint64)
    order = np.argsort(keys, kind="stable")
    found, records = keys.copy(), np.arange(keys.size, dtype=np.uint64)
    sort_records(found, records)
    np.testing.assert_array_equal(found, keys[order])
    np.testing.assert_array_equal(records, order.astype(np.uint64))


@given(st.lists(KEYS, max_size=300))
def test_records_follow_their_keys_and_ties_keep_their_order(keys):
    assert_sorted(keys)


@pytest.mark.parametrize("shared", [0, 1 << 40])
@pytest.mark.parametrize("distinct", [1, 2, 70, 5000])
def test_many_keys_that_differ_in_their_lower_bits_alone(shared, distinct):
    rng = np.random.default_rng(0)
    assert_sorted(rng.integers(0, distinct, 5000).astype(np.uint64) + np.uint64(shared))
    assert_sorted(np.arange(5000, 0, -1).astype(np.uint64) + np.uint64(shared))


def test_scores_of_a_detector():
    scores = np.random.default_rng(1).beta(0.7, 14, 20_000)
    assert_sorted(scores.view(np.uint64))
    assert_sorted(scores.astype(np.float32).astype(np.float64).view(np.uint64))
