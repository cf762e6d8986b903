"""Fitting maps of scores to what came true."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cvfail.calibration.score_maps import (
    Beta,
    Isotonic,
    Method,
    Platt,
    ScoreMap,
    Temperature,
    clipped,
    log_odds,
    logistic,
)
from cvfail.errors import PolicyError, QueryError

Numbers = NDArray[np.float64]

LOWEST_TEMPERATURE = 0.05
HIGHEST_TEMPERATURE = 20.0

_ITERATIONS = 100
_CONVERGED = 1e-10


def fit_scores(method: Method, scores: ArrayLike, outcomes: ArrayLike) -> ScoreMap:
    """Fit a map of scores.

    Args:
        method: ``temperature``, ``platt``, ``beta`` or ``isotonic``.
        scores: In [0, 1], shape (n,).
        outcomes: What came true, 0 or 1, or overlaps in [0, 1], shape (n,).

    Returns:
        The map with the largest likelihood; of squared error for isotonic.

    Raises:
        PolicyError: There is no such method.
        QueryError: There are no scores.

    Notes:
        Platt's and the beta map are fitted to (N₊ + 1)/(N₊ + 2) and 1/(N₋ + 2) instead of 1 and 0, so that they are
        finite where scores divide right from wrong. A negative a or b of the beta map is set to 0.

    Example:
        >>> fit_scores("temperature", [0.9, 0.9, 0.9, 0.9], [1, 1, 1, 0]).scores(np.array([0.9])).round(4).tolist()
        [0.75]
    """
    values, truth = np.asarray(scores, np.float64), np.asarray(outcomes, np.float64)
    if not values.size:
        raise QueryError("there is no prediction to fit on. Hint: more images, or another share")
    fits: dict[str, Callable[[Numbers, Numbers], ScoreMap]] = {
        "temperature": _temperature_of_scores,
        "platt": _platt,
        "beta": _beta,
        "isotonic": _isotonic,
    }
    if method not in fits:
        raise PolicyError(f"there is no method {method!r}. Hint: one of {', '.join(fits)}")
    return fits[method](values, truth)


def fit_temperature(logits: ArrayLike, labels: ArrayLike) -> Temperature:
    """The temperature of the softmax that makes the labels most likely.

    Args:
        logits: Logits, or logarithms of probabilities, shape (n, K).
        labels: Code of the true class, shape (n,).

    Returns:
        The temperature, in [0.05, 20].

    Raises:
        QueryError: There are no rows.

    Notes:
        The derivative of the likelihood in 1/T rises, so that it has one root: Brent's method in log T.

    Source: Guo, Pleiss, Sun, Weinberger, ICML 2017, arXiv 1706.04599 §4.2.

    Example:
        >>> round(fit_temperature(np.log([[0.9, 0.1]] * 4), [0, 0, 0, 1]).temperature, 6)
        2.0
    """
    from scipy.special import softmax

    z, y = np.asarray(logits, np.float64), np.asarray(labels, np.int64)
    if not z.size:
        raise QueryError("there is no prediction to fit on. Hint: more images, or another share")
    own = z[np.arange(y.size), y].sum()
    return Temperature(_root(lambda inverse: float((softmax(inverse * z, axis=1) * z).sum() - own)))


def _temperature_of_scores(scores: Numbers, outcomes: Numbers) -> Temperature:
    z = log_odds(scores)
    return Temperature(_root(lambda inverse: float(((logistic(inverse * z) - outcomes) * z).sum())))


def _root(slope: Callable[[float], float]) -> float:
    """The temperature at which a rising function of 1/T is 0; the bound that is nearest if none is."""
    from scipy.optimize import brentq

    low, high = np.log(LOWEST_TEMPERATURE), np.log(HIGHEST_TEMPERATURE)
    if slope(1.0 / LOWEST_TEMPERATURE) <= 0.0:
        return LOWEST_TEMPERATURE
    if slope(1.0 / HIGHEST_TEMPERATURE) >= 0.0:
        return HIGHEST_TEMPERATURE
    return float(np.exp(brentq(lambda value: slope(float(np.exp(-value))), low, high, xtol=1e-12)))


def _platt(scores: Numbers, outcomes: Numbers) -> Platt:
    slope, intercept = _regression([log_odds(scores)], _targets(outcomes))
    return Platt(slope, intercept)


def _beta(scores: Numbers, outcomes: Numbers) -> Beta:
    p, targets = clipped(scores), _targets(outcomes)
    rising, falling = np.log(p), -np.log1p(-p)
    a, b, c = _regression([rising, falling], targets)
    if b < 0.0 or (a < 0.0 and b < 0.0):
        a, c = _regression([rising], targets)
        return Beta(max(a, 0.0), 0.0, c)
    if a < 0.0:
        b, c = _regression([falling], targets)
        return Beta(0.0, max(b, 0.0), c)
    return Beta(a, b, c)


def _targets(outcomes: Numbers) -> Numbers:
    """Outcomes moved a little towards the middle, as Platt has it."""
    right = float(outcomes.sum())
    high, low = (right + 1.0) / (right + 2.0), 1.0 / (outcomes.size - right + 2.0)
    return np.asarray(outcomes * high + (1.0 - outcomes) * low)


def _regression(features: list[Numbers], targets: Numbers) -> tuple[float, ...]:
    """Coefficients of a logistic regression, the constant last, by Newton's method with halved steps."""
    x = np.column_stack([*features, np.ones(targets.size)])
    weights = np.zeros(x.shape[1])
    ridge = 1e-9 * np.eye(x.shape[1])

    def loss(candidate: Numbers) -> float:
        value = x @ candidate
        return float((np.logaddexp(0.0, value) - targets * value).mean())

    best = loss(weights)
    for _ in range(_ITERATIONS):
        p = logistic(x @ weights)
        gradient = x.T @ (p - targets) / targets.size
        curvature = (x * (p * (1.0 - p))[:, np.newaxis]).T @ x / targets.size
        step = np.linalg.solve(curvature + ridge, gradient)
        size = 1.0
        while loss(weights - size * step) > best and size > _CONVERGED:
            size /= 2.0
        weights = weights - size * step
        best = loss(weights)
        if float(np.abs(size * step).max()) < _CONVERGED or size <= _CONVERGED:
            break
    return tuple(float(weight) for weight in weights)


def _isotonic(scores: Numbers, outcomes: Numbers) -> Isotonic:
    from scipy.optimize import isotonic_regression

    knots, inverse = np.unique(scores, return_inverse=True)
    counts = np.bincount(inverse).astype(np.float64)
    means = np.bincount(inverse, weights=outcomes) / counts
    values = np.clip(isotonic_regression(means, weights=counts).x, 0.0, 1.0)
    inner = np.r_[False, (values[1:-1] == values[:-2]) & (values[1:-1] == values[2:]), False][: values.size]
    kept = ~inner
    return Isotonic(tuple(knots[kept].tolist()), tuple(values[kept].tolist()))
