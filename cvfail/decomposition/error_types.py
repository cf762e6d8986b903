"""Error types by TIDE's rules on the COCO match: how many, and what repairing each would gain."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from cvfail.decomposition.replay import Replay
from cvfail.errors import QueryError
from cvfail.evidence.evidence import Evidence
from cvfail.evidence.operating_point import ERROR_TYPES, OperatingPoint
from cvfail.tables.result import ResultTable

MISSED = "missed"
FALSE_POSITIVES = "all false positives"
FALSE_NEGATIVES = "all false negatives"


def error_types(evidence: Evidence, *, iou: float | None = None, score: float | None = None) -> ResultTable:
    """Count the errors of each type and give the average precision that repairing it would gain.

    Args:
        evidence: Matched detections.
        iou: Overlap threshold of the match (TIDE's t_f); the policy's if not given.
        score: Predictions below it are not counted; the policy's if not given.

    Returns:
        error_type, count (score >= `score`), share (of all counted errors; null if there are none), delta_ap
        (AP at `iou` with this type repaired minus AP as it is, over predictions of every score), count_all (over
        every score). The six types, then the two special rows whose repair is not a partition: every false
        positive removed, every unfound object excused.

    Notes:
        A false positive is tested in this order, with overlaps of regular ground truth: same class in
        [background_iou, iou] localisation; other class >= iou classification; a used one of the same class
        >= iou duplicate; nothing above background_iou background; else both. Ignored predictions have no type.
        Missed is an unfound object that no classification or localisation error aims at. Repairs: the best
        classification or localisation error of an unfound object becomes right, others of that type are
        removed; both, duplicate and background are removed; missed objects no longer count. The mean is over
        the classes that have ground truth; one that loses all of it scores 1 without false positives, else 0.
        Gains do not add up.

    Source: arXiv 2008.08115; deviations from tidecv 1.0.1: outcomes are COCO's, the class set is fixed, ties
    keep one order. Cost: a pass over the predictions per type.
    """
    if evidence.task != "detection":
        raise QueryError("error types are for detection. Hint: use confusion_matrix() for classification")
    point = OperatingPoint.of(evidence, iou=iou, score=score)
    everything = OperatingPoint.of(evidence, iou=point.iou, score=-np.inf)
    counts, counts_all = _counts(point), _counts(everything)
    gains = dict(_gains(Replay.of(everything)))
    names = [*ERROR_TYPES, MISSED, FALSE_POSITIVES, FALSE_NEGATIVES]
    total = sum(counts[name] for name in names[:6])
    shares = [counts[name] / total if total and i < 6 else None for i, name in enumerate(names)]
    frame = pl.DataFrame(
        {
            "error_type": names,
            "count": [counts[name] for name in names],
            "share": pl.Series(shares, dtype=pl.Float64),
            "delta_ap": pl.Series([gains[name] for name in names], dtype=pl.Float64),
            "count_all": [counts_all[name] for name in names],
        }
    )
    caption = evidence.describe(iou=point.iou, score=point.score)
    return ResultTable(frame, caption=f"error types; {caption}; delta_ap over every score")


def _counts(point: OperatingPoint) -> dict[str, int]:
    sizes = np.zeros(len(ERROR_TYPES) + 1, np.int64)
    missed = unfound = 0
    for _, part in point.blocks():
        sizes += np.bincount(part.typed[0], minlength=len(ERROR_TYPES) + 1)
        left = part.evidence.regular() & ~part.found
        unfound += int(left.sum())
        missed += int((left & (part.repairs < 0)).sum())
    return {
        **dict(zip(ERROR_TYPES, sizes[1:].tolist(), strict=True)),
        MISSED: missed,
        FALSE_POSITIVES: int(sizes[1:].sum()),
        FALSE_NEGATIVES: unfound,
    }


def _gains(replay: Replay) -> Iterator[tuple[str, float | None]]:
    """The gain in average precision from repairing each type; null if no class has ground truth."""
    base = replay.average_precision()
    for code, name in enumerate(ERROR_TYPES, start=1):
        yield name, _gain(replay.average_precision(repaired=replay.kind == code), base, least=0.0)
    yield MISSED, _gain(replay.average_precision(excused=replay.missed), base, least=0.0)
    yield FALSE_POSITIVES, _gain(replay.average_precision(removed=replay.wrong), base)
    yield FALSE_NEGATIVES, _gain(replay.average_precision(excused=replay.unfound), base)


def _gain(repaired: float | None, base: float | None, *, least: float = -np.inf) -> float | None:
    return None if repaired is None or base is None else max(least, repaired - base)
