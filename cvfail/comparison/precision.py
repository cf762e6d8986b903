"""Differences of average precision, by class and as their mean, with replicates that both models share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cvfail.evidence.evidence import Evidence
from cvfail.metrics.average_precision import replicate_precision
from cvfail.metrics.precision_recall import levelled_precision
from cvfail.statistics.replicates import percentile_bounds, variance_of_replicates

Numbers = NDArray[np.float64]

PRECISIONS = ("ap", "ap50")
"""Mean over the ladder, and at an overlap of .5 where the ladder has it."""

_BATCH = 100
"""Replicates that are made at one time."""


@dataclass(frozen=True)
class PrecisionDifference:
    """Average precision of both models: of every class, and last the mean over classes with ground truth.

    Attributes:
        first: Of the baseline, shape (K + 1,); NaN where undefined, as everywhere here.
        second: Of the candidate.
        lower: Percentile of the replicates of second - first.
        upper: Likewise.
        error: Standard deviation of these replicates.
        support: Objects.
    """

    first: Numbers
    second: Numbers
    lower: Numbers
    upper: Numbers
    error: Numbers
    support: NDArray[np.int64]


def precision_differences(
    first: Evidence,
    second: Evidence,
    *,
    replicates: int,
    confidence: float,
    seed: int,
    threads: int | None = None,
) -> dict[str, PrecisionDifference]:
    """AP of both models under the same weights of the images.

    Args:
        first: The baseline, whole or as a slice sees it.
        second: The candidate likewise.
        replicates: How many; 0 leaves intervals undefined.
        confidence: Coverage of the intervals.
        seed: Of the weights.
        threads: Threads over classes; all processors if not given.

    Notes:
        A replicate without ground truth of a class has no value there, and the mean is over the others. Memory: a
        batch of 100 replicates of every class and threshold.
    """
    sides = [first, second]
    whole = [_estimates(one, threads) for one in sides]
    parts = [
        _batch(sides, count, seed + number, threads) for number, count in enumerate(_batches(replicates))
    ]
    support = whole[0].support
    found = {}
    for name in PRECISIONS:
        if name not in whole[0].values:
            continue
        drawn = (
            [np.concatenate([part[side][name] for part in parts], axis=1) for side in range(2)]
            if parts
            else None
        )
        found[name] = _difference(
            [_with_mean(one.values[name][:, None])[:, 0] for one in whole],
            None if drawn is None else _with_mean(drawn[1]) - _with_mean(drawn[0]),
            np.append(support, support.sum()),
            confidence,
        )
    return found


@dataclass(frozen=True)
class _Estimates:
    values: dict[str, Numbers]
    support: NDArray[np.int64]


def _estimates(evidence: Evidence, threads: int | None) -> _Estimates:
    curves = levelled_precision(evidence, threads=threads)
    return _Estimates(_summaries(curves.average_precision[:, 0, 0], evidence), curves.positives[:, 0, 0])


def _batch(sides: list[Evidence], count: int, seed: int, threads: int | None) -> list[dict[str, Numbers]]:
    """Replicates of both models by metric, each shape (K, count)."""
    made = []
    for evidence in sides:
        samples = replicate_precision(evidence, area_count=1, replicates=count, seed=seed, threads=threads)
        made.append(_summaries(samples.average_precision[:, 0], evidence))
    return made


def _summaries(values: Numbers, evidence: Evidence) -> dict[str, Numbers]:
    """AP over the ladder and at .5, from shape (K, T, …)."""
    ladder = evidence.policy.iou_thresholds
    summaries = {"ap": values.mean(axis=1)}
    return summaries | ({"ap50": values[:, ladder.index(0.5)]} if 0.5 in ladder else {})


def _batches(replicates: int) -> list[int]:
    whole, rest = divmod(replicates, _BATCH)
    return [_BATCH] * whole + [rest] * (rest > 0)


def _with_mean(values: Numbers) -> Numbers:
    """Rows of classes, and last their mean over those that are defined, shape (K + 1, B)."""
    defined = ~np.isnan(values)
    count = defined.sum(axis=0)
    total = np.where(defined, values, 0.0).sum(axis=0)
    mean = np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
    return np.concatenate([values, mean[None]])


def _difference(
    estimates: list[Numbers], drawn: Numbers | None, support: NDArray[np.int64], confidence: float
) -> PrecisionDifference:
    first, second = estimates
    undefined = np.full(first.shape, np.nan)
    if drawn is None:
        return PrecisionDifference(first, second, undefined, undefined, undefined, support)
    lower, upper, _ = percentile_bounds(drawn, confidence=confidence)
    known = ~np.isnan(second - first)
    bounds = [np.where(known, bound, np.nan) for bound in (lower, upper)]
    error = np.where(known, np.sqrt(variance_of_replicates(drawn)), np.nan)
    return PrecisionDifference(first, second, bounds[0], bounds[1], error, support)
