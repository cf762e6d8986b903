"""Classification from counts alone: a confusion matrix, or four numbers, as tables of rates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from cvfail.errors import QueryError
from cvfail.metrics.classification_estimates import (
    Average,
    Estimate,
    averaged_rate,
    balanced_accuracy,
    cohen_kappa,
    matthews_correlation,
    pooled_rate,
    share_correct,
)
from cvfail.metrics.classification_items import Labels, label_codes
from cvfail.metrics.classification_rates import (
    AVERAGED_RATES,
    RATES,
    TABLE_RATES,
    Outcomes,
    ZeroDivision,
)
from cvfail.metrics.confusion import ConfusionMatrix
from cvfail.statistics.proportions import Interval
from cvfail.statistics.quantiles import normal_quantile
from cvfail.tables.arrays import read_only

AGREEMENTS: dict[str, Callable[..., Estimate]] = {
    "accuracy": share_correct,
    "balanced_accuracy": balanced_accuracy,
    "matthews_correlation": matthews_correlation,
    "cohen_kappa": cohen_kappa,
}
"""Numbers about a whole confusion matrix, by the name that tables give them."""

_INTERVAL = "wilson"
"""How every interval of this module is made: units are taken as independent."""


@dataclass(frozen=True)
class ClassificationCounts:
    """A confusion matrix of a classification and the rates that follow from it.

    Intervals are Wilson's and take items as independent, since counts do not say which items belong together;
    with rows at hand, `classification_metrics` clusters by image.

    Attributes:
        counts: Shape (K, K), int64, read-only; row i is the true class, column j the predicted one.
        labels: The K class names.

    Example:
        >>> signs = ClassificationCounts.from_counts(
        ...     [[95, 3, 2], [6, 84, 10], [4, 18, 78]], ["Stop", "Speed", "Yield"]
        ... )
        >>> signs.by_category().select("category", "recall", pl.col("precision").round(3)).rows()
        [('Stop', 0.95, 0.905), ('Speed', 0.84, 0.8), ('Yield', 0.78, 0.867)]
        >>> signs.confusion_matrix().most_confused(2).df.select("true", "predicted", "count").rows()
        [('Yield', 'Speed', 18), ('Speed', 'Yield', 10)]
    """

    counts: NDArray[np.int64]
    labels: tuple[str, ...]

    @classmethod
    def from_counts(cls, counts: ArrayLike, labels: Sequence[str]) -> ClassificationCounts:
        """Check and wrap a matrix of counts.

        Args:
            counts: Shape (K, K), whole and not negative; rows true, columns predicted.
            labels: K different class names.

        Raises:
            QueryError: Shape and labels do not fit, labels repeat, or a count is negative or not whole.
        """
        given = np.asarray(counts).reshape(0, 0) if not len(labels) else np.asarray(counts)
        if given.shape != (len(labels), len(labels)):
            raise QueryError(f"counts of shape {given.shape} do not fit {len(labels)} labels")
        if len(set(labels)) != len(labels):
            raise QueryError(f"labels must differ; found {list(labels)}")
        if not (np.isfinite(given) & (given >= 0) & (given == np.floor(given))).all():
            raise QueryError("counts must be whole numbers, not negative. Hint: give counts, not shares")
        return cls(read_only(given.astype(np.int64)), tuple(labels))

    @classmethod
    def from_rows(
        cls,
        frame: pl.DataFrame,
        labels: Labels,
        *,
        true: str = "true",
        predicted: str = "predicted",
    ) -> ClassificationCounts:
        """Count rows.

        Args:
            frame: One row per item.
            labels: Class names or ids as they stand in the columns, in the order of the matrix. Rows with
                another value or null on either side are not counted.
            true: Column of the true class.
            predicted: Column of the predicted class.

        Example:
            >>> frame = pl.DataFrame({"true": ["a", "a", "b"], "predicted": ["a", "b", "b"]})
            >>> ClassificationCounts.from_rows(frame, ["a", "b"]).counts.tolist()
            [[1, 1], [0, 1]]
        """
        size = len(labels)
        codes = label_codes(frame, labels, true, predicted).drop_nulls()
        cells = codes["_true"].to_numpy() * size + codes["_predicted"].to_numpy()
        counts = np.bincount(cells, minlength=size * size).reshape(size, size)
        return cls.from_counts(counts, [str(label) for label in labels])

    def confusion_matrix(self) -> ConfusionMatrix:
        """The counts with everything that a confusion matrix answers: long, wide, shares, most confused pairs."""
        return ConfusionMatrix(self.counts, self.labels)

    def by_category(self, *, zero_division: ZeroDivision = None, confidence: float = 0.95) -> pl.DataFrame:
        """Every class against the others.

        Args:
            zero_division: Value of undefined rates; null by default.
            confidence: Coverage of the intervals, in (0, 1).

        Returns:
            One row per class: category; tp, fp, fn, tn; precision, recall, f1, specificity and accuracy, each
            with ``_lower`` and ``_upper``; support (tp + fn), predicted (tp + fp), interval (``wilson``). A
            rate with denominator 0 is null (or ``zero_division``) with the interval (0, 1).
        """
        outcomes = Outcomes.one_versus_rest(self.counts)
        columns = [pl.Series("category", self.labels, dtype=pl.String), *_counted(outcomes)]
        for rate in TABLE_RATES:
            interval = rate.interval(outcomes, zero_division=zero_division, confidence=confidence)
            columns += _columns(rate.name, interval)
        return _with_totals(pl.DataFrame(columns))

    def average(
        self, average: Average, *, zero_division: ZeroDivision = None, confidence: float = 0.95
    ) -> pl.DataFrame:
        """The rates averaged over classes.

        Args:
            average: All classes alike (``macro``), by their support (``weighted``), or their outcomes pooled
                (``micro``).
            zero_division: Value of classes whose rate is undefined; by default they are left out.
            confidence: Coverage of the intervals, in (0, 1).

        Returns:
            One row: tp, fp, fn and tn summed over classes; precision, recall, f1 and specificity, each with
            ``_lower``, ``_upper`` and ``_n_defined`` (classes whose rate is defined, 1 for a pool); accuracy,
            the share of all items that are right, with its bounds; support and predicted (all items),
            interval. Bounds are null where the average is undefined or consists of ``zero_division`` alone.

        Example:
            >>> counts = ClassificationCounts.from_counts([[2, 0, 0], [1, 0, 0], [0, 0, 0]], ["a", "b", "c"])
            >>> counts.average("macro").select("precision", "precision_n_defined", "f1", "f1_n_defined").rows()
            [(0.6666666666666666, 1, 0.4, 2)]
        """
        columns = _counted(Outcomes(*(part.sum() for part in Outcomes.one_versus_rest(self.counts))))
        for rate in AVERAGED_RATES:
            number = pooled_rate if average == "micro" else partial(averaged_rate, average=average)
            estimate = number(self.counts, rate=rate, zero_division=zero_division)
            columns += _columns(rate.name, self._interval(estimate, confidence))
            columns.append(pl.Series(f"{rate.name}_n_defined", [estimate.n_defined], dtype=pl.Int64))
        accuracy = share_correct(self.counts, zero_division=zero_division)
        columns += _columns("accuracy", self._interval(accuracy, confidence))
        return _with_totals(pl.DataFrame(columns))

    def agreement(self, *, zero_division: ZeroDivision = None, confidence: float = 0.95) -> pl.DataFrame:
        """Numbers about the whole matrix.

        Args:
            zero_division: Value where a number is undefined; null by default.
            confidence: Coverage of the intervals, in (0, 1).

        Returns:
            Four rows, for accuracy, balanced_accuracy, matthews_correlation and cohen_kappa: metric,
            estimate, lower, upper, support (items), interval (``wilson``, with the effective number of
            items).

        Example:
            >>> counts = ClassificationCounts.from_counts([[4, 1], [1, 2]], ["no", "yes"])
            >>> counts.agreement().select("metric", pl.col("estimate").round(3)).rows()
            [('accuracy', 0.75), ('balanced_accuracy', 0.733), ('matthews_correlation', 0.467),
             ('cohen_kappa', 0.467)]
        """
        rows = [
            (name, *_scalars(self._interval(number(self.counts, zero_division=zero_division), confidence)))
            for name, number in AGREEMENTS.items()
        ]
        return _long(rows, [int(self.counts.sum())] * len(rows))

    def _interval(self, estimate: Estimate, confidence: float) -> Interval:
        variance = float((self.counts * estimate.influence**2).sum())
        return estimate.interval(variance, quantile=normal_quantile(confidence))


def rates_from_counts(
    tp: int,
    fp: int,
    fn: int,
    tn: int | None = None,
    *,
    zero_division: ZeroDivision = None,
    confidence: float = 0.95,
) -> pl.DataFrame:
    """All rates of a binary classification, or of a detection, from its counts.

    Args:
        tp: True positives.
        fp: False positives.
        fn: False negatives.
        tn: True negatives; not given for detection, where nobody can count them.
        zero_division: Value of undefined rates; null by default.
        confidence: Coverage of the intervals, in (0, 1).

    Returns:
        One row per number, in this order: precision, recall, f1, specificity, accuracy,
        negative_predictive_value, false_positive_rate, false_negative_rate, jaccard, prevalence,
        balanced_accuracy, matthews_correlation, cohen_kappa. Columns: metric, estimate, lower, upper, support
        (units in the denominator), interval (``wilson``). Without ``tn`` the numbers that need it are null,
        with null bounds. With denominator 0 a rate is null (or ``zero_division``), its bounds (0, 1).

    Raises:
        QueryError: A count is negative.

    Notes:
        The formulas are those of `Rate` and `ClassificationCounts.agreement`. Units are taken as independent.

    Example:
        >>> table = rates_from_counts(tp=420, fp=140, fn=60, tn=380)
        >>> table.head(4).select("metric", pl.col("estimate", "lower", "upper").round(4)).rows()
        [('precision', 0.75, 0.7125, 0.7841), ('recall', 0.875, 0.8424, 0.9016),
         ('f1', 0.8077, 0.7802, 0.8325), ('specificity', 0.7308, 0.6911, 0.7671)]
    """
    if min(tp, fp, fn, tn or 0) < 0:
        raise QueryError(f"counts must not be negative; found tp={tp}, fp={fp}, fn={fn}, tn={tn}")
    outcomes = Outcomes.of(tp, fp, fn, tn)
    rows, support = [], []
    for rate in RATES:
        interval = rate.interval(outcomes, zero_division=zero_division, confidence=confidence)
        rows.append((rate.name, *_scalars(interval)))
        units = sum(count for term, count in zip(rate.denominator, outcomes, strict=True) if term)
        support.append(None if np.isnan(units) else int(units))
    table = _long(rows, support)
    if tn is None:
        unknown = [(name, np.nan, np.nan, np.nan) for name in AGREEMENTS if name != "accuracy"]
        return pl.concat([table, _long(unknown, [None] * len(unknown))])
    matrix = ClassificationCounts.from_counts([[tn, fp], [fn, tp]], ["negative", "positive"])
    agreement = matrix.agreement(zero_division=zero_division, confidence=confidence)
    return pl.concat([table, agreement.filter(pl.col("metric") != "accuracy")])


def _counted(outcomes: Outcomes) -> list[pl.Series]:
    return [
        pl.Series(name, np.atleast_1d(count)).cast(pl.Int64) for name, count in outcomes._asdict().items()
    ]


def _columns(name: str, interval: Interval) -> list[pl.Series]:
    values = zip((name, f"{name}_lower", f"{name}_upper"), interval, strict=True)
    return [pl.Series(column, np.atleast_1d(value)).fill_nan(None) for column, value in values]


def _with_totals(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        support=pl.col("tp") + pl.col("fn"),
        predicted=pl.col("tp") + pl.col("fp"),
        interval=pl.lit(_INTERVAL),
    )


def _scalars(interval: Interval) -> tuple[float, float, float]:
    estimate, lower, upper = (float(value) for value in interval)
    return estimate, lower, upper


def _long(rows: Sequence[tuple[str, float, float, float]], support: Sequence[int | None]) -> pl.DataFrame:
    numbers = ("estimate", "lower", "upper")
    frame = pl.DataFrame(
        list(rows), schema={"metric": pl.String, **dict.fromkeys(numbers, pl.Float64)}, orient="row"
    ).with_columns(pl.col(numbers).fill_nan(None), pl.Series("support", support, dtype=pl.Int64))
    return frame.with_columns(interval=pl.when(pl.col("lower").is_not_null()).then(pl.lit(_INTERVAL)))
