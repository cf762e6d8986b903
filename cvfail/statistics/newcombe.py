"""Newcombe's intervals for the difference of two proportions, of independent units and of pairs."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cvfail.statistics.proportions import Interval, wilson


def newcombe_difference(
    successes: ArrayLike,
    trials: ArrayLike,
    other_successes: ArrayLike,
    other_trials: ArrayLike,
    *,
    confidence: float = 0.95,
    quantile: ArrayLike | None = None,
) -> Interval:
    """The difference p₁ - p₂ of two proportions of independent units.

    Args:
        successes: Of the first proportion, any shape; need not be whole (effective counts).
        trials: Of the first proportion.
        other_successes: Of the second proportion; all four broadcast.
        other_trials: Of the second proportion.
        confidence: Coverage of the interval, in (0, 1); used where ``quantile`` is not given.
        quantile: Use these instead of the normal quantile, for example Student's t per row.

    Returns:
        ``Interval(estimate, lower, upper)``, in [-1, 1]; all NaN where either has no trials or an input is NaN.

    Raises:
        PolicyError: ``confidence`` is not in (0, 1).

    Notes:
        With Wilson limits (l, u) of each and d = p₁ - p₂: ``d - √((p₁-l₁)² + (u₂-p₂)²)`` and
        ``d + √((u₁-p₁)² + (p₂-l₂)²)``. Where units come in clusters, divide the counts by the design effect; where
        the two sides share clusters use `slice_against_rest`.

    Source: Newcombe, Statistics in Medicine 17 (1998) 873-890, method 10.

    Example:
        >>> interval = newcombe_difference(56, 70, 48, 80)
        >>> print(f"{interval.estimate:.4f} [{interval.lower:.4f}, {interval.upper:.4f}]")
        0.2000 [0.0524, 0.3339]
    """
    first = wilson(successes, trials, confidence=confidence, quantile=quantile)
    second = wilson(other_successes, other_trials, confidence=confidence, quantile=quantile)
    return square_and_add(first, second)


def newcombe_paired(
    both: ArrayLike,
    first_only: ArrayLike,
    second_only: ArrayLike,
    neither: ArrayLike,
    *,
    confidence: float = 0.95,
    quantile: ArrayLike | None = None,
) -> Interval:
    """The difference p₁ - p₂ of two proportions of the same units, such as two models on the same objects.

    Args:
        both: Units on which both succeed, any shape; need not be whole (effective counts).
        first_only: Units on which only the first succeeds.
        second_only: Units on which only the second succeeds; all four broadcast.
        neither: Units on which neither succeeds.
        confidence: Coverage of the interval, in (0, 1); used where ``quantile`` is not given.
        quantile: Use these instead of the normal quantile.

    Returns:
        ``Interval(estimate, lower, upper)``, in [-1, 1]; all NaN without units or where an input is NaN.

    Raises:
        PolicyError: ``confidence`` is not in (0, 1).

    Notes:
        As `newcombe_difference`, with the correlation φ of the pairs:
        ``d - √((p₁-l₁)² - 2φ(p₁-l₁)(u₂-p₂) + (u₂-p₂)²)``, and likewise above. With A = both · neither - first_only ·
        second_only over n pairs, φ is A, or max(A - n/2, 0) where A is positive, over the root of the product of the
        four margins; 0 where a margin is 0.

    Source: Newcombe, Statistics in Medicine 17 (1998) 2635-2650, method 10.

    Example:
        >>> interval = newcombe_paired(14, 5, 0, 22)
        >>> print(f"{interval.estimate:.3f} [{interval.lower:.3f}, {interval.upper:.3f}]")
        0.122 [0.011, 0.226]
    """
    a, b, c, d = np.broadcast_arrays(
        *(np.asarray(x, np.float64) for x in (both, first_only, second_only, neither))
    )
    n = a + b + c + d
    first = wilson(a + b, n, confidence=confidence, quantile=quantile)
    second = wilson(a + c, n, confidence=confidence, quantile=quantile)
    return square_and_add(first, second, _correlation(a, b, c, d))


def square_and_add(first: Interval, second: Interval, correlation: ArrayLike = 0.0) -> Interval:
    """The difference of two estimates, each with an interval that need not be symmetric.

    Args:
        first: An estimate with its bounds.
        second: What is taken off; all broadcast.
        correlation: Of the two estimates.

    Returns:
        ``Interval(estimate, lower, upper)``, as in the notes of `newcombe_paired`.

    Source: Zou and Donner, Statistics in Medicine 27 (2008) 1693-1702 (MOVER); Zou, American Journal of Epidemiology
        168 (2008) 212-224, for the correlation.

    Example:
        >>> first, second = Interval(0.8, 0.7, 0.84), Interval(0.6, 0.57, 0.68)
        >>> [round(float(value), 3) for value in square_and_add(first, second)]
        [0.2, 0.072, 0.25]
    """
    rho = np.asarray(correlation, np.float64)
    below_first, above_first = first.estimate - first.lower, first.upper - first.estimate
    below_second, above_second = second.estimate - second.lower, second.upper - second.estimate
    difference = first.estimate - second.estimate
    return Interval(
        estimate=difference,
        lower=difference - _combined(below_first, above_second, rho),
        upper=difference + _combined(above_first, below_second, rho),
    )


def _correlation(
    a: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64], d: NDArray[np.float64]
) -> NDArray[np.float64]:
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    product = a * d - b * c
    corrected = np.where(product > 0.0, np.maximum(product - (a + b + c + d) / 2.0, 0.0), product)
    return np.where(margins > 0.0, corrected / np.sqrt(np.where(margins > 0.0, margins, 1.0)), 0.0)


def _combined(
    one: NDArray[np.float64], other: NDArray[np.float64], correlation: NDArray[np.float64]
) -> NDArray[np.float64]:
    squares = one * one - 2.0 * correlation * one * other + other * other
    return np.sqrt(np.maximum(squares, 0.0))
