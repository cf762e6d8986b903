"""Average precision per class, and its bootstrap replicates."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.errors import QueryError
from cvfail.evidence.attributes import image_levels
from cvfail.evidence.evidence import Evidence
from cvfail.metrics.precision_recall import RECALLS, LevelledPrecision, levelled_precision
from cvfail.statistics.bootstrap import percentile_interval, poisson_weights
from cvfail.tables.arrays import read_only
from cvfail.tables.parallel import run_in_order, worker_count
from cvfail.tables.result import ResultTable

_AT_ONCE = 100
"""So many replicates are made side by side, which bounds the memory that they take."""


@dataclass(frozen=True)
class Replicates:
    """Bootstrap replicates of every class; NaN where a replicate has no ground truth of the class.

    Attributes:
        average_precision: Shape (K, A, T, B).
        recall: Shape (K, A, T, B).
        recall_within: In the first area range, of the predictions within each limit of the policy, shape
            (K, M, T, B).
    """

    average_precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    recall_within: NDArray[np.float64]


def replicate_precision(
    evidence: Evidence,
    *,
    images: NDArray[np.bool_] | None = None,
    area_count: int | None = None,
    replicates: int = 200,
    seed: int = 0,
    weights: NDArray[np.uint8] | None = None,
    threads: int | None = None,
) -> Replicates:
    """Average precision and recall of every class and area range when each image weighs Poisson(1).

    Args:
        evidence: Matched detections.
        images: Which image codes take part, shape (images,); all if not given.
        area_count: How many of the policy's area ranges, from the first; all if not given.
        replicates: How many.
        seed: Of the weights, which depend on seed, cluster id and replicate only.
        weights: The weights themselves, shape (clusters, B), instead of `replicates` and `seed`.
        threads: Threads over classes; all processors if not given.

    Cost: `replicates` passes over the predictions of classes with ground truth.
    """
    from cvfail.kernels.resampling import weighted_average_precision

    clusters, coding, policy = read_only(evidence.clusters), evidence.coding, evidence.policy
    if weights is None:
        weights = poisson_weights(evidence.cluster_ids, replicates, seed=seed).T
    weights, replicates = read_only(weights), weights.shape[1]
    areas, kinds = list(policy.area_ranges)[:area_count], len(coding.category_keys)
    positives = np.zeros((kinds, len(areas), replicates), np.int64)
    for place, area in enumerate(areas):
        rows = evidence.regular(area)
        if images is not None:
            rows = rows & images[coding.truth_image]
        positives[:, place] = weighted_counts(
            coding.truth_category[rows], clusters[coding.truth_image[rows]], weights, kinds
        )
    outcomes = evidence.scored_outcomes(threads=threads)
    every, own = outcomes.details.shape[1] // 2, len(areas)
    details = read_only(outcomes.details[:, [*range(own), *range(every, every + own)]])
    limits = read_only(np.array(policy.max_detections, np.int64))
    shape = (kinds, len(areas), len(policy.iou_thresholds), replicates)
    average, recall = np.full(shape, np.nan), np.full(shape, np.nan)
    found = np.zeros((kinds, limits.size, *shape[2:]), np.int64)

    def replicate(code: int) -> None:
        weighted_average_precision(
            outcomes.of_category(code, images=images),
            details,
            outcomes.detail_rank,
            clusters,
            weights,
            positives[code],
            limits,
            RECALLS,
            average[code],
            recall[code],
            found[code],
        )

    present = np.unique(coding.truth_category[evidence.regular()])
    order = present[np.argsort(-np.diff(outcomes.offsets)[present], kind="stable")]
    run_in_order(replicate, order.tolist(), threads=worker_count(threads))
    total = positives[:, :1, None, :]
    within = np.divide(found, total, out=np.full(found.shape, np.nan), where=total > 0)
    return Replicates(average, recall, within)


def weighted_counts(
    categories: NDArray[np.int32], clusters: NDArray[np.int32], weights: NDArray[np.uint8], kinds: int
) -> NDArray[np.int64]:
    """How often the objects of each class are drawn in each replicate.

    Args:
        categories: Class code of each object, shape (n,).
        clusters: Cluster code of each object, shape (n,).
        weights: How often each cluster is drawn in each replicate, shape (clusters, B).
        kinds: Number of classes K.

    Returns:
        Shape (K, B).
    """
    counts = np.zeros((kinds, weights.shape[1]), np.int64)
    by_category = np.argsort(categories, kind="stable")
    edges = np.searchsorted(categories[by_category], np.arange(kinds + 1))
    for code, (first, last) in enumerate(itertools.pairwise(edges.tolist())):
        own = np.bincount(clusters[by_category[first:last]], minlength=len(weights))
        drawn = np.flatnonzero(own)
        counts[code] = own[drawn] @ weights[drawn].astype(np.int64)
    return counts


def average_precision(
    evidence: Evidence,
    *,
    by: Sequence[str] = (),
    replicates: int = 200,
    confidence: float = 0.95,
    seed: int = 0,
    threads: int | None = None,
) -> ResultTable:
    """Average precision of every class, averaged over the ladder, at .5 and .75, and by area.

    Args:
        evidence: Matched detections.
        by: Attributes of the images; every level, or combination of levels, has its own classes, and null is a
            level. Numbers equal those of the images of that level alone, exactly.
        replicates: Bootstrap replicates for the interval of `ap`; 0 leaves the bounds null.
        confidence: Of the interval.
        seed: Of the bootstrap weights.
        threads: Threads over classes; all processors if not given.

    Returns:
        The columns of `by`, then category_id, category, ap, ap_lower, ap_upper, ap50, ap75, ap_<area> for every
        area range but ``all``, ar (recall averaged over the ladder), support. Null where a class has no ground
        truth that counts, or where the ladder lacks the threshold.

    Raises:
        QueryError: The evaluation is of a classifier, or `by` names no attribute of the images.

    Notes:
        Cost: one pass over the predictions for all levels together, and `replicates` more for the intervals.
    """
    if evidence.task != "detection":
        raise QueryError("average precision is for detection. Hint: use metrics() for classification")
    levels = image_levels(evidence, by)
    curves = levelled_precision(
        evidence, level_of_image=levels.of_image, levels=levels.frame.height, threads=threads
    )
    bounds = np.full((2, *curves.average_precision.shape[:2]), np.nan)
    if replicates:
        for level in range(levels.frame.height):
            images = levels.of_image == level if by else None
            samples = _ladder_means(evidence, images, replicates=replicates, seed=seed, threads=threads)
            for code in np.flatnonzero(curves.positives[:, level, 0]):
                interval = percentile_interval(samples[code], confidence=confidence)
                bounds[:, code, level] = [np.nan if bound is None else bound for bound in interval[:2]]
    tables = [_table(evidence, curves, bounds, level) for level in range(levels.frame.height)]
    keys = [
        levels.frame[level].select(pl.all().repeat_by(len(t)).explode()) for level, t in enumerate(tables)
    ]
    frame = pl.concat([pl.concat(pair, how="horizontal") for pair in zip(keys, tables, strict=True)])
    return ResultTable(frame, caption=_caption(evidence, replicates, confidence))


def _ladder_means(
    evidence: Evidence,
    images: NDArray[np.bool_] | None,
    *,
    replicates: int,
    seed: int,
    threads: int | None,
) -> NDArray[np.float64]:
    """Replicates of each class's average precision over the ladder, some at a time; shape (K, B)."""
    weights = poisson_weights(evidence.cluster_ids, replicates, seed=seed)
    means = []
    for start in range(0, replicates, _AT_ONCE):
        own = weights[start : start + _AT_ONCE].T
        samples = replicate_precision(evidence, images=images, weights=own, threads=threads)
        ladder = np.moveaxis(samples.average_precision[:, 0], 1, 0)
        means.append(sum(ladder[1:], start=ladder[0]) / len(ladder))  # in one order, however many there are
    return np.concatenate(means, axis=1)


