"""How the objects of an image overlap each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.evidence.evidence import Evidence
from cvfail.kernels.boxes import Boxes
from cvfail.kernels.crowding import Crowding, measure_crowding
from cvfail.matching.coding import group_offsets
from cvfail.tables.arrays import column_array, read_only
from cvfail.tables.parallel import image_blocks, run_in_order, worker_count

_BLOCKS_PER_THREAD = 8


def neighbours(evidence: Evidence, others: NDArray[np.bool_], *, threads: int | None = None) -> Crowding:
    """Measure every object against some others of its image.

    Args:
        evidence: Of a detector.
        others: Ground-truth rows that count as others, shape (G,).
        threads: Over blocks of images; all processors if not given. The result does not depend on it.

    Returns:
        One array per measure, shape (G,); see `cvfail.kernels.crowding`.

    Notes:
        Cost: half the square of the objects of each image.
    """
    rows = others.size
    frame = evidence.outcomes.columns("ground_truth", list(Boxes._fields))
    boxes = Boxes(*(column_array(frame, name, np.float64) for name in Boxes._fields))
    coding = evidence.coding
    offsets = group_offsets(coding.truth_image, len(coding.image_keys))
    order, counts = read_only(np.arange(rows)), read_only(np.asarray(others, np.bool_))
    largest, numbers = np.zeros((3, rows)), np.zeros((3, rows), np.int32)
    out = Crowding(*largest, *numbers)
    workers = worker_count(threads)
    work = np.concatenate([[0], np.cumsum(np.diff(offsets) ** 2)])
    blocks = image_blocks(work, count=workers * _BLOCKS_PER_THREAD if workers > 1 else 1)
    run_in_order(
        lambda block: measure_crowding(*block, offsets, order, boxes, coding.truth_category, counts, out),
        blocks,
        threads=workers,
    )
    return out
