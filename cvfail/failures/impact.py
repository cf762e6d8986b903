"""What repairing each mode would give back: recall, precision, F1, average precision, alone and after the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.decomposition.replay import Replay
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.failures.errors_of_rows import RowErrors
from cvfail.failures.mode_errors import ModeErrors
from cvfail.statistics.replicates import percentile_bounds
from cvfail.statistics.resampling import replicate_sums

RATES = ("recall", "precision", "f1")
"""What is regained at the operating point."""

IMPACT_SCHEMA = {
    "rank": pl.Int64,
    "measure": pl.String,
    "estimate": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "marginal": pl.Float64,
    "support": pl.Int64,
}

Mask = NDArray[np.bool_]
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Repairs:
    """The errors that are repaired: objects that are then found, false positives that are then gone.

    Attributes:
        objects: Ground-truth rows, shape (G,).
        predictions: Prediction rows, shape (D,).
    """

    objects: Mask
    predictions: Mask

    @classmethod
    def none(cls, point: OperatingPoint) -> Repairs:
        """Nothing is repaired."""
        rows = point.evidence.outcomes.rows
        return cls(np.zeros(rows("ground_truth"), np.bool_), np.zeros(rows("predictions"), np.bool_))

    @classmethod
    def of(cls, errors: ModeErrors) -> Repairs:
        """All errors of a mode."""
        made = cls.none(errors.point)
        made.objects[errors.objects] = True
        made.predictions[errors.predictions] = True
        return made

    def with_(self, other: Repairs) -> Repairs:
        """These and others."""
        return Repairs(self.objects | other.objects, self.predictions | other.predictions)


class RegainedRates:
    """Recall, precision and F1 at an operating point if some errors were repaired, with bootstrap replicates.

    An object that is repaired is found, and the prediction that aimed at it with a wrong class or a poor box, if
    there is one, is right. A false positive that is repaired is gone.
    """

    measures = RATES

    def __init__(self, point: OperatingPoint, *, replicates: int, seed: int) -> None:
        self._point, self._replicates, self._seed = point, replicates, seed

    def repairs_of(self, errors: ModeErrors) -> Repairs:
        """All errors of a mode."""
        return Repairs.of(errors)

    def gain(self, repairs: Repairs) -> Numbers:
        """Gain in each of `RATES`; NaN where the rate is undefined, shape (3,)."""
        return _rates(self._sums(repairs).sum(axis=0)[:, None])[:, 0] - self._now[:, 0]

    def gain_replicates(self, repairs: Repairs) -> Numbers:
        """Gains in bootstrap replicates clustered by image, shape (3, B)."""
        return _rates(self._totals(self._sums(repairs))) - _rates(self._totals_now)

    @cached_property
    def _nothing(self) -> Numbers:
        return self._sums(Repairs.none(self._point))

    @cached_property
    def _now(self) -> Numbers:
        return _rates(self._nothing.sum(axis=0)[:, None])

    @cached_property
    def _totals_now(self) -> Numbers:
        return self._totals(self._nothing)

    def _totals(self, sums: Numbers) -> Numbers:
        ids = self._point.evidence.cluster_ids
        return replicate_sums(ids, sums, replicates=self._replicates, seed=self._seed)

    def _sums(self, repairs: Repairs) -> Numbers:
        """True positives, false positives and objects per cluster, shape (clusters, 3)."""
        point, evidence = self._point, self._point.evidence
        gone = repairs.predictions.copy()
        repairing = point.repairs[repairs.objects & ~point.found]
        gone[repairing[repairing >= 0]] = True
        found = point.found | (repairs.objects & evidence.regular())
        of_truth, of_prediction = (
            evidence.clusters[evidence.coding.truth_image],
            evidence.clusters[evidence.coding.image],
        )
        count = len(evidence.cluster_ids)
        return np.stack(
            [
                np.bincount(of_truth[found], minlength=count),
                np.bincount(of_prediction[point.wrong & ~gone], minlength=count),
                np.bincount(of_truth[evidence.regular()], minlength=count),
            ],
            axis=1,
        ).astype(np.float64)


class RegainedPrecision:
    """Average precision over every score if the errors of modes were repaired, with bootstrap replicates.

    The mode's error in its slice is looked up among the errors at every score: an object that a faint prediction
    finds is no error there, and gives nothing back. See `cvfail.decomposition.replay.Replay`.
    """

    measures = ("ap",)

    def __init__(self, point: OperatingPoint, *, replicates: int, seed: int) -> None:
        everything = OperatingPoint.of(point.evidence, iou=point.iou, score=-np.inf)
        self._known, self._replay = RowErrors(everything), Replay.of(everything)
        self._replicates, self._seed = replicates, seed

    def repairs_of(self, errors: ModeErrors) -> Repairs:
        """All errors of a mode over every score."""
        return Repairs.of(errors.at(self._known))

    def gain(self, repairs: Repairs) -> Numbers:
        """The gain; NaN where no class has ground truth, shape (1,)."""
        repaired, excused = self._masks(repairs)
        base = self._replay.average_precision()
        after = self._replay.average_precision(repaired=repaired, excused=excused)
        return np.array([np.nan if base is None or after is None else after - base])

    def gain_replicates(self, repairs: Repairs) -> Numbers:
        """Gains in bootstrap replicates clustered by image, shape (1, B)."""
        repaired, excused = self._masks(repairs)
        after = self._replay.average_precision_replicates(
            repaired=repaired, excused=excused, replicates=self._replicates, seed=self._seed
        )
        base = self._replay.average_precision_replicates(replicates=self._replicates, seed=self._seed)
        return np.asarray(after - base)[None]

    def _masks(self, repairs: Repairs) -> tuple[Mask, Mask]:
        """The predictions that are repaired, among them those that then find an object, and the excused objects."""
        repaired = repairs.predictions.copy()
        finders = self._replay.finder[repairs.objects & self._replay.unfound]
        repaired[finders[finders >= 0]] = True
        return repaired, repairs.objects


class Regained:
    """What repairing modes gives back, at the operating point of each; points are prepared once.

    Args:
        replicates: Bootstrap replicates behind intervals.
        seed: Of their weights.
    """

    def __init__(self, *, replicates: int, seed: int) -> None:
        self._options = {"replicates": replicates, "seed": seed}
        self._rates: dict[tuple[float, float], RegainedRates] = {}
        self._precision: dict[float, RegainedPrecision] = {}

    def gains(self, errors: ModeErrors) -> dict[str, float | None]:
        """Gain of one mode in every measure; null where it is undefined."""
        gains = {
            name: gain
            for measure in self._measures(errors)
            for name, gain in zip(
                measure.measures, measure.gain(measure.repairs_of(errors)).tolist(), strict=True
            )
        }
        return {name: None if np.isnan(gain) else gain for name, gain in gains.items()}

    def impact(self, modes: Sequence[ModeErrors], *, confidence: float) -> pl.DataFrame:
        """Gains of modes in the order of their ranks, with intervals.

        Args:
            modes: The modes, all at one operating point.
            confidence: Coverage of the intervals.

        Returns:
            rank (from 1), measure (recall, precision, f1, ap), estimate (of this mode alone), lower and upper
            (percentiles of paired replicates), marginal (beyond what all modes of lower rank give back together),
            support (errors that are repaired; of ap those over every score).
        """
        frames = [pl.DataFrame(schema=IMPACT_SCHEMA)]
        if modes:
            frames += [_impact(modes, measure, confidence) for measure in self._measures(modes[0])]
        return pl.concat(frames).sort("rank", maintain_order=True)

    def _measures(self, errors: ModeErrors) -> list[RegainedRates | RegainedPrecision]:
        point = errors.point
        at = point.iou, point.score
        if at not in self._rates:
            self._rates[at] = RegainedRates(point, **self._options)
        if point.evidence.task != "detection":
            return [self._rates[at]]
        if point.iou not in self._precision:
            self._precision[point.iou] = RegainedPrecision(point, **self._options)
        return [self._rates[at], self._precision[point.iou]]


def _impact(
    modes: Sequence[ModeErrors], measure: RegainedRates | RegainedPrecision, confidence: float
) -> pl.DataFrame:
    rows: list[dict[str, object]] = []
    together: Repairs | None = None
    before = np.zeros(len(measure.measures))
    for rank, errors in enumerate(modes, start=1):
        own = measure.repairs_of(errors)
        gain = measure.gain(own)
        together = own if together is None else together.with_(own)
        after = measure.gain(together)
        lower, upper, _ = percentile_bounds(measure.gain_replicates(own), confidence=confidence)
        rows += [
            {
                "rank": rank,
                "measure": name,
                "estimate": gain[k],
                "lower": lower[k],
                "upper": upper[k],
                "marginal": after[k] - before[k],
                "support": int(own.objects.sum() + own.predictions.sum()),
            }
            for k, name in enumerate(measure.measures)
        ]
        before = after
    return pl.DataFrame(rows, schema=IMPACT_SCHEMA).with_columns(pl.selectors.float().fill_nan(None))


def _rates(totals: Numbers) -> Numbers:
    """Recall, precision and F1 from true positives, false positives and objects, shape (3, n) each way."""
    right, wrong, objects = totals
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.stack([right / objects, right / (right + wrong), 2 * right / (right + wrong + objects)])
