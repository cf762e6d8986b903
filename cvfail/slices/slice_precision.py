"""Average precision of a slice, beside that of the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cvfail.errors import PolicyError
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.metrics.average_precision import replicate_precision
from cvfail.metrics.precision_recall import levelled_precision
from cvfail.slices.sliced_evidence import Selection, SlicedEvidence
from cvfail.statistics.replicates import p_value_of_replicates, percentile_bounds

AVERAGE_PRECISION = ("ap", "ap50")
"""Over the ladder of overlap thresholds, and at .5."""


def slice_average_precision(
    point: OperatingPoint,
    selection: Selection,
    metrics: Sequence[str],
    *,
    replicates: int,
    confidence: float,
    min_support: int,
    seed: int,
) -> dict[str, dict[str, object]]:
    """Mean average precision over the classes that a slice has, at any score.

    Args:
        point: The evaluation.
        selection: Which rows count.
        metrics: Of `AVERAGE_PRECISION`; one pass serves them all.
        replicates: Bootstrap replicates for the intervals; 0 for none.
        confidence: Coverage of the intervals.
        min_support: Null with fewer objects.
        seed: Of the bootstrap weights, which are the same for slice and rest.

    Returns:
        Columns of the slice table, by metric; null where a slice has no average precision.
    """
    if not metrics:
        return {}
    if selection.false_positives == "none":
        selection = replace(selection, false_positives="shared")
    evidence = point.evidence
    found = selection.of(OperatingPoint(evidence.block(0).evidence, point.iou, point.score))
    row: dict[str, object] = {"fp_rule": found.rule}
    if evidence.task != "detection" or found.truth is None or found.rule == "attributed":
        return dict.fromkeys(metrics, row)
    own = _Side.of(SlicedEvidence(evidence, selection), replicates, seed)
    row["support"] = own.support
    if own.support < max(min_support, 1):
        return dict.fromkeys(metrics, row)
    row["clusters"] = _clusters(own.evidence)
    rest = None
    if found.rule != "shared":
        outside = SlicedEvidence(evidence, replace(selection, complement=True))
        rest = _Side.of(outside, replicates, seed)
    return {metric: row | _beside(own, rest, metric, confidence) for metric in metrics}


@dataclass(frozen=True)
class _Side:
    """A slice, or what lies outside it.

    Attributes:
        evidence: In which only that side counts.
        by_class: Average precision, shape (K, T); NaN where a class has no ground truth.
        support: Ground truth that counts.
        replicates: How many there are to be; none if 0.
        seed: Of their weights.
    """

    evidence: SlicedEvidence
    by_class: NDArray[np.float64]
    support: int
    replicates: int
    seed: int

    @classmethod
    def of(cls, evidence: SlicedEvidence, replicates: int, seed: int) -> _Side:
        """Accumulate one side once."""
        curves = levelled_precision(evidence)
        support = int(curves.positives[:, 0, 0].sum())
        return cls(evidence, curves.average_precision[:, 0, 0], support, replicates, seed)

    @cached_property
    def samples(self) -> NDArray[np.float64]:
        """Replicates of the average precision, shape (K, T, B)."""
        if self.replicates < 2:
            raise PolicyError(
                f"{self.replicates} replicates of the images make no interval. Hint: at least 2, better 200"
            )
        drawn = replicate_precision(self.evidence, replicates=self.replicates, seed=self.seed)
        return drawn.average_precision[:, 0]

    def mean(self, chosen: slice) -> float | None:
        """The mean over classes with ground truth."""
        values = self.by_class[:, chosen].mean(axis=1)
        defined = values[~np.isnan(values)]
        return float(defined.mean()) if defined.size else None

    def replicated(self, chosen: slice) -> NDArray[np.float64] | None:
        """The mean over classes in every replicate, NaN where there is none, shape (B,)."""
        if self.replicates == 0:
            return None
        by_class = self.samples[:, chosen].mean(axis=1)
        count = (~np.isnan(by_class)).sum(axis=0)
        return np.where(count > 0, np.nansum(by_class, axis=0) / np.maximum(count, 1), np.nan)


def _beside(own: _Side, rest: _Side | None, metric: str, confidence: float) -> dict[str, object]:
    """The estimate of a slice and its difference to the rest."""
    policy, chosen = own.evidence.policy, slice(None)
    if metric == "ap50":
        if 0.5 not in policy.iou_thresholds:
            return {"support": None, "clusters": None}
        place = policy.threshold_index(0.5)
        chosen = slice(place, place + 1)
    value, other = own.mean(chosen), None if rest is None else rest.mean(chosen)
    apart = None if value is None or other is None else value - other
    row: dict[str, object] = {"estimate": value, "rest": other, "difference": apart}
    samples = own.replicated(chosen)
    if samples is None:
        return row
    row |= dict(zip(("lower", "upper"), _bounds(samples, confidence), strict=True))
    others = None if rest is None or other is None else rest.replicated(chosen)
    if others is not None:
        differences = samples - others
        bounds = _bounds(differences, confidence)
        row |= dict(zip(("difference_lower", "difference_upper"), bounds, strict=True))
        row["p_value"] = _number(p_value_of_replicates(differences[None])[0])
    return row


def _clusters(evidence: SlicedEvidence) -> int:
    """How many clusters have ground truth that counts."""
    return int(np.unique(evidence.clusters[evidence.coding.truth_image[evidence.regular()]]).size)


def _bounds(samples: NDArray[np.float64], confidence: float) -> list[float | None]:
    lower, upper, _ = percentile_bounds(samples[None], confidence=confidence)
    return [_number(lower[0]), _number(upper[0])]


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