def _table(
    evidence: Evidence, curves: LevelledPrecision, bounds: NDArray[np.float64], level: int
) -> pl.DataFrame:
    """The classes of one level."""
    ladder = evidence.policy.iou_thresholds
    by_threshold = curves.average_precision[:, level, 0]
    columns = {
        "ap": by_threshold.mean(axis=1),
        "ap_lower": bounds[0, :, level],
        "ap_upper": bounds[1, :, level],
    }
    for name, iou in (("ap50", 0.5), ("ap75", 0.75)):
        missing = np.full(len(by_threshold), np.nan)
        columns[name] = by_threshold[:, ladder.index(iou)] if iou in ladder else missing
    for place, area in enumerate(evidence.policy.area_ranges):
        if area != "all":
            columns[f"ap_{area}"] = curves.average_precision[:, level, place].mean(axis=1)
    columns["ar"] = curves.recall[:, level, 0].mean(axis=1)
    return pl.DataFrame(
        {
            "category_id": evidence.coding.category_keys,
            "category": pl.Series(evidence.category_names, dtype=pl.String),
            **columns,
        }
    ).with_columns(pl.selectors.float().fill_nan(None), pl.Series("support", curves.positives[:, level, 0]))


def _caption(evidence: Evidence, replicates: int, confidence: float) -> str:
    interval = f"{confidence:.0%} intervals from {replicates} bootstrap replicates of the images"
    ladder = evidence.policy.iou_thresholds
    return (
        f"average precision by class; mean over IoU {ladder[0]:g} to {ladder[-1]:g}, "
        f"at most {evidence.policy.limit} predictions per image and class; "
        f"{interval if replicates else 'no intervals'}"
    )
