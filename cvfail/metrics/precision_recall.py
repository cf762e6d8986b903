"""Interpolated precision and final recall per class, for any area range, limit and subset of predictions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cvfail.evidence.evidence import Evidence
from cvfail.matching.parallel import run_in_order, worker_count
from cvfail.tables.arrays import read_only

RECALLS: NDArray[np.float64] = np.linspace(0.0, 1.0, 101)
"""COCO's 101 recalls; ten of them differ from i / 100 in the last bit."""


@dataclass(frozen=True)
class PrecisionRecall:
    """Curves of all classes; NaN where a class has no ground truth that counts.

    Attributes:
        precision: Interpolated precision, shape (K, T, R).
        recall: Recall of all predictions, shape (K, T).
        positives: Ground truth that counts, shape (K,).
    """

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    positives: NDArray[np.int64]

    @property
    def average_precision(self) -> NDArray[np.float64]:
        """Mean interpolated precision, shape (K, T)."""
        return np.asarray(self.precision.mean(axis=2))


def precision_recall(
    evidence: Evidence,
    *,
    area: str = "all",
    limit: int | None = None,
    images: NDArray[np.bool_] | None = None,
    threads: int | None = None,
) -> PrecisionRecall:
    """Accumulate the stored outcomes of every class in score order; nothing is matched.

    Args:
        evidence: Matched detections.
        area: One of the policy's area ranges.
        limit: Predictions per image and class; the policy's largest if not given.
        images: Which image codes take part, shape (images,); all if not given.
        threads: Threads over classes; all processors if not given.

    Returns:
        Curves of all classes of the categories table, by category code.

    Source: pycocotools 2.0.11 ``COCOeval.accumulate``. Cost: one pass over the predictions.
    """
    from cvfail.kernels.cumulation import precision_at_recalls

    limit = evidence.policy.limit if limit is None else limit
    matched, ignored = evidence.bits("matched", area), evidence.bits("ignored", area)
    rank = evidence.ranks
    positives = count_positives(evidence, area=area, images=images)
    thresholds = len(evidence.policy.iou_thresholds)
    precision = np.full((positives.size, thresholds, RECALLS.size), np.nan)
    recall = np.full((positives.size, thresholds), np.nan)

    def accumulate(category: int) -> None:
        rows = evidence.rows_by_category[category]
        if images is not None:
            rows = read_only(rows[images[evidence.coding.image[rows]]])
        precision_at_recalls(
            rows,
            matched,
            ignored,
            rank,
            limit,
            int(positives[category]),
            RECALLS,
            precision[category],
            recall[category],
        )

    run_in_order(accumulate, np.flatnonzero(positives).tolist(), threads=worker_count(threads))
    return PrecisionRecall(precision, recall, positives)


def count_positives(
    evidence: Evidence, *, area: str = "all", images: NDArray[np.bool_] | None = None
) -> NDArray[np.int64]:
    """Ground truth per category code that counts in an area range and a set of images, shape (K,)."""
    rows = evidence.regular(area)
    if images is not None:
        rows = rows & images[evidence.coding.truth_image]
    return np.bincount(evidence.coding.truth_category[rows], minlength=len(evidence.coding.category_keys))
