"""Interpolated precision and final recall per class, by area range, limit and level of the images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cvfail.evidence.evidence import Block, Evidence
from cvfail.evidence.scored_outcomes import ScoredOutcomes
from cvfail.tables.arrays import read_only
from cvfail.tables.parallel import run_in_order, worker_count

RECALLS: NDArray[np.float64] = np.linspace(0.0, 1.0, 101)
"""COCO's 101 recalls; ten of them differ from i / 100 in the last bit."""


@dataclass(frozen=True)
class PrecisionRecall:
    """Curves of all classes in one area range; NaN where a class has no ground truth that counts.

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


@dataclass(frozen=True)
class LevelledPrecision:
    """Average precision and recall of all classes per level; NaN where a class has no ground truth that counts.

    Attributes:
        average_precision: Mean interpolated precision, shape (K, levels, A, T).
        recall: Recall of all predictions, shape (K, levels, A, T).
        recall_within: Recall, in the first area range, of the predictions within each limit of the policy, shape
            (K, levels, M, T).
        positives: Ground truth that counts, shape (K, levels, A).
    """

    average_precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    recall_within: NDArray[np.float64]
    positives: NDArray[np.int64]


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
    outcomes = evidence.scored_outcomes(limit=limit, threads=threads)
    place = list(evidence.policy.area_ranges).index(area)
    levels = np.zeros(len(evidence.images), np.int32)
    if images is not None:
        levels[~images] = -1
    positives = count_positives(evidence, [area], level_of_image=levels)
    details = outcomes.details
    if details.shape[1]:
        details = details[:, [place, details.shape[1] // 2 + place]]
    one_area = ScoredOutcomes(
        outcomes.offsets, _of_area(outcomes.records, place), read_only(details), outcomes.detail_rank
    )
    precision, recall, _ = _curves(
        one_area,
        levels,
        positives,
        _limits(evidence),
        len(evidence.policy.iou_thresholds),
        threads,
    )
    return PrecisionRecall(precision[:, 0, 0], recall[:, 0, 0], positives[:, 0, 0])


def levelled_precision(
    evidence: Evidence,
    *,
    level_of_image: NDArray[np.int32] | None = None,
    levels: int = 1,
    threads: int | None = None,
) -> LevelledPrecision:
    """Average precision of every class in all area ranges, for every level of the images, in one pass.

    Args:
        evidence: Matched detections.
        level_of_image: The level of each image code, -1 for none, shape (images,); all are level 0 if not given.
        levels: Number of levels.
        threads: Threads over classes; all processors if not given.

    Returns:
        What a sub-dataset of the images of each level would have, exactly.

    Cost: one pass over the predictions, whatever the number of levels.
    """
    level_of_image = np.zeros(len(evidence.images), np.int32) if level_of_image is None else level_of_image
    areas = list(evidence.policy.area_ranges)
    positives = count_positives(evidence, areas, level_of_image=level_of_image, levels=levels)
    outcomes = evidence.scored_outcomes(threads=threads)
    precision, recall, found = _curves(
        outcomes,
        level_of_image,
        positives,
        _limits(evidence),
        len(evidence.policy.iou_thresholds),
        threads,
        mean=True,
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        within = found / np.where(positives[:, :, :1, None] > 0, positives[:, :, :1, None], np.nan)
    return LevelledPrecision(precision, recall, within, positives)


def count_positives(
    evidence: Evidence,
    areas: Sequence[str] = ("all",),
    *,
    level_of_image: NDArray[np.int32] | None = None,
    levels: int = 1,
) -> NDArray[np.int64]:
    """Ground truth that counts, by category code, level of its image and area range.

    Args:
        evidence: Matched detections or compared labels.
        areas: Area ranges of the policy.
        level_of_image: The level of each image code, -1 for none, shape (images,); all are level 0 if not given.
        levels: Number of levels.

    Returns:
        Shape (K, levels, len(areas)). Cost: one pass over the ground truth, block by block.
    """
    kinds = evidence.categories.height

    def count(block: Block) -> NDArray[np.int64]:
        part = block.evidence
        cells = part.coding.truth_category.astype(np.int64)
        counted = part.regular_in(areas)
        if level_of_image is not None:
            level = level_of_image[block.first_image + part.coding.truth_image]
            cells = cells * levels + level
            counted = [rows & (level >= 0) for rows in counted]
        counts = [np.bincount(cells[rows], minlength=kinds * levels) for rows in counted]
        return np.stack(counts, axis=1).reshape(kinds, levels, len(areas))

    return np.asarray(np.sum(evidence.over_blocks(count), axis=0, dtype=np.int64))


def mean_precision(
    outcomes: ScoredOutcomes, positives: NDArray[np.int64], *, images: int, threads: int | None = None
) -> NDArray[np.float64]:
    """Average precision per class of outcomes at one threshold, in one area range.

    Args:
        outcomes: Packed outcomes with one bit each.
        positives: Ground truth that counts per class, shape (K,).
        images: Number of image codes.
        threads: Threads over classes; all processors if not given.

    Returns:
        Shape (K,); NaN where a class has no ground truth that counts.
    """
    everyone = np.zeros(images, np.int32)
    limits = np.zeros(0, np.int64)
    return _curves(outcomes, everyone, positives[:, None, None], limits, 1, threads, mean=True)[0][:, 0, 0, 0]


def _of_area(records: NDArray[np.uint64], place: int) -> NDArray[np.uint64]:
    """Records whose plain outcomes tell of one area range only."""
    from cvfail.kernels.scored_outcomes import DETAILED

    lower = records & np.uint64(0xFFFFFFFF)
    plain = (lower >> np.uint64(place)) & np.uint64(1)
    return read_only(records - lower + np.where(lower >= DETAILED, lower, plain))


def _limits(evidence: Evidence) -> NDArray[np.int64]:
    return np.array(evidence.policy.max_detections, np.int64)


def _curves(
    outcomes: ScoredOutcomes,
    level_of_image: NDArray[np.int32],
    positives: NDArray[np.int64],
    limits: NDArray[np.int64],
    thresholds: int,
    threads: int | None,
    *,
    mean: bool = False,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Precision (averaged over recalls if asked), recall and objects found within each limit, class by class."""
    from cvfail.kernels.cumulation import precision_at_recalls

    kinds, levels, areas = positives.shape
    limits = read_only(limits)
    precision = np.full((kinds, levels, areas, thresholds, *([] if mean else [RECALLS.size])), np.nan)
    recall = np.full((kinds, levels, areas, thresholds), np.nan)
    found = np.zeros((kinds, levels, limits.size, thresholds), np.int64)
    level_of_image = read_only(level_of_image)

    def accumulate(code: int) -> None:
        curve = np.empty((levels, areas, thresholds, RECALLS.size))
        precision_at_recalls(
            outcomes.of_category(code),
            outcomes.details,
            outcomes.detail_rank,
            level_of_image,
            positives[code],
            limits,
            RECALLS,
            curve,
            recall[code],
            found[code],
        )
        precision[code] = curve.mean(axis=-1) if mean else curve

    present = np.flatnonzero(positives.any(axis=(1, 2)))
    order = present[np.argsort(-np.diff(outcomes.offsets)[present], kind="stable")]
    run_in_order(accumulate, order.tolist(), threads=worker_count(threads))
    return precision, recall, found
