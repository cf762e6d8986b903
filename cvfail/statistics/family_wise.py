"""Adjusting p-values so that not even one true hypothesis is rejected, but for a small probability."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cvfail.errors import PolicyError


def holm(p_values: ArrayLike, *, weights: ArrayLike | None = None) -> NDArray[np.float64]:
    """The smallest level of the whole family at which each hypothesis is rejected.

    Args:
        p_values: Values in [0, 1], shape (m,); NaN where no test was made.
        weights: Shares of the level, above 0, broadcast to (m,); equal ones if not given. Only their proportions
            count, among the tests that were made.

    Returns:
        Adjusted p-values, shape (m,), in [0, 1]; NaN where the input is.

    Raises:
        PolicyError: A weight of a test is not above 0.

    Notes:
        With p_j / w_j ascending, ``max over i <= j of (p_i / w_i) · Σ_{k >= i} w_k``, at most 1. The probability of
        any false rejection at a level is at most that level, under any dependence. Equal weights are Holm's own
        procedure. Cost: one sort.

    Source: Holm, Scandinavian Journal of Statistics 6 (1979) 65-70, §4 for weights.

    Example:
        >>> holm([0.01, 0.04, 0.03, float("nan")]).round(3).tolist()
        [0.03, 0.06, 0.06, nan]
        >>> holm([0.02, 0.02, 0.5], weights=[2, 1, 1]).round(3).tolist()
        [0.04, 0.04, 0.5]
    """
    values = np.asarray(p_values, np.float64)
    shares = np.broadcast_to(np.asarray(1.0 if weights is None else weights, np.float64), values.shape)
    tested = np.flatnonzero(~np.isnan(values))
    if not (shares[tested] > 0.0).all():
        raise PolicyError("every weight must be above 0. Hint: leave a hypothesis without one out")
    ratio = values[tested] / shares[tested]
    order = np.argsort(ratio, kind="stable")
    left = np.cumsum(shares[tested][order][::-1])[::-1]
    adjusted = np.full(values.shape, np.nan)
    adjusted[tested[order]] = np.minimum(np.maximum.accumulate(ratio[order] * left), 1.0)
    return adjusted
