"""What a data set of some size can show: detectable differences, and the size that a difference needs."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cvfail.errors import PolicyError
from cvfail.statistics.quantiles import normal_quantile

_BISECTIONS = 60


def minimum_detectable_difference(
    rate: ArrayLike,
    units: ArrayLike,
    rest_units: ArrayLike,
    *,
    design_effect: ArrayLike = 1.0,
    level: float = 0.05,
    power: float = 0.8,
) -> NDArray[np.float64]:
    """By how much the error rate of a slice must exceed that of the rest to be found out.

    Args:
        rate: Error rate of the rest, in [0, 1], any shape.
        units: Units in the slice.
        rest_units: Units outside; all broadcast.
        design_effect: How many units are worth one independent unit, see `clustered_ratio`; at least 1.
        level: Of the two-sided test, in (0, 1).
        power: Probability of finding the difference, in (0, 1).

    Returns:
        Smallest positive difference; NaN where even a rate of 1 would be found less often, or without units.

    Raises:
        PolicyError: ``level`` or ``power`` is not in (0, 1).

    Notes:
        The d that solves, with n₁ and n₂ = units / design effect, p₁ = p₂ + d and p̄ = (n₁p₁ + n₂p₂)/(n₁ + n₂)::

            d = z(1-level/2) √(p̄(1-p̄)(1/n₁ + 1/n₂)) + z(power) √(p₁(1-p₁)/n₁ + p₂(1-p₂)/n₂)

        Cost: 60 bisections, all slices at once.

    Source: Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions (2003) §4.

    Example:
        >>> minimum_detectable_difference(0.1, [50, 500], 5000).round(3).tolist()
        [0.135, 0.042]
        >>> minimum_detectable_difference(0.1, 500, 5000, design_effect=3.0).round(3).item()
        0.075
    """
    p, n, other = _broadcast(rate, _effective(units, design_effect), _effective(rest_units, design_effect))
    low, high = np.zeros(p.shape), 1.0 - p
    possible = (n > 0.0) & (other > 0.0) & (high > 0.0) & (_found(p, high, n, other, level, power) <= high)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2.0
        enough = _found(p, middle, n, other, level, power) <= middle
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.asarray(np.where(possible, high, np.nan), np.float64)[()]


def required_units(
    rate: ArrayLike,
    difference: ArrayLike,
    *,
    rest_per_unit: ArrayLike = 1.0,
    design_effect: ArrayLike = 1.0,
    level: float = 0.05,
    power: float = 0.8,
) -> NDArray[np.float64]:
    """How many units a slice must have for a difference to be found; inverse of `minimum_detectable_difference`.

    Args:
        rate: Error rate of the rest, in [0, 1], any shape.
        difference: Error rate of the slice less that of the rest, not 0.
        rest_per_unit: Units outside for each one in the slice; all broadcast.
        design_effect: As in `minimum_detectable_difference`.
        level: Of the two-sided test, in (0, 1).
        power: Probability of finding the difference, in (0, 1).

    Returns:
        Units in the slice, not rounded; divide by the units of an image for the number of images. Infinite for no
        difference, NaN where the slice's rate would leave [0, 1].

    Raises:
        PolicyError: ``level`` or ``power`` is not in (0, 1).

    Source: Fleiss, Levin and Paik (2003) §4.

    Example:
        >>> np.ceil(required_units(0.1, [0.05, 0.1], rest_per_unit=10.0)).tolist()
        [354.0, 98.0]
    """
    p, d, ratio = _broadcast(rate, difference, rest_per_unit)
    other = p + d
    inside = (other >= 0.0) & (other <= 1.0) & (p >= 0.0) & (p <= 1.0)
    safe = np.where(inside, d, 0.0)
    of_one_unit = _found(p, safe, np.ones_like(p), ratio, level, power)
    with np.errstate(divide="ignore", invalid="ignore"):
        independent = np.where(d == 0.0, np.inf, (of_one_unit / np.abs(safe)) ** 2)
    return np.asarray(np.where(inside, independent * np.asarray(design_effect, np.float64), np.nan))[()]


def minimum_detectable_paired_difference(
    discordant: ArrayLike,
    units: ArrayLike,
    *,
    design_effect: ArrayLike = 1.0,
    level: float = 0.05,
    power: float = 0.8,
) -> NDArray[np.float64]:
    """The smallest difference of two models on the same units that McNemar's test finds.

    Args:
        discordant: Share ψ of the units on which exactly one model is right, in [0, 1], any shape.
        units: Units that both were run on; broadcast.
        design_effect: Of the difference per unit, see `paired_contrast`; at least 1.
        level: Of the two-sided test, in (0, 1).
        power: Probability of finding the difference, in (0, 1).

    Returns:
        Difference of the two success rates; NaN where it would exceed ψ, which no difference can.

    Raises:
        PolicyError: ``level`` or ``power`` is not in (0, 1).

    Notes:
        The larger d that solves ``z(1-level/2) √ψ + z(power) √(ψ - d²) = d √n``, n = units / design effect: with
        a = z(1-level/2) √ψ and z = z(power), ``d = (a√n + z √(ψ(n + z²) - a²)) / (n + z²)``.

    Source: Connor, Biometrics 43 (1987) 207-211.

    Example:
        >>> minimum_detectable_paired_difference(0.1, [200, 2000]).round(4).tolist()
        [0.0623, 0.0198]
    """
    share, n = _broadcast(discordant, _effective(units, design_effect))
    z, a = _normal(power, "power"), normal_quantile(1.0 - _level(level)) * np.sqrt(share)
    inner = share * (n + z * z) - a * a
    possible = (inner >= 0.0) & (n > 0.0)
    root = z * np.sqrt(np.where(possible, inner, 0.0))
    difference = (a * np.sqrt(n) + root) / np.where(possible, n + z * z, 1.0)
    possible &= (difference <= share) & (share > 0.0)
    return np.asarray(np.where(possible, difference, np.nan), np.float64)[()]


def required_paired_units(
    discordant: ArrayLike,
    difference: ArrayLike,
    *,
    design_effect: ArrayLike = 1.0,
    level: float = 0.05,
    power: float = 0.8,
) -> NDArray[np.float64]:
    """How many units two models must share for a difference to be found by McNemar's test.

    Args:
        discordant: Share ψ of the units on which exactly one model is right, in [0, 1], any shape.
        difference: Of the two success rates, at most ψ in size; broadcast.
        design_effect: As in `minimum_detectable_paired_difference`.
        level: Of the two-sided test, in (0, 1).
        power: Probability of finding the difference, in (0, 1).

    Returns:
        Units, not rounded: ``((z(1-level/2) √ψ + z(power) √(ψ - d²)) / d)²`` times the design effect. Infinite for
        no difference, NaN for one above ψ.

    Raises:
        PolicyError: ``level`` or ``power`` is not in (0, 1).

    Source: Connor, Biometrics 43 (1987) 207-211.

    Example:
        >>> np.ceil(required_paired_units(0.1, [0.02, 0.05])).tolist()
        [1960.0, 312.0]
    """
    share, d = _broadcast(discordant, difference)
    possible = (np.abs(d) <= share) & (share <= 1.0)
    left = np.sqrt(np.where(possible, share - d * d, 0.0))
    wanted = normal_quantile(1.0 - _level(level)) * np.sqrt(np.where(possible, share, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        independent = ((wanted + _normal(power, "power") * left) / np.abs(d)) ** 2
    units = np.where(d == 0.0, np.inf, independent) * np.asarray(design_effect, np.float64)
    return np.asarray(np.where(possible, units, np.nan), np.float64)[()]


def units_for_interval(
    rate: ArrayLike, half_width: ArrayLike, *, design_effect: ArrayLike = 1.0, confidence: float = 0.95
) -> NDArray[np.float64]:
    """How many units it takes to know a rate to ± so much.

    Args:
        rate: Error rate, in [0, 1], any shape.
        half_width: Half the width of the interval, above 0; broadcast.
        design_effect: As in `minimum_detectable_difference`.
        confidence: Coverage of the interval, in (0, 1).

    Returns:
        Units, not rounded: those with which Wilson's interval is that wide, times the design effect. Infinite for a
        half width of 0.

    Raises:
        PolicyError: ``confidence`` is not in (0, 1).

    Notes:
        With p(1-p) = s, w² = half_width² and z the quantile, the half width of Wilson's interval is
        ``z √(s/n + z²/4n²) / (1 + z²/n)``; solved for n with the positive root of
        ``w² n² + (2w² - s) z² n + (w² - 1/4) z⁴ = 0``, at least 0.

    Example:
        >>> np.ceil(units_for_interval([0.1, 0.5], 0.05)).tolist()
        [141.0, 381.0]
    """
    p, w = _broadcast(rate, half_width)
    z2, w2, s = normal_quantile(confidence) ** 2, w * w, p * (1.0 - p)
    b = (2.0 * w2 - s) * z2
    with np.errstate(divide="ignore", invalid="ignore"):
        n = (-b + np.sqrt(np.maximum(b * b - 4.0 * w2 * (w2 - 0.25) * z2 * z2, 0.0))) / (2.0 * w2)
    units = np.where(w > 0.0, np.maximum(n, 0.0), np.inf)
    return np.asarray(units * np.asarray(design_effect, np.float64))[()]


def _found(
    rate: NDArray[np.float64],
    difference: NDArray[np.float64],
    n: NDArray[np.float64],
    other: NDArray[np.float64],
    level: float,
    power: float,
) -> NDArray[np.float64]:
    """The difference that would be found with this power if rates had the variance of these: d where it is d."""
    some, rest = np.where(n > 0.0, n, 1.0), np.where(other > 0.0, other, 1.0)
    slice_rate = rate + difference
    pooled = (some * slice_rate + rest * rate) / (some + rest)
    null = np.sqrt(np.maximum(pooled * (1.0 - pooled), 0.0) * (1.0 / some + 1.0 / rest))
    own = (
        np.maximum(slice_rate * (1.0 - slice_rate), 0.0) / some + np.maximum(rate * (1.0 - rate), 0.0) / rest
    )
    return np.asarray(normal_quantile(1.0 - _level(level)) * null + _normal(power, "power") * np.sqrt(own))


def _broadcast(*values: ArrayLike) -> tuple[NDArray[np.float64], ...]:
    return np.broadcast_arrays(*(np.asarray(value, np.float64) for value in values))


def _effective(units: ArrayLike, design_effect: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(units, np.float64) / np.asarray(design_effect, np.float64)


def _level(level: float) -> float:
    if not 0.0 < level < 1.0:
        raise PolicyError(f"level must be in (0, 1); found {level}. Hint: 0.05")
    return level


def _normal(share: float, name: str) -> float:
    if not 0.0 < share < 1.0:
        raise PolicyError(f"{name} must be in (0, 1); found {share}. Hint: 0.8")
    return NormalDist().inv_cdf(share)
