"""Outcomes of predictions packed into small records, grouped by class and sorted by score."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.jit import kernel

DETAILED = 1 << 31
"""Bit of a record whose lower bits number a row of details; without it the lower bits are area ranges."""

_DIGIT_BITS = 11
_BUCKETS = 1 << _DIGIT_BITS
_PASSES = 6
_FARTHEST = 64
"""An insertion that goes farther means that many keys agree in their upper bits."""


@kernel
def pack_outcomes(
    first: int,
    last: int,
    classes: NDArray[np.int32],
    images: NDArray[np.int32],
    scores: NDArray[np.float64],
    rank: NDArray[np.int32],
    matched: NDArray[np.uint16],
    ignored: NDArray[np.uint16],
    limit: int,
    offsets: NDArray[np.int64],
    keys: NDArray[np.uint64],
    records: NDArray[np.uint64],
    details: NDArray[np.uint16],
    detail_rank: NDArray[np.int32],
) -> int:
    """Pack what accumulation needs of each prediction, grouped by class in input order.

    A prediction that is matched nowhere is one bit per area range: wrong there, or not counted. The others get a
    row of details. Predictions that count nowhere or are of rank `limit` and above are left out.

    Args:
        first: First prediction to pack.
        last: One past the last one; they are n.
        classes: Class code of each prediction, shape (D,).
        images: Image code of each prediction, shape (D,).
        scores: Score of each prediction, shape (D,), no NaN.
        rank: Rank inside image and class, shape (D,).
        matched: Per area range, bit t is set where matched at threshold t, shape (A, D), A at most 31.
        ignored: Per area range, bit t is set where neither right nor wrong, shape (A, D).
        limit: Predictions of this rank and above are left out.
        offsets: In zeros, out where each class starts, shape (classes + 1,).
        keys: Out, room for n: unsigned numbers that ascend as scores descend.
        records: Out, room for n: image code in the upper 32 bits, below it the packed outcome.
        details: Out, room for (n, 2 A): matched bits, then ignored bits of each area range.
        detail_rank: Out, room for n: rank of the prediction behind each row of details.

    Returns:
        Number of rows of details. Cost: two passes over the predictions.
    """
    areas = matched.shape[0]
    kinds = offsets.size - 1
    packed = np.empty(last - first, np.uint32)
    rows = 0
    for i in range(first, last):
        packed[i - first] = 0
        if rank[i] >= limit:
            continue
        plain = np.uint32(0)
        hit = False
        for area in range(areas):
            if matched[area, i] != 0:
                hit = True
            elif ignored[area, i] == 0:
                plain |= np.uint32(1 << area)
        if hit:
            plain = np.uint32(DETAILED | rows)
            for area in range(areas):
                details[rows, area] = matched[area, i]
                details[rows, areas + area] = ignored[area, i]
            detail_rank[rows] = rank[i]
            rows += 1
        packed[i - first] = plain
        if plain != 0:
            offsets[classes[i] + 1] += 1
    for kind in range(kinds):
        offsets[kind + 1] += offsets[kind]
    cursor = offsets[:-1].copy()
    values = np.empty(1, np.float64)
    bits = values.view(np.uint64)
    sign = np.uint64(1) << np.uint64(63)
    for i in range(first, last):
        if packed[i - first] == 0:
            continue
        place = cursor[classes[i]]
        cursor[classes[i]] = place + 1
        values[0] = scores[i] + 0.0  # -0.0 counts as 0.0
        key = bits[0]
        keys[place] = key if key & sign else ~(key | sign)
        records[place] = (np.uint64(images[i]) << np.uint64(32)) | np.uint64(packed[i - first])
    return rows


@kernel
def append_records(
    keys: NDArray[np.uint64],
    records: NDArray[np.uint64],
    first: int,
    last: int,
    base: int,
    to_keys: NDArray[np.uint64],
    to_records: NDArray[np.uint64],
    start: int,
) -> None:
    """Copy a run of packed outcomes behind others.

    Args:
        keys: Keys of many runs, from `pack_outcomes`.
        records: Records of many runs.
        first: First place to copy.
        last: One past the last place to copy.
        base: How many rows of details stand before theirs.
        to_keys: Out.
        to_records: Out; numbers of details are `base` higher.
        start: First place to write.
    """
    for i in range(first, last):
        to_keys[start + i - first] = keys[i]
        record = records[i]
        if record & np.uint64(DETAILED):
            record += np.uint64(base)
        to_records[start + i - first] = record


@kernel
def sort_records(keys: NDArray[np.uint64], records: NDArray[np.uint64]) -> None:
    """Sort records in place by ascending key; equal keys keep their order.

    Args:
        keys: Shape (n,); sorted in place.
        records: Shape (n,); follow their keys.

    Cost: three passes of a radix sort over the upper bits and one of insertions where these agree; six passes where
    many keys differ in their lower bits alone.
    """
    _sort_by_digits(keys, records, _PASSES // 2)
    if not _settle(keys, records, _PASSES // 2 * _DIGIT_BITS):
        _sort_by_digits(keys, records, 0)


@kernel
def _settle(keys: NDArray[np.uint64], records: NDArray[np.uint64], bits: int) -> bool:
    """Sort keys whose upper bits ascend already; False, and not yet sorted, if one would have to move far."""
    shift = np.uint64(bits)
    for i in range(1, keys.size):
        key = keys[i]
        if keys[i - 1] <= key:
            continue
        record = records[i]
        j = i
        while j > 0 and keys[j - 1] > key and keys[j - 1] >> shift == key >> shift:
            if i - j == _FARTHEST:
                break
            keys[j], records[j] = keys[j - 1], records[j - 1]
            j -= 1
        keys[j], records[j] = key, record
        if i - j == _FARTHEST:
            return False
    return True


@kernel
def _sort_by_digits(keys: NDArray[np.uint64], records: NDArray[np.uint64], first: int) -> None:
    """A least-significant-digit radix sort from digit `first` on; digits that all keys share are skipped."""
    n = keys.size
    counts = np.zeros((_PASSES, _BUCKETS), np.int64)
    for i in range(n):
        for step in range(first, _PASSES):
            counts[step, (keys[i] >> np.uint64(step * _DIGIT_BITS)) & np.uint64(_BUCKETS - 1)] += 1
    from_keys, from_records = keys, records
    to_keys, to_records = np.empty(n, np.uint64), np.empty(n, np.uint64)
    moved = False
    for step in range(first, _PASSES):
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
            bucket = (from_keys[i] >> shift) & np.uint64(_BUCKETS - 1)
            place = counts[step, bucket]
            counts[step, bucket] = place + 1
            to_keys[place] = from_keys[i]
            to_records[place] = from_records[i]
        from_keys, to_keys = to_keys, from_keys
        from_records, to_records = to_records, from_records
        moved = not moved
    if moved:
        for i in range(n):
            to_keys[i] = from_keys[i]
            to_records[i] = from_records[i]
