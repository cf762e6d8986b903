"""Receiver operating characteristic of scores: points, area, and the step-wise area of precision against recall."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cvfail.metrics.curves.score_curve import ScoreCurve

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class RocPoints:
    """Rates at thresholds, from rejecting everything on.

    Attributes:
        thresholds: Infinite, then the distinct scores, descending, shape (n + 1,).
        false_positive_rate: Share of negatives with at least this score; NaN without negatives.
        true_positive_rate: Share of positives with at least this score; NaN without positives.
    """

    thresholds: Numbers
    false_positive_rate: Numbers
    true_positive_rate: Numbers


def roc_points(scores: ArrayLike, positive: ArrayLike, *, collinear: bool = True) -> RocPoints:
    """The points of the receiver operating characteristic; equal scores are one point.

    Args:
        scores: Higher for positives, shape (n,).
        positive: Shape (n,).
        collinear: Whether scores are kept on whose two sides the curve takes the same step; the area is the same.

    Source: scikit-learn 1.9 ``roc_curve``. Cost: one sort.

    Example:
        >>> points = roc_points([0.9, 0.8, 0.8, 0.1], [True, True, False, False])
        >>> points.thresholds.tolist(), points.false_positive_rate.tolist(), points.true_positive_rate.tolist()
        ([inf, 0.9, 0.8, 0.1], [0.0, 0.0, 0.5, 1.0], [0.0, 0.5, 1.0, 1.0])
    """
    right = np.asarray(positive, np.bool_)
    curve = ScoreCurve.of(scores, right, objects=int(right.sum()))
    kept = np.ones(curve.scores.size, np.bool_)
    if not collinear and kept.size > 2:
        kept[1:-1] = (np.diff(curve.wrong, 2) != 0) | (np.diff(curve.right, 2) != 0)
    found, wrong = np.append(0.0, curve.right[kept]), np.append(0.0, curve.wrong[kept])
    thresholds = np.append(np.inf, curve.scores[kept])
    positives, negatives = int(right.sum()), int((~right).sum())
    return RocPoints(
        thresholds,
        wrong / negatives if negatives else np.full(wrong.shape, np.nan),
        found / positives if positives else np.full(found.shape, np.nan),
    )


def roc_area(scores: ArrayLike, positive: ArrayLike) -> float | None:
    """Probability that a positive has a higher score than a negative, ties counted half; None without either.

    Source: Hanley and McNeil, Radiology 143 (1982) 29-36.

    Example:
        >>> roc_area([0.9, 0.8, 0.8, 0.1], [True, True, False, False])
        0.875
    """
    points = roc_points(scores, positive)
    area = float(np.trapezoid(points.true_positive_rate, points.false_positive_rate))
    return None if np.isnan(area) else area


def one_vs_one_area(probabilities: ArrayLike, label: ArrayLike) -> float | None:
    """Mean area over all pairs of classes, among the items of the two, by the score of either.

    Args:
        probabilities: Shape (n, K).
        label: Column of the true class, shape (n,).

    Returns:
        None if fewer than two classes have items.

    Source: Hand and Till, Machine Learning 45 (2001) 171-186.

    Example:
        >>> one_vs_one_area([[0.7, 0.3], [0.6, 0.4], [0.4, 0.6]], [0, 0, 1])
        1.0
    """
    matrix, truth = np.asarray(probabilities, np.float64), np.asarray(label)
    areas = []
    for first, second in combinations(np.unique(truth).tolist(), 2):
        own = (truth == first) | (truth == second)
        areas += [roc_area(matrix[own, code], truth[own] == code) for code in (first, second)]
    return float(np.mean(np.array(areas, np.float64))) if areas else None


def step_average_precision(
    scores: ArrayLike, right: ArrayLike, *, objects: int | None = None
) -> float | None:
    """The sum of precision over the steps of recall, neither interpolated nor made to fall.

    Args:
        scores: Shape (n,).
        right: Which predictions are right, shape (n,).
        objects: How many there are to find; as many as are right if not given.

    Returns:
        Σ (R_i - R_{i-1}) P_i over distinct scores; None without objects.

    Source: scikit-learn 1.9 ``average_precision_score``.

    Example:
        >>> step_average_precision([0.9, 0.8, 0.7], [True, False, True]).__round__(4)
        0.8333
    """
    hits = np.asarray(right, np.bool_)
    curve = ScoreCurve.of(scores, hits, objects=int(hits.sum()) if objects is None else objects)
    return float(np.diff(curve.recall, prepend=0.0) @ curve.precision) if curve.objects else None
