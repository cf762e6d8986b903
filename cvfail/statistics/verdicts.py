"""Pass, fail or investigate: verdicts on intervals, so that noise neither fails nor passes."""

from __future__ import annotations

from typing import Literal

import polars as pl

Verdict = Literal["pass", "fail", "investigate"]
"""``investigate``: there are too few data to tell."""


def at_most(limit: pl.Expr, *, lower: str = "lower", upper: str = "upper") -> pl.Expr:
    """The verdict on a number that must not exceed a limit: non-inferiority.

    Args:
        limit: Largest number that is allowed.
        lower: Column of the lower end of the interval.
        upper: Column of the upper end.

    Returns:
        ``pass`` if the whole interval lies at or below the limit, ``fail`` if it lies above it, else (and where there
        is no interval) ``investigate``.

    Example:
        >>> frame = pl.DataFrame({"lower": [-0.1, -0.1, 0.2, None], "upper": [0.1, 0.3, 0.3, None]})
        >>> frame.select(at_most(pl.lit(0.1)))["verdict"].to_list()
        ['pass', 'investigate', 'fail', 'investigate']
    """
    return _verdict(pl.col(upper) <= limit, pl.col(lower) > limit)


def falls(*, lower: str = "lower", upper: str = "upper") -> pl.Expr:
    """The verdict on a difference that must be below 0.

    Args:
        lower: Column of the lower end of the interval.
        upper: Column of the upper end.

    Returns:
        ``pass`` if the whole interval lies below 0, ``fail`` if none of it does, else (and where there is no
        interval) ``investigate``.

    Example:
        >>> frame = pl.DataFrame({"lower": [-0.3, -0.1, 0.0], "upper": [-0.1, 0.1, 0.0]})
        >>> frame.select(falls())["verdict"].to_list()
        ['pass', 'investigate', 'fail']
    """
    return _verdict(pl.col(upper) < 0.0, pl.col(lower) >= 0.0)


def _verdict(passes: pl.Expr, fails: pl.Expr) -> pl.Expr:
    known = pl.when(passes).then(pl.lit("pass")).when(fails).then(pl.lit("fail"))
    return known.otherwise(pl.lit("investigate")).alias("verdict")


def overall(verdicts: pl.Series) -> Verdict:
    """One verdict of many: the worst.

    Example:
        >>> overall(pl.Series(["pass", "investigate"])), overall(pl.Series([], dtype=pl.String))
        ('investigate', 'pass')
    """
    if (verdicts == "fail").any():
        return "fail"
    return "investigate" if (verdicts == "investigate").any() else "pass"
