"""What is right and wrong from each score on, and the rates that follow: all thresholds from one sort."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class ScoreCurve:
    """Right and wrong predictions at each score, and the objects that there are to find.

    Attributes:
        scores: The different scores, descending, shape (n,).
        right: How many right predictions have at least this score, shape (n,).
        wrong: The same of wrong ones; shares of them where a slice has its part of false positives only.
        objects: How many objects there are.

    Example:
        >>> curve = ScoreCurve.of([0.9, 0.8, 0.8], [True, True, False], objects=4)
        >>> curve.scores.tolist(), curve.precision.round(2).tolist(), curve.recall.tolist()
        ([0.9, 0.8], [1.0, 0.67], [0.25, 0.5])
    """

    scores: Numbers
    right: Numbers
    wrong: Numbers
    objects: int

    @classmethod
    def of(cls, scores: ArrayLike, right: ArrayLike, *, objects: int) -> ScoreCurve:
        """Sort predictions once; those of one score are one point.

        Args:
            scores: Of predictions that are right or wrong, in any order, shape (m,).
            right: Which of them are right, shape (m,).
            objects: How many objects there are.
        """
        scores, right = np.asarray(scores, np.float64), np.asarray(right, np.bool_)
        order = np.argsort(-scores, kind="stable")
        return cls.of_sorted(scores[order], right[order], objects=objects)

    @classmethod
    def of_sorted(cls, scores: Numbers, right: NDArray[np.bool_], *, objects: int) -> ScoreCurve:
        """As `of`, of predictions that stand by descending score."""
        last = ends_of_ties(scores)
        found = np.cumsum(right)[last].astype(np.float64)
        return cls(scores[last], found, last + 1.0 - found, objects)

    @property
    def precision(self) -> Numbers:
        """The share right / (right + wrong) at each score; NaN where there is neither, shape (n,)."""
        return ratio(self.right, self.right + self.wrong)

    @property
    def recall(self) -> Numbers:
        """The share right / objects at each score; NaN without objects, shape (n,)."""
        return ratio(self.right, np.full(self.right.shape, float(self.objects)))

    @property
    def f1(self) -> Numbers:
        """2 · right / (right + wrong + objects) at each score; 0 where all are 0, shape (n,)."""
        return np.nan_to_num(self.f_score(1.0))

    def f_score(self, beta: float) -> Numbers:
        """(1 + β²) right / (right + wrong + β² objects) at each score; NaN where all are 0, shape (n,)."""
        return f_score(self.right, self.wrong, self.objects, beta=beta)

    @property
    def best(self) -> float | None:
        """The highest of the scores at which F1 is largest; None if it is 0 everywhere."""
        if not self.f1.size or self.f1.max() == 0.0:
            return None
        return float(self.scores[self.f1.argmax()])

    def at(self, score: float) -> tuple[float, float, float | None]:
        """Right and wrong predictions from a score on, and F1; None without any prediction or object."""
        place = int(np.searchsorted(-self.scores, -score, side="right")) - 1
        right, wrong = (0.0, 0.0) if place < 0 else (float(self.right[place]), float(self.wrong[place]))
        total = right + wrong + self.objects
        return right, wrong, 2.0 * right / total if total else None


def f_score(right: ArrayLike, wrong: ArrayLike, objects: ArrayLike, *, beta: float) -> Numbers:
    """F-β from counts: (1 + β²) right / (right + wrong + β² objects); NaN where all are 0.

    Source: van Rijsbergen, Information Retrieval (1979) §7.

    Example:
        >>> f_score(5, 3, 6, beta=1).round(4).tolist(), f_score(5, 3, 6, beta=2).round(4).tolist()
        (0.7143, 0.7812)
    """
    squared = beta * beta
    found = np.asarray(right, np.float64)
    return ratio(
        (1.0 + squared) * found, found + np.asarray(wrong, np.float64) + squared * np.asarray(objects)
    )


def ratio(numerator: ArrayLike, denominator: ArrayLike) -> Numbers:
    """A quotient that is NaN where the denominator is 0."""
    above, below = np.broadcast_arrays(np.asarray(numerator, np.float64), np.asarray(denominator, np.float64))
    return np.asarray(np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0.0))


def ends_of_ties(scores: Numbers) -> NDArray[np.int64]:
    """The last place of each run of equal numbers."""
    if not scores.size:
        return np.zeros(0, np.int64)
    return np.append(np.flatnonzero(scores[1:] != scores[:-1]), scores.size - 1)
