"""Interaction: whether two values differ more in one slice than in another, by clusters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cvfail.statistics.quantiles import t_p_value, t_quantile
from cvfail.statistics.slice_sums import ClusterSums

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Interaction:
    """A difference of two differences of rates.

    Attributes:
        estimate: (rate of the value - rate of the other) in the slice, minus the same outside it; None where a rate
            is undefined.
        lower: Lower end of the interval; None where there is none.
        upper: Upper end.
        p_value: Two-sided, of 0; None where it cannot be tested.
        support: Units behind it.
    """

    estimate: float | None
    lower: float | None
    upper: float | None
    p_value: float | None
    support: int


def interaction(
    inside: tuple[ClusterSums, ClusterSums],
    outside: tuple[ClusterSums, ClusterSums],
    *,
    confidence: float = 0.95,
) -> Interaction:
    """Compare the difference of two error rates in a slice with that outside it.

    Args:
        inside: Units in the slice that have the value, and those that have the other; by cluster, all four with the
            same clusters in the same order.
        outside: The same outside the slice.
        confidence: Coverage of the interval.

    Returns:
        The difference of differences; without interval and p-value where one of the four has units in fewer than two
        clusters, or where there is nothing but errors, or none, on both sides.

    Notes:
        As `cvfail.statistics.contrast`, with four rates: z_i = Σ ± (y_i - p n_i) / N over the four,
        v = max(m/(m-1) Σ z_i², floor), where the floor adds up p(1-p)(1/N + 1/N') of both pairs with the rate p of
        the pair, and m is the smallest effective number of clusters of the four, at least 2.

    Source: linearisation, Cochran, Sampling Techniques (1977) §6.

    Example:
        >>> units = np.full(30, 4.0)
        >>> few, many = ClusterSums(units, np.arange(30) % 2), ClusterSums(units, 2.0 + np.arange(30) % 2)
        >>> found = interaction((many, few), (few, few))
        >>> found.estimate, found.p_value < 0.001
        (0.5, True)
    """
    cells = [*inside, *outside]
    support = int(sum(one.units.sum() for one in cells))
    if min(one.units.sum() for one in cells) <= 0.0:
        return Interaction(None, None, None, None, support)
    rates = [one.errors.sum() / one.units.sum() for one in cells]
    estimate = float(rates[0] - rates[1] - rates[2] + rates[3])
    clusters = min(np.count_nonzero(one.units) for one in cells)
    effective = max(2.0, min(clusters, *(one.units.sum() ** 2 / (one.units @ one.units) for one in cells)))
    influence = sum(
        sign * (one.errors - rate * one.units) / one.units.sum()
        for sign, one, rate in zip((1.0, -1.0, -1.0, 1.0), cells, rates, strict=True)
    )
    squares = float(np.square(influence).sum())
    variance = max(effective / (effective - 1.0) * squares, _floor(inside) + _floor(outside))
    if clusters < 2 or variance <= 0.0:
        return Interaction(estimate, None, None, None, support)
    error, degrees = np.sqrt(variance), np.array([effective - 1.0])
    reach = float(t_quantile(confidence, degrees)[0] * error)
    p_value = float(min(t_p_value(np.array([estimate / error]), degrees)[0], 1.0))
    return Interaction(estimate, estimate - reach, estimate + reach, p_value, support)


def _floor(pair: Sequence[ClusterSums]) -> float:
    """The variance of a difference of rates of independent units of one rate."""
    units = [float(one.units.sum()) for one in pair]
    rate = float(sum(one.errors.sum() for one in pair)) / sum(units)
    return max(0.0, rate * (1.0 - rate)) * sum(1.0 / n for n in units)
