"""Sets of rows as bits of 64-bit words: packing, intersecting, counting."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.jit import kernel

BLOCK = 1024
"""Words that are intersected at a time, so that the intersection stays in the first cache."""

_ONE = np.uint64(1)
_TWO = np.uint64(2)
_FOUR = np.uint64(4)
_TOP = np.uint64(56)
_PAIRS = np.uint64(0x5555555555555555)
_NIBBLES = np.uint64(0x3333333333333333)
_BYTES = np.uint64(0x0F0F0F0F0F0F0F0F)
_SUM = np.uint64(0x0101010101010101)


@kernel
def popcount(word: np.uint64) -> np.uint64:
    """How many bits of a word are set; the compiler knows this form and uses the processor's instruction.

    Source: Warren, Hacker's Delight §5-1.
    """
    word -= (word >> _ONE) & _PAIRS
    word = (word & _NIBBLES) + ((word >> _TWO) & _NIBBLES)
    word = (word + (word >> _FOUR)) & _BYTES
    return (word * _SUM) >> _TOP


@kernel
def pack_codes(
    codes: NDArray[np.uint8],
    starts: NDArray[np.int64],
    words: NDArray[np.int64],
    bitmaps: NDArray[np.uint64],
) -> None:
    """Set the bit of every row in the bitmap of its code.

    Args:
        codes: Code of each row, shape (n,).
        starts: First row of each segment, then n, shape (segments + 1,).
        words: First word of each segment, then the number of words, shape (segments + 1,).
        bitmaps: In and out, shape (codes, words), all zero: bits behind the rows of a segment stay zero.

    Cost: one write per row.
    """
    for segment in range(starts.size - 1):
        for i in range(starts[segment], starts[segment + 1]):
            place = i - starts[segment]
            bit = _ONE << np.uint64(place & 63)
            bitmaps[codes[i], words[segment] + (place >> 6)] |= bit


@kernel
def count_intersections(
    bitmaps: NDArray[np.uint64],
    prefixes: NDArray[np.int32],
    prefix: NDArray[np.int64],
    last: NDArray[np.int32],
    words: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> None:
    """Count the rows of conjunctions of items in every segment.

    A conjunction is the items of a prefix and one item more. The intersection of a prefix is made once for all
    conjunctions that follow each other and share it.

    Args:
        bitmaps: Rows of each item, shape (items, words).
        prefixes: Items of each prefix, shape (p, order - 1), order >= 2.
        prefix: Which prefix each conjunction has, equal ones side by side, shape (c,).
        last: The further item of each conjunction, shape (c,).
        words: First word of each segment, then the number of words, shape (segments + 1,).
        counts: In and out, rows of each conjunction by segment, shape (segments, c).

    Cost: (c + order · p) times words.
    """
    shared = np.empty(BLOCK, np.uint64)
    for segment in range(words.size - 1):
        for low in range(words[segment], words[segment + 1], BLOCK):
            size = min(BLOCK, words[segment + 1] - low)
            known = np.int64(-1)
            for c in range(prefix.size):
                if prefix[c] != known:
                    known = prefix[c]
                    _intersect(bitmaps, prefixes[known], low, size, shared)
                own = bitmaps[last[c], low : low + size]
                count = np.uint64(0)
                for i in range(size):
                    count += popcount(shared[i] & own[i])
                counts[segment, c] += np.int64(count)


@kernel
def sum_intersections(
    bitmaps: NDArray[np.uint64],
    prefixes: NDArray[np.int32],
    prefix: NDArray[np.int64],
    last: NDArray[np.int32],
    values: NDArray[np.int64],
    sums: NDArray[np.int64],
) -> None:
    """Add up values over the rows of conjunctions, as `count_intersections` counts them.

    Args:
        bitmaps: Rows of each item in one segment, shape (items, words).
        prefixes: Items of each prefix, shape (p, order - 1), order >= 2.
        prefix: Which prefix each conjunction has, equal ones side by side, shape (c,).
        last: The further item of each conjunction, shape (c,).
        values: What to add up, shape (n, q): the values of a row side by side.
        sums: In and out, shape (q, c).

    Cost: as `count_intersections`, and a visit of every row of every conjunction.
    """
    shared = np.empty(BLOCK, np.uint64)
    words = bitmaps.shape[1]
    for low in range(0, words, BLOCK):
        size = min(BLOCK, words - low)
        known = np.int64(-1)
        for c in range(prefix.size):
            if prefix[c] != known:
                known = prefix[c]
                _intersect(bitmaps, prefixes[known], low, size, shared)
            own = bitmaps[last[c]]
            for i in range(size):
                word = shared[i] & own[low + i]
                while word != np.uint64(0):
                    place = np.int64(popcount(~word & (word - _ONE)))
                    row = (low + i) * 64 + place
                    for q in range(values.shape[1]):
                        sums[q, c] += values[row, q]
                    word &= word - _ONE


@kernel
def _intersect(
    bitmaps: NDArray[np.uint64], items: NDArray[np.int32], low: int, size: int, shared: NDArray[np.uint64]
) -> None:
    """A block of the intersection of some items."""
    first = bitmaps[items[0], low : low + size]
    for i in range(size):
        shared[i] = first[i]
    for k in range(1, items.size):
        further = bitmaps[items[k], low : low + size]
        for i in range(size):
            shared[i] &= further[i]
