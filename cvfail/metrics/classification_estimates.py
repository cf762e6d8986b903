"""Numbers made from a whole confusion matrix, each with the influence of a single item on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cvfail.metrics.classification_rates import RECALL, Outcomes, Rate, ZeroDivision, stand_in
from cvfail.statistics.proportions import Interval, wilson_from_variance

ClassAverage = Literal["macro", "weighted"]
Average = Literal["micro"] | ClassAverage
KappaWeights = Literal["linear", "quadratic"] | None


@dataclass(frozen=True)
class Estimate:
    """A number made from a confusion matrix and how much each item moves it.

    Attributes:
        value: The number; NaN if it is undefined.
        influence: Shape (K, K): the derivative by the count of each cell. Summed over all items it is 0, and
            the sum of squares over independent items (or of squared sums over clusters) is the variance.
        units: Independent units to assume where no variance is visible.
        least_variance: The variance is not taken as less than this.
        low: Least possible value, 0 or -1; the greatest is 1.
        n_defined: Of an average over classes: how many classes have the rate that is averaged.
    """

    value: float
    influence: NDArray[np.float64]
    units: float
    least_variance: float = 0.0
    low: float = 0.0
    n_defined: int = 0

    def interval(self, variance: ArrayLike, *, quantile: ArrayLike) -> Interval:
        """Wilson's interval with the effective number of units, on the range of the estimate."""
        width = 1.0 - self.low
        inside = wilson_from_variance(
            (self.value - self.low) / width,
            np.maximum(variance, self.least_variance) / width**2,
            units=self.units,
            quantile=quantile,
        )
        return Interval(*(self.low + width * bound for bound in inside))

    @classmethod
    def undefined(cls, size: int, *, value: float = np.nan, low: float = 0.0, n_defined: int = 0) -> Estimate:
        """No estimate for a matrix of ``size`` classes, or the one that stands for it."""
        return cls(value, np.zeros((size, size)), np.nan, low=low, n_defined=n_defined)


def share_correct(counts: NDArray[np.int64], *, zero_division: ZeroDivision = None) -> Estimate:
    """Accuracy: the share of items on the diagonal, which is also micro precision, recall and F1.

    Args:
        counts: Shape (K, K), rows true.
        zero_division: Value without items; undefined by default.

    Example:
        >>> share_correct(np.array([[95, 3, 2], [6, 84, 10], [4, 18, 78]])).value
        0.8566666666666667
    """
    size, total = len(counts), float(counts.sum())
    if total == 0.0:
        return Estimate.undefined(size, value=stand_in(zero_division))
    value = float(np.trace(counts)) / total
    return Estimate(value, (np.eye(size) - value) / total, total)


def pooled_rate(counts: NDArray[np.int64], *, rate: Rate, zero_division: ZeroDivision = None) -> Estimate:
    """A rate of the outcomes of all classes added up (micro average).

    Args:
        counts: Shape (K, K), rows true.
        rate: Any of the rates of a class.
        zero_division: Value where the denominator is 0; undefined by default.

    Returns:
        The estimate; of precision, recall and F1 it is the share of items that are right.

    Example:
        >>> pooled_rate(np.array([[4, 1], [1, 2]]), rate=RECALL).value
        0.75
    """
    pool = Outcomes(*(np.asarray(part.sum()) for part in Outcomes.one_versus_rest(counts)))
    below = float(rate.denominator.total(pool))
    if below == 0.0:
        return Estimate.undefined(len(counts), value=stand_in(zero_division))
    value = float(rate.ratio(pool))
    influence = _by_cell(rate, np.full(len(counts), 1.0 / below), np.full(len(counts), value))
    return Estimate(value, influence, units=float(counts.sum()), n_defined=1)


def averaged_rate(
    counts: NDArray[np.int64], *, rate: Rate, average: ClassAverage, zero_division: ZeroDivision = None
) -> Estimate:
    """The average over classes of a rate of one class against the others.

    Args:
        counts: Shape (K, K), rows true.
        rate: Any of the rates of a class.
        average: All classes alike (``macro``), or by their true items (``weighted``).
        zero_division: Value of classes whose rate is undefined; by default they are left out.

    Returns:
        The estimate; undefined, or ``zero_division``, if no class is left or those left have no weight.

    Notes:
        With class ratios p_c = Y_c/N_c and weights W_c, an item of true class t and predicted class q moves
        the average by Σ_c W_c/W · (y_c - p_c n_c)/N_c, where y_c and n_c are the terms of its outcome for
        class c: a true or false positive or negative. If weighted, it also moves it by (p_t - average)/W,
        being one more item of class t. The variance is not taken as less than that of independent items with
        two more successes and two more failures in every class, as by `averaged_ratio`.

    Source: scikit-learn ``precision_recall_fscore_support`` for the averages.

    Example:
        >>> matrix = np.array([[90, 6, 4], [8, 80, 12], [5, 20, 75]])
        >>> round(averaged_rate(matrix, rate=RECALL, average="macro").value, 4)
        0.8167
    """
    outcomes = Outcomes.one_versus_rest(counts)
    ratio, below = rate.ratio(outcomes), rate.denominator.total(outcomes)
    defined = below > 0.0
    ratio = np.where(defined, ratio, stand_in(zero_division))
    weight = np.where(np.isnan(ratio), 0.0, counts.sum(axis=1) if average == "weighted" else 1.0)
    total = weight.sum()
    n_defined = int(defined.sum())
    if total == 0.0:
        return Estimate.undefined(len(counts), value=stand_in(zero_division), n_defined=n_defined)
    share = weight / total
    value = float(np.sum(share * np.nan_to_num(ratio)))
    slope = np.where(defined, share / np.where(defined, below, 1.0), 0.0)
    influence = _by_cell(rate, slope, np.nan_to_num(ratio))
    if average == "weighted":
        influence += np.where(np.isnan(ratio), 0.0, (ratio - value) / total)[:, np.newaxis]
    inverse = float(np.sum(share * slope))
    cautious = (np.nan_to_num(ratio) * below + 2.0) / (below + 4.0)
    return Estimate(
        value,
        influence,
        units=1.0 / inverse if inverse else np.nan,
        least_variance=float(np.sum(share * slope * cautious * (1.0 - cautious))),
        n_defined=n_defined,
    )


