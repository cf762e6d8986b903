"""McNemar's test: do two models on the same units fail equally often?"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cvfail.errors import PolicyError

Method = Literal["auto", "exact", "mid-p", "chi-square"]

_FEW = 25
"""With fewer discordant units the exact test is used by default."""


def mcnemar(first_only: ArrayLike, second_only: ArrayLike, *, method: Method = "auto") -> NDArray[np.float64]:
    """The p-value of equal success rates of two models on the same units, for any number of comparisons.

    Args:
        first_only: Units on which only the first model is right, whole numbers of any shape.
        second_only: Units on which only the second is right; broadcast.
        method: ``exact`` binomial; ``mid-p``, exact less half the probability of what was seen on either side, which
            is less cautious; ``chi-square`` with continuity correction; ``auto``, exact below 25 discordant units
            and chi-square from there.

    Returns:
        Two-sided p-values; 1 without discordant units.

    Raises:
        PolicyError: A count is negative, or there is no such method.

    Notes:
        With b and c: exact ``2 P(X <= min(b, c))``, X ~ Binomial(b+c, ½), at most 1; mid-p that less
        ``P(X = min(b, c))``; chi-square ``(|b-c| - 1)²/(b+c)`` with one degree of freedom, |b-c| - 1 being at
        least 0. Units must be independent; where they share images use `clustered_mcnemar`.

    Source: McNemar, Psychometrika 12 (1947) 153-157; Edwards (1948) for the correction; Fagerland, Lydersen and
    Laake, BMC Medical Research Methodology 13 (2013) 91, for mid-p.

    Example:
        >>> mcnemar([6, 60, 0], [16, 40, 0]).round(4).tolist()
        [0.0525, 0.0574, 1.0]
        >>> mcnemar(6, 16, method="mid-p").round(4).item()
        0.0347
    """
    b, c = np.broadcast_arrays(np.asarray(first_only, np.float64), np.asarray(second_only, np.float64))
    if np.any((b < 0.0) | (c < 0.0)):
        raise PolicyError("discordant counts must not be negative")
    if method == "chi-square":
        return _chi_square(b, c)[()]
    if method in {"exact", "mid-p"}:
        return _binomial(b, c, mid=method == "mid-p")[()]
    if method != "auto":
        raise PolicyError(f"method must be 'auto', 'exact', 'mid-p' or 'chi-square'; found {method!r}")
    return np.where(b + c < _FEW, _binomial(b, c, mid=False), _chi_square(b, c))[()]


def clustered_mcnemar(difference: ArrayLike, difference_squared: ArrayLike) -> NDArray[np.float64]:
    """McNemar's test where units come in clusters, such as objects in images.

    Args:
        difference: Σd over the clusters, d being the second model's successes in a cluster less the first's; any
            shape.
        difference_squared: Σd²; broadcast.

    Returns:
        Two-sided p-values; 1 where no cluster differs.

    Notes:
        ``z = Σd / √Σd²``, standard normal if the signs of the d are as likely either way. With clusters of one unit
        that is McNemar's test without correction. Both sums are additive over clusters. z² is at most the number of
        clusters that differ, so up to three such clusters are never significant at 5 %.

    Source: Durkalski, Palesch, Lipsitz and Rust, Statistics in Medicine 22 (2003) 2417-2428; Obuchowski, Statistics
    in Medicine 17 (1998) 1495-1507.

    Example:
        >>> d = np.array([2, 1, 0, 3, -1, 1, 2])
        >>> clustered_mcnemar(d.sum(), (d * d).sum()).round(4).item()
        0.0736
    """
    from scipy.special import erfc

    total, squares = np.broadcast_arrays(
        np.asarray(difference, np.float64), np.asarray(difference_squared, np.float64)
    )
    z = np.where(squares > 0.0, np.abs(total) / np.sqrt(np.where(squares > 0.0, squares, 1.0)), 0.0)
    return np.asarray(erfc(z / np.sqrt(2.0)), np.float64)[()]


def _binomial(b: NDArray[np.float64], c: NDArray[np.float64], *, mid: bool) -> NDArray[np.float64]:
    from scipy.stats import binom

    fewer, discordant = np.minimum(b, c), b + c
    p_value = 2.0 * binom.cdf(fewer, discordant, 0.5)
    if mid:
        p_value = p_value - binom.pmf(fewer, discordant, 0.5)
    return np.asarray(np.where(discordant > 0.0, np.minimum(p_value, 1.0), 1.0), np.float64)


def _chi_square(b: NDArray[np.float64], c: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.special import erfc

    discordant = b + c
    distance = np.maximum(np.abs(b - c) - 1.0, 0.0)
    root = distance / np.sqrt(np.where(discordant > 0.0, discordant, 1.0))
    return np.asarray(erfc(root / np.sqrt(2.0)), np.float64)
