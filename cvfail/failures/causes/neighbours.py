"""How the objects of an image overlap each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.attributes.crowding import measured_crowding
from cvfail.evidence.evidence import Evidence
from cvfail.kernels.boxes import Boxes
from cvfail.kernels.crowding import Crowding
from cvfail.matching.coding import group_offsets
from cvfail.tables.arrays import read_only


def neighbours(evidence: Evidence, others: NDArray[np.bool_], *, threads: int | None = None) -> Crowding:
    """Measure every object against some others of its image.

    Args:
        evidence: Of a detector; its objects stand by image.
        others: Ground-truth rows that count as others, shape (G,).
        threads: Over blocks of images; all processors if not given.

    Returns:
        See `cvfail.attributes.crowding.measured_crowding`.
    """
    frame = evidence.outcomes.columns("ground_truth", list(Boxes._fields))
    coding = evidence.coding
    offsets = group_offsets(coding.truth_image, len(coding.image_keys))
    order = read_only(np.arange(others.size))
    return measured_crowding(frame, coding.truth_category, offsets, order, read_only(others), threads=threads)
