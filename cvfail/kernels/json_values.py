"""Single JSON values in the bytes of a file: numbers, strings, and whatever is to be skipped.

Every function takes the position of the value's first byte and returns the position after it, or ``WRONG`` where
the text is no JSON by RFC 8259, is no UTF-8, or is better left to a slower reader. The last byte of the text is a
closing bracket, which ends every number and all white space, so that only strings need to look where they are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.decimals import DIGITS, nearest_float
from cvfail.kernels.jit import inlined_kernel, kernel

WRONG = -1
"""A position: here is something that these functions do not read."""

INTEGER, FLOAT, UNCERTAIN = 3, 4, 7
"""What a number is: within int64, with a fraction or an exponent, or a float that Python's ``float`` must read."""

_DEPTH = 60
_LARGEST_POWER = 100_000
_INT64_TENTH = (2**63 - 1) // 10


@inlined_kernel
def after_space(text: NDArray[np.uint8], i: int, last: int) -> int:
    """The position of the next byte that is no white space; that of the last byte where none is left."""
    while i < last and (text[i] == 32 or text[i] == 10 or text[i] == 13 or text[i] == 9):
        i += 1
    return min(i, last)


@inlined_kernel
def after_digits(text: NDArray[np.uint8], i: int) -> int:
    """The position after decimal digits; the same position where there are none."""
    while 48 <= text[i] <= 57:
        i += 1
    return i


@inlined_kernel
def after_number(text: NDArray[np.uint8], i: int) -> int:
    """The position after a number."""
    if text[i] == 45:
        i += 1
    start = i
    i = after_digits(text, i)
    if i == start or (text[start] == 48 and i > start + 1):
        return WRONG
    if text[i] == 46:
        start = i + 1
        i = after_digits(text, start)
        if i == start:
            return WRONG
    if text[i] == 101 or text[i] == 69:
        i += 1
        if text[i] == 43 or text[i] == 45:
            i += 1
        start = i
        i = after_digits(text, i)
        if i == start:
            return WRONG
    return i


@inlined_kernel
def number(text: NDArray[np.uint8], i: int) -> tuple[int, int, float, int]:
    """A number.

    Args:
        text: The bytes.
        i: Where it begins.

    Returns:
        ``INTEGER`` with its value as int and float; ``FLOAT`` with its value as float; or ``UNCERTAIN``, with 1 if
        it is written as a float and 0 if it is an integer beyond int64. Then the position after it. ``-0`` is an
        integer and has no sign.
    """
    negative = text[i] == 45
    first = i + 1 if negative else i
    digits, j, stop = 0, first, first + DIGITS
    while 48 <= text[j] <= 57 and j < stop:
        digits = digits * 10 + np.int64(text[j]) - 48
        j += 1
    if j == first or (text[first] == 48 and j > first + 1):
        return INTEGER, 0, 0.0, WRONG
    point = j
    if text[j] == 46:
        j += 1
        point, stop = j, stop + 1
        while 48 <= text[j] <= 57 and j < stop:
            digits = digits * 10 + np.int64(text[j]) - 48
            j += 1
        if j == point:
            return (INTEGER, 0, 0.0, WRONG) if j < stop else _long_number(text, i)
        power = point - j
    elif text[j] != 101 and text[j] != 69:
        if 48 <= text[j] <= 57:
            return _long_number(text, i)
        value = -digits if negative else digits
        return INTEGER, value, np.float64(value), j
    else:
        power = 0
    if 48 <= text[j] <= 57:
        return _long_number(text, i)
    if text[j] == 101 or text[j] == 69:
        j, more = _exponent(text, j)
        if j == WRONG:
            return FLOAT, 0, 0.0, WRONG
        power += more
    value_, sure = nearest_float(digits, power)
    if not sure:
        return UNCERTAIN, 1, 0.0, j
    if value_ == np.inf:
        return FLOAT, 0, 0.0, WRONG
    return FLOAT, 0, -value_ if negative else value_, j


@inlined_kernel
def _exponent(text: NDArray[np.uint8], i: int) -> tuple[int, int]:
    """The position after an exponent that begins here with its letter, and its value, cut at ±100 000."""
    i += 1
    negative = text[i] == 45
    if negative or text[i] == 43:
        i += 1
    start, power = i, 0
    while 48 <= text[i] <= 57:
        power = min(power * 10 + np.int64(text[i]) - 48, _LARGEST_POWER)
        i += 1
    return (WRONG if i == start else i), (-power if negative else power)


@kernel
def _long_number(text: NDArray[np.uint8], i: int) -> tuple[int, int, float, int]:
    """A number of more digits than fit an int64: certain where rounding its tail up or down makes no difference."""
    end = after_number(text, i)
    digits, power, kept, is_float, passed_point, is_cut = 0, 0, 0, False, False, False
    j = i + 1 if text[i] == 45 else i
    while j < end and text[j] != 101 and text[j] != 69:
        if text[j] == 46:
            passed_point = is_float = True
        elif kept == DIGITS:
            power += 0 if passed_point else 1
            is_cut = is_cut or text[j] != 48
        else:
            digits = digits * 10 + np.int64(text[j]) - 48
            kept += 1 if digits > 0 else 0
            power -= 1 if passed_point else 0
        j += 1
    if j < end:
        is_float = True
        _, more = _exponent(text, j)
        power += more
    if end == WRONG:
        return UNCERTAIN, 0, 0.0, end
    if not is_float:
        if power == 1 and (digits < _INT64_TENTH or (digits == _INT64_TENTH and text[end - 1] <= 55)):
            digits = digits * 10 + np.int64(text[end - 1]) - 48
            digits = -digits if text[i] == 45 else digits
            return INTEGER, digits, np.float64(digits), end
        return UNCERTAIN, 0, 0.0, end
    value, sure = nearest_float(digits, power)
    above, above_sure = nearest_float(digits + 1, power) if is_cut else (value, sure)
    if not (sure and above_sure) or value != above or value == np.inf:
        return UNCERTAIN, 1, 0.0, end
    return FLOAT, 0, -value if text[i] == 45 else value, end


