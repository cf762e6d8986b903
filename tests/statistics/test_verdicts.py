"""Verdicts: pass, fail, investigate at the borders, and the worst of many."""

import polars as pl
import pytest

from cvfail.statistics.verdicts import at_most, falls, overall


def judged(expression, lower, upper):
    frame = pl.DataFrame(
        {"lower": [lower], "upper": [upper]}, schema={"lower": pl.Float64, "upper": pl.Float64}
    )
    return frame.select(expression)["verdict"].item()


@pytest.mark.parametrize(
    ("lower", "upper", "verdict"),
    [
        (0, 1, "pass"),
        (0, 1.01, "investigate"),
        (1, 2, "investigate"),
        (1.01, 2, "fail"),
        (None, None, "investigate"),
    ],
)
def test_a_limit_may_be_reached(lower, upper, verdict):
    assert judged(at_most(pl.lit(1.0)), lower, upper) == verdict


@pytest.mark.parametrize(
    ("lower", "upper", "verdict"),
    [
        (-2, -1, "pass"),
        (-2, 0, "investigate"),
        (-1, 1, "investigate"),
        (0, 0, "fail"),
        (None, None, "investigate"),
    ],
)
def test_a_fall_lies_below_nothing(lower, upper, verdict):
    assert judged(falls(), lower, upper) == verdict


def test_the_worst_verdict_counts():
    assert overall(pl.Series(["pass", "investigate", "fail"])) == "fail"
    assert overall(pl.Series(["pass", "investigate"])) == "investigate"
    assert overall(pl.Series(["pass"])) == "pass"