def _by_cell(rate: Rate, slope: NDArray[np.float64], ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    """Effect of an item in each cell: its outcome for its true and its predicted class, true negative elsewhere."""
    effect = Outcomes(
        *(slope * (a - ratio * b) for a, b in zip(rate.numerator, rate.denominator, strict=True))
    )
    missed, raised = effect.fn - effect.tn, effect.fp - effect.tn
    influence = np.sum(effect.tn) + np.add.outer(missed, raised)
    np.fill_diagonal(influence, np.sum(effect.tn) + effect.tp - effect.tn)
    return np.asarray(influence, dtype=np.float64)


def balanced_accuracy(counts: NDArray[np.int64], *, zero_division: ZeroDivision = None) -> Estimate:
    """The mean recall of the classes that occur.

    Args:
        counts: Shape (K, K), rows true.
        zero_division: Value without items; undefined by default. Classes that do not occur are left out
            anyway.

    Example:
        >>> round(balanced_accuracy(np.array([[55, 15], [5, 25]])).value, 4)
        0.8095
    """
    if not counts.any():
        return Estimate.undefined(len(counts), value=stand_in(zero_division))
    return averaged_rate(counts, rate=RECALL, average="macro")


def matthews_correlation(counts: NDArray[np.int64], *, zero_division: ZeroDivision = None) -> Estimate:
    """Matthews' correlation between true and predicted class, in [-1, 1].

    Args:
        counts: Shape (K, K), rows true.
        zero_division: Value where all items have one true class or one predicted class; undefined by default.
            scikit-learn takes 0.

    Notes:
        With n items, c of them right, true counts t_k and predicted counts p_k:
        (c·n - Σ p_k t_k) / √((n² - Σ p_k²)(n² - Σ t_k²)).

    Source: Gorodkin, Computational Biology and Chemistry 28 (2004) 367-374.

    Example:
        >>> round(matthews_correlation(np.array([[4, 1], [1, 2]])).value, 4)
        0.4667
    """
    matrix = counts.astype(np.float64)
    true, predicted, n, right = matrix.sum(axis=1), matrix.sum(axis=0), matrix.sum(), np.trace(matrix)
    spread_predicted, spread_true = n * n - predicted @ predicted, n * n - true @ true
    scale = np.sqrt(spread_predicted * spread_true)
    if scale == 0.0:
        return Estimate.undefined(len(counts), value=stand_in(zero_division), low=-1.0)
    value = float((right * n - predicted @ true) / scale)
    slope = n * np.eye(len(counts)) + right - np.add.outer(predicted, true)
    stretch = np.add.outer((n - true) / spread_true, (n - predicted) / spread_predicted)
    return Estimate(value, slope / scale - value * stretch, n, low=-1.0)


def cohen_kappa(
    counts: NDArray[np.int64], *, weights: KappaWeights = None, zero_division: ZeroDivision = None
) -> Estimate:
    """Cohen's kappa: agreement beyond chance, in [-1, 1].

    Args:
        counts: Shape (K, K), rows true.
        weights: How far apart two classes are: all alike, or by the distance of their places in the matrix or
            its square, for ordered classes.
        zero_division: Value where chance leaves no disagreement; undefined by default.

    Notes:
        1 - Σ w O / Σ w E with observed shares O and E the products of the margins.

    Source: Cohen, Educational and Psychological Measurement 20 (1960) 37-46; Psychological Bulletin 70
        (1968).

    Example:
        >>> round(cohen_kappa(np.array([[4, 1], [1, 2]])).value, 4)
        0.4667
    """
    matrix = counts.astype(np.float64)
    true, predicted, n = matrix.sum(axis=1), matrix.sum(axis=0), float(matrix.sum())
    places = np.arange(len(counts), dtype=np.float64)
    distance = np.abs(np.subtract.outer(places, places))
    cost = distance**2 if weights == "quadratic" else distance if weights else (distance > 0).astype(float)
    observed, expected = float((cost * matrix).sum()), float(true @ cost @ predicted)
    if expected == 0.0:
        return Estimate.undefined(len(counts), value=stand_in(zero_division), low=-1.0)
    margin = np.add.outer(cost @ predicted, true @ cost)
    influence = -(observed + n * cost - n * observed * margin / expected) / expected
    return Estimate(1.0 - n * observed / expected, influence, n, low=-1.0)
