"""Classification as matching: the label and the predicted class of an image are a pair that overlaps fully."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.matching.coding import Coding, regular_truths
from cvfail.matching.outcomes import Outcomes, Pairs
from cvfail.matching.policy import Policy
from cvfail.tables.arrays import read_only
from cvfail.tables.dataset import Dataset


def compare_labels(data: Dataset, coding: Coding, policy: Policy) -> Outcomes:
    """Outcomes of a classification: right at every threshold or at none.

    Args:
        data: One ground-truth row per image and at most one prediction row.
        coding: Their codes.
        policy: Only its number of thresholds matters.

    Returns:
        Outcomes with one pair of overlap 1 per labelled and predicted image.
    """
    truth_of_image = np.full(len(coding.image_keys), -1, np.int64)
    truth_of_image[coding.truth_image] = np.arange(coding.truth_image.size)
    truth = truth_of_image[coding.image]
    rows = np.flatnonzero(truth >= 0)
    truth = truth[rows]
    same = coding.category[rows] == coding.truth_category[truth]
    every_bit = np.uint16((1 << len(policy.iou_thresholds)) - 1)
    bits = np.where(same, every_bit, np.uint16(0)).astype(np.uint16)
    regular = regular_truths(data.ground_truth, area_range=policy.area_ranges["all"])
    neutral = np.where(regular[truth], np.uint16(0), every_bit)
    matched: NDArray[np.uint16] = np.zeros((len(policy.area_ranges), len(data.predictions)), np.uint16)
    ignored = np.zeros_like(matched)
    matched[:, rows], ignored[:, rows] = bits, neutral
    pairs = Pairs(
        prediction=read_only(rows),
        truth=read_only(truth),
        overlap=read_only(np.ones(rows.size)),
        same_class=read_only(same),
        matched=read_only(bits),
    )
    return Outcomes(
        rank=np.zeros(len(data.predictions), np.int32),
        matched=matched,
        ignored=ignored,
        runs=[pairs],
    )
