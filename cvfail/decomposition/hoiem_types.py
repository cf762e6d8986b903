"""Which of Hoiem's categories each false positive is in, and the outcomes with poor boxes corrected."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cvfail.decomposition.replay import Replay
from cvfail.evidence.operating_point import OperatingPoint

HOIEM_TYPES = ("localisation", "similar", "other", "background")
"""In the order of the codes 1 to 4, which is the order of the tests."""

_LOCALISATION, _SIMILAR, _OTHER, _BACKGROUND = range(1, 5)
_NOTHING = -1


def hoiem_types(point: OperatingPoint, alike: NDArray[np.bool_]) -> NDArray[np.int8]:
    """Hoiem's category of each prediction, 1 to 4 as in `HOIEM_TYPES`, 0 where it is no false positive, shape (D,).

    Args:
        point: The evaluation, or a block of it.
        alike: Which pairs of classes are similar, shape (K, K).
    """
    coding, (rows, truths, _, same) = point.evidence.coding, point.pair_arrays
    nearest = np.where(point.wrong, _BACKGROUND, 0).astype(np.int8)
    counts = point.wrong[rows] & point.evidence.regular()[truths]
    similar = alike[coding.category[rows], coding.truth_category[truths]]
    codes = np.where(same, _LOCALISATION, np.where(similar, _SIMILAR, _OTHER))
    for code in (_OTHER, _SIMILAR, _LOCALISATION):
        nearest[rows[counts & (codes == code)]] = code
    return nearest


def categorised(
    point: OperatingPoint, replay: Replay, alike: NDArray[np.bool_]
) -> tuple[NDArray[np.int8], Replay]:
    """The categories of all predictions, and the outcomes with localisation errors corrected.

    Args:
        point: The evaluation over every score.
        replay: Its replay.
        alike: Which pairs of classes are similar, shape (K, K).

    Returns:
        `hoiem_types` of all blocks, shape (D,); and a replay in which what matches at `background_iou` is right
        and localisation errors that do not are gone.
    """
    types = np.concatenate(point.over_blocks(lambda part: hoiem_types(part, alike)))
    aims = [
        np.where(aim == _NOTHING, _NOTHING, aim + block.first_truth)
        for block, part in point.blocks()
        for aim in [_loosely_matched(part)]
    ]
    target = np.concatenate(aims).astype(np.int32)
    found = np.zeros(replay.found.size, np.bool_)
    found[target[target != _NOTHING]] = True
    regular = replay.found | replay.unfound
    return types, replace(
        replay,
        target=target,
        correct=target != _NOTHING,
        wrong=replay.wrong & (types != _LOCALISATION),
        found=found,
        unfound=regular & ~found,
        finder=np.full_like(replay.finder, _NOTHING),
    )


def _loosely_matched(point: OperatingPoint) -> NDArray[np.int64]:
    """The object of its class that each right or wrong prediction matches at `background_iou`, -1 if none."""
    from cvfail.kernels.error_types import take_greedily

    rows, truths, overlaps, same = point.pair_arrays
    regular, order = point.evidence.regular(), point.evidence.score_order
    place = np.empty(order.size, np.int64)
    place[order] = np.arange(order.size)
    own = np.flatnonzero(same & regular[truths] & (point.correct | point.wrong)[rows])
    own = own[np.lexsort((-truths[own], -overlaps[own], place[rows[own]]))]
    rows, truths = rows[own], truths[own]
    taken = take_greedily(rows, truths, np.zeros(order.size, np.bool_), np.zeros(regular.size, np.bool_))
    target = np.full(order.size, _NOTHING, np.int64)
    target[rows[taken]] = truths[taken]
    return target
