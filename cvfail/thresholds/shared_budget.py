"""Thresholds of all classes under one budget of false positives per image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypedDict

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.errors import PolicyError, QueryError
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.metrics.curves.grouped_scores import GroupedScores
from cvfail.metrics.curves.score_curve import ScoreCurve, ratio
from cvfail.tables.result import ResultTable
from cvfail.thresholds.operating_points import require_known_of_predictions
from cvfail.thresholds.thresholds import Thresholds, describe_without_score

Numbers = NDArray[np.float64]

_REJECT_ALL = -1


class BudgetOptions(TypedDict, total=False):
    """Options of `shared_budget`."""

    by: Sequence[str]
    values: Mapping[str, float] | None
    false_positive_cost: float
    min_precision: float | None
    min_recall: float | None


class SharedBudget(ResultTable):
    """Thresholds that share a budget.

    Attributes:
        df: One row per group; see `shared_budget`.
        caption: Objective and policy.
        multiplier: What one more false positive would bring in value; null if the budget holds all that is worth it.
        value: Value of all objects that are found.
        bound: No thresholds whatever within the budget have a larger value.
        false_positives_per_image: What is spent of the budget; null if even the least that the conditions need
            exceeds it.
        thresholds: The same as an object that can be written, applied and tried out.
    """

    def __init__(
        self,
        df: pl.DataFrame,
        *,
        caption: str,
        spent: Spent | None,
        images: int,
        thresholds: Thresholds,
    ) -> None:
        super().__init__(df, caption=caption)
        self.multiplier = None if spent is None else spent.multiplier
        self.value = None if spent is None else spent.value
        self.bound = None if spent is None else spent.bound
        self.false_positives_per_image = None if spent is None else spent.wrong / images
        self.thresholds = thresholds


@dataclass(frozen=True)
class Spent:
    """How a budget is divided.

    Attributes:
        places: The chosen point of each curve; -1 for rejecting everything.
        wrong: False positives of all together.
        value: Value of all together.
        bound: Value of the best mixture of thresholds within the budget.
        multiplier: Value per false positive of the first step that is not taken; None if all are.
    """

    places: list[int]
    wrong: float
    value: float
    bound: float
    multiplier: float | None


def shared_budget(
    point: OperatingPoint,
    *,
    max_false_positives: float,
    by: Sequence[str] = ("category",),
    values: Mapping[str, float] | None = None,
    false_positive_cost: float = 0.0,
    min_precision: float | None = None,
    min_recall: float | None = None,
) -> SharedBudget:
    """Find as many objects as possible with so many false positives per image in all groups together.

    Args:
        point: The evaluation; its score threshold is not looked at.
        max_false_positives: False positives per image of all groups together.
        by: ``category`` and attributes of the images.
        values: What finding an object of a class is worth; 1 for those not named. ``1 / objects`` makes the mean of
            the recalls largest.
        false_positive_cost: What a false positive takes from the value, beside its place in the budget.
        min_precision: Each group's precision must reach this, unless it rejects everything.
        min_recall: Each group's recall must reach this.

    Returns:
        The columns of `by`, then threshold (infinite for rejecting everything, null if there is none), tp, fp, fn,
        precision, recall, false_positives_per_image (of this group, over all images), support, and reason: why a
        group has no threshold. Without a division that meets all conditions every threshold is null.

    Raises:
        PolicyError: The budget or a value has no meaning.
        QueryError: `by` names an attribute that an unknown prediction does not have, or `values` an unknown class.

    Notes:
        Maximises Σ value · TP - cost · FP subject to Σ FP <= budget · images. Each group's thresholds are points
        (FP, value); the corners of their upper concave hulls are steps of falling value per false positive, which
        are taken in that order over all groups as long as they fit: one multiplier for all. For what is then spent
        no other thresholds are worth more. `bound` says how much is lost to the step that did not fit.

    Source: Everett, Generalized Lagrange multiplier method, Operations Research 11 (1963) 399-417; for hulls, Provost
    and Fawcett, Robust classification for imprecise environments (2001). Cost: one sort of the predictions.
    """
    names = list(dict.fromkeys(by))
    require_known_of_predictions(point, names)
    if not 0.0 <= max_false_positives < np.inf or not 0.0 <= false_positive_cost < np.inf:
        raise PolicyError("the budget and the cost of false positives must be numbers >= 0")
    grouped = GroupedScores.of(point, names)
    worth = _worth(point, grouped.keys, values or {})
    curves = [group.curve for group in grouped.groups]
    images = len(point.evidence.images)
    allowed = [_allowed(curve, min_precision, min_recall) for curve in curves]
    missing = [not own.size for own in allowed]
    gains = [
        Gains.of(curve, own, value=value, cost=false_positive_cost)
        for curve, own, value in zip(curves, allowed, worth, strict=True)
    ]
    spent = None if any(missing) else divide(gains, budget=max_false_positives * images)
    df = _table(grouped, curves, spent, missing, images)
    said = (
        f"most objects with at most {max_false_positives:g} false positives per image in all groups together"
    )
    return SharedBudget(
        df,
        caption=f"{said}; {describe_without_score(point)}",
        spent=spent,
        images=max(images, 1),
        thresholds=Thresholds.of_groups(
            point, df.select(*grouped.keys.columns, "threshold"), default=np.nan, objective=said
        ),
    )


@dataclass(frozen=True)
class Gains:
    """The thresholds that a group may have, by rising number of false positives.

    Attributes:
        places: Points of the curve, -1 for rejecting everything, shape (n,).
        wrong: False positives at each, shape (n,).
        value: Value at each, shape (n,).
    """

    places: NDArray[np.int64]
    wrong: Numbers
    value: Numbers

    @classmethod
    def of(cls, curve: ScoreCurve, allowed: NDArray[np.int64], *, value: float, cost: float) -> Gains:
        """Look up allowed points of a curve."""
        right = np.append(curve.right, 0.0)[allowed]
        wrong = np.append(curve.wrong, 0.0)[allowed]
        return cls(allowed, wrong, value * right - cost * wrong)

    def corners(self) -> NDArray[np.int64]:
        """Where the upper concave hull of value over false positives has its corners, from the fewest on."""
        hull: list[int] = []
        for i in range(self.places.size):
            if hull and self.wrong[i] == self.wrong[hull[-1]] and self.value[i] > self.value[hull[-1]]:
                hull.pop()
            if hull and self.value[i] <= self.value[hull[-1]]:
                continue
            while len(hull) > 1 and self._slope(hull[-1], i) >= self._slope(hull[-2], hull[-1]):
                hull.pop()
            hull.append(i)
        return np.array(hull, np.int64)

    def _slope(self, first: int, second: int) -> float:
        return float((self.value[second] - self.value[first]) / (self.wrong[second] - self.wrong[first]))


def divide(gains: Sequence[Gains], *, budget: float) -> Spent | None:
    """Divide a number of false positives among groups.

    Args:
        gains: What each group may have, one threshold at least.
        budget: False positives in all.

    Returns:
        The division; None if the fewest false positives of all groups exceed the budget.

    Example:
        >>> own = Gains(np.arange(-1, 2), np.array([0.0, 1.0, 4.0]), np.array([0.0, 3.0, 4.0]))
        >>> spent = divide([own, own], budget=3)
        >>> spent.places, spent.value, round(spent.bound, 3), round(spent.multiplier, 3)
        ([0, 0], 6.0, 6.333, 0.333)
    """
    corners = [own.corners() for own in gains]
    at = [0] * len(gains)
    wrong = sum(float(own.wrong[hull[0]]) for own, hull in zip(gains, corners, strict=True))
    value = sum(float(own.value[hull[0]]) for own, hull in zip(gains, corners, strict=True))
    if wrong > budget:
        return None
    steps = sorted(
        (-(own.value[b] - own.value[a]) / (own.wrong[b] - own.wrong[a]), group, place)
        for group, (own, hull) in enumerate(zip(gains, corners, strict=True))
        for place, (a, b) in enumerate(pairwise(hull.tolist()))
    )
    bound, multiplier = value, None
    for negative_slope, group, place in steps:
        own, hull = gains[group], corners[group]
        more = float(own.wrong[hull[place + 1]] - own.wrong[hull[place]])
        if wrong + more > budget:
            multiplier = -float(negative_slope)
            bound = value + multiplier * (budget - wrong)
            break
        at[group] = place + 1
        wrong += more
        value += float(own.value[hull[place + 1]] - own.value[hull[place]])
        bound = value
    places = [int(own.places[hull[i]]) for own, hull, i in zip(gains, corners, at, strict=True)]
    return Spent(places, wrong, value, bound, multiplier)


def _allowed(curve: ScoreCurve, min_precision: float | None, min_recall: float | None) -> NDArray[np.int64]:
    """Points of a curve that meet the conditions, rejecting everything among them if recall has none."""
    fits = np.ones(curve.scores.size, np.bool_)
    if min_precision is not None:
        fits &= curve.precision >= min_precision
    if min_recall is not None:
        fits &= curve.recall >= min_recall
    found = np.flatnonzero(fits)
    return found if min_recall else np.concatenate([[_REJECT_ALL], found])


def _worth(point: OperatingPoint, keys: pl.DataFrame, values: Mapping[str, float]) -> list[float]:
    known = point.evidence.category_names
    unknown = [name for name in values if name not in known or "category" not in keys.columns]
    if unknown:
        raise QueryError(f"there is no class {unknown[0]!r} to value. Hint: one of {', '.join(known)}")
    if any(not 0.0 <= value < np.inf for value in values.values()):
        raise PolicyError(f"the values of objects must be numbers >= 0; found {dict(values)}")
    if "category" not in keys.columns:
        return [1.0] * len(keys)
    return [values.get(name, 1.0) for name in keys["category"]]


def _table(
    grouped: GroupedScores,
    curves: Sequence[ScoreCurve],
    spent: Spent | None,
    missing: Sequence[bool],
    images: int,
) -> pl.DataFrame:
    """One row per group."""
    places = np.full(len(curves), _REJECT_ALL) if spent is None else np.array(spent.places, np.int64)
    right, wrong, scores = (
        np.array([np.append(values, end)[place] for values, place in zip(of_curves, places, strict=True)])
        for of_curves, end in (
            ([curve.right for curve in curves], 0.0),
            ([curve.wrong for curve in curves], 0.0),
            ([curve.scores for curve in curves], np.inf),
        )
    )
    objects = np.array([curve.objects for curve in curves], np.float64)
    numbers = {
        "threshold": scores,
        "tp": right,
        "fp": wrong,
        "fn": objects - right,
        "precision": ratio(right, right + wrong),
        "recall": ratio(right, objects),
        "false_positives_per_image": ratio(wrong, np.full(wrong.shape, float(images))),
    }
    frame = pl.DataFrame({name: values.astype(np.float64) for name, values in numbers.items()})
    frame = frame.with_columns(pl.all().fill_nan(None)).cast(dict.fromkeys(("tp", "fp", "fn"), pl.Int64))
    if spent is None:
        frame = frame.clear(len(frame))
    return pl.concat(
        [
            grouped.keys,
            frame,
            pl.DataFrame(
                {
                    "support": pl.Series(objects, dtype=pl.Int64),
                    "reason": pl.Series(_reasons(spent, missing), dtype=pl.String),
                }
            ),
        ],
        how="horizontal",
    )


def _reasons(spent: Spent | None, missing: Sequence[bool]) -> list[str | None]:
    """Why each group has no threshold."""
    if spent is not None:
        return [None] * len(missing)
    if not any(missing):
        return ["the conditions need more false positives than the budget has"] * len(missing)
    return [
        "no threshold meets the conditions" if own else "another group has no threshold" for own in missing
    ]
