"""Tests of independence in 2x2 tables: errors and successes inside and outside a slice."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cvfail.errors import PolicyError

Alternative = Literal["two-sided", "greater", "less"]
"""``greater``: the slice has more errors than the rest."""

SMALL_CELL = 30
"""Up to here a cell is too small for the chi-square distribution of G."""

_TIE = 1.0 + 1e-14
"""Tables whose probability is larger by this factor at most are as unlikely as the one that was seen."""


def fisher_exact(
    errors: ArrayLike,
    units: ArrayLike,
    rest_errors: ArrayLike,
    rest_units: ArrayLike,
    *,
    alternative: Alternative = "two-sided",
) -> NDArray[np.float64]:
    """Fisher's exact test that a slice and the rest have the same error rate, for any number of slices.

    Args:
        errors: Errors in the slice, whole numbers of any shape.
        units: Units in the slice.
        rest_errors: Errors outside; all four broadcast.
        rest_units: Units outside.
        alternative: ``two-sided``, ``greater`` (more errors in the slice) or ``less``.

    Returns:
        p-values. 1 where a margin is zero, since then there is only one table.

    Raises:
        PolicyError: A count is negative, errors exceed units, or there is no such alternative.

    Notes:
        With B errors among N units, P(K = k) = C(B,k) C(N-B,n-k) / C(N,n). Two-sided is the probability of all
        tables that are no likelier than the one seen. Units must be independent; where they share images use
        `slice_against_rest`. Cost: the other tail is found by bisection, so about 10 µs per table.

    Source: Fisher, Statistical Methods for Research Workers (1934) §21.02; the algorithm of
    ``scipy.stats.fisher_exact``, all tables at once.

    Example:
        >>> fisher_exact([3, 1], [4, 4], 1, 4).round(4).tolist()
        [0.4857, 1.0]
    """
    from scipy.stats import hypergeom

    k, n, other_k, other_n = _counts(errors, units, rest_errors, rest_units)
    total, bad = np.maximum(n + other_n, 1), k + other_k
    if alternative == "greater":
        return np.asarray(hypergeom.sf(k - 1, total, bad, n), np.float64)[()]
    if alternative == "less":
        return np.asarray(hypergeom.cdf(k, total, bad, n), np.float64)[()]
    if alternative != "two-sided":
        raise PolicyError(f"alternative must be 'two-sided', 'greater' or 'less'; found {alternative!r}")
    mode = (n + 1) * (bad + 1) // (total + 2)
    above = k > mode  # seen from the rest such a table lies below the mode
    k, n = np.where(above, other_k, k), np.where(above, other_n, n)
    return _two_sided(k, total, bad, n)[()]


def _two_sided(
    k: NDArray[np.int64], total: NDArray[np.int64], bad: NDArray[np.int64], n: NDArray[np.int64]
) -> NDArray[np.float64]:
    """P(K <= k) and the part of the upper tail that is no likelier than k, which lies at or below the mode."""
    from scipy.stats import hypergeom

    limit = hypergeom.pmf(k, total, bad, n) * _TIE
    low = np.maximum((n + 1) * (bad + 1) // (total + 2), k)
    high = np.minimum(n, bad) + 1  # beyond the support the probability is 0
    is_mode = hypergeom.pmf(low, total, bad, n) <= limit
    while np.any(high - low > 1):
        middle = (low + high) // 2
        likelier = hypergeom.pmf(middle, total, bad, n) > limit
        low, high = np.where(likelier, middle, low), np.where(likelier, high, middle)
    tails = hypergeom.cdf(k, total, bad, n) + hypergeom.sf(high - 1, total, bad, n)
    return np.asarray(np.where(is_mode, 1.0, np.minimum(tails, 1.0)), np.float64)


def g_test(
    errors: ArrayLike, units: ArrayLike, rest_errors: ArrayLike, rest_units: ArrayLike
) -> NDArray[np.float64]:
    """The likelihood-ratio test that a slice and the rest have the same error rate.

    Args:
        errors: Errors in the slice, any shape.
        units: Units in the slice.
        rest_errors: Errors outside; all four broadcast.
        rest_units: Units outside.

    Returns:
        Two-sided p-values; 1 where a margin is zero.

    Raises:
        PolicyError: A count is negative, or errors exceed units.

    Notes:
        ``G = 2 Σ O ln(O/E)`` over the four cells, chi-square with one degree of freedom; no correction.

    Source: Sokal and Rohlf, Biometry (1995) §17.4.

    Example:
        >>> g_test([60, 50], 100, [40, 50], 100).round(4).tolist()
        [0.0045, 1.0]
    """
    from scipy.special import erfc, xlogy

    k, n, other_k, other_n = _counts(errors, units, rest_errors, rest_units)
    total, bad = (n + other_n).astype(np.float64), (k + other_k).astype(np.float64)
    cells = (
        (k, bad, n),
        (n - k, total - bad, n),
        (other_k, bad, other_n),
        (other_n - other_k, total - bad, other_n),
    )
    statistic = np.zeros(k.shape)
    for seen, column, row in cells:
        expected = column * row / np.maximum(total, 1.0)
        statistic += 2.0 * xlogy(
            seen, np.where(expected > 0.0, seen / np.where(expected > 0.0, expected, 1.0), 1.0)
        )
    return np.asarray(erfc(np.sqrt(np.maximum(statistic, 0.0) / 2.0)), np.float64)[()]


def fisher_or_g(
    errors: ArrayLike, units: ArrayLike, rest_errors: ArrayLike, rest_units: ArrayLike
) -> NDArray[np.float64]:
    """Fisher's exact test where any cell holds at most `SMALL_CELL`, the G test elsewhere.

    Args:
        errors: Errors in the slice, whole numbers of any shape.
        units: Units in the slice.
        rest_errors: Errors outside; all four broadcast.
        rest_units: Units outside.

    Returns:
        Two-sided p-values; 1 where a margin is zero.

    Raises:
        PolicyError: A count is negative, or errors exceed units.

    Source: the rule of the Giskard scan.

    Example:
        >>> fisher_or_g([3, 60], [4, 100], [1, 40], [4, 100]).round(4).tolist()
        [0.4857, 0.0045]
    """
    k, n, other_k, other_n = _counts(errors, units, rest_errors, rest_units)
    smallest = np.minimum(np.minimum(k, n - k), np.minimum(other_k, other_n - other_k))
    p_value = np.asarray(g_test(k, n, other_k, other_n), np.float64)
    small = smallest <= SMALL_CELL
    p_value = np.where(small, 1.0, p_value)
    p_value[small] = fisher_exact(k[small], n[small], other_k[small], other_n[small])
    return p_value[()]


def _counts(*counts: ArrayLike) -> tuple[NDArray[np.int64], ...]:
    k, n, other_k, other_n = np.broadcast_arrays(*(np.asarray(count).astype(np.int64) for count in counts))
    if np.any((k < 0) | (k > n) | (other_k < 0) | (other_k > other_n)):
        raise PolicyError("errors must be between 0 and units, inside and outside the slice")
    return k, n, other_k, other_n
