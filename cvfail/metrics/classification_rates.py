"""Rates of a classification: precision, recall, specificity and their kin, from four counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from cvfail.statistics.proportions import Interval, wilson_from_variance
from cvfail.statistics.quantiles import normal_quantile

ZeroDivision = Literal[0, 1] | None
"""What an undefined rate counts as: nothing (None), 0 or 1."""


def stand_in(zero_division: ZeroDivision) -> float:
    """The number that stands for an undefined rate; NaN for none."""
    return float("nan") if zero_division is None else float(zero_division)


class Outcomes(NamedTuple):
    """Counts of one class against the others: numbers, or one array per outcome."""

    tp: NDArray[np.float64]
    fp: NDArray[np.float64]
    fn: NDArray[np.float64]
    tn: NDArray[np.float64]

    @classmethod
    def of(cls, tp: ArrayLike, fp: ArrayLike, fn: ArrayLike, tn: ArrayLike | None = None) -> Outcomes:
        """The counts as float64 arrays; true negatives that nobody counted (detection) are NaN."""
        return cls(
            *(np.asarray(np.nan if count is None else count, np.float64) for count in (tp, fp, fn, tn))
        )

    @classmethod
    def one_versus_rest(cls, counts: NDArray[np.int64]) -> Outcomes:
        """The outcomes of every class of a confusion matrix, arrays of shape (K,); rows are true."""
        tp = np.diagonal(counts)
        fp, fn = counts.sum(axis=0) - tp, counts.sum(axis=1) - tp
        return cls.of(tp, fp, fn, counts.sum() - tp - fp - fn)


class Terms(NamedTuple):
    """How often each outcome counts in a sum."""

    tp: float = 0.0
    fp: float = 0.0
    fn: float = 0.0
    tn: float = 0.0

    def total(self, outcomes: Outcomes) -> NDArray[np.float64]:
        """The sum, without touching outcomes that do not count."""
        parts = [term * count for term, count in zip(self, outcomes, strict=True) if term]
        return np.asarray(sum(parts), dtype=np.float64)

    def expression(self) -> pl.Expr:
        """The sum over columns ``tp``, ``fp``, ``fn`` and ``tn``."""
        return pl.sum_horizontal(term * pl.col(name) for name, term in self._asdict().items() if term)


@dataclass(frozen=True)
class Rate:
    """A ratio of two sums of outcomes, which therefore adds up over images, classes and shards.

    Attributes:
        name: How result tables call it.
        numerator: Terms of the upper sum.
        denominator: Terms of the lower sum; every outcome counts at least as much as in the upper one.
    """

    name: str
    numerator: Terms
    denominator: Terms

    def ratio(self, outcomes: Outcomes) -> NDArray[np.float64]:
        """The rate; NaN where the denominator is 0 or not known."""
        above, below = self.numerator.total(outcomes), self.denominator.total(outcomes)
        return np.where(below > 0.0, above / np.where(below > 0.0, below, 1.0), np.nan)

    def expressions(self) -> tuple[pl.Expr, pl.Expr]:
        """Numerator and denominator over columns tp, fp, fn and tn."""
        return self.numerator.expression(), self.denominator.expression()

    def interval(
        self, outcomes: Outcomes, *, zero_division: ZeroDivision = None, confidence: float = 0.95
    ) -> Interval:
        """The rate and its Wilson interval for independent units.

        Args:
            outcomes: Counts, any shape.
            zero_division: Estimate where the denominator is 0; NaN by default.
            confidence: Coverage, in (0, 1).

        Returns:
            Estimate, lower and upper, NaN where an outcome is not known. With denominator 0 the interval is
            (0, 1).

        Notes:
            The variance of the ratio p of sums over independent units is Σ count · (a - p b)² / (Σ count ·
            b)² with the terms a and b of each outcome. For a proportion this is p(1-p)/n and the interval
            Wilson's own; for F1 it is p(1-p)(2-p)/(2tp + fp + fn).
        """
        ratio, below = self.ratio(outcomes), self.denominator.total(outcomes)
        steps = zip(self.numerator, self.denominator, outcomes, strict=True)
        squares = [count * (a - ratio * b) ** 2 for a, b, count in steps if b]
        units = [count for b, count in zip(self.denominator, outcomes, strict=True) if b]
        interval = wilson_from_variance(
            ratio,
            np.asarray(sum(squares)) / np.where(below > 0.0, below, 1.0) ** 2,
            units=np.asarray(sum(units)),
            quantile=normal_quantile(confidence),
        )
        nothing = below == 0.0
        return Interval(
            np.where(nothing, stand_in(zero_division), ratio),
            np.where(nothing, 0.0, interval.lower),
            np.where(nothing, 1.0, interval.upper),
        )


def f_beta(beta: float) -> Rate:
    """The F score that values recall ``beta`` times as much as precision.

    Args:
        beta: Above 0; 1 is the harmonic mean of precision and recall.

    Returns:
        The rate ``(1+β²)tp / ((1+β²)tp + β²fn + fp)``, defined wherever the class occurs or is predicted.

    Example:
        >>> float(f_beta(1).ratio(Outcomes.of(420, 140, 60)).round(4))
        0.8077
    """
    square = float(beta) ** 2
    return Rate(f"f{beta:g}", Terms(tp=1.0 + square), Terms(tp=1.0 + square, fp=1.0, fn=square))


PRECISION = Rate("precision", Terms(tp=1), Terms(tp=1, fp=1))
RECALL = Rate("recall", Terms(tp=1), Terms(tp=1, fn=1))
F1 = f_beta(1)
SPECIFICITY = Rate("specificity", Terms(tn=1), Terms(tn=1, fp=1))
ACCURACY = Rate("accuracy", Terms(tp=1, tn=1), Terms(tp=1, fp=1, fn=1, tn=1))

RATES: tuple[Rate, ...] = (
    PRECISION,
    RECALL,
    F1,
    SPECIFICITY,
    ACCURACY,
    Rate("negative_predictive_value", Terms(tn=1), Terms(tn=1, fn=1)),
    Rate("false_positive_rate", Terms(fp=1), Terms(fp=1, tn=1)),
    Rate("false_negative_rate", Terms(fn=1), Terms(fn=1, tp=1)),
    Rate("jaccard", Terms(tp=1), Terms(tp=1, fp=1, fn=1)),
    Rate("prevalence", Terms(tp=1, fn=1), Terms(tp=1, fp=1, fn=1, tn=1)),
)
"""Every rate of a class against the others."""

AVERAGED_RATES = (PRECISION, RECALL, F1, SPECIFICITY)
"""The rates of tables by class and slice that are averaged over classes."""

TABLE_RATES = (*AVERAGED_RATES, ACCURACY)
"""The rates of tables by class and slice."""
