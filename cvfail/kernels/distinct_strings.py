"""Strings that stand somewhere in a text, numbered so that equal ones have one number."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.jit import kernel
from cvfail.kernels.json_records import LENGTH_BITS, TEXT

_LENGTH = (1 << LENGTH_BITS) - 1


@kernel
def distinct_strings(
    text: NDArray[np.uint8], spans: NDArray[np.int64], kind: NDArray[np.uint8], numbers: NDArray[np.int32]
) -> NDArray[np.int64]:
    """Number the strings of a column in the order of their first appearance.

    Args:
        text: The bytes that hold the strings.
        spans: Where each begins and how long it is, ``start << LENGTH_BITS | length``, shape (n,).
        kind: ``TEXT`` where there is a string, shape (n,).
        numbers: Out, shape (n,): the number of each string, -1 where there is none.

    Returns:
        The span of the first string of each number. Cost: one pass over the strings with a hash table.
    """
    size = 64
    table = np.full(size, -1, np.int32)
    hashes = np.empty(16, np.uint64)
    firsts = np.empty(16, np.int64)
    used = 0
    for row in range(spans.size):
        numbers[row] = -1
        if kind[row] != TEXT:
            continue
        start, length = spans[row] >> LENGTH_BITS, spans[row] & _LENGTH
        value = np.uint64(14695981039346656037)  # FNV-1a
        for k in range(length):
            value = (value ^ np.uint64(text[start + k])) * np.uint64(1099511628211)
        place = np.int64(value & np.uint64(size - 1))
        while table[place] >= 0:
            number = table[place]
            if hashes[number] == value and _is_same(text, firsts[number], spans[row]):
                break
            place = (place + 1) & (size - 1)
        if table[place] >= 0:
            numbers[row] = table[place]
            continue
        if used == firsts.size:
            firsts = np.concatenate((firsts, np.empty(used, np.int64)))
            hashes = np.concatenate((hashes, np.empty(used, np.uint64)))
        firsts[used], hashes[used], table[place], numbers[row] = spans[row], value, used, used
        used += 1
        if 2 * used > size:
            size *= 4
            table = np.full(size, -1, np.int32)
            for number in range(used):
                place = np.int64(hashes[number] & np.uint64(size - 1))
                while table[place] >= 0:
                    place = (place + 1) & (size - 1)
                table[place] = number
    return firsts[:used].copy()


@kernel
def _is_same(text: NDArray[np.uint8], one: int, other: int) -> bool:
    """Whether two spans hold the same bytes."""
    if one & _LENGTH != other & _LENGTH:
        return False
    first, second = one >> LENGTH_BITS, other >> LENGTH_BITS
    for k in range(one & _LENGTH):  # noqa: SIM110 - a kernel
        if text[first + k] != text[second + k]:
            return False
    return True
