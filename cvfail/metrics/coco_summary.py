"""The COCO summary: twelve numbers, each with an interval from a bootstrap of the images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.errors import QueryError
from cvfail.evidence.evidence import Evidence
from cvfail.metrics.average_precision import Replicates, replicate_precision
from cvfail.metrics.precision_recall import LevelledPrecision, levelled_precision
from cvfail.statistics.bootstrap import percentile_interval
from cvfail.tables.result import ResultTable

_SHORT = {"small": "s", "medium": "m", "large": "l"}


@dataclass(frozen=True)
class _Line:
    """One of the summary's numbers: a mean over classes and thresholds."""

    name: str
    kind: str
    iou: float | None
    area: str
    limit: int

    def mean(self, values: NDArray[np.float64], threshold: int | None) -> NDArray[np.float64]:
        """Mean over classes (axis 0) and thresholds (axis 1), undefined classes left out."""
        chosen = values if threshold is None else values[:, threshold : threshold + 1]
        defined = ~np.isnan(chosen)
        count = defined.sum(axis=(0, 1))
        total = np.where(defined, chosen, 0.0).sum(axis=(0, 1))
        return np.asarray(np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0))


def coco_summary(
    evidence: Evidence,
    *,
    metrics: Sequence[str] | None = None,
    replicates: int = 200,
    confidence: float = 0.95,
    seed: int = 0,
    threads: int | None = None,
) -> ResultTable:
    """AP and AR as COCO summarises them.

    Args:
        evidence: Matched detections.
        metrics: Names of the numbers wanted, such as ``["AP", "AR100"]``; all if not given.
        replicates: Bootstrap replicates for the intervals; 0 leaves the bounds null.
        confidence: Of the intervals.
        seed: Of the bootstrap weights; the same seed gives every model on the same images the same weights.
        threads: Threads over classes; all processors if not given.

    Returns:
        metric, iou (null: the mean over the ladder), area, max_detections, estimate, lower, upper, support (ground
        truth that counts). With COCO's policy: AP, AP50, AP75, APs, APm, APl, AR1, AR10, AR100, ARs, ARm, ARl.

    Notes:
        Estimates equal pycocotools, -1 being null here: no class has ground truth, or the ladder lacks .5 or
        .75. AP and AR by area use the largest limit. Intervals are percentiles over replicates in which every
        image (or cluster) weighs Poisson(1). Cost: one pass over the predictions per area range and limit, and
        `replicates` more for the intervals.

    Raises:
        QueryError: The evaluation is of a classifier, or a metric is not in the summary.

    Source: pycocotools 2.0.11 ``COCOeval.summarize``.
    """
    if evidence.task != "detection":
        raise QueryError("the COCO summary is for detection. Hint: use metrics() for classification")
    curves = levelled_precision(evidence, threads=threads)
    samples = (
        replicate_precision(evidence, replicates=replicates, seed=seed, threads=threads)
        if replicates
        else None
    )
    lines = _wanted(_lines(evidence), metrics)
    rows = [_row(evidence, line, curves, samples, confidence) for line in lines]
    frame = pl.DataFrame(rows, schema=_SCHEMA, orient="row")
    interval = f"{confidence:.0%} intervals from {replicates} bootstrap replicates of the images"
    return ResultTable(frame, caption=f"COCO summary; {interval if replicates else 'no intervals'}")


_SCHEMA = {
    "metric": pl.String,
    "iou": pl.Float64,
    "area": pl.String,
    "max_detections": pl.Int64,
    "estimate": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "support": pl.Int64,
}


def _lines(evidence: Evidence) -> list[_Line]:
    policy = evidence.policy
    limit = policy.limit
    areas = [area for area in policy.area_ranges if area != "all"]
    return [
        _Line("AP", "precision", None, "all", limit),
        _Line("AP50", "precision", 0.5, "all", limit),
        _Line("AP75", "precision", 0.75, "all", limit),
        *(_Line(f"AP{_SHORT.get(area, f'[{area}]')}", "precision", None, area, limit) for area in areas),
        *(_Line(f"AR{count}", "recall", None, "all", count) for count in policy.max_detections),
        *(_Line(f"AR{_SHORT.get(area, f'[{area}]')}", "recall", None, area, limit) for area in areas),
    ]


def _wanted(lines: list[_Line], metrics: Sequence[str] | None) -> list[_Line]:
    known = {line.name: line for line in lines}
    unknown = [name for name in metrics or [] if name not in known]
    if unknown:
        raise QueryError(f"{unknown[0]!r} is not in the summary. Hint: one of {', '.join(known)}")
    return lines if metrics is None else [known[name] for name in metrics]


def _row(
    evidence: Evidence, line: _Line, curves: LevelledPrecision, sample: Replicates | None, confidence: float
) -> tuple[object, ...]:
    area = list(evidence.policy.area_ranges).index(line.area)
    threshold = _ladder_position(evidence, line.iou)
    limit = evidence.policy.max_detections.index(line.limit)
    estimate, lower, upper = None, None, None
    if line.iou is None or threshold is not None:
        if line.kind == "precision":
            values = curves.average_precision[:, 0, area]
        elif line.area == "all":
            values = curves.recall_within[:, 0, limit]
        else:
            values = curves.recall[:, 0, area]
        estimate = _known(float(line.mean(values, threshold)))
        if sample is not None and estimate is not None:
            if line.kind == "precision":
                repeated = sample.average_precision[:, area]
            elif line.area == "all":
                repeated = sample.recall_within[:, limit]
            else:
                repeated = sample.recall[:, area]
            lower, upper = percentile_interval(line.mean(repeated, threshold), confidence=confidence)[:2]
    support = int(curves.positives[:, 0, area].sum())
    return line.name, line.iou, line.area, line.limit, estimate, lower, upper, support


def _ladder_position(evidence: Evidence, iou: float | None) -> int | None:
    ladder = evidence.policy.iou_thresholds
    return ladder.index(iou) if iou in ladder else None


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value
