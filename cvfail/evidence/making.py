"""From validated tables to evidence: group rows by image, then match detections or compare labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.evidence.evidence import Evidence
from cvfail.evidence.outcome_tables import MatchedTables
from cvfail.matching.coding import Coding
from cvfail.matching.policy import Policy
from cvfail.tables.dataset import Dataset


def make_evidence(data: Dataset, policy: Policy, *, threads: int | None = None) -> Evidence:
    """Decide the outcome of every row once.

    Args:
        data: Validated tables; not modified.
        policy: Every matching choice.
        threads: Threads over blocks of images; all processors if not given. The result does not depend on it.

    Returns:
        The tables with their outcome columns. Images stand by ascending id; ground truth and predictions stand
        by image and keep their input order inside an image.
    """
    data, coding = grouped_by_image(data)
    if data.task == "detection":
        from cvfail.matching.coco import match

        outcomes = match(data, coding, policy, threads=threads)
    else:
        from cvfail.matching.labels import compare_labels

        outcomes = compare_labels(data, coding, policy)
    evidence = Evidence(
        task=data.task,
        policy=policy,
        images=data.images,
        categories=data.categories,
        outcomes=MatchedTables(data, outcomes, policy),
        source=data.source,
        rejected=data.rejected,
    )
    evidence.coding = coding
    return evidence


def grouped_by_image(data: Dataset) -> tuple[Dataset, Coding]:
    """The rows grouped by image in the order of the image codes, stably, with their codes.

    Tables that are grouped already, as most files are, are not copied.
    """
    coding = Coding.of(data)
    truth_order = _order(coding.truth_image, len(coding.image_keys))
    order = _order(coding.image, len(coding.image_keys))
    grouped = replace(
        data,
        images=data.images if data.images["image_id"].is_sorted() else data.images.sort("image_id"),
        ground_truth=_taken(data.ground_truth, truth_order),
        predictions=_taken(data.predictions, order),
    )
    if truth_order is not None or order is not None:
        coding = Coding.of(grouped)
    return grouped, coding


def _order(codes: NDArray[np.int32], groups: int) -> NDArray[np.int64] | None:
    """The rows grouped by code, or None if they are already."""
    if bool(np.all(codes[1:] >= codes[:-1])):
        return None
    from cvfail.kernels.ordering import group_rows

    return group_rows(codes, groups)[1]


def _taken(frame: pl.DataFrame, order: NDArray[np.int64] | None) -> pl.DataFrame:
    return frame if order is None else frame[pl.Series(order)]
