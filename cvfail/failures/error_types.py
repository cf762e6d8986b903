"""Error types by TIDE's rules on the COCO match: how many, and what repairing each would gain."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.errors import QueryError
from cvfail.evidence.evidence import Evidence
from cvfail.evidence.operating_point import ERROR_TYPES, OperatingPoint
from cvfail.metrics.precision_recall import count_positives
from cvfail.tables.arrays import read_only
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
    gains = dict(_gains(everything))
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
    kind, _ = point.typed
    sizes = np.bincount(kind, minlength=len(ERROR_TYPES) + 1)[1:].tolist()
    unfound = point.evidence.regular() & ~point.found
    return {
        **dict(zip(ERROR_TYPES, sizes, strict=True)),
        MISSED: int((unfound & (point.repairs < 0)).sum()),
        FALSE_POSITIVES: sum(sizes),
        FALSE_NEGATIVES: int(unfound.sum()),
    }


def _gains(point: OperatingPoint) -> Iterator[tuple[str, float | None]]:
    """The gain in average precision from repairing each type; null if no class has ground truth."""
    evidence = point.evidence
    positives = count_positives(evidence)
    if not positives.any():
        yield from ((name, None) for name in (*ERROR_TYPES, MISSED, FALSE_POSITIVES, FALSE_NEGATIVES))
        return
    kind, target = point.typed
    category, removed = evidence.coding.category, ~(point.correct | point.wrong)
    base = _mean_precision(evidence, category, point.correct, removed, positives, positives)
    for code, name in enumerate(ERROR_TYPES, start=1):
        concerned = kind == code
        right = np.zeros_like(concerned)
        moved = category
        if name in {"classification", "localisation"}:
            rows = np.flatnonzero(concerned)
            rows = rows[point.repairs[target[rows]] == rows]
            right[rows] = True
            moved = category.copy()
            moved[rows] = evidence.coding.truth_category[target[rows]]
        gain = _mean_precision(
            evidence, moved, point.correct | right, removed | (concerned & ~right), positives, positives
        )
        yield name, max(0.0, gain - base)
    unfound = evidence.regular() & ~point.found
    remaining = positives - _per_category(evidence, unfound & (point.repairs < 0))
    gain = _mean_precision(evidence, category, point.correct, removed, remaining, positives)
    yield MISSED, max(0.0, gain - base)
    gain = _mean_precision(evidence, category, point.correct, removed | point.wrong, positives, positives)
    yield FALSE_POSITIVES, gain - base
    remaining = positives - _per_category(evidence, unfound)
    gain = _mean_precision(evidence, category, point.correct, removed, remaining, positives)
    yield FALSE_NEGATIVES, gain - base


def _per_category(evidence: Evidence, truths: NDArray[np.bool_]) -> NDArray[np.int64]:
    return np.bincount(evidence.coding.truth_category[truths], minlength=len(evidence.coding.category_keys))


def _mean_precision(
    evidence: Evidence,
    category: NDArray[np.int32],
    correct: NDArray[np.bool_],
    removed: NDArray[np.bool_],
    positives: NDArray[np.int64],
    original: NDArray[np.int64],
) -> float:
    """Mean average precision over the classes that had ground truth, with outcomes as given, shape (D,) each."""
    from cvfail.evidence.scored_outcomes import PredictionOutcomes, ScoredOutcomes
    from cvfail.metrics.precision_recall import mean_precision

    part = PredictionOutcomes(
        category=category,
        image=evidence.coding.image,
        scores=evidence.scores,
        rank=evidence.ranks,
        matched=read_only(correct.astype(np.uint16)[None]),
        ignored=read_only(removed.astype(np.uint16)[None]),
    )
    outcomes = ScoredOutcomes.of([part], categories=positives.size, limit=evidence.policy.limit)
    values = mean_precision(outcomes, positives, images=len(evidence.images))
    alone = (positives == 0) & (original > 0)
    values[alone] = np.diff(outcomes.offsets)[alone] == 0
    return float(values[original > 0].mean())
