"""Differences of average precision, by class and as their mean, with replicates that both models share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.comparison.difference import Difference
from cvfail.evidence.evidence import Evidence
from cvfail.metrics.average_precision import replicate_precision
from cvfail.metrics.precision_recall import levelled_precision

Numbers = NDArray[np.float64]
Mask = NDArray[np.bool_]

PRECISIONS = ("ap", "ap50")
"""Mean over the ladder, and at an overlap of .5 where the ladder has it."""

_BATCH = 100
"""Replicates that are made at one time."""


def precision_differences(
    first: Evidence,
    second: Evidence,
    weights: NDArray[np.uint8],
    *,
    images: Mask | None = None,
    confidence: float,
    threads: int | None = None,
) -> dict[str, Difference]:
    """AP of both models under the same weights of the images.

    Args:
        first: The baseline, whole or as a slice sees it.
        second: The candidate likewise.
        weights: How often each cluster is drawn in each replicate, shape (clusters, B); none leaves intervals
            undefined.
        images: Which image codes take part, shape (images,); all if not given.
        confidence: Coverage of the intervals.
        threads: Threads over classes; all processors if not given.

    Returns:
        By metric of `PRECISIONS`: every class, and last the mean over classes with ground truth.

    Notes:
        A replicate without ground truth of a class has no value there, and the mean is over the others. Memory: a
        batch of 100 replicates of every class and threshold. Cost: a pass over the predictions per replicate.
    """
    own, other = (class_precision(one, weights, images=images, threads=threads) for one in (first, second))
    units, clusters = _support(first, images)
    return {
        name: Difference.of(
            (own[name][:, 0], other[name][:, 0]),
            other[name][:, 1:] - own[name][:, 1:],
            support=units,
            clusters=clusters,
            unlike=clusters,
            confidence=confidence,
        )
        for name in own
    }


def class_precision(
    evidence: Evidence,
    weights: NDArray[np.uint8],
    *,
    images: Mask | None = None,
    threads: int | None = None,
) -> dict[str, Numbers]:
    """AP of one model: the value, then its replicates.

    Args:
        evidence: Matched detections, whole or as a slice sees them.
        weights: As in `precision_differences`.
        images: As in `precision_differences`.
        threads: As in `precision_differences`.

    Returns:
        By metric of `PRECISIONS`: every class, and last the mean over classes with ground truth, shape
        (K + 1, 1 + B); NaN where undefined.
    """
    level = None if images is None else np.where(images, 0, -1).astype(np.int32)
    curves = levelled_precision(evidence, level_of_image=level, threads=threads)
    parts = [_summaries(curves.average_precision[:, 0, 0, :, None], evidence)]
    for start in range(0, weights.shape[1], _BATCH):
        samples = replicate_precision(
            evidence, images=images, area_count=1, weights=weights[:, start : start + _BATCH], threads=threads
        )
        parts.append(_summaries(samples.average_precision[:, 0], evidence))
    return {name: _with_mean(np.concatenate([part[name] for part in parts], axis=1)) for name in parts[0]}


def _summaries(values: Numbers, evidence: Evidence) -> dict[str, Numbers]:
    """AP over the ladder and at .5, from shape (K, T, B)."""
    ladder = evidence.policy.iou_thresholds
    summaries = {"ap": values.mean(axis=1)}
    return summaries | ({"ap50": values[:, ladder.index(0.5)]} if 0.5 in ladder else {})


def _support(evidence: Evidence, images: Mask | None) -> tuple[Numbers, NDArray[np.int64]]:
    """Objects of each class and of all, and the clusters that have any, each shape (K + 1,)."""
    rows, coding = evidence.regular(), evidence.coding
    if images is not None:
        rows = rows & images[coding.truth_image]
    kinds, count = len(coding.category_keys), len(evidence.cluster_ids)
    category, cluster = coding.truth_category[rows], evidence.clusters[coding.truth_image[rows]]
    units = np.bincount(category, minlength=kinds)
    cells = np.unique(category.astype(np.int64) * count + cluster)
    clusters = np.bincount(cells // max(count, 1), minlength=kinds)
    return (
        np.append(units, units.sum()).astype(np.float64),
        np.append(clusters, np.unique(cluster).size),
    )


def _with_mean(values: Numbers) -> Numbers:
    """Rows of classes, and last their mean over those that are defined, shape (K + 1, B)."""
    defined = ~np.isnan(values)
    count = defined.sum(axis=0)
    total = np.where(defined, values, 0.0).sum(axis=0)
    mean = np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
    return np.concatenate([values, mean[None]])
