"""What all curves share: options that are checked, keys that are repeated, captions."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from cvfail.errors import PolicyError
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.statistics.quantiles import check_confidence


def check_curve(*, points: int | None, replicates: int, confidence: float) -> None:
    """Refuse options without meaning.

    Raises:
        PolicyError: There are fewer than 4 points or 0 replicates, or the confidence is not in (0, 1).
    """
    check_confidence(confidence)
    if replicates < 0 or (points is not None and points < 4):
        raise PolicyError(
            f"a curve has 4 points at least and no fewer than 0 replicates; found {points} and {replicates}"
        )


def repeated_keys(keys: pl.DataFrame, times: Sequence[int]) -> pl.DataFrame:
    """Each row of the keys as often as its group has rows."""
    if not keys.width:
        return pl.DataFrame()
    places = pl.Series([place for place, count in enumerate(times) for _ in range(count)], dtype=pl.UInt32)
    return keys[places]


def describe_curve(point: OperatingPoint, what: str, *, replicates: int, confidence: float) -> str:
    """How a curve was made."""
    if point.evidence.task == "classification":
        matched = "each image's label against its predicted class"
    else:
        limit = point.evidence.policy.limit
        matched = (
            f"COCO matching per class, IoU >= {point.iou:g}, at most {limit} predictions per image and class"
        )
    bands = f"{confidence:.0%} intervals from {replicates} bootstrap replicates of the images"
    return f"{what}; {matched}; {bands if replicates else 'no intervals'}"
