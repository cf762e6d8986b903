"""Average precision per class, and its bootstrap replicates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.errors import QueryError
from cvfail.evidence.evidence import Evidence
from cvfail.matching.parallel import run_in_order, worker_count
from cvfail.metrics.precision_recall import RECALLS, precision_recall
from cvfail.statistics.bootstrap import percentile_interval, poisson_weights
from cvfail.tables.arrays import read_only
from cvfail.tables.result import ResultTable


@dataclass(frozen=True)
class Replicates:
    """Bootstrap replicates of every class; NaN where a replicate has no ground truth of the class.

    Attributes:
        average_precision: Shape (K, T, B).
        recall: Shape (K, T, B).
    """

    average_precision: NDArray[np.float64]
    recall: NDArray[np.float64]


def replicate_precision(
    evidence: Evidence,
    *,
    area: str = "all",
    limit: int | None = None,
    replicates: int = 200,
    seed: int = 0,
    threads: int | None = None,
) -> Replicates:
    """Average precision and recall of every class when each image weighs Poisson(1).

    Args:
        evidence: Matched detections.
        area: One of the policy's area ranges.
        limit: Predictions per image and class; the policy's largest if not given.
        replicates: How many.
        seed: Of the weights, which depend on seed, cluster and replicate only.
        threads: Threads over classes; all processors if not given.

    Cost: `replicates` passes over the predictions of classes with ground truth.
    """
    from cvfail.kernels.resampling import weighted_average_precision

    clusters = evidence.clusters
    every_cluster = np.arange(int(clusters.max(initial=-1)) + 1)
    weights = read_only(poisson_weights(every_cluster, replicates, seed=seed).T)
    truths = evidence.regular(area)
    truth_clusters = clusters[evidence.coding.truth_image]
    row_clusters = read_only(clusters[evidence.coding.image])
    matched, ignored = evidence.bits("matched", area), evidence.bits("ignored", area)
    shape = (len(evidence.coding.category_keys), len(evidence.policy.iou_thresholds), replicates)
    average, recall = np.full(shape, np.nan), np.full(shape, np.nan)

    def replicate(category: int) -> None:
        own = truth_clusters[truths & (evidence.coding.truth_category == category)]
        occurrences = np.bincount(own, minlength=every_cluster.size).astype(np.float64)
        weighted_average_precision(
            evidence.rows_by_category[category],
            matched,
            ignored,
            evidence.ranks,
            evidence.policy.limit if limit is None else limit,
            row_clusters,
            weights,
            occurrences @ weights,
            RECALLS,
            average[category],
            recall[category],
        )

    present = np.unique(evidence.coding.truth_category[truths]).tolist()
    run_in_order(replicate, present, threads=worker_count(threads))
    return Replicates(average, recall)


def average_precision(
    evidence: Evidence,
    *,
    replicates: int = 200,
    confidence: float = 0.95,
    seed: int = 0,
    threads: int | None = None,
) -> ResultTable:
    """Average precision of every class, averaged over the ladder, at .5 and .75, and by area.

    Args:
        evidence: Matched detections.
        replicates: Bootstrap replicates for the interval of `ap`; 0 leaves the bounds null.
        confidence: Of the interval.
        seed: Of the bootstrap weights.
        threads: Threads over classes; all processors if not given.

    Returns:
        category_id, category, ap, ap_lower, ap_upper, ap50, ap75, ap_<area> for every area range but ``all``,
        ar (recall averaged over the ladder), support. Null where a class has no ground truth that counts, or
        where the ladder lacks the threshold.
    """
    if evidence.task != "detection":
        raise QueryError("average precision is for detection. Hint: use metrics() for classification")
    curve = precision_recall(evidence, threads=threads)
    ladder = evidence.policy.iou_thresholds
    by_threshold = curve.average_precision
    columns: dict[str, NDArray[np.float64]] = {"ap": by_threshold.mean(axis=1)}
    columns |= _bounds(evidence, columns["ap"], replicates, confidence, seed, threads)
    for name, iou in (("ap50", 0.5), ("ap75", 0.75)):
        missing = np.full(len(by_threshold), np.nan)
        columns[name] = by_threshold[:, ladder.index(iou)] if iou in ladder else missing
    for area in evidence.policy.area_ranges:
        if area != "all":
            of_area = precision_recall(evidence, area=area, threads=threads)
            columns[f"ap_{area}"] = of_area.average_precision.mean(axis=1)
    columns["ar"] = curve.recall.mean(axis=1)
    frame = pl.DataFrame(
        {
            "category_id": evidence.coding.category_keys,
            "category": pl.Series(evidence.category_names, dtype=pl.String),
            **columns,
        }
    ).with_columns(pl.selectors.float().fill_nan(None), pl.Series("support", curve.positives))
    return ResultTable(frame, caption=_caption(evidence, replicates, confidence))


def _caption(evidence: Evidence, replicates: int, confidence: float) -> str:
    interval = f"{confidence:.0%} intervals from {replicates} bootstrap replicates of the images"
    ladder = evidence.policy.iou_thresholds
    return (
        f"average precision by class; mean over IoU {ladder[0]:g} to {ladder[-1]:g}, "
        f"at most {evidence.policy.limit} predictions per image and class; "
        f"{interval if replicates else 'no intervals'}"
    )


def _bounds(
    evidence: Evidence,
    estimates: NDArray[np.float64],
    replicates: int,
    confidence: float,
    seed: int,
    threads: int | None,
) -> dict[str, NDArray[np.float64]]:
    bounds = np.full((2, estimates.size), np.nan)
    if replicates:
        samples = replicate_precision(evidence, replicates=replicates, seed=seed, threads=threads)
        for code in np.flatnonzero(~np.isnan(estimates)):
            interval = percentile_interval(
                samples.average_precision[code].mean(axis=0), confidence=confidence
            )
            bounds[:, code] = [np.nan if bound is None else bound for bound in interval[:2]]
    return {"ap_lower": bounds[0], "ap_upper": bounds[1]}
