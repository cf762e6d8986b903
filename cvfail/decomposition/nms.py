"""Which predictions another threshold of non-maximum suppression would remove, and at what loss."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.errors import PolicyError, QueryError
from cvfail.evidence.evidence import Block
from cvfail.evidence.operating_point import ERROR_TYPES, OperatingPoint
from cvfail.tables.arrays import column_array, read_only

Mask = NDArray[np.bool_]

NMS_THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Overlap thresholds that are tried where none are given."""

_DUPLICATE = 1 + ERROR_TYPES.index("duplicate")
_MOST = 32
_COUNTS = ("duplicates", "other_false_positives", "true_positives", "objects_lost")


def nms_replay(
    point: OperatingPoint,
    *,
    thresholds: Sequence[float] = NMS_THRESHOLDS,
    within: Mask | None = None,
    removed: Mask | None = None,
) -> pl.DataFrame:
    """Suppress the predictions of an operating point again, inside image and class, and count what is removed.

    Args:
        point: The evaluation at an overlap and a score threshold.
        thresholds: Overlap thresholds of the suppression; a prediction is removed if it overlaps a surviving one of
            higher score by more.
        within: Prediction rows that are counted apart, shape (D,); all of them take part in the suppression.
        removed: What `nms_removals` gave for these thresholds, shape (T, D); replayed if not given.

    Returns:
        One row per threshold, ascending: ``nms_iou``; of the predictions that would be removed ``duplicates``,
        ``other_false_positives`` and ``true_positives``; ``objects_lost``, the objects of these true positives that
        no surviving duplicate aims at; and the same four with ``_within``, null if `within` is not given.

    Raises:
        PolicyError: A threshold is not in [0, 1], or there are more than 32.
        QueryError: The evaluation is of a classifier.

    Notes:
        The suppression is replayed exactly on the predictions that the model put out. What its own suppression
        removed before is not there to come back, so that a threshold above the model's removes next to nothing.

    Source: torchvision 0.24 ``ops.nms``. Cost: half the square of the predictions of each image and class.

    Example:
        >>> import cvfail as cf
        >>> truth = {"image_id": [1], "category_id": [1], "bbox": [[0, 0, 10, 10]]}
        >>> found = {"image_id": [1, 1], "category_id": [1, 1], "score": [0.9, 0.8],
        ...          "bbox": [[0, 0, 10, 10], [0, 0, 10, 8]]}
        >>> evaluation = cf.evaluate(cf.from_frames(ground_truth=truth, predictions=found, box_format="xywh"))
        >>> nms_replay(OperatingPoint.of(evaluation.evidence), thresholds=[0.7, 0.8])["duplicates"].to_list()
        [1, 0]
    """
    ascending = _checked(point, thresholds)
    totals = np.zeros((2, len(_COUNTS), len(ascending)), np.int64)

    def count(block: Block) -> NDArray[np.int64]:
        part = point.on(block)
        rows = part.kept.size
        own = slice(block.first_prediction, block.first_prediction + rows)
        gone = _removed(part, ascending) if removed is None else removed[:, own]
        chosen = np.zeros(rows, np.bool_) if within is None else within[own]
        return np.stack([_counts(part, gone, np.ones(rows, np.bool_)), _counts(part, gone, chosen)])

    totals = np.sum([totals, *point.evidence.over_blocks(count)], axis=0)
    columns: dict[str, pl.Series] = {"nms_iou": pl.Series(ascending, dtype=pl.Float64)}
    for suffix, side in zip(("", "_within"), totals, strict=True):
        for name, values in zip(_COUNTS, side, strict=True):
            column = pl.Series(values, dtype=pl.Int64)
            known = suffix == "" or within is not None
            columns[name + suffix] = column if known else pl.Series([None] * len(column), dtype=pl.Int64)
    return pl.DataFrame(columns)


def nms_removals(point: OperatingPoint, thresholds: Sequence[float] = NMS_THRESHOLDS) -> Mask:
    """The predictions that a suppression at each threshold removes; `nms_replay` takes them for slice after slice.

    Args:
        point: The evaluation at an overlap and a score threshold.
        thresholds: Of the suppression, as in `nms_replay`; equal ones count once.

    Returns:
        By ascending threshold and prediction row, shape (T, D).

    Raises:
        PolicyError: A threshold is not in [0, 1], or there are more than 32.
        QueryError: The evaluation is of a classifier.
    """
    ascending = _checked(point, thresholds)
    return np.concatenate(point.over_blocks(lambda part: _removed(part, ascending)), axis=1)


def _checked(point: OperatingPoint, thresholds: Sequence[float]) -> list[float]:
    if point.evidence.task != "detection":
        raise QueryError("suppression is for detection. Hint: use confusion_matrix() for classification")
    ascending = sorted(set(thresholds))
    if len(ascending) > _MOST or not all(0.0 <= value <= 1.0 for value in ascending):
        raise PolicyError(
            f"thresholds of suppression are up to {_MOST} numbers in [0, 1]; found {list(thresholds)}"
        )
    return ascending


def _removed(point: OperatingPoint, thresholds: Sequence[float]) -> Mask:
    """Whether each prediction of a block is removed at each threshold, shape (T, D)."""
    from cvfail.kernels.boxes import Boxes
    from cvfail.kernels.nms import suppress

    evidence = point.evidence
    rows = np.flatnonzero(point.kept)
    image, category = evidence.coding.image[rows], evidence.coding.category[rows]
    order = np.lexsort((evidence.ranks[rows], category, image))
    rows, image, category = rows[order], image[order], category[order]
    starts = np.flatnonzero((np.diff(image) != 0) | (np.diff(category) != 0)) + 1
    frame = evidence.outcomes.columns("predictions", ["x", "y", "width", "height"])
    boxes = Boxes(*(column_array(frame, name, np.float64) for name in ("x", "y", "width", "height")))
    bits = np.zeros(point.kept.size, np.uint32)
    offsets = np.concatenate([[0], starts, [rows.size]])
    suppress(read_only(rows), read_only(offsets), boxes, read_only(np.array(thresholds, np.float64)), bits)
    return np.stack([(bits >> np.uint32(t)) & np.uint32(1) != 0 for t in range(len(thresholds))])


def _counts(point: OperatingPoint, removed: Mask, chosen: Mask) -> NDArray[np.int64]:
    """What `chosen` predictions lose at each threshold, shape (counts, T)."""
    kind, target = point.typed
    duplicate = kind == _DUPLICATE
    own, objects = point.partner[point.found], np.flatnonzero(point.found)
    counts = []
    for gone in removed:
        aimed_at = np.zeros(point.found.size, np.bool_)
        aimed_at[target[duplicate & ~gone]] = True
        lost = gone[own] & chosen[own] & ~aimed_at[objects]
        taken = gone & chosen
        counts.append(
            [
                int((taken & duplicate).sum()),
                int((taken & point.wrong & ~duplicate).sum()),
                int((taken & point.correct).sum()),
                int(lost.sum()),
            ]
        )
    return np.array(counts, np.int64).reshape(-1, len(_COUNTS)).T
