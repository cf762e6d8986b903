"""Wilson's interval for a proportion, on arrays and as Polars expressions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from cvfail.statistics.quantiles import normal_quantile

_NO_VARIANCE = 1e-24
"""A variance up to here (a standard error of 1e-12) is rounding, not variation."""


class Interval(NamedTuple):
    """Estimates with their bounds, three float64 arrays of one shape (or numpy scalars); NaN where undefined."""

    estimate: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]


def wilson(
    successes: ArrayLike,
    trials: ArrayLike,
    *,
    confidence: float = 0.95,
    quantile: ArrayLike | None = None,
) -> Interval:
    """The share of successes with Wilson's score interval.

    Args:
        successes: Number of successes k, any shape; 0 <= k <= n, need not be whole (effective counts).
        trials: Number of trials n, broadcast against ``successes``.
        confidence: Coverage of the interval, in (0, 1); used where ``quantile`` is not given.
        quantile: Use these instead of the normal quantile, for example Student's t per row.

    Returns:
        ``Interval(estimate, lower, upper)``. Without trials the estimate is NaN and the interval is (0, 1).
        All NaN where ``successes``, ``trials`` or ``quantile`` is NaN.

    Raises:
        PolicyError: ``confidence`` is not in (0, 1).

    Notes:
        Centre ``(k + z²/2) / (n + z²)``, half-width ``z √(k(n-k)/n + z²/4) / (n + z²)``. The trials must be
        independent; objects in one image are not, see `clustered_ratio`.

    Source: Wilson, JASA 22 (1927) 209-212.

    Example:
        >>> estimate, lower, upper = wilson(420, 560)
        >>> print(f"{estimate:.3f} [{lower:.3f}, {upper:.3f}]")
        0.750 [0.713, 0.784]
    """
    count, total = np.broadcast_arrays(np.asarray(successes, np.float64), np.asarray(trials, np.float64))
    z = np.asarray(normal_quantile(confidence) if quantile is None else quantile, dtype=np.float64)
    some = total > 0.0
    nonzero = np.where(some, total, 1.0)
    centre = (count + z * z / 2.0) / (total + z * z)
    spread = np.where(some, count * (total - count) / nonzero, 0.0)
    with np.errstate(invalid="ignore"):
        half = z * np.sqrt(spread + z * z / 4.0) / (total + z * z)
    known = ~np.isnan(half)
    return Interval(
        estimate=np.where(some, count / nonzero, np.nan)[()],
        lower=np.where(known & (count <= 0.0), 0.0, np.maximum(centre - half, 0.0))[()],
        upper=np.where(known & (count >= total), 1.0, np.minimum(centre + half, 1.0))[()],
    )


def wilson_bounds(
    successes: pl.Expr,
    trials: pl.Expr,
    *,
    confidence: float = 0.95,
    quantile: pl.Expr | None = None,
) -> tuple[pl.Expr, pl.Expr]:
    """Wilson's score interval as two Polars expressions.

    Args:
        successes: Number of successes k, 0 <= k <= n, need not be whole.
        trials: Number of trials n.
        confidence: Coverage of the interval, in (0, 1); used where ``quantile`` is not given.
        quantile: Use this expression instead of the normal quantile, for example a column of Student's t.

    Returns:
        (lower, upper), Float64, unnamed. Without trials (0, 1); null where an input is null or the quantile
        is NaN.

    Raises:
        PolicyError: ``confidence`` is not in (0, 1).

    Notes:
        The same formula as `wilson`.

    Example:
        >>> lower, upper = wilson_bounds(pl.col("found"), pl.col("objects"))
        >>> frame = pl.DataFrame({"found": [8, 0], "objects": [10, 0]})
        >>> frame.select(lower=lower.round(3), upper=upper.round(3)).rows()
        [(0.49, 0.943), (0.0, 1.0)]
    """
    count, total = successes.cast(pl.Float64), trials.cast(pl.Float64)
    z = pl.lit(normal_quantile(confidence)) if quantile is None else quantile.cast(pl.Float64)
    centre = (count + z * z / 2.0) / (total + z * z)
    spread = pl.when(total > 0.0).then(count * (total - count) / total).when(total == 0.0).then(0.0)
    half = (z * (spread + z * z / 4.0).sqrt() / (total + z * z)).fill_nan(None)
    known = half.is_not_null()
    lower = pl.when(known & (count <= 0.0)).then(0.0).otherwise((centre - half).clip(0.0, None))
    upper = pl.when(known & (count >= total)).then(1.0).otherwise((centre + half).clip(None, 1.0))
    return lower, upper


def wilson_from_variance(
    estimate: ArrayLike,
    variance: ArrayLike,
    *,
    units: ArrayLike,
    quantile: ArrayLike,
) -> Interval:
    """Wilson's interval for an estimate in [0, 1] whose variance was computed in another way.

    Args:
        estimate: Any statistic in [0, 1], any shape: an average of rates, a balanced accuracy.
        variance: Its variance.
        units: Number of independent trials to assume where the variance is zero or the estimate is 0 or 1, so
            that no interval has zero width.
        quantile: Normal or Student's t quantile.

    Returns:
        ``Interval(estimate, lower, upper)``; bounds are NaN where an input is NaN or the estimate is outside
        [0, 1].

    Notes:
        The effective number of trials is ``n = p(1-p)/v``: the number of independent trials that would have
        this variance.

    Source: Korn and Graubard, Survey Methodology 24 (1998) 193-201, for the effective sample size.

    Example:
        >>> interval = wilson_from_variance(0.8, 0.0016, units=50, quantile=1.96)
        >>> print(f"[{interval.lower:.3f}, {interval.upper:.3f}]")
        [0.711, 0.867]
    """
    p = np.asarray(estimate, dtype=np.float64)
    spread = np.where((p >= 0.0) & (p <= 1.0), p * (1.0 - p), np.nan)
    v = np.asarray(variance, dtype=np.float64)
    informative = (v > _NO_VARIANCE) & (spread > 0.0)
    effective = np.where(informative, spread / np.where(informative, v, 1.0), np.asarray(units, np.float64))
    effective = np.where(np.isnan(v) | np.isnan(spread), np.nan, effective)
    bounds = wilson(p * effective, effective, quantile=quantile)
    return Interval(p[()], bounds.lower, bounds.upper)
