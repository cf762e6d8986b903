"""Philox4x32-10: random numbers as a pure function of a key and a counter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Words = tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint64]]
"""Four arrays that hold 32-bit words in 64-bit integers."""

_ROUNDS = 10
_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
_WORD = 0xFFFFFFFF
_LOW = np.uint64(_WORD)
_SHIFT = np.uint64(32)


def philox(counter: Words, *, key: int) -> Words:
    """Four random 32-bit words for every counter.

    Args:
        counter: Four arrays of one shape, the words of 128-bit counters.
        key: 64-bit key, the seed.

    Returns:
        Four arrays of the same shape, uniform in [0, 2³²). Equal counters and keys give equal words, whatever
        else is asked for.

    Source: Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3, SC'11; Random123 ``philox4x32``.

    Example:
        >>> zero = np.zeros(1, np.uint64)
        >>> [f"{int(word[0]):08x}" for word in philox((zero, zero, zero, zero), key=0)]
        ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']
    """
    a, b, c, d = counter
    low, high = key & _WORD, (key >> 32) & _WORD
    for _ in range(_ROUNDS):
        first, second = a * _MULTIPLIERS[0], c * _MULTIPLIERS[1]
        a = (second >> _SHIFT) ^ b ^ np.uint64(low)
        c = (first >> _SHIFT) ^ d ^ np.uint64(high)
        b, d = second & _LOW, first & _LOW
        low, high = (low + _KEY_STEPS[0]) & _WORD, (high + _KEY_STEPS[1]) & _WORD
    return a, b, c, d
