"""Quantiles of few replicates, and where along a line something begins."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

_HALVINGS = 16


def quantile(values: NDArray[np.float64], share: float) -> float:
    """The value below which a new one lies with this probability: of type 6, place share · (n + 1).

    Args:
        values: At least one, shape (n,).
        share: In (0, 1).

    Source: Hyndman and Fan, The American Statistician 50 (1996) 361-365.

    Example:
        >>> quantile(np.arange(1.0, 40.0), 0.025)
        1.0
    """
    place = min(max((values.size + 1) * share - 1.0, 0.0), values.size - 1.0)
    below = int(place)
    above = min(below + 1, values.size - 1)
    ordered = np.partition(values, (below, above))
    return float(ordered[below] + (place - below) * (ordered[above] - ordered[below]))


def boundary(beyond: Callable[[float], bool], end: float) -> float:
    """The place in [0, end] from which on something is so, to 1/65,536 of the way; `end` if it nowhere is.

    Example:
        >>> round(boundary(lambda place: place > 0.3, 1.0), 3)
        0.3
    """
    low, high = 0.0, end
    if not beyond(high):
        return high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        low, high = (low, middle) if beyond(middle) else (middle, high)
    return high
