"""Matching by COCO's rule: one pass over the images serves every later question."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, fields

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.kernels.boxes import Boxes
from cvfail.kernels.matching import match_images
from cvfail.matching.coding import Coding, group_offsets, regular_truths
from cvfail.matching.outcomes import Outcomes, Pairs
from cvfail.matching.policy import Policy
from cvfail.tables.arrays import column_array, read_only
from cvfail.tables.dataset import Dataset
from cvfail.tables.parallel import image_blocks, run_in_order, worker_count

_REACH = 1 - 1e-10
"""A threshold of 1 is lowered to this, so that identical boxes match."""

_BLOCKS_PER_THREAD = 4
_PAIRS_AT_ONCE = 1 << 17
"""Pairs are written to buffers of this length and copied from there, so that the buffers stay in the cache."""


def match(data: Dataset, coding: Coding, policy: Policy, *, threads: int | None = None) -> Outcomes:
    """Match all predictions to the ground truth, at every threshold and in every area range.

    Args:
        data: Validated detection tables whose rows are grouped by image, images in the order of their codes.
        coding: Their codes.
        policy: Thresholds, ranges, limits.
        threads: Threads over blocks of images; all processors if not given. The result does not depend on it.

    Returns:
        Outcomes in the row order of the tables.
    """
    workers = worker_count(threads)
    arrays = _flatten(data, coding, policy)
    blocks = image_blocks(
        arrays.offsets + arrays.truth_offsets, count=workers * _BLOCKS_PER_THREAD if workers > 1 else 1
    )
    runs = run_in_order(lambda block: _match_block(arrays, policy, *block), blocks, threads=workers)
    return Outcomes(arrays.rank, arrays.matched, arrays.ignored, list(itertools.chain.from_iterable(runs)))


@dataclass(frozen=True)
class _Arrays:
    """The tables as the kernel takes them; blocks write to disjoint rows of the outcome arrays."""

    truth_offsets: NDArray[np.int64]
    truth_boxes: Boxes
    truth_category: NDArray[np.int32]
    crowd: NDArray[np.bool_]
    out: NDArray[np.bool_]
    taken: NDArray[np.uint16]
    offsets: NDArray[np.int64]
    boxes: Boxes
    category: NDArray[np.int32]
    scores: NDArray[np.float64]
    bounds: NDArray[np.float64]
    rank: NDArray[np.int32]
    matched: NDArray[np.uint16]
    ignored: NDArray[np.uint16]


def _flatten(data: Dataset, coding: Coding, policy: Policy) -> _Arrays:
    images = len(coding.image_keys)
    ranges = policy.area_ranges.values()
    truths, rows, count = len(data.ground_truth), len(data.predictions), len(ranges)
    out = [~regular_truths(data.ground_truth, area_range=bounds) for bounds in ranges]
    return _Arrays(
        truth_offsets=group_offsets(coding.truth_image, images),
        truth_boxes=_boxes(data.ground_truth),
        truth_category=coding.truth_category,
        crowd=column_array(data.ground_truth, "is_crowd", np.bool_),
        out=read_only(np.stack(out)),
        taken=np.zeros((count, truths), np.uint16),
        offsets=group_offsets(coding.image, images),
        boxes=_boxes(data.predictions),
        category=coding.category,
        scores=column_array(data.predictions, "score", np.float64),
        bounds=read_only(np.array(list(ranges), np.float64)),
        rank=np.empty(rows, np.int32),
        matched=np.empty((count, rows), np.uint16),
        ignored=np.empty((count, rows), np.uint16),
    )


def _boxes(frame: pl.DataFrame) -> Boxes:
    return Boxes(*(column_array(frame, name, np.float64) for name in Boxes._fields))


def _match_block(arrays: _Arrays, policy: Policy, first: int, last: int) -> list[Pairs]:
    """Rank, list and assign the predictions of the images [first, last)."""
    most = np.diff(arrays.offsets[first : last + 1]) * np.diff(arrays.truth_offsets[first : last + 1])
    room = max(_PAIRS_AT_ONCE, int(most.max(initial=0)))
    buffers = Pairs(
        prediction=np.empty(room, np.int64),
        truth=np.empty(room, np.int64),
        overlap=np.empty(room, np.float64),
        same_class=np.empty(room, np.bool_),
        matched=np.empty(room, np.uint16),
    )
    parts = []
    image = first
    while True:
        image, count = match_images(
            image,
            last,
            arrays.truth_offsets,
            arrays.truth_boxes,
            arrays.truth_category,
            arrays.crowd,
            arrays.out,
            arrays.offsets,
            arrays.boxes,
            arrays.category,
            arrays.scores,
            arrays.bounds,
            np.minimum(policy.iou_thresholds, _REACH),
            policy.limit,
            min(policy.pair_floor, _REACH),
            arrays.taken,
            arrays.rank,
            arrays.matched,
            arrays.ignored,
            *(getattr(buffers, field.name) for field in fields(Pairs)),
        )
        parts.append(Pairs(*(getattr(buffers, field.name)[:count].copy() for field in fields(Pairs))))
        if image == last:
            return parts
