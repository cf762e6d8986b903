"""What other thresholds would change: rates, confusions, failure modes and rows, without matching again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.errors import PolicyError
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.failures.costs import Costs
from cvfail.failures.errors_of_rows import RowErrors
from cvfail.failures.modes import failure_modes
from cvfail.metrics.confusion import confusion_matrix
from cvfail.metrics.rates import CLUSTER, RATES, cluster_counts, rates
from cvfail.statistics.resampling import bootstrap_difference
from cvfail.tables.result import ResultTable
from cvfail.thresholds.thresholded_point import ThresholdedPoint
from cvfail.thresholds.thresholds import Thresholds

_COUNTS = ("tp", "fp", "fn")


def what_if(point: OperatingPoint, thresholds: Thresholds | float) -> WhatIf:
    """Replay other thresholds on the stored outcomes.

    Args:
        point: The evaluation as it is, at its score threshold.
        thresholds: Of everything, or by class and slice.

    Returns:
        Before and after; every question is answered when it is asked.

    Raises:
        PolicyError: Thresholds were chosen at another overlap.

    Notes:
        Matching goes through the predictions of an image and a class in descending score, so that dropping those
        below a threshold of class and image leaves all others as they are: exact, not an approximation.

    Example:
        >>> import cvfail as cf
        >>> box = [[5, 5, 4, 4]]
        >>> truth = {"image_id": [1, 2], "category_id": [1, 1], "bbox": box * 2}
        >>> found = truth | {"score": [0.9, 0.2]}
        >>> evaluation = cf.evaluate(cf.from_frames(ground_truth=truth, predictions=found, box_format="xywh"))
        >>> changed = what_if(OperatingPoint.of(evaluation.evidence), Thresholds(0.1))
        >>> changed.metrics().df.select("metric", "before", "after").row(1)
        ('recall', 0.5, 1.0)
    """
    if not isinstance(thresholds, Thresholds):
        thresholds = Thresholds(float(thresholds))
    if thresholds.iou is not None and abs(thresholds.iou - point.iou) > 1e-12:
        raise PolicyError(
            f"the thresholds were chosen at IoU {thresholds.iou:g}, the evaluation is asked at {point.iou:g}. "
            f"Hint: iou={thresholds.iou:g}"
        )
    return WhatIf(point, ThresholdedPoint.at(point, thresholds))


class WhatIf:
    """An evaluation before and after a change of thresholds.

    Attributes:
        before: The operating point as it is.
        after: The operating point at the other thresholds; every function that takes one answers for it.
        thresholds: The other thresholds.
    """

    def __init__(self, before: OperatingPoint, after: ThresholdedPoint) -> None:
        self.before = before
        self.after = after
        self.thresholds = after.thresholds

    def __repr__(self) -> str:
        return f"{self.thresholds!r}\n{self.metrics()!r}"

    def metrics(
        self,
        *,
        by: Sequence[str] = (),
        replicates: int = 1000,
        confidence: float = 0.95,
        seed: int = 0,
    ) -> ResultTable:
        """Counts and rates before and after.

        Args:
            by: As in `Evaluation.metrics`.
            replicates: Bootstrap replicates of the images for the interval of a change.
            confidence: Of the interval.
            seed: Of the weights.

        Returns:
            One row per group and metric (precision, recall, f1, tp, fp, fn): the columns of `by`, metric, before,
            after, change, change_lower, change_upper (null for counts), support. Null where a rate is undefined.
        """
        names = list(dict.fromkeys(by))
        sides = [rates(point, by=names).df for point in (self.before, self.after)]
        wanted = [*RATES, *_COUNTS]
        long = [
            side.select(*names, "support", *wanted)
            .with_columns(pl.col(_COUNTS).cast(pl.Float64))
            .unpivot(wanted, index=[*names, "support"], variable_name="metric", value_name=when)
            for side, when in zip(sides, ("before", "after"), strict=True)
        ]
        keys = [*names, "metric"]
        frame = long[0].join(
            long[1].select(*keys, "after"), on=keys, how="left", nulls_equal=True, maintain_order="left"
        )
        units = self._units(names)
        bounds = [self._change(units, name, names, replicates, confidence, seed) for name in RATES]
        frame = frame.join(pl.concat(bounds), on=keys, how="left", nulls_equal=True, maintain_order="left")
        order = pl.col("metric").replace_strict({name: i for i, name in enumerate(wanted)})
        frame = (
            frame.with_columns(change=pl.col("after") - pl.col("before"), order=order)
            .with_columns(
                pl.when(pl.col("change").is_not_null()).then(pl.col("change_lower", "change_upper"))
            )
            .sort(*names, "order", nulls_last=True, maintain_order=True)
            .select(*keys, "before", "after", "change", "change_lower", "change_upper", "support")
        )
        return ResultTable(frame, caption=self._caption(f"{confidence:.0%} intervals of the change by image"))

    @cached_property
    def confusions(self) -> ResultTable:
        """The cells of the confusion matrix that change, the largest change first.

        Columns: true, predicted, before, after, change.
        """
        sides = [confusion_matrix(point) for point in (self.before, self.after)]
        labels = sides[0].labels if len(sides[0].labels) >= len(sides[1].labels) else sides[1].labels
        before, after = (_padded(side.counts, len(labels)) for side in sides)
        true, predicted = np.nonzero(before != after)
        names = pl.Series(labels, dtype=pl.String)
        frame = pl.DataFrame(
            {
                "true": names.gather(true),
                "predicted": names.gather(predicted),
                "before": pl.Series(before[true, predicted], dtype=pl.Int64),
                "after": pl.Series(after[true, predicted], dtype=pl.Int64),
            }
        ).with_columns(change=pl.col("after") - pl.col("before"))
        frame = frame.sort(pl.col("change").abs(), descending=True, maintain_order=True)
        return ResultTable(frame, caption=self._caption("cells of the confusion matrix that change"))

    def failure_modes(
        self,
        *,
        attributes: Sequence[str] | None = None,
        costs: Costs | None = None,
        max_order: int = 2,
        level: float = 0.05,
        min_support: int = 20,
    ) -> ResultTable:
        """The failure modes of now, counted again at the other thresholds.

        Args:
            attributes: As in `Evaluation.failure_modes`; the other options likewise.
            costs: What errors cost.
            max_order: How many attributes a slice may fix.
            level: Modes with a q-value below it are significant.
            min_support: Slices with fewer units are not looked at.

        Returns:
            One row per mode, in the order of their ranks before: rank, mode, error, slice, support,
            errors_before, errors_after, change, rate_before, rate_after, excess_before, excess_after, significant
            (before). Modes are those that are found before; new ones are found by `failure_modes(what_if.after)`.
        """
        found = failure_modes(
            self.before,
            attributes=attributes,
            costs=costs,
            max_order=max_order,
            level=level,
            min_support=min_support,
        )
        known = RowErrors(self.after)
        told = [one.at(known).against_rest() for one in found.errors]
        frame = found.df.select(
            "rank",
            "mode",
            "error",
            "slice",
            "support",
            errors_before="errors",
            errors_after=pl.Series([int(row["errors"] or 0) for row in told], dtype=pl.Int64),
            rate_before="rate",
            rate_after=pl.Series([row["rate"] for row in told], dtype=pl.Float64),
            excess_before="excess_errors",
            excess_after=pl.Series([row["excess_errors"] for row in told], dtype=pl.Float64),
            significant="significant",
        )
        frame = frame.with_columns(change=pl.col("errors_after") - pl.col("errors_before"))
        order = [name for name in frame.columns if name != "change"]
        order.insert(order.index("errors_after") + 1, "change")
        return ResultTable(
            frame.select(order), caption=self._caption("failure modes of before, counted again")
        )

    @cached_property
    def changed(self) -> ResultTable:
        """The predictions that count on one side only, with ``change`` (``dropped`` or ``added``) and outcome.

        Columns are those of `Evaluation.predictions_at`; outcome, error_type, target_index and overlap are of the
        side on which it counts.
        """
        frames = []
        for block, before in self.before.blocks():
            after = self.after.on(block)
            sides = (("dropped", before, after), ("added", after, before))
            for change, own, other in sides:
                rows = own.all_predictions.filter(pl.Series(own.kept & ~other.kept))
                frames.append(block.as_in_the_whole(rows).with_columns(change=pl.lit(change)))
        frame = pl.concat(frames).sort("prediction_index")
        return ResultTable(frame, caption=self._caption("predictions that count on one side only"))

    def _change(
        self, units: pl.DataFrame, name: str, by: Sequence[str], replicates: int, confidence: float, seed: int
    ) -> pl.DataFrame:
        """The interval of the change of a rate in each group."""
        ratio = bootstrap_difference(
            units,
            numerators=(f"{name}:above:before", f"{name}:above:after"),
            denominators=(f"{name}:below:before", f"{name}:below:after"),
            cluster=CLUSTER,
            by=by,
            replicates=replicates,
            confidence=confidence,
            seed=seed,
        )
        return ratio.select(*by, pl.lit(name).alias("metric"), change_lower="lower", change_upper="upper")

    def _units(self, by: Sequence[str]) -> pl.DataFrame:
        """Numerators and denominators of each cluster and group on both sides."""
        grain = [*by, CLUSTER]
        sides = []
        for when, point in (("before", self.before), ("after", self.after)):
            parts = point.over_blocks(lambda part: cluster_counts(part, by, grain))
            counts = pl.concat(parts).group_by(grain, maintain_order=True).agg(pl.col(_COUNTS).sum())
            columns = [
                expression.alias(f"{name}:{part}:{when}")
                for name, pair in RATES.items()
                for part, expression in zip(("above", "below"), pair, strict=True)
            ]
            sides.append(counts.select(*grain, *columns))
        joined = sides[0].join(sides[1], on=grain, how="full", coalesce=True, nulls_equal=True)
        return joined.with_columns(pl.exclude(grain).fill_null(0)).sort(grain, nulls_last=True)

    def _caption(self, what: str) -> str:
        return f"before: {self.before.describe()}; after: {self.after.describe()}; {what}"


def _padded(counts: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """The same counts with rows and columns of zeros at the end."""
    missing = size - len(counts)
    return np.pad(counts, ((0, missing), (0, missing)))
