"""What suspected labels cost: the numbers if every suspect of a kind were put right."""

from __future__ import annotations

import numpy as np
import polars as pl

from cvfail.evidence.evidence import Evidence
from cvfail.evidence.making import make_evidence
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.evidence.scored_outcomes import PredictionOutcomes, ScoredOutcomes
from cvfail.labels.correction import corrected
from cvfail.labels.suspect_rows import KINDS
from cvfail.labels.suspects import LabelErrors
from cvfail.metrics.precision_recall import mean_precision
from cvfail.tables.arrays import read_only
from cvfail.tables.result import ResultTable

AS_LABELLED = "as labelled"
ALL = "all"

_RATES = {"detection": ("precision", "recall", "f1", "ap"), "classification": ("accuracy",)}


def correction_gain(suspects: LabelErrors, *, threads: int | None = None) -> ResultTable:
    """Correct the labels of each kind of suspect and evaluate again.

    Args:
        suspects: The suspects; take the first of them (``top``) to see what those alone cost.
        threads: Threads of the evaluations; all processors if not given.

    Returns:
        First the row ``as labelled``, then a row per kind that has suspects, and ``all`` of them together: `kind`,
        `suspects`; for detection `precision`, `recall`, `f1` at the operating point and `ap`, the mean average
        precision over classes with ground truth, at its overlap; for classification `accuracy`; and for each the
        `..._gain` over the first row. Null where nothing can be divided.

    Notes:
        Every suspect is taken for a label error, so the gain is the most that there can be: the model judges its own
        errors away. Times the audited precision (`audit_estimate`) it is about what there is; for the numbers
        themselves apply verdicts (`Evaluation.corrected`). Gains of kinds do not add up. Cost: a match per row.

    Example:
        >>> import cvfail as cf
        >>> truth = {"image_id": [1], "category_id": [1], "bbox": [[0, 0, 10, 10]]}
        >>> found = {"image_id": [1, 1], "category_id": [1, 1], "score": [0.9, 0.9]}
        >>> found["bbox"] = [[0, 0, 10, 10], [50, 0, 10, 10]]
        >>> data = cf.from_frames(ground_truth=truth, predictions=found, box_format="xywh")
        >>> gains = correction_gain(cf.evaluate(data).label_errors()).df
        >>> gains.select("kind", "suspects", "precision", "precision_gain").rows()
        [('as labelled', 0, 0.5, 0.0), ('missing', 1, 1.0, 0.5), ('all', 1, 1.0, 0.5)]
    """
    point = suspects.point
    evidence = point.evidence
    verdicts = suspects.all_confirmed().df
    present = [kind for kind in KINDS if kind in set(suspects.df["kind"])]
    chosen = {kind: verdicts.filter(kind=kind) for kind in present} | {ALL: verdicts}
    rows = [{"kind": AS_LABELLED, "suspects": 0, **_numbers(point)}]
    for kind, some in chosen.items():
        rows.append({"kind": kind, "suspects": len(some), **_corrected(point, some, threads)})
    names = _RATES[evidence.task]
    frame = pl.DataFrame(
        rows, schema={"kind": pl.String, "suspects": pl.Int64, **dict.fromkeys(names, pl.Float64)}
    )
    gains = [(pl.col(name) - pl.col(name).first()).alias(f"{name}_gain") for name in names]
    described = evidence.describe(iou=point.iou, score=point.score)
    caption = f"if every suspected label were wrong and put right; {described}"
    return ResultTable(frame.with_columns(gains), caption=caption)


def _corrected(point: OperatingPoint, verdicts: pl.DataFrame, threads: int | None) -> dict[str, float | None]:
    """The rates with some labels put right; one evaluation is gone before the next one is made."""
    evidence = point.evidence
    again = make_evidence(corrected(evidence.data, verdicts), evidence.policy, threads=threads)
    return _numbers(OperatingPoint.of(again, iou=point.iou, score=point.score))


def _numbers(point: OperatingPoint) -> dict[str, float | None]:
    """The rates of an evaluation; None where undefined."""
    right, labels = int(point.correct.sum()), int(point.evidence.regular().sum())
    if point.evidence.task == "classification":
        return {"accuracy": _ratio(right, labels)}
    predicted = right + int(point.wrong.sum())
    return {
        "precision": _ratio(right, predicted),
        "recall": _ratio(right, labels),
        "f1": _ratio(2 * right, predicted + labels),
        "ap": _mean_average_precision(point.evidence, point.iou),
    }


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _mean_average_precision(evidence: Evidence, iou: float) -> float | None:
    """Average precision at one overlap over predictions of every score, mean over classes with ground truth."""
    point = OperatingPoint.of(evidence, iou=iou, score=-np.inf)
    coding = evidence.coding
    kinds = len(coding.category_keys)
    positives = np.bincount(coding.truth_category[evidence.regular()], minlength=kinds)
    if not positives.any():
        return None
    outcomes = PredictionOutcomes(
        category=coding.category,
        image=coding.image,
        scores=evidence.scores,
        rank=evidence.ranks,
        matched=read_only(point.correct.astype(np.uint16)[None]),
        ignored=read_only(point.neutral.astype(np.uint16)[None]),
    )
    packed = ScoredOutcomes.of([lambda: outcomes], categories=kinds, limit=evidence.policy.limit)
    values = mean_precision(packed, positives.astype(np.int64), images=len(coding.image_keys))
    return float(values[positives > 0].mean())
