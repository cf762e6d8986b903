"""Adjusting p-values for having looked at many hypotheses."""

from __future__ import annotations

import numpy as np
import polars as pl

from cvfail.errors import PolicyError


def benjamini_hochberg(p_values: pl.Series, *, tests: int | None = None) -> pl.Series:
    """The smallest false discovery rate at which each hypothesis is rejected (q-values).

    Args:
        p_values: Values in [0, 1]; null where no test was made.
        tests: How many hypotheses were looked at, if more than are shown: those left out enter with p = 1. The
            number of values that are not null if not given.

    Returns:
        Float64 series ``q_value`` in the order of the input, in [0, 1]; null where the input is null or NaN.

    Raises:
        PolicyError: ``tests`` is less than the number of values.

    Notes:
        With the values in ascending order and m = ``tests``, ``q_(i) = min over j >= i of m p_(j) / j``, at most 1.
        Nulls are not counted in m. Valid for independent or positively dependent tests. Cost: one sort.

    Source: Benjamini and Hochberg, JRSS B 57 (1995) 289-300.

    Example:
        >>> benjamini_hochberg(pl.Series([0.01, 0.04, None, 0.03])).round(3).to_list()
        [0.03, 0.04, None, 0.04]
        >>> benjamini_hochberg(pl.Series([0.01, 0.04]), tests=10).round(3).to_list()
        [0.1, 0.2]
    """
    return _step_up(p_values, tests=tests, dependence=False)


def benjamini_yekutieli(p_values: pl.Series, *, tests: int | None = None) -> pl.Series:
    """q-values as by `benjamini_hochberg`, valid under any dependence, as between overlapping slices.

    Args:
        p_values: Values in [0, 1]; null where no test was made.
        tests: How many hypotheses were looked at, as in `benjamini_hochberg`.

    Returns:
        Float64 series ``q_value`` in the order of the input, in [0, 1]; null where the input is null or NaN.

    Raises:
        PolicyError: ``tests`` is less than the number of values.

    Notes:
        Benjamini-Hochberg times Σ 1/j over j = 1..m, at most 1.

    Source: Benjamini and Yekutieli, Annals of Statistics 29 (2001) 1165-1188.

    Example:
        >>> benjamini_yekutieli(pl.Series([0.01, 0.04, None, 0.03])).round(3).to_list()
        [0.055, 0.073, None, 0.073]
    """
    return _step_up(p_values, tests=tests, dependence=True)


def _step_up(p_values: pl.Series, *, tests: int | None, dependence: bool) -> pl.Series:
    values = p_values.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    tested = np.flatnonzero(~np.isnan(values))
    m = tested.size if tests is None else tests
    if m < tested.size:
        raise PolicyError(f"tests must be at least the number of p-values, {tested.size}; found {tests}")
    order = tested[np.argsort(values[tested], kind="stable")]
    penalty = float(np.sum(1.0 / np.arange(1, m + 1))) if dependence else 1.0
    scaled = values[order] * (m * penalty) / np.arange(1, order.size + 1)
    adjusted = np.full(values.size, np.nan)
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return pl.Series("q_value", adjusted).fill_nan(None)
