"""Counting bits equals Python's own."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cvfail.kernels.bitmaps import popcount


@given(st.integers(0, 2**64 - 1))
def test_set_bits_are_counted(word):
    with np.errstate(over="ignore"):
        assert int(popcount(np.uint64(word))) == word.bit_count()
