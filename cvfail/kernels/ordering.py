"""Stable orders: rows grouped by a code, rows by descending score."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.jit import kernel

_DIGIT_BITS = 11
_BUCKETS = 1 << _DIGIT_BITS
_PASSES = 6


@kernel
def group_rows(codes: NDArray[np.int32], groups: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Group rows by code with one counting sort; rows of a group keep their input order.

    Args:
        codes: Group of each row, shape (n,), values in [0, groups).
        groups: Number of groups.

    Returns:
        offsets of shape (groups + 1,) and order of shape (n,): the rows of group g are
        ``order[offsets[g]:offsets[g + 1]]``. Cost: two passes over the rows.
    """
    offsets = np.zeros(groups + 1, np.int64)
    for row in range(codes.size):
        offsets[codes[row] + 1] += 1
    for group in range(groups):
        offsets[group + 1] += offsets[group]
    cursor = offsets[:-1].copy()
    order = np.empty(codes.size, np.int64)
    for row in range(codes.size):
        group = codes[row]
        order[cursor[group]] = row
        cursor[group] += 1
    return offsets, order


@kernel
def descending_order(scores: NDArray[np.float64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sort rows by descending score; equal scores keep the order in which the rows are given.

    A least-significant-digit radix sort on the float's bits, mapped so that unsigned order is descending
    numeric order; -0.0 counts as 0.0. Passes in which all digits agree are skipped.

    Args:
        scores: Score of every row, shape (n,), no NaN.
        rows: The rows to order, shape (m,).

    Returns:
        The rows in the new order, shape (m,). Cost: at most six passes over m.
    """
    n = rows.size
    order = rows.copy()
    values = np.empty(n, np.float64)
    for i in range(n):
        values[i] = scores[rows[i]] + 0.0
    keys = values.view(np.uint64)
    sign = np.uint64(1) << np.uint64(63)
    counts = np.zeros((_PASSES, _BUCKETS), np.int64)
    for i in range(n):
        key = keys[i]
        if key & sign:
            keys[i] = key  # negative: larger magnitude is smaller, which is already descending order
        else:
            keys[i] = ~(key | sign)
        for step in range(_PASSES):
            counts[step, (keys[i] >> np.uint64(step * _DIGIT_BITS)) & np.uint64(_BUCKETS - 1)] += 1
    spare_order = np.empty(n, np.int64)
    spare_keys = np.empty(n, np.uint64)
    for step in range(_PASSES):
        shift = np.uint64(step * _DIGIT_BITS)
        start = 0
        used = 0
        for bucket in range(_BUCKETS):
            size = counts[step, bucket]
            used += size > 0
            counts[step, bucket] = start
            start += size
        if used <= 1:
            continue
        for i in range(n):
            bucket = (keys[i] >> shift) & np.uint64(_BUCKETS - 1)
            place = counts[step, bucket]
            counts[step, bucket] = place + 1
            spare_order[place] = order[i]
            spare_keys[place] = keys[i]
        order, spare_order = spare_order, order
        keys, spare_keys = spare_keys, keys
    return order
