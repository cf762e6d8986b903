"""Decimal numbers to the nearest float64, ties to even, as Python's ``float`` does.

Source: D. Lemire, Number Parsing at a Gigabyte per Second, Software: Practice and Experience 51 (2021), sections 5–8;
W. D. Clinger, How to Read Floating Point Numbers Accurately, PLDI 1990.
"""

from __future__ import annotations

import numpy as np

from cvfail.kernels.jit import inlined_kernel, kernel

LEAST_POWER, GREATEST_POWER = -342, 308
"""Powers of ten outside make 0 or infinity of every number of at most 19 digits."""

DIGITS = 18
"""So many digits fit an int64; the rest decides only near the middle of two floats."""

_EXACT_INTEGER = 2**53
_EXACT_POWER = 22
_LOW_HALF = np.uint64(0xFFFFFFFF)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_32, _1, _0 = np.uint64(32), np.uint64(1), np.uint64(0)


def _leading_bits(q: int) -> int:
    """The first 128 bits of 5^q, the highest one set, cut off for positive and rounded up for negative q."""
    power = 5 ** abs(q)
    if q >= 0:
        return power << 128 - power.bit_length() if power < 2**128 else power >> power.bit_length() - 128
    scale = (power - 1).bit_length()
    bits = 2 ** (scale + 127 if q >= -27 else 2 * scale + 128) // power + 1
    return bits >> max(0, bits.bit_length() - 128)


_TENS = np.array([float(10**q) for q in range(_EXACT_POWER + 1)])
_FIVES = np.array(
    [divmod(_leading_bits(q), 2**64) for q in range(LEAST_POWER, GREATEST_POWER + 1)], np.uint64
)
"""The words (high, low) of the powers of five, shape (651, 2)."""


@inlined_kernel
def nearest_float(digits: int, power: int) -> tuple[float, bool]:
    """The float64 nearest to digits × 10^power.

    Args:
        digits: In 0..10^18.
        power: Any power of ten.

    Returns:
        The number, and whether it is certain; where 128 bits do not decide, the caller asks ``float``.
    """
    if digits <= _EXACT_INTEGER and -_EXACT_POWER <= power <= _EXACT_POWER:
        value = np.float64(digits)
        return (value / _TENS[-power], True) if power < 0 else (value * _TENS[power], True)
    if digits == 0 or power < LEAST_POWER:
        return 0.0, True
    if power > GREATEST_POWER:
        return np.inf, True
    return _rounded(digits, power)


@kernel
def _rounded(digits: int, power: int) -> tuple[float, bool]:
    """Eisel and Lemire's algorithm: 55 bits of the product, then rounding to 53 or, if subnormal, fewer."""
    zeros = 1086 - (np.float64(digits).view(np.int64) >> 52)
    word = np.uint64(digits) << np.uint64(zeros)
    if word >> np.uint64(63) == _0:  # digits were rounded up to a power of two
        zeros += 1
        word <<= _1
    high, low = _product(word, _FIVES[power - LEAST_POWER, 0])
    if high & np.uint64(0x1FF) == np.uint64(0x1FF):
        further, _ = _product(word, _FIVES[power - LEAST_POWER, 1])
        if low > _ALL - further:
            low -= _ALL - further + _1
            high += _1
        else:
            low += further
    if low == _ALL and (power < -27 or power > 55):
        return 0.0, False
    top = np.int64(high >> np.uint64(63))
    shift = np.uint64(top + 9)
    bits = np.int64(high >> shift)
    exponent = ((217706 * power) >> 16) + 63 + top - zeros + 1023
    if exponent <= 0:
        if exponent <= -63:
            return 0.0, True
        bits >>= 1 - exponent
        return np.int64((bits + (bits & 1)) >> 1).view(np.float64), True
    if low <= _1 and -4 <= power <= 23 and bits & 3 == 1 and np.uint64(bits) << shift == high:
        bits &= ~1
    bits = (bits + (bits & 1)) >> 1
    if exponent + (bits >> 53) >= 2047:
        return np.inf, True
    return np.int64((exponent << 52) + bits - (1 << 52)).view(np.float64), True


@inlined_kernel
def _product(left: int, right: int) -> tuple[int, int]:
    """The high and the low 64 bits of a product of two uint64, from products of their halves."""
    left_high, left_low = left >> _32, left & _LOW_HALF
    right_high, right_low = right >> _32, right & _LOW_HALF
    lowest = left_low * right_low
    middle = left_high * right_low + (lowest >> _32)
    other = left_low * right_high + (middle & _LOW_HALF)
    return left_high * right_high + (middle >> _32) + (other >> _32), (other << _32) | (lowest & _LOW_HALF)
