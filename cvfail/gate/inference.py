"""Bounds and p-values of estimates whose standard errors, or independent trials, are known."""

from __future__ import annotations

from math import log

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.statistics.proportions import wilson
from cvfail.statistics.quantiles import normal_quantile, t_quantile

Numbers = NDArray[np.float64]


def least_error(error: Numbers, step: Numbers, confidence: float) -> Numbers:
    """No standard error below that of so few units that none of them would have been seen to change.

    Args:
        error: Standard errors of differences, shape (n,); NaN where unknown.
        step: By how much one unit can move the estimate, shape (n,); NaN where that is not known.
        confidence: One-sided, in (0.5, 1).

    Returns:
        Shape (n,): at least ``-log(1 - confidence) / z(confidence)`` steps. With n units none of which changed, a
        share of changes up to ``-log(1 - confidence) / n`` is not excluded (the rule of three).

    Example:
        >>> least_error(np.array([0.0, 0.1]), np.array([0.01, 0.01]), 0.95).round(4).tolist()
        [0.0182, 0.1]
    """
    reach = -log(1.0 - confidence) / normal_quantile(2.0 * confidence - 1.0)
    least = np.nan_to_num(step) * reach
    return np.asarray(np.where(np.isnan(error), np.nan, np.maximum(error, least)))


def bounds(
    estimate: Numbers, error: Numbers, trials: Numbers, degrees: Numbers, confidence: float
) -> tuple[Numbers, Numbers]:
    """One-sided bounds, below and above; together they are an interval of coverage ``2 confidence - 1``.

    Args:
        estimate: Shape (n,).
        error: Standard errors, used where trials are NaN.
        trials: Independent units that would have the error, of shares: these get Wilson's bounds.
        degrees: Of freedom.
        confidence: Of each bound, in (0.5, 1).
    """
    reach = t_quantile(2.0 * confidence - 1.0, degrees)
    share = wilson(np.clip(estimate, 0.0, 1.0) * trials, trials, quantile=reach)
    is_share = ~np.isnan(trials)
    return (
        np.where(is_share, share.lower, estimate - reach * error),
        np.where(is_share, share.upper, estimate + reach * error),
    )


def error_of_share(share: Numbers, trials: Numbers) -> Numbers:
    """Standard error of a share that truly is as given, as in Wilson's bounds."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.sqrt(np.clip(share * (1.0 - share), 0.0, None) / trials))


def p_value_of_excess(excess: Numbers, error: Numbers, degrees: Numbers) -> Numbers:
    """One-sided p-value of no excess, of the t statistic; 0 or 1 where there is no error.

    Example:
        >>> excess, error = np.array([0.2, 0.1, -0.1]), np.array([0.1, 0.0, 0.0])
        >>> p_value_of_excess(excess, error, np.full(3, 30.0)).round(4).tolist()
        [0.0273, 0.0, 1.0]
    """
    from scipy.special import stdtr

    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = excess / error
    tail = stdtr(np.where(degrees >= 1.0, degrees, np.nan), -statistic)
    certain = np.where(excess > 0.0, 0.0, 1.0)
    return np.where(np.isnan(excess), np.nan, np.where(error == 0.0, certain, tail))


def with_interval(estimates: pl.DataFrame, confidence: float) -> pl.DataFrame:
    """Estimates with lower, upper (two-sided) and p_value (of no difference; null for shares).

    Args:
        estimates: See `cvfail.gate.estimates.ESTIMATES_SCHEMA`.
        confidence: Coverage of the intervals, in (0, 1).
    """
    one_sided = (1.0 + confidence) / 2.0
    columns = {name: estimates[name].to_numpy() for name in ("estimate", "error", "trials", "step")}
    degrees = estimates["clusters"].fill_null(0).to_numpy() - 1.0
    error = least_error(columns["error"], columns["step"], one_sided)
    lower, upper = bounds(columns["estimate"], error, columns["trials"], degrees, one_sided)
    tail = p_value_of_excess(np.abs(columns["estimate"]), error, degrees)
    p_value = np.where(np.isnan(columns["trials"]), np.minimum(2.0 * tail, 1.0), np.nan)
    return estimates.with_columns(
        pl.Series("lower", lower), pl.Series("upper", upper), pl.Series("p_value", p_value)
    ).with_columns(pl.selectors.float().fill_nan(None))
