"""Decimals become the floats that Python reads, bit for bit, or are left to Python."""

import math
import struct

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cvfail.kernels.decimals import nearest_float
from cvfail.kernels.json_values import FLOAT, INTEGER, UNCERTAIN, WRONG, number


def read(text):
    """The kernel's answer to a number that a bracket follows."""
    return number(np.frombuffer(text.encode() + b"]", np.uint8), 0)


def bits(value):
    return struct.pack("<d", value)


@given(st.floats(allow_nan=False, allow_infinity=False))
@example(5e-324)
@example(2.2250738585072011e-308)
@example(1.7976931348623157e308)
@example(9007199254740993.0)
@example(0.1)
def test_every_float_is_read_back(value):
    kind, _, found, end = read(repr(value))
    assert end == len(repr(value))
    if kind != UNCERTAIN:
        assert bits(found) == bits(value) or (value == 0 and kind == INTEGER)


@given(st.floats(0, 1, width=32))
def test_scores_that_were_of_single_precision_are_certain(value):
    kind, _, found, _ = read(repr(value))
    assert kind == FLOAT
    assert bits(found) == bits(value)


@given(st.integers(0, 10**18), st.integers(-400, 400))
def test_digits_and_a_power_of_ten_are_rounded_as_python_does(digits, power):
    value, sure = nearest_float(digits, power)
    if sure:
        assert bits(value) == bits(float(f"{digits}e{power}"))


@given(st.integers(2**52, 2**53 - 1), st.integers(-60, 60), st.sampled_from([-1, 0, 1]))
def test_numbers_in_the_middle_of_two_floats_are_even_or_uncertain(mantissa, exponent, beside):
    exact = (2 * mantissa + 1) * 2**60 * 2 ** (exponent + 60)
    text = str(exact // 2**120 if exact % 2**120 == 0 else exact) + ".0"
    text = str(int(text[:-2]) + beside) + ".0"
    kind, _, found, _ = read(text)
    if kind != UNCERTAIN:
        assert bits(found) == bits(float(text))


@given(st.integers())
def test_integers_of_64_bits_are_exact_and_larger_ones_are_left_to_others(value):
    kind, integer, _, end = read(str(value))
    assert end == len(str(value))
    if -(2**63) < value < 2**63:
        assert (kind, integer) == (INTEGER, value)
    else:
        assert (kind, integer) == (UNCERTAIN, 0) or value == -(2**63)


@pytest.mark.parametrize("text", ["-", "01", "1.", ".5", "1e", "1e+", "-.1", "00.1", "1.e3"])
def test_what_is_no_number_is_wrong(text):
    assert read(text)[3] == WRONG


@given(st.text(alphabet="0123456789", min_size=19, max_size=60), st.integers(0, 60))
def test_many_digits_are_certain_only_where_the_tail_does_not_matter(digits, point):
    text = f"1{digits[:point]}.{digits[point:]}0"
    kind, _, found, end = read(text)
    assert end == len(text)
    if kind == FLOAT:
        assert bits(found) == bits(float(text))
    assert math.isfinite(float(text))
