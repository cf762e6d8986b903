"""Two values compared at the same mix of strata: a difference of rates that the mix does not explain, by clusters."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cvfail.statistics.quantiles import check_confidence, t_p_value, t_quantile

Mask = NDArray[np.bool_]
Numbers = NDArray[np.float64]
Codes = NDArray[np.integer]


@dataclass(frozen=True)
class StandardisedContrast:
    """One value against another.

    Attributes:
        support: Units of the value in strata that have both.
        errors: Their errors.
        rate: errors ÷ support; None without units.
        against_support: Units of the other value in these strata.
        against_errors: Their errors.
        against_rate: What the other value's rates would give at the value's mix of strata; None without units.
        difference: rate - against_rate.
        difference_lower: Lower end of its interval; None where there is none.
        difference_upper: Upper end.
        p_value: Two-sided, of no difference; None where it cannot be tested.
    """

    support: int
    errors: int
    rate: float | None
    against_support: int
    against_errors: int
    against_rate: float | None
    difference: float | None
    difference_lower: float | None
    difference_upper: float | None
    p_value: float | None


def standardised_contrast(
    errors: Numbers, has_value: Mask, strata: Codes, clusters: Codes, *, confidence: float = 0.95
) -> StandardisedContrast:
    """Compare the units that have a value with those that have another, stratum by stratum.

    Args:
        errors: 1 where a unit has the error, else 0, shape (n,).
        has_value: Which units have the one value; the others have the other, shape (n,).
        strata: Number of the stratum of each, 0 or more, shape (n,); all alike for a plain comparison.
        clusters: Number of the cluster of each, 0 or more, shape (n,).
        confidence: Coverage of the interval.

    Returns:
        The comparison; strata that lack units of either value are left out if any has both.

    Raises:
        PolicyError: ``confidence`` is not in (0, 1).

    Notes:
        With n, y of stratum s and value v or a, N = Σ n_vs and p_as = y_as / n_as::

            difference = Σ y_vs / N - Σ n_vs p_as / N
            z_i = [ Σ (y_ivs - n_ivs (p_as + difference)) - Σ n_vs / n_as (y_ias - p_as n_ias) ] / N
            v   = max( m/(m-1) · Σ z_i² , Σ (n_vs / N)² p_s (1 - p_s) (1/n_vs + 1/n_as) )    p_s = rate of the stratum

        m is the effective number of clusters on the side where it is lower, at least 2, where a unit of the other
        value weighs n_vs / n_as. With one stratum it is `cvfail.statistics.contrast.slice_against_rest`. Cost: a few
        passes over the units.

    Source: indirect standardisation, Keiding and Clayton, Stat. Sci. 29 (2014) 529; linearisation as in
    `cvfail.statistics.contrast`.

    Example:
        >>> is_night, small = np.arange(80) % 2 == 0, np.arange(80) < 50
        >>> missed = (small & (np.arange(80) % 5 == 0)).astype(float)
        >>> found = standardised_contrast(missed, is_night, small.astype(int), np.arange(80) // 4)
        >>> (found.rate, found.against_rate, found.difference)
        (0.125, 0.125, 0.0)
    """
    check_confidence(confidence)
    _, strata = np.unique(strata, return_inverse=True)
    count = int(strata.max(initial=-1)) + 1
    n_v, n_a = (np.bincount(strata[side], minlength=count) for side in (has_value, ~has_value))
    shared = (n_v > 0) & (n_a > 0)
    if shared.any():
        kept = shared[strata]
        errors, has_value, strata, clusters = errors[kept], has_value[kept], strata[kept], clusters[kept]
        return _compared(errors, has_value, np.cumsum(shared)[strata] - 1, clusters, confidence)
    sides = [(int(side.sum()), int(errors[side].sum())) for side in (has_value, ~has_value)]
    rates = [wrong / units if units else None for units, wrong in sides]
    (support, wrong), (other_support, other_wrong) = sides
    return StandardisedContrast(
        support, wrong, rates[0], other_support, other_wrong, rates[1], None, None, None, None
    )


def _compared(
    errors: Numbers, has_value: Mask, strata: Codes, clusters: Codes, confidence: float
) -> StandardisedContrast:
    """Strata are numbered from 0, and each has units of both values."""
    n_v, n_a = (np.bincount(strata[side]).astype(np.float64) for side in (has_value, ~has_value))
    y_v, y_a = (np.bincount(strata[side], errors[side]) for side in (has_value, ~has_value))
    total, p_a, pooled = float(n_v.sum()), y_a / n_a, (y_v + y_a) / (n_v + n_a)
    rate, expected = float(y_v.sum()) / total, float(n_v @ p_a) / total
    difference = rate - expected
    own = errors - p_a[strata] - np.where(has_value, difference, 0.0)
    weight = np.where(has_value, 1.0, (n_v / n_a)[strata])
    influence = np.bincount(clusters, np.where(has_value, own, -weight * own)) / total
    floor = float(((n_v / total) ** 2 * pooled * (1.0 - pooled) * (1.0 / n_v + 1.0 / n_a)).sum())
    effective = [_clusters(clusters[side], weight[side]) for side in (has_value, ~has_value)]
    m = max(2.0, min(number for _, number in effective))
    variance = max(m / (m - 1.0) * float(influence @ influence), floor)
    told = StandardisedContrast(
        *(int(total), int(y_v.sum()), rate, int(n_a.sum()), int(y_a.sum()), expected),
        *(difference, None, None, None),
    )
    if min(present for present, _ in effective) < 2 or variance <= 0.0:
        return told
    error, degrees = np.sqrt(variance), np.array([m - 1.0])
    reach = float(t_quantile(confidence, degrees)[0] * error)
    p_value = float(min(t_p_value(np.array([difference / error]), degrees)[0], 1.0))
    return replace(
        told, difference_lower=difference - reach, difference_upper=difference + reach, p_value=p_value
    )


def _clusters(clusters: Codes, weight: Numbers) -> tuple[int, float]:
    """Clusters with units, and the number of clusters of one weight that would tell as much, at most as many."""
    sums = np.bincount(clusters, weight)
    present = int(np.count_nonzero(sums))
    return present, min(float(present), float(sums.sum() ** 2 / (sums @ sums)))
