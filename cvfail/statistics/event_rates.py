"""The interval of a rate of events that can exceed 1, such as false positives per image."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cvfail.statistics.proportions import Interval

_NO_VARIANCE = 1e-24


def rate_from_variance(
    estimate: ArrayLike, variance: ArrayLike, *, units: ArrayLike, quantile: ArrayLike
) -> Interval:
    """The score interval of a rate whose variance was computed in another way.

    Args:
        estimate: Events per unit, 0 or more, any shape.
        variance: Its variance.
        units: Number of units to assume where the variance or the estimate is zero, so that no interval has zero
            width.
        quantile: Normal or Student's t quantile.

    Returns:
        ``Interval(estimate, lower, upper)``, bounds of 0 or more; NaN where an input is NaN.

    Notes:
        The rates λ with ``(r - λ)² <= z² λ / n``; n is ``r / v``, the number of units in which Poisson events would
        have this variance. It is to rates what `wilson_from_variance` is to shares.

    Source: Rao and Scott, Statistics in Medicine 18 (1999) 1373-1385, for clustered counts; the score interval of
    a Poisson mean: Barker, The American Statistician 56 (2002) 85-89.

    Example:
        >>> interval = rate_from_variance([0.5, 0.0], [0.01, 0.0], units=100, quantile=1.96)
        >>> interval.lower.round(3).tolist(), interval.upper.round(3).tolist()
        ([0.339, 0.0], [0.738, 0.038])
    """
    rate, v, n, z = np.broadcast_arrays(
        *(np.asarray(value, np.float64) for value in (estimate, variance, units, quantile))
    )
    informative = (v > _NO_VARIANCE) & (rate > 0.0)
    effective = np.where(informative, rate / np.where(informative, v, 1.0), n)
    known = ~(np.isnan(rate) | np.isnan(v) | np.isnan(z)) & (effective > 0.0)
    effective = np.where(known, effective, np.nan)
    with np.errstate(invalid="ignore"):
        centre = rate + z * z / (2.0 * effective)
        half = z * np.sqrt(rate / effective + z * z / (4.0 * effective * effective))
    lower = np.where(known & (rate <= 0.0), 0.0, np.maximum(centre - half, 0.0))
    return Interval(rate[()], lower[()], (centre + half)[()])
