"""Whether two samples that come in clusters have one distribution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Distance:
    """How far two samples are apart.

    Attributes:
        distance: Largest difference of the two cumulative distributions, or total variation of two sets of shares,
            from 0 to 1; None if a sample is empty.
        p_value: Of one distribution; None if a sample has fewer than two clusters.
    """

    distance: float | None
    p_value: float | None


def effective_size(clusters: NDArray[np.integer]) -> float:
    """The number of clusters of one size that tell as much as these values: (Σ n)² / Σ n².

    Example:
        >>> effective_size(np.array([0, 0, 1, 1])), effective_size(np.array([0, 0, 0, 1]))
        (2.0, 1.6)
    """
    counts = np.bincount(clusters)
    squares = float((counts.astype(np.float64) ** 2).sum())
    return float(counts.sum()) ** 2 / squares if squares else 0.0


def kolmogorov_smirnov(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    *,
    first_clusters: NDArray[np.integer],
    second_clusters: NDArray[np.integer],
) -> Distance:
    """The two-sample test of Kolmogorov and Smirnov, as if each cluster were one value.

    Args:
        first: Shape (n,).
        second: Shape (m,).
        first_clusters: Cluster of each value, 0 or more, shape (n,).
        second_clusters: The same of the second, shape (m,).

    Notes:
        p = Q(λ), λ = (√e + .12 + .11/√e) · distance, e = a · b / (a + b), where a and b are the effective numbers
        of clusters: cautious, for values of one cluster are taken to be the same.

    Source: Stephens, J. R. Stat. Soc. B 32 (1970) 115, for the small-sample term.

    Example:
        >>> n = np.arange(40)
        >>> kolmogorov_smirnov(n / 40, n / 40 + 0.5, first_clusters=n, second_clusters=n).distance
        0.5
    """
    from scipy.special import kolmogorov

    if not first.size or not second.size:
        return Distance(None, None)
    first_sorted, second_sorted = np.sort(first), np.sort(second)
    values = np.unique(np.concatenate([first_sorted, second_sorted]))
    below = [np.searchsorted(one, values, side="right") / one.size for one in (first_sorted, second_sorted)]
    distance = float(np.abs(below[0] - below[1]).max())
    a, b = effective_size(first_clusters), effective_size(second_clusters)
    if np.unique(first_clusters).size < 2 or np.unique(second_clusters).size < 2:
        return Distance(distance, None)
    root = float(np.sqrt(a * b / (a + b)))
    return Distance(distance, float(kolmogorov((root + 0.12 + 0.11 / root) * distance)))


def shares_differ(first: NDArray[np.str_], second: NDArray[np.str_]) -> Distance:
    """Whether two samples of independent values have the same shares of each value: Pearson's χ².

    Example:
        >>> found = shares_differ(np.array(["day"] * 30), np.array(["day", "night"] * 15))
        >>> found.distance, found.p_value < 0.001
        (0.5, True)
    """
    from scipy.special import gammaincc

    if not first.size or not second.size:
        return Distance(None, None)
    _, codes = np.unique(np.concatenate([first, second]), return_inverse=True)
    table = np.stack(
        [np.bincount(part, minlength=int(codes.max()) + 1) for part in np.split(codes, [first.size])]
    ).astype(np.float64)
    own = table / table.sum(axis=1, keepdims=True)
    distance = 0.5 * float(np.abs(own[0] - own[1]).sum())
    if table.shape[1] < 2:
        return Distance(distance, 1.0)
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    statistic = float(((table - expected) ** 2 / expected).sum())
    return Distance(distance, float(gammaincc((table.shape[1] - 1) / 2.0, statistic / 2.0)))
