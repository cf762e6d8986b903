"""Average precision of a slice, beside that of the rest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cvfail.errors import PolicyError
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.metrics.average_precision import replicate_precision
from cvfail.metrics.precision_recall import levelled_precision
from cvfail.slices.sliced_evidence import Selection, SlicedEvidence
from cvfail.statistics.replicates import p_value_of_replicates, percentile_bounds

_ROUNDS = "replicates of the images"


def slice_average_precision(
    point: OperatingPoint,
    selection: Selection,
    metric: str,
    *,
    replicates: int,
    confidence: float,
    min_support: int,
    seed: int,
) -> dict[str, object]:
    """Mean average precision over the classes that a slice has, at any score.

    Args:
        point: The evaluation; average precision is over the ladder (``ap``) or at .5 (``ap50``).
        selection: Which rows count.
        metric: ``ap`` or ``ap50``.
        replicates: Bootstrap replicates for the intervals; 0 for none.
        confidence: Coverage of the intervals.
        min_support: Null with fewer objects.
        seed: Of the bootstrap weights, which are the same for slice and rest.

    Returns:
        Columns of the slice table; null where a slice has no average precision.
    """
    if selection.false_positives == "none":
        selection = replace(selection, false_positives="shared")
    evidence = point.evidence
    found = selection.of(OperatingPoint(evidence.block(0).evidence, point.iou, point.score))
    row: dict[str, object] = {"fp_rule": found.rule}
    if evidence.task != "detection" or found.truth is None or found.rule == "attributed":
        return row
    sides = [SlicedEvidence(evidence, replace(selection, complement=other)) for other in (False, True)]
    if metric == "ap50" and 0.5 not in evidence.policy.iou_thresholds:
        return row
    chosen = _thresholds(sides[0], metric)
    values, support = _mean(sides[0], chosen)
    row |= {"support": support}
    if values is None or support < min_support:
        return row
    rest = _mean(sides[1], chosen)[0] if found.rule != "shared" else None
    row |= {
        "estimate": values,
        "rest": rest,
        "difference": None if rest is None else values - rest,
        "clusters": _clusters(sides[0]),
    }
    if not replicates:
        return row
    own = _replicates(sides[0], chosen, replicates, seed)
    row |= dict(zip(("lower", "upper"), _bounds(own, confidence), strict=True))
    if rest is not None:
        apart = own - _replicates(sides[1], chosen, replicates, seed)
        row |= dict(zip(("difference_lower", "difference_upper"), _bounds(apart, confidence), strict=True))
        row["p_value"] = _number(p_value_of_replicates(apart[None])[0])
    return row


def _thresholds(evidence: SlicedEvidence, metric: str) -> slice:
    if metric == "ap":
        return slice(None)
    place = evidence.policy.threshold_index(0.5)
    return slice(place, place + 1)


def _mean(evidence: SlicedEvidence, chosen: slice) -> tuple[float | None, int]:
    """The mean over classes with ground truth, and how much of it there is."""
    curves = levelled_precision(evidence)
    values = curves.average_precision[:, 0, 0, chosen].mean(axis=1)
    defined = values[~np.isnan(values)]
    return (float(defined.mean()) if defined.size else None), int(curves.positives[:, 0, 0].sum())


def _clusters(evidence: SlicedEvidence) -> int:
    """How many clusters have ground truth that counts."""
    return int(np.unique(evidence.clusters[evidence.coding.truth_image[evidence.regular()]]).size)


def _replicates(evidence: SlicedEvidence, chosen: slice, replicates: int, seed: int) -> NDArray[np.float64]:
    """The mean over classes in every replicate, NaN where there is none, shape (B,)."""
    if replicates < 2:
        raise PolicyError(f"{replicates} {_ROUNDS} make no interval. Hint: at least 2, better 200")
    samples = replicate_precision(evidence, replicates=replicates, seed=seed).average_precision
    by_class = samples[:, 0, chosen].mean(axis=1)
    count = (~np.isnan(by_class)).sum(axis=0)
    return np.where(count > 0, np.nansum(by_class, axis=0) / np.maximum(count, 1), np.nan)


def _bounds(samples: NDArray[np.float64], confidence: float) -> list[float | None]:
    lower, upper, _ = percentile_bounds(samples[None], confidence=confidence)
    return [_number(lower[0]), _number(upper[0])]


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
