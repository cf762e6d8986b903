"""Non-maximum suppression replayed: which overlap and score threshold leave which duplicates and misses."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from cvfail.decomposition.nms import NMS_THRESHOLDS, nms_replay
from cvfail.evidence.operating_point import ERROR_TYPES, OperatingPoint
from cvfail.tables.result import ResultTable

SCORES = (0.05, 0.1, 0.25, 0.5, 0.75)
"""Score thresholds that are tried where none are given."""

_DUPLICATE = 1 + ERROR_TYPES.index("duplicate")


def suppression_table(
    point: OperatingPoint,
    *,
    nms_thresholds: Sequence[float] | None = None,
    scores: Sequence[float] | None = None,
) -> ResultTable:
    """What another suppression, inside image and class, would remove at several score thresholds.

    Args:
        point: The evaluation; its score threshold is not looked at.
        nms_thresholds: Overlap thresholds of the suppression; 0.3 to 0.9 if not given.
        scores: Score thresholds; suppression works on the predictions that reach them. `SCORES` if not given.

    Returns:
        One row per score and overlap threshold, both ascending: score, nms_iou; of the predictions at the score
        duplicates_before, and duplicates_removed, other_false_positives_removed, true_positives_removed;
        objects_lost (whose true positive is removed while no duplicate of it stays); found and missed (objects,
        after the suppression); support.

    Raises:
        PolicyError: An overlap threshold is not in [0, 1].
        QueryError: The evaluation is of a classifier.

    Notes:
        See `cvfail.decomposition.nms.nms_replay`: what the model's own suppression removed cannot come back. Cost:
        one suppression per score.
    """
    frames = []
    for score in sorted(set(map(float, SCORES if scores is None else scores))):
        here = OperatingPoint.of(point.evidence, iou=point.iou, score=score)
        counts = here.over_blocks(
            lambda part: (
                int(part.found.sum()),
                int(part.evidence.regular().sum()),
                int((part.typed[0] == _DUPLICATE).sum()),
            )
        )
        found, objects, duplicates = (sum(own) for own in zip(*counts, strict=True))
        replayed = nms_replay(here, thresholds=NMS_THRESHOLDS if nms_thresholds is None else nms_thresholds)
        frames.append(
            replayed.select(
                pl.lit(score).alias("score"),
                "nms_iou",
                pl.lit(duplicates, pl.Int64).alias("duplicates_before"),
                pl.col("duplicates").alias("duplicates_removed"),
                pl.col("other_false_positives").alias("other_false_positives_removed"),
                pl.col("true_positives").alias("true_positives_removed"),
                "objects_lost",
                (found - pl.col("objects_lost")).alias("found"),
                (objects - found + pl.col("objects_lost")).alias("missed"),
                pl.lit(objects, pl.Int64).alias("support"),
            )
        )
    limit = point.evidence.policy.limit
    return ResultTable(
        pl.concat(frames),
        caption=f"suppression replayed on what the model put out; IoU >= {point.iou:g}, "
        f"at most {limit} predictions per image and class",
    )
