"""Proper scores of probabilities: Brier's and the logarithmic one, and what Brier's is made of."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Numbers = NDArray[np.float64]

_LEAST = float(np.finfo(np.float64).eps)


def brier_losses(probabilities: ArrayLike, outcomes: ArrayLike) -> Numbers:
    """Brier's score of each row.

    Args:
        probabilities: Of the one event, shape (n,), or of every class, shape (n, K).
        outcomes: Whether it happened, 0 or 1, shape (n,); or the code of the true class, shape (n,).

    Returns:
        Shape (n,): (p - y)² for one event and for two classes, in [0, 1]; Σ_k (p_k - y_k)² for more, in [0, 2].

    Source: Brier, Monthly Weather Review 78 (1950) 1-3; halved for two classes as scikit-learn does.

    Example:
        >>> brier_losses([[0.7, 0.2, 0.1]], [0]).round(2).tolist(), brier_losses([0.4], [1]).round(2).tolist()
        ([0.14], [0.36])
    """
    p = np.asarray(probabilities, np.float64)
    y = np.asarray(outcomes)
    if p.ndim == 1:
        return np.asarray((p - y) ** 2)
    rows = np.arange(len(p))
    own = p[rows, y] if len(p) else np.zeros(0)
    squares = (p * p).sum(axis=1) - own * own + (own - 1.0) ** 2
    return np.asarray(squares / 2.0 if p.shape[1] == 2 else squares)


def log_losses(probabilities: ArrayLike, outcomes: ArrayLike) -> Numbers:
    """The negative logarithm of the probability of what happened, of each row.

    Args:
        probabilities: Of the one event, shape (n,), or of every class, shape (n, K).
        outcomes: Whether it happened, in [0, 1], shape (n,); or the code of the true class, shape (n,).

    Returns:
        Shape (n,), natural logarithm, probabilities clipped to [2.2e-16, 1 - 2.2e-16].

    Example:
        >>> log_losses([[0.5, 0.5]], [0]).round(4).tolist(), log_losses([0.0], [1]).round(2).tolist()
        ([0.6931], [36.04])
    """
    p = np.asarray(probabilities, np.float64)
    y = np.asarray(outcomes)
    if p.ndim == 2:
        own = p[np.arange(len(p)), y] if len(p) else np.zeros(0)
        return np.asarray(-np.log(np.clip(own, _LEAST, 1.0 - _LEAST)))
    q = np.clip(p, _LEAST, 1.0 - _LEAST)
    return np.asarray(-(y * np.log(q) + (1.0 - y) * np.log1p(-q)))


class BrierParts(NamedTuple):
    """Brier's score = reliability - resolution + uncertainty + within_bins; each of shape () or (B,)."""

    reliability: Numbers
    resolution: Numbers
    uncertainty: Numbers
    within_bins: Numbers


def brier_parts(counts: Numbers, outcomes: Numbers, scores: Numbers, brier: Numbers) -> BrierParts:
    """What Brier's score is made of.

    Args:
        counts: Weight of each bin, shape (C,) or (C, B).
        outcomes: Sum of outcomes, 0 or 1, same shape.
        scores: Sum of scores, same shape.
        brier: Brier's score of all rows, shape () or (B,).

    Returns:
        Parts that add up; NaN where nothing has weight.

    Notes:
        With shares w_b, mean outcome o_b and score s_b of bin b and the mean outcome o: reliability
        Σ w_b (s_b - o_b)², resolution Σ w_b (o_b - o)², uncertainty o(1 - o). Scores that differ inside a bin leave
        a rest, here ``within_bins``: their variance less twice their covariance with the outcomes.

    Source: Murphy, Journal of Applied Meteorology 12 (1973) 595-600; Stephenson, Coelho, Jolliffe, Weather and
        Forecasting 23 (2008) 752-757, for the rest.
    """
    total = counts.sum(axis=0)
    known = np.where(total > 0.0, total, np.nan)
    some = counts > 0.0
    divisor = np.where(some, counts, 1.0)
    rate = outcomes.sum(axis=0) / known
    gap = np.where(some, (scores - outcomes) / divisor, 0.0)
    apart = np.where(some, outcomes / divisor - rate, 0.0)
    reliability = (counts * gap * gap).sum(axis=0) / known
    resolution = (counts * apart * apart).sum(axis=0) / known
    uncertainty = rate * (1.0 - rate)
    rest = brier - (reliability - resolution + uncertainty)
    return BrierParts(*(np.asarray(part) for part in (reliability, resolution, uncertainty, rest)))
