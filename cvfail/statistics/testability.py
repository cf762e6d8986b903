"""Which slices are large enough that a test could find anything in them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cvfail.errors import PolicyError


class Attainable(NamedTuple):
    """Which hypotheses can be significant at all, and for how many to correct.

    Attributes:
        mask: The testable ones.
        tests: Number to correct for: the level of each test is level / tests.
    """

    mask: NDArray[np.bool_]
    tests: int


def minimal_p_value(units: ArrayLike, total_units: ArrayLike, total_errors: ArrayLike) -> NDArray[np.float64]:
    """The smallest p-value that Fisher's test (more errors than the rest) can give a slice of this size.

    Args:
        units: Units in the slice n, any shape.
        total_units: Units everywhere N.
        total_errors: Errors everywhere B; all broadcast.

    Returns:
        p-values in (0, 1]; 1 for a slice of none or of all units, and where all or no units are errors.

    Raises:
        PolicyError: Slice or errors are larger than the whole, or negative.

    Notes:
        That of a slice which holds as many errors as it can: ``C(B, n) / C(N, n)`` for n <= B, else
        ``C(n, B) / C(N, B)``. It falls as n grows to B and rises from there; a part of a slice of at most B units
        cannot do better than the slice, so a search may stop there.

    Source: Tarone, Biometrics 46 (1990) 515-522; Terada et al., PNAS 110 (2013) 12996-13001.

    Example:
        >>> minimal_p_value([1, 3, 10], 20, 5).round(4).tolist()
        [0.25, 0.0088, 0.0163]
    """
    from scipy.special import gammaln

    n, total, bad = np.broadcast_arrays(
        np.asarray(units, np.float64),
        np.asarray(total_units, np.float64),
        np.asarray(total_errors, np.float64),
    )
    if np.any((n < 0) | (bad < 0) | (n > total) | (bad > total)):
        raise PolicyError("a slice and its errors must lie between 0 and the number of all units")
    large, small = np.maximum(n, bad), np.minimum(n, bad)
    logarithm = (
        gammaln(large + 1.0)
        - gammaln(large - small + 1.0)
        - gammaln(total + 1.0)
        + gammaln(total - small + 1.0)
    )
    return np.asarray(np.minimum(np.exp(logarithm), 1.0), np.float64)[()]


def attainable(minimal_p_values: ArrayLike, *, level: float = 0.05) -> Attainable:
    """Tarone's rule: hypotheses that cannot be significant need no correction.

    Args:
        minimal_p_values: The smallest p-value that each hypothesis can have, shape (n,).
        level: Family-wise error rate, in (0, 1).

    Returns:
        ``Attainable(mask, tests)``: the hypotheses whose minimal p-value is at most level / tests, and the smallest
        number ``tests`` >= 1 that is not exceeded by their count. All of them can be tested at level / tests with
        a family-wise error rate of at most ``level``; give `benjamini_hochberg` their p-values and no others.

    Raises:
        PolicyError: ``level`` is not in (0, 1).

    Source: Tarone, Biometrics 46 (1990) 515-522.

    Example:
        >>> attainable([0.001, 0.004, 0.02, 0.2, 0.5, 1.0])
        Attainable(mask=array([ True,  True, False, False, False, False]), tests=3)
    """
    if not 0.0 < level < 1.0:
        raise PolicyError(f"level must be in (0, 1); found {level}. Hint: 0.05")
    values = np.asarray(minimal_p_values, np.float64)
    ordered = np.sort(values)
    numbers = np.arange(1, values.size + 1)
    counts = np.searchsorted(ordered, level / numbers, side="right")
    enough = counts <= numbers
    tests = int(numbers[np.argmax(enough)]) if values.size else 1
    return Attainable(values <= level / tests, tests)
