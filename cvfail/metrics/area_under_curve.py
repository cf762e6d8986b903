"""The area below precision against recall: over every step of the recall, or at eleven recalls."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ELEVEN_RECALLS = np.arange(0.0, 1.1, 0.1)
"""The devkit's; the fourth is .30000000000000004 and the seventh .6000000000000001, which 3/5 does not reach."""


def area_under_curve(recall: NDArray[np.float64], precision: NDArray[np.float64]) -> float:
    """Area under the envelope of the precision, over every step of the recall.

    Args:
        recall: Ascending, shape (n,).
        precision: At each recall, shape (n,).

    Returns:
        Sum over the steps of recall of the largest precision at this recall or a higher one; 0 if n is 0.

    Source: VOC devkit 2010 ``VOCap.m``.

    Example:
        >>> area_under_curve(np.array([0.5, 0.5, 1.0]), np.array([1.0, 0.5, 2 / 3]))
        0.8333333333333333
    """
    return float(np.sum(np.diff(recall, prepend=0.0) * _envelope(precision)))


def eleven_point_mean(recall: NDArray[np.float64], precision: NDArray[np.float64]) -> float:
    """Mean of the envelope of the precision at the recalls 0, .1, ..., 1.

    Args:
        recall: Ascending, shape (n,).
        precision: At each recall, shape (n,).

    Returns:
        Mean over eleven recalls of the largest precision at this recall or a higher one, 0 beyond the last.

    Source: VOC devkit 2007 ``VOCap.m``.

    Example:
        >>> eleven_point_mean(np.array([0.5, 0.5, 1.0]), np.array([1.0, 0.5, 2 / 3]))
        0.8484848484848484
    """
    reached = np.searchsorted(recall, _ELEVEN_RECALLS, side="left")
    return float(np.append(_envelope(precision), 0.0)[reached].mean())


def _envelope(precision: NDArray[np.float64]) -> NDArray[np.float64]:
    """The largest precision at this place or a later one."""
    return np.asarray(np.maximum.accumulate(precision[::-1])[::-1])
