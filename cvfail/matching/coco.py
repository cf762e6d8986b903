"""Matching by COCO's rule: one pass over the images serves every later question."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.kernels.assignment import assign
from cvfail.kernels.boxes import Boxes
from cvfail.kernels.ordering import group_rows
from cvfail.kernels.pairs import overlapping_pairs
from cvfail.kernels.ranking import rank_predictions
from cvfail.matching.coding import Coding, regular_truths
from cvfail.matching.outcomes import Outcomes, Pairs
from cvfail.matching.parallel import run_in_order, worker_count
from cvfail.matching.policy import Policy
from cvfail.tables.arrays import column_array, read_only
from cvfail.tables.dataset import Dataset

_REACH = 1 - 1e-10
"""A threshold of 1 is lowered to this, so that identical boxes match."""

_BLOCKS_PER_THREAD = 4
_PAIRS_PER_PREDICTION = 2


def match(data: Dataset, coding: Coding, policy: Policy, *, threads: int | None = None) -> Outcomes:
    """Match all predictions to the ground truth, at every threshold and in every area range.

    Args:
        data: Validated detection tables.
        coding: Their codes.
        policy: Thresholds, ranges, limits.
        threads: Threads over blocks of images; all processors if not given. The result does not depend on it.

    Returns:
        Outcomes in the row order of the tables.
    """
    workers = worker_count(threads)
    arrays = _flatten(data, coding, policy)
    blocks = _image_blocks(
        arrays.offsets + arrays.truth_offsets, count=workers * _BLOCKS_PER_THREAD if workers > 1 else 1
    )
    pairs = run_in_order(lambda block: _match_block(arrays, policy, *block), blocks, threads=workers)
    return Outcomes(arrays.rank, arrays.matched, arrays.ignored, _concatenate(pairs))


@dataclass(frozen=True)
class _Arrays:
    """The tables as the kernels take them; blocks write to disjoint rows of the outcome arrays."""

    truth_offsets: NDArray[np.int64]
    truth_order: NDArray[np.int64]
    truth_boxes: Boxes
    truth_category: NDArray[np.int32]
    crowd: NDArray[np.bool_]
    out: NDArray[np.bool_]
    taken: NDArray[np.uint16]
    offsets: NDArray[np.int64]
    order: NDArray[np.int64]
    boxes: Boxes
    category: NDArray[np.int32]
    scores: NDArray[np.float64]
    outside: NDArray[np.bool_]
    rank: NDArray[np.int32]
    matched: NDArray[np.uint16]
    ignored: NDArray[np.uint16]


def _flatten(data: Dataset, coding: Coding, policy: Policy) -> _Arrays:
    images = len(coding.image_keys)
    truth_offsets, truth_order = group_rows(coding.truth_image, images)
    offsets, order = group_rows(coding.image, images)
    boxes = _boxes(data.predictions)
    area = boxes.width * boxes.height
    ranges = policy.area_ranges.values()
    truths, rows, count = len(data.ground_truth), len(data.predictions), len(ranges)
    out = [~regular_truths(data.ground_truth, area_range=bounds) for bounds in ranges]
    return _Arrays(
        truth_offsets=truth_offsets,
        truth_order=truth_order,
        truth_boxes=_boxes(data.ground_truth),
        truth_category=coding.truth_category,
        crowd=column_array(data.ground_truth, "is_crowd", np.bool_),
        out=np.stack(out),
        taken=np.zeros((count, truths), np.uint16),
        offsets=offsets,
        order=order,
        boxes=boxes,
        category=coding.category,
        scores=column_array(data.predictions, "score", np.float64),
        outside=np.stack([(area < low) | (area > high) for low, high in ranges]),
        rank=np.zeros(rows, np.int32),
        matched=np.zeros((count, rows), np.uint16),
        ignored=np.zeros((count, rows), np.uint16),
    )


def _boxes(frame: pl.DataFrame) -> Boxes:
    return Boxes(*(column_array(frame, name, np.float64) for name in Boxes._fields))


def _image_blocks(work: NDArray[np.int64], *, count: int) -> list[tuple[int, int]]:
    """Split the images into at most `count` runs of about equal work; `work` is cumulative, shape (images + 1,)."""
    cuts = np.searchsorted(work, np.linspace(0, work[-1], count + 1)[1:-1], side="left")
    edges = np.unique(np.concatenate([[0], cuts, [work.size - 1]])).tolist()
    return list(itertools.pairwise(edges)) or [(0, 0)]


def _match_block(arrays: _Arrays, policy: Policy, first: int, last: int) -> Pairs:
    """Rank, list and assign the predictions of the images [first, last)."""
    rank_predictions(first, last, arrays.offsets, arrays.order, arrays.category, arrays.scores, arrays.rank)
    prediction, truth, overlap = _list_pairs(arrays, policy, first, last)
    same_class = arrays.category[prediction] == arrays.truth_category[truth]
    matched = np.zeros(prediction.size, np.uint16)
    assign(
        arrays.offsets[first],
        arrays.offsets[last],
        arrays.order,
        arrays.outside,
        np.minimum(policy.iou_thresholds, _REACH),
        prediction,
        truth,
        overlap,
        same_class,
        arrays.out,
        arrays.crowd,
        arrays.taken,
        arrays.matched,
        arrays.ignored,
        matched,
    )
    return Pairs(prediction, truth, overlap, same_class, matched)


def _list_pairs(
    arrays: _Arrays, policy: Policy, first: int, last: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """The pairs of a block; room is guessed, and a guess that was too small is corrected once."""
    rows = int(arrays.offsets[last] - arrays.offsets[first])
    capacity = _PAIRS_PER_PREDICTION * rows + 64
    while True:
        prediction, truth = np.empty(capacity, np.int64), np.empty(capacity, np.int64)
        overlap = np.empty(capacity, np.float64)
        needed = overlapping_pairs(
            first,
            last,
            arrays.truth_offsets,
            arrays.truth_order,
            arrays.truth_boxes,
            arrays.crowd,
            arrays.offsets,
            arrays.order,
            arrays.boxes,
            arrays.rank,
            policy.limit,
            min(policy.pair_floor, _REACH),
            prediction,
            truth,
            overlap,
        )
        if needed <= capacity:
            return prediction[:needed], truth[:needed], overlap[:needed]
        capacity = needed


def _concatenate(parts: Sequence[Pairs]) -> Pairs:
    names = [field.name for field in fields(Pairs)]
    return Pairs(*(read_only(np.concatenate([getattr(part, name) for part in parts])) for name in names))
