"""What the t test of a paired difference finds: its power, what it can detect, and how many images that takes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cvfail.errors import PolicyError
from cvfail.statistics.quantiles import t_quantile

Numbers = NDArray[np.float64]

_WIDTH = 1024.0
"""By so many clusters at most t asks for more than a normal distribution, at any level from 1e-9 on."""

_MOST = 1e9
"""More clusters than anyone has."""


def power_of_t(
    difference: ArrayLike, error: ArrayLike, clusters: ArrayLike, *, level: float = 0.05, sides: int = 2
) -> Numbers:
    """How often a true difference is found, in its direction.

    Args:
        difference: The true difference, any shape; its sign does not matter.
        error: Standard error of its estimate; all broadcast.
        clusters: Images (or clusters) that it is from.
        level: Of the test, in (0, 1).
        sides: 2, or 1 for a test against one side.

    Returns:
        Probability; NaN with fewer than two clusters or without an error.

    Raises:
        PolicyError: ``level`` is not in (0, 1).

    Notes:
        ``P(T > t(1 - level/sides))``, T being noncentral with m - 1 degrees of freedom and difference / error.

    Example:
        >>> power_of_t([0.0, 0.028, 0.06], 0.01, 1000).round(3).tolist()
        [0.025, 0.799, 1.0]
    """
    from scipy.special import nctdtr

    apart, spread, degrees = np.broadcast_arrays(
        np.abs(np.asarray(difference, np.float64)),
        np.asarray(error, np.float64),
        np.asarray(clusters, np.float64) - 1.0,
    )
    known = (degrees >= 1.0) & (spread > 0.0) & ~np.isnan(apart)
    reach = _reach(np.where(known, degrees, 1.0), level, sides)
    centre = np.where(known, apart, 0.0) / np.where(known, spread, 1.0)
    found = 1.0 - nctdtr(np.where(known, degrees, 1.0), centre, reach)
    return np.asarray(np.where(known, found, np.nan))[()]


def detectable_difference(
    error: ArrayLike, clusters: ArrayLike, *, level: float = 0.05, power: float = 0.8, sides: int = 2
) -> Numbers:
    """The smallest true difference that `power_of_t` finds so often.

    Args:
        error: Standard error of the estimate, any shape.
        clusters: Images (or clusters) that it is from; broadcast.
        level: Of the test, in (0, 1).
        power: Probability of finding it, in (0, 1).
        sides: 2, or 1 for a test against one side.

    Returns:
        2.80 standard errors for many clusters, more for few; NaN with fewer than two.

    Raises:
        PolicyError: ``level`` or ``power`` is not in (0, 1).

    Example:
        >>> detectable_difference(0.01, [5, 30, 1000]).round(4).tolist()
        [0.0376, 0.029, 0.028]
    """
    degrees = np.asarray(clusters, np.float64) - 1.0
    return np.asarray(np.asarray(error, np.float64) * _centre(degrees, level, power, sides))[()]


def required_clusters(
    difference: ArrayLike,
    error: ArrayLike,
    clusters: ArrayLike,
    *,
    rare: ArrayLike = 0.0,
    level: ArrayLike = 0.05,
    power: float = 0.8,
    sides: int = 2,
) -> Numbers:
    """How many images (or clusters) like these it takes to find a true difference so often.

    Args:
        difference: The true difference, any shape; its sign does not matter.
        error: Standard error on these clusters, which falls with their root.
        clusters: How many these are.
        rare: A part of the error that falls with their number; see `cvfail.gate.inference.widened_error`.
        level: Of the test, in (0, 1).
        power: Probability of finding it, in (0, 1).
        sides: 2, or 1 for a test against one side.

    Returns:
        Whole numbers of at least 2; infinite for no difference and where it takes more than 10⁹; NaN where unknown.

    Raises:
        PolicyError: ``power`` is not in (0, 1).

    Notes:
        The least n with ``δ(n) √(error² m/n + rare² m²/n²) <= |difference|``, δ(n) being `detectable_difference` in
        standard errors.

    Example:
        >>> required_clusters([0.028, 0.014, 0.0], 0.01, 1000).tolist()
        [1004.0, 4007.0, inf]
    """
    d, e, m, w, alpha = np.broadcast_arrays(
        *(np.asarray(one, np.float64) for one in (np.abs(difference), error, clusters, rare, level))
    )
    known = (m >= 2.0) & ~np.isnan(d) & ~np.isnan(e)
    possible = known & (d > 0.0)
    d, e, m, w = (np.where(possible, one, 1.0) for one in (d, e, m, w))
    squares = _centre(np.full(d.shape, _MOST), alpha, power, sides) ** 2
    times = (squares * e**2 + np.sqrt(squares**2 * e**4 + 4.0 * d**2 * squares * w**2)) / (2.0 * d**2)
    fewest = np.clip(np.floor(times * m), 2.0, _MOST) - 1.0
    enough = fewest + _WIDTH
    while (enough - fewest).max(initial=0.0) > 1.0:
        size = np.floor((fewest + enough) / 2.0)
        share = m / size
        found = _centre(size - 1.0, alpha, power, sides) * np.sqrt(e**2 * share + (w * share) ** 2) <= d
        fewest, enough = np.where(found, fewest, size), np.where(found, size, enough)
    needed = np.where(possible & (enough < _MOST), enough, np.inf)
    return np.asarray(np.where(known, needed, np.nan))[()]


def _centre(degrees: Numbers, level: ArrayLike, power: float, sides: int) -> Numbers:
    """True differences, in standard errors, that are found so often."""
    from scipy.special import nctdtrinc

    if not 0.0 < power < 1.0:
        raise PolicyError(f"power must be in (0, 1); found {power}. Hint: 0.8")
    usable = np.where(degrees >= 1.0, degrees, np.nan)
    known = ~np.isnan(usable)
    some = np.where(known, usable, 1.0)
    return np.asarray(np.where(known, nctdtrinc(some, 1.0 - power, _reach(some, level, sides)), np.nan))


def _reach(degrees: Numbers, level: ArrayLike, sides: int) -> Numbers:
    from scipy.special import stdtrit

    if np.ndim(level) == 0:
        return t_quantile(1.0 - 2.0 * float(level) / sides, degrees)  # type: ignore[arg-type]
    return np.asarray(stdtrit(degrees, 1.0 - np.asarray(level) / sides))
