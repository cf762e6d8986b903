"""Which rows of two evaluations are the same thing: objects by content, false positives by overlap."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.errors import PolicyError
from cvfail.evidence.evidence import Evidence
from cvfail.evidence.likeness import OF_TRUTH
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.kernels.boxes import Boxes
from cvfail.tables.arrays import column_array, read_only

Rows = NDArray[np.int64]

NOTHING = -1
"""Stands for no row."""


def same_objects(first: Evidence, second: Evidence) -> Rows:
    """The ground-truth row of the second evaluation that is each row of the first one.

    Args:
        first: An evaluation.
        second: One of the same images and labels, see `cvfail.evidence.likeness`, in any order of rows.

    Returns:
        Row numbers, shape (G,). Labels that agree in image, class, box and flags are told apart by id, else by row.
    """
    orders = [_by_content(one) for one in (first, second)]
    partner = np.empty(orders[0].size, np.int64)
    partner[orders[0]] = orders[1]
    return partner


def _by_content(evidence: Evidence) -> Rows:
    """Row numbers in an order that the content alone decides."""
    known = evidence.outcomes.names("ground_truth")
    names = [name for name in (*OF_TRUTH, "ground_truth_id") if name in known]
    frame = evidence.outcomes.columns("ground_truth", names).with_row_index("unit:row")
    return frame.sort([*names, "unit:row"])["unit:row"].cast(pl.Int64).to_numpy()


def same_false_positives(first: OperatingPoint, second: OperatingPoint, *, overlap: float = 0.5) -> Rows:
    """The false positive of the second model that is each one of the first, by prediction row.

    Args:
        first: A model at its operating point.
        second: Another one on the same images.
        overlap: Least intersection over union, above 0.

    Returns:
        Prediction rows of the second model, -1 where there is none, shape (D,). Both are in one image and of one
        class, and none is taken twice: the largest overlap comes first, then the highest score of the first and of
        the second model, then row numbers. Labels of a classifier are the same if image and class are.

    Raises:
        PolicyError: ``overlap`` is not in (0, 1].
    """
    from cvfail.kernels.error_types import take_greedily

    if not 0.0 < overlap <= 1.0:
        raise PolicyError(f"overlap must be in (0, 1]; found {overlap}. Hint: 0.5")
    pairs = _overlapping(first, second, overlap)
    row, other, shared = pairs
    order = np.lexsort((other, row, -second.scores[other], -first.scores[row], -shared))
    row, other = row[order], other[order]
    taken = [np.zeros(point.wrong.size, np.bool_) for point in (first, second)]
    kept = take_greedily(row, other, taken[0], taken[1])
    partner = np.full(first.wrong.size, NOTHING, np.int64)
    partner[row[kept]] = other[kept]
    return partner


def _overlapping(
    first: OperatingPoint, second: OperatingPoint, least: float
) -> tuple[Rows, Rows, NDArray[np.float64]]:
    """Pairs of false positives of one image and class: rows of both models and overlap."""
    from cvfail.kernels.common_boxes import common_boxes

    sides = [_grouped(point) for point in (first, second)]
    groups = np.union1d(*(keys for _, keys in sides))
    starts = [
        read_only(np.append(np.searchsorted(keys, groups), keys.size).astype(np.int64)) for _, keys in sides
    ]
    boxes = [_boxes(point, rows) for point, (rows, _) in zip((first, second), sides, strict=True)]
    room = 0
    while True:
        row, other, shared = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room)
        found = common_boxes(starts[0], boxes[0], starts[1], boxes[1], least, row, other, shared)
        if found <= room:
            return sides[0][0][row[:found]], sides[1][0][other[:found]], shared[:found]
        room = found


def _grouped(point: OperatingPoint) -> tuple[Rows, Rows]:
    """False positives by image and class, and the key of each."""
    coding = point.evidence.coding
    rows = np.flatnonzero(point.wrong)
    keys = coding.image[rows].astype(np.int64) * len(coding.category_keys) + coding.category[rows]
    order = np.argsort(keys, kind="stable")
    return rows[order], keys[order]


def _boxes(point: OperatingPoint, rows: Rows) -> Boxes:
    """Boxes of some predictions; those of a classifier are all one."""
    if point.evidence.task == "classification":
        one = read_only(np.ones(rows.size))
        return Boxes(one, one, one, one)
    frame = point.evidence.outcomes.columns("predictions", list(Boxes._fields))[rows]
    return Boxes(*(column_array(frame, name, np.float64) for name in Boxes._fields))
