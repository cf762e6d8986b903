"""Error types by TIDE's rules on the COCO match: how many, and what repairing each would gain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

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

_CLASSIFICATION = 1 + ERROR_TYPES.index("classification")
_LOCALISATION = 1 + ERROR_TYPES.index("localisation")


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


@dataclass(frozen=True)
class _Outcomes:
    """What became of every prediction and how its error could be repaired, and the objects that were not found.

    Attributes:
        category: Class code of each prediction, shape (D,).
        repaired: Class code that it would have if its error were repaired and it then found its object; -1 if
            no repair makes it right, shape (D,).
        kind: Error type, 0 where not wrong, shape (D,).
        correct: True positives, shape (D,).
        wrong: False positives, shape (D,).
        unfound: Ground truth per class that is not found, shape (K,).
        missed: Ground truth per class that no repair would find, shape (K,).
    """

    category: NDArray[np.int32]
    repaired: NDArray[np.int32]
    kind: NDArray[np.int8]
    correct: NDArray[np.bool_]
    wrong: NDArray[np.bool_]
    unfound: NDArray[np.int64]
    missed: NDArray[np.int64]

    @classmethod
    def of(cls, point: OperatingPoint) -> _Outcomes:
        """Gather the outcomes of all blocks."""
        parts = [cls._of_block(part) for _, part in point.blocks()]

        def joined(name: str) -> NDArray[Any]:
            return np.concatenate([getattr(part, name) for part in parts])

        return cls(
            category=point.evidence.coding.category,
            repaired=joined("repaired"),
            kind=joined("kind"),
            correct=joined("correct"),
            wrong=joined("wrong"),
            unfound=np.sum([part.unfound for part in parts], axis=0),
            missed=np.sum([part.missed for part in parts], axis=0),
        )

    @classmethod
    def _of_block(cls, point: OperatingPoint) -> _Outcomes:
        coding = point.evidence.coding
        kind, target = point.typed
        repaired = np.full(kind.size, -1, np.int32)
        rows = np.flatnonzero((kind == _CLASSIFICATION) | (kind == _LOCALISATION))
        rows = rows[point.repairs[target[rows]] == rows]
        repaired[rows] = coding.truth_category[target[rows]]
        left = point.evidence.regular() & ~point.found
        kinds = len(coding.category_keys)
        unfound = np.bincount(coding.truth_category[left], minlength=kinds)
        missed = np.bincount(coding.truth_category[left & (point.repairs < 0)], minlength=kinds)
        return cls(coding.category, repaired, kind, point.correct, point.wrong, unfound, missed)


def _gains(point: OperatingPoint) -> Iterator[tuple[str, float | None]]:
    """The gain in average precision from repairing each type; null if no class has ground truth."""
    evidence = point.evidence
    positives = count_positives(evidence)[:, 0, 0]
    if not positives.any():
        yield from ((name, None) for name in (*ERROR_TYPES, MISSED, FALSE_POSITIVES, FALSE_NEGATIVES))
        return
    now = _Outcomes.of(point)
    removed = ~(now.correct | now.wrong)

    def mean(
        remaining: NDArray[np.int64] = positives,
        *,
        category: NDArray[np.int32] = now.category,
        correct: NDArray[np.bool_] = now.correct,
        removed: NDArray[np.bool_] = removed,
    ) -> float:
        return _mean_precision(evidence, category, correct, removed, remaining, positives)

    base = mean()
    for code, name in enumerate(ERROR_TYPES, start=1):
        right = (now.kind == code) & (now.repaired >= 0)
        repaired = mean(
            category=np.where(right, now.repaired, now.category),
            correct=now.correct | right,
            removed=removed | ((now.kind == code) & ~right),
        )
        yield name, max(0.0, repaired - base)
    yield MISSED, max(0.0, mean(positives - now.missed) - base)
    yield FALSE_POSITIVES, mean(removed=removed | now.wrong) - base
    yield FALSE_NEGATIVES, mean(positives - now.unfound) - base


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
        category=read_only(category),
        image=evidence.coding.image,
        scores=evidence.scores,
        rank=evidence.ranks,
        matched=read_only(correct.astype(np.uint16)[None]),
        ignored=read_only(removed.astype(np.uint16)[None]),
    )
    outcomes = ScoredOutcomes.of([lambda: part], categories=positives.size, limit=evidence.policy.limit)
    values = mean_precision(outcomes, positives, images=len(evidence.images))
    alone = (positives == 0) & (original > 0)
    values[alone] = np.diff(outcomes.offsets)[alone] == 0
    return float(values[original > 0].mean())
