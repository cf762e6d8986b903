"""Maps from scores to scores: temperature, Platt's, beta and isotonic."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from cvfail.errors import FormatError

Numbers = NDArray[np.float64]
Method = Literal["temperature", "platt", "beta", "isotonic"]

METHODS: tuple[Method, ...] = get_args(Method)

_LEAST = 1e-7


def clipped(scores: Numbers) -> Numbers:
    """Scores in [1e-7, 1 - 1e-7], so that their logarithms are finite."""
    return np.clip(np.asarray(scores, np.float64), _LEAST, 1.0 - _LEAST)


def log_odds(scores: Numbers) -> Numbers:
    """The logarithm of s / (1 - s), of clipped scores."""
    p = clipped(scores)
    return np.asarray(np.log(p) - np.log1p(-p))


def logistic(values: Numbers) -> Numbers:
    """1 / (1 + exp(-x))."""
    from scipy.special import expit

    return np.asarray(expit(values), np.float64)


@dataclass(frozen=True)
class Temperature:
    """The log odds divided by a temperature: above 1 scores move towards a half.

    Source: Guo, Pleiss, Sun, Weinberger, ICML 2017, arXiv 1706.04599.

    Example:
        >>> Temperature(2.0).scores(np.array([0.5, 0.9])).round(3).tolist()
        [0.5, 0.75]
        >>> Temperature(2.0).probabilities(np.array([[0.9, 0.1]])).round(3).tolist()
        [[0.75, 0.25]]
    """

    method: ClassVar[Method] = "temperature"
    temperature: float

    def scores(self, scores: Numbers) -> Numbers:
        """New scores, shape (n,)."""
        return logistic(log_odds(scores) / self.temperature)

    def probabilities(self, probabilities: Numbers) -> Numbers:
        """The softmax of log p / T, shape (n, K); a probability of 0 counts as 2.2e-16."""
        from scipy.special import softmax

        logits = np.log(np.maximum(probabilities, np.finfo(np.float64).eps))
        return np.asarray(softmax(logits / self.temperature, axis=1), np.float64)


@dataclass(frozen=True)
class Platt:
    """A logistic regression on the log odds.

    Source: Platt, Advances in Large Margin Classifiers (1999) 61-74; on log odds of scores as in arXiv 2004.13546.

    Example:
        >>> Platt(slope=0.5, intercept=0.0).scores(np.array([0.9])).round(3).tolist()
        [0.75]
    """

    method: ClassVar[Method] = "platt"
    slope: float
    intercept: float

    def scores(self, scores: Numbers) -> Numbers:
        """New scores, shape (n,)."""
        return logistic(self.slope * log_odds(scores) + self.intercept)


@dataclass(frozen=True)
class Beta:
    """The ratio of two beta distributions: the log odds are a ln s - b ln(1 - s) + c.

    Source: Kull, Silva Filho, Flach, AISTATS 2017.

    Example:
        >>> Beta(a=1.0, b=1.0, c=0.0).scores(np.array([0.9])).round(3).tolist()
        [0.9]
    """

    method: ClassVar[Method] = "beta"
    a: float
    b: float
    c: float

    def scores(self, scores: Numbers) -> Numbers:
        """New scores, shape (n,)."""
        p = clipped(scores)
        return logistic(self.a * np.log(p) - self.b * np.log1p(-p) + self.c)


@dataclass(frozen=True)
class Isotonic:
    """A step function that never falls, linear between its knots and level beyond them.

    Source: Zadrozny and Elkan, KDD 2002.

    Example:
        >>> Isotonic(knots=(0.2, 0.6), values=(0.0, 1.0)).scores(np.array([0.1, 0.4, 0.9])).round(3).tolist()
        [0.0, 0.5, 1.0]
    """

    method: ClassVar[Method] = "isotonic"
    knots: tuple[float, ...]
    values: tuple[float, ...]

    def scores(self, scores: Numbers) -> Numbers:
        """New scores, shape (n,)."""
        return np.asarray(np.interp(np.asarray(scores, np.float64), self.knots, self.values))


ScoreMap = Temperature | Platt | Beta | Isotonic

_KINDS: dict[str, type[ScoreMap]] = {
    "temperature": Temperature,
    "platt": Platt,
    "beta": Beta,
    "isotonic": Isotonic,
}


def to_dict(score_map: ScoreMap) -> dict[str, Any]:
    """The parameters of a map as plain values."""
    return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(score_map).items()}


def from_dict(method: str, parameters: dict[str, Any]) -> ScoreMap:
    """The map that `to_dict` wrote down.

    Raises:
        FormatError: The method or its parameters are not what they should be.
    """
    kind = _KINDS.get(method)
    if kind is None:
        raise FormatError(f"there is no method {method!r}. Hint: one of {', '.join(METHODS)}")
    try:
        values: dict[str, Any] = {
            n: tuple(map(float, v)) if isinstance(v, list) else float(v) for n, v in parameters.items()
        }
        made = kind(**values)
    except (TypeError, ValueError) as error:
        raise FormatError(f"the parameters of a {method} map are wrong: {error}") from error
    numbers = np.concatenate([np.atleast_1d(value) for value in values.values()])
    if not np.isfinite(numbers).all() or (isinstance(made, Temperature) and made.temperature <= 0.0):
        raise FormatError(f"the parameters of a {method} map are wrong: found {parameters}")
    if isinstance(made, Isotonic) and not _rises(made):
        raise FormatError("the knots of an isotonic map must rise, and its values must not fall")
    return made


def _rises(made: Isotonic) -> bool:
    same = 0 < len(made.knots) == len(made.values)
    return same and bool((np.diff(made.knots) > 0).all() and (np.diff(made.values) >= 0).all())


def rescaled(score_map: ScoreMap, scores: Numbers, probabilities: Numbers) -> tuple[Numbers, Numbers]:
    """New confidence in the predicted class, and probabilities that agree with it.

    Args:
        score_map: The map.
        scores: Confidence, shape (n,).
        probabilities: Of all classes, shape (n, K); K may be 0.

    Returns:
        (scores, probabilities). A temperature changes all probabilities at once. Other maps change the confidence;
        the other classes share the rest in the proportions that they had, or alike if they had nothing.

    Notes:
        The predicted class is the one whose probability is the confidence, the first of several. It stays the
        predicted one, even if another class comes out ahead.
    """
    if not probabilities.shape[1]:
        return score_map.scores(scores), probabilities
    rows = np.arange(scores.size)
    own = np.abs(probabilities - scores[:, np.newaxis]).argmin(axis=1)
    if isinstance(score_map, Temperature):
        changed = score_map.probabilities(probabilities)
        return changed[rows, own], changed
    changed = score_map.scores(scores)
    rest = probabilities.copy()
    rest[rows, own] = 0.0
    left = rest.sum(axis=1, keepdims=True)
    even = np.full_like(rest, 1.0 / max(rest.shape[1] - 1, 1))
    even[rows, own] = 0.0
    shares = np.where(left > 0.0, rest / np.where(left > 0.0, left, 1.0), even)
    spread = shares * (1.0 - changed)[:, np.newaxis]
    spread[rows, own] = changed
    return changed, spread
