"""A true rate from an apparent one, where the test that counts is wrong now and then."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cvfail.errors import PolicyError
from cvfail.statistics.proportions import Interval, wilson


def rogan_gladen(
    positives: ArrayLike,
    trials: ArrayLike,
    *,
    sensitivity: float,
    specificity: float,
    confidence: float = 0.95,
) -> Interval:
    """The rate that there is, from the rate that an imperfect test sees.

    Args:
        positives: Units that test positive: labels that are suspect, errors that an evaluation counts.
        trials: Units tested, broadcast against `positives`.
        sensitivity: Share of true positives that test positive, for example of an audit.
        specificity: Share of true negatives that test negative.
        confidence: Coverage of the interval.

    Returns:
        Estimates in [0, 1] with bounds: Wilson's interval of the apparent rate, corrected in the same way. NaN
        without trials.

    Raises:
        PolicyError: Sensitivity and specificity do not lie in [0, 1], or add up to 1 or less: such a test says
            nothing.

    Notes:
        (p + specificity - 1) / (sensitivity + specificity - 1), cut off at 0 and 1. That both were estimated
        themselves is not in the interval.

    Source: Rogan and Gladen, American Journal of Epidemiology 107 (1978) 71-76.

    Example:
        >>> estimate, lower, upper = rogan_gladen(30, 200, sensitivity=0.8, specificity=0.95)
        >>> print(f"{estimate:.3f} [{lower:.3f}, {upper:.3f}]")
        0.133 [0.076, 0.208]
    """
    gain = sensitivity + specificity - 1.0
    if not (0.0 <= sensitivity <= 1.0 and 0.0 <= specificity <= 1.0) or gain <= 0.0:
        raise PolicyError(
            f"sensitivity {sensitivity:g} and specificity {specificity:g} must be in [0, 1] and add up to more than 1"
        )
    apparent = wilson(positives, trials, confidence=confidence)
    estimate, lower, upper = ((bound + specificity - 1.0) / gain for bound in apparent)
    return Interval(*(np.clip(bound, 0.0, 1.0) for bound in (estimate, lower, upper)))
