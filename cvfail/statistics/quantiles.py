"""Quantiles and tail probabilities of the normal and Student's t distribution."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cvfail.errors import PolicyError


def normal_quantile(confidence: float) -> float:
    """The z that encloses the central share ``confidence`` of a normal distribution.

    Args:
        confidence: Coverage of a two-sided interval, in (0, 1).

    Returns:
        z; 1.95996 for 0.95.

    Raises:
        PolicyError: ``confidence`` is not in (0, 1).

    Example:
        >>> round(normal_quantile(0.95), 12)
        1.95996398454
    """
    return NormalDist().inv_cdf(_upper_probability(confidence))


def t_quantile(confidence: float, degrees_of_freedom: ArrayLike) -> NDArray[np.float64]:
    """The t that encloses the central share ``confidence`` of Student's distribution.

    Args:
        confidence: Coverage of a two-sided interval, in (0, 1).
        degrees_of_freedom: Numbers, any shape.

    Returns:
        Quantiles of the same shape; NaN where there is less than one degree of freedom.

    Raises:
        PolicyError: ``confidence`` is not in (0, 1).

    Example:
        >>> t_quantile(0.95, [0, 1, 30]).round(3).tolist()
        [nan, 12.706, 2.042]
    """
    from scipy.special import stdtrit

    degrees = np.asarray(degrees_of_freedom, dtype=np.float64)
    usable = np.where(degrees >= 1.0, degrees, np.nan)
    return np.asarray(stdtrit(usable, _upper_probability(confidence)), dtype=np.float64)


def t_p_value(statistic: ArrayLike, degrees_of_freedom: ArrayLike) -> NDArray[np.float64]:
    """The two-sided p-value of a t statistic.

    Args:
        statistic: Values of t, any shape.
        degrees_of_freedom: Numbers that broadcast against it.

    Returns:
        P(|T| >= |t|), shape of the broadcast; NaN where t is NaN or there is less than one degree of freedom.

    Example:
        >>> t_p_value([0.0, 2.042272], 30).round(4).tolist()
        [1.0, 0.05]
    """
    from scipy.special import stdtr

    degrees = np.asarray(degrees_of_freedom, dtype=np.float64)
    usable = np.where(degrees >= 1.0, degrees, np.nan)
    return np.asarray(2.0 * stdtr(usable, -np.abs(np.asarray(statistic, dtype=np.float64))), dtype=np.float64)


def check_confidence(confidence: float) -> None:
    """Raise a `PolicyError` if a confidence is not in (0, 1)."""
    if not 0.0 < confidence < 1.0:
        raise PolicyError(f"confidence must be in (0, 1); found {confidence}. Hint: 0.95 for a 95 % interval")


def _upper_probability(confidence: float) -> float:
    check_confidence(confidence)
    return 0.5 + confidence / 2.0
