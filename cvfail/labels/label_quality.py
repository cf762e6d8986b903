"""How well a label agrees with the probabilities of the classes: three scores, low where it is suspect."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cvfail.errors import PolicyError

Compat = Literal["cleanlab"]
Quality = Literal["self_confidence", "normalised_margin", "confidence_weighted_entropy"]

QUALITIES: tuple[Quality, ...] = ("self_confidence", "normalised_margin", "confidence_weighted_entropy")

_LEAST = 1e-6


def label_quality(
    labels: NDArray[np.int64],
    probabilities: NDArray[np.float64],
    *,
    method: Quality = "self_confidence",
    compat: Compat | None = None,
) -> NDArray[np.float64]:
    """Score each label by the probabilities of its image alone.

    Args:
        labels: Code of the given label, a column of `probabilities`, shape (n,).
        probabilities: Out-of-sample probability of each class, shape (n, k).
        method: ``self_confidence`` is p(label). ``normalised_margin`` is (p(label) - largest other p + 1) / 2.
            ``confidence_weighted_entropy`` is log(x + 1) / x with x = H / p(label), where H is the entropy in
            units of log k.
        compat: ``"cleanlab"`` bounds x from below, so that its entropy score is 0 instead of 1 where one class
            has all the probability, be it the label or not.

    Returns:
        Scores in [0, 1], shape (n,); the limit of a formula where that has one: the margin of a single class is 1,
        the entropy score is 0 where p(label) is 0 and 1 where H is.

    Raises:
        PolicyError: There is no such method.

    Source: cleanlab 2.9.0 rank.py.

    Example:
        >>> label_quality(np.array([0]), np.array([[0.75, 0.25]]), method="normalised_margin").tolist()
        [0.75]
    """
    if method not in QUALITIES:
        raise PolicyError(f"there is no quality {method!r}. Hint: one of {', '.join(QUALITIES)}")
    rows = np.arange(labels.size)
    own = probabilities[rows, labels]
    if method == "self_confidence":
        return np.asarray(own)
    if method == "normalised_margin":
        others = probabilities.copy()
        others[rows, labels] = -np.inf
        largest = np.maximum(others.max(axis=1, initial=-np.inf), -1.0 if others.shape[1] > 1 else own - 1.0)
        return np.asarray((own - largest + 1) / 2)
    entropy = _normalised_entropy(probabilities)
    if compat == "cleanlab":
        weighted = entropy / np.maximum(own, _LEAST)
        return np.asarray(np.log(weighted + 1) / np.maximum(weighted, _LEAST))
    weighted = np.divide(entropy, own, out=np.full(own.shape, np.inf), where=own > 0)
    scores = np.where(own > 0, 1.0, 0.0)
    inner = np.isfinite(weighted) & (weighted > 0)
    np.divide(np.log1p(weighted), weighted, out=scores, where=inner)
    return scores


def _normalised_entropy(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Entropy of each row in units of log k; 0 for a single class."""
    logs = np.zeros_like(probabilities)
    np.log(probabilities, out=logs, where=probabilities > 0)
    entropy = -np.sum(probabilities * logs, axis=1)
    return np.asarray(entropy / np.log(max(probabilities.shape[1], 2)))