@kernel
def after_plain_string(text: NDArray[np.uint8], i: int, last: int) -> int:
    """The position after a string without escapes, of which this is the opening quotation mark."""
    i += 1
    while i < last:
        byte = text[i]
        if byte == 34:
            return i + 1
        if byte == 92 or byte < 32:
            return WRONG
        if byte < 128:
            i += 1
        else:
            i = _after_character(text, i, last)
            if i == WRONG:
                return WRONG
    return WRONG


@kernel
def _after_character(text: NDArray[np.uint8], i: int, last: int) -> int:
    """The position after a character of two to four bytes; overlong ones and surrogates are none."""
    first = text[i]
    length = 2 if first < 0xE0 else 3 if first < 0xF0 else 4
    if first < 0xC2 or first > 0xF4 or i + length > last:
        return WRONG
    second = text[i + 1]
    low, high = 0x80, 0xBF
    if first == 0xE0:
        low = 0xA0
    elif first == 0xED:
        high = 0x9F
    elif first == 0xF0:
        low = 0x90
    elif first == 0xF4:
        high = 0x8F
    if second < low or second > high:
        return WRONG
    for k in range(2, length):
        if text[i + k] & 0xC0 != 0x80:
            return WRONG
    return i + length


@kernel
def _after_string(text: NDArray[np.uint8], i: int, last: int) -> int:
    """The position after any string; one with surrogates is left to others."""
    i += 1
    while i < last:
        byte = text[i]
        if byte == 34:
            return i + 1
        if byte < 32:
            return WRONG
        if byte == 92:
            i = _after_escape(text, i, last)
        elif byte < 128:
            i += 1
        else:
            i = _after_character(text, i, last)
        if i == WRONG:
            return WRONG
    return WRONG


@kernel
def _after_escape(text: NDArray[np.uint8], i: int, last: int) -> int:
    if i + 6 > last:
        return WRONG
    letter = text[i + 1]
    for plain in (34, 92, 47, 98, 102, 110, 114, 116):
        if letter == plain:
            return i + 2
    if letter != 117 or (text[i + 2] | 32 == 100 and text[i + 3] >= 56):
        return WRONG
    for k in range(2, 6):
        byte = text[i + k]
        if not (48 <= byte <= 57 or 97 <= byte | 32 <= 102):
            return WRONG
    return i + 6


@inlined_kernel
def after_word(text: NDArray[np.uint8], i: int, last: int) -> int:
    """The position after true, false or null."""
    if i + 5 > last:
        return WRONG
    if text[i] == 116 and text[i + 1] == 114 and text[i + 2] == 117 and text[i + 3] == 101:
        return i + 4
    if text[i] == 110 and text[i + 1] == 117 and text[i + 2] == 108 and text[i + 3] == 108:
        return i + 4
    is_false = text[i] == 102 and text[i + 1] == 97 and text[i + 2] == 108 and text[i + 3] == 115
    return i + 5 if is_false and text[i + 4] == 101 else WRONG


@kernel
def after_value(text: NDArray[np.uint8], i: int, last: int) -> int:
    """The position after a value of any kind, nested to a depth of 60 at most."""
    objects, depth = 0, 0
    while True:
        byte = text[i]
        if byte == 123 or byte == 91:
            depth += 1
            objects = objects << 1 | (1 if byte == 123 else 0)
            i = after_space(text, i + 1, last)
            if depth > _DEPTH:
                return WRONG
            if text[i] != byte + 2:
                i = _after_key(text, i, last) if byte == 123 else i
                if i == WRONG:
                    return WRONG
                continue
        elif byte == 34:
            i = _after_string(text, i, last)
        elif byte == 45 or 48 <= byte <= 57:
            i = after_number(text, i)
        else:
            i = after_word(text, i, last)
        if i == WRONG:
            return WRONG
        while depth > 0:
            is_object = objects & 1 == 1
            i = after_space(text, i, last)
            if text[i] == 44:
                i = after_space(text, i + 1, last)
                if is_object:
                    i = _after_key(text, i, last)
                    if i == WRONG:
                        return WRONG
                break
            if text[i] != (125 if is_object else 93):
                return WRONG
            i += 1
            objects >>= 1
            depth -= 1
        if depth == 0:
            return i


@kernel
def _after_key(text: NDArray[np.uint8], i: int, last: int) -> int:
    """The position of the value behind a key and its colon."""
    if text[i] != 34:
        return WRONG
    i = _after_string(text, i, last)
    if i == WRONG:
        return WRONG
    i = after_space(text, i, last)
    return after_space(text, i + 1, last) if text[i] == 58 else WRONG
