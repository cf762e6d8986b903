"""Philox4x32-10: random numbers as a pure function of a key and a counter."""

from __future__ import annotations

import numpy as np

from cvfail.kernels.jit import kernel

_WORD = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_FIRST = np.uint64(0xD2511F53)
_SECOND = np.uint64(0xCD9E8D57)
_FIRST_STEP = np.uint64(0x9E3779B9)
_SECOND_STEP = np.uint64(0xBB67AE85)


@kernel
def philox(
    counter: np.uint64, block: np.uint64, key: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """Four random 32-bit words for a counter of 128 bits, of which `block` is the upper half.

    Args:
        counter: The lower 64 bits of the counter.
        block: The upper 64 bits.
        key: The seed.

    Returns:
        Four numbers, uniform in [0, 2³²). Equal counters and keys give equal words, whatever else is asked for.

    Source: Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3, SC'11; Random123 ``philox4x32``.
    Cost: 10 rounds of two multiplications.
    """
    a, b, c, d = counter & _WORD, counter >> _SHIFT, block & _WORD, block >> _SHIFT
    low, high = key & _WORD, key >> _SHIFT
    for _ in range(10):
        first, second = a * _FIRST, c * _SECOND
        a = (second >> _SHIFT) ^ b ^ low
        c = (first >> _SHIFT) ^ d ^ high
        b, d = second & _WORD, first & _WORD
        low, high = (low + _FIRST_STEP) & _WORD, (high + _SECOND_STEP) & _WORD
    return a, b, c, d
