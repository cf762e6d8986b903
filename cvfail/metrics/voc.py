"""Average precision by the protocol of PASCAL VOC: no second choice, overlap strictly above the threshold."""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.errors import PolicyError, QueryError
from cvfail.evidence.evidence import Evidence
from cvfail.matching.first_choice import FirstChoices
from cvfail.metrics.area_under_curve import area_under_curve, eleven_point_mean
from cvfail.metrics.precision_recall import count_positives
from cvfail.metrics.ranking import (
    Claimed,
    Summary,
    average_precision_columns,
    cluster_weights,
    describe_intervals,
)
from cvfail.tables.parallel import run_in_order, worker_count
from cvfail.tables.result import ResultTable

Method = Literal["area", "11-point"]

MEAN = "(mean)"
"""Label of the mean where it is printed below the classes."""

_SUMMARIES: dict[str, Summary] = {"area": area_under_curve, "11-point": eleven_point_mean}


class VocAveragePrecision(ResultTable):
    """Average precision by class, and its mean.

    The mean is a table of its own, so that every row of `df` is a class; the printed table ends with it.

    Attributes:
        df: category_id, category, ap, ap_lower, ap_upper, support.
        mean: One row: ap, ap_lower, ap_upper, support; the mean over classes with ground truth that counts.
    """

    def __init__(self, df: pl.DataFrame, *, caption: str, mean: ResultTable) -> None:
        super().__init__(df, caption=caption)
        self.mean = mean

    def _shown(self) -> pl.DataFrame:
        last = self.mean.df.select(pl.lit(MEAN).alias("category"), pl.all())
        return pl.concat([self.df.drop("category_id"), last])


def voc_average_precision(
    evidence: Evidence,
    *,
    iou: float = 0.5,
    legacy_plus_one: bool = False,
    method: Method = "area",
    replicates: int = 200,
    confidence: float = 0.95,
    seed: int = 0,
    threads: int | None = None,
) -> VocAveragePrecision:
    """Average precision of every class as the VOC devkit computes it, and the mean over classes.

    Args:
        evidence: Detections; all of them take part, whatever the limits of the policy.
        iou: The overlap must be strictly above this, in [0, 1).
        legacy_plus_one: Add one pixel to every width and height before overlaps are computed. The devkit does
            so because its corners name the last pixel inside the box: say True where a width is stored as
            ``xmax - xmin``, False where it is stored as ``xmax - xmin + 1`` or coordinates are continuous.
        method: ``area`` under the curve (VOC 2010 and later), or the mean at 11 recalls (``11-point``, 2007).
        replicates: Bootstrap replicates for the intervals; 0 leaves the bounds null.
        confidence: Of the intervals.
        seed: Of the bootstrap weights; the same seed gives every model the same weights.
        threads: Threads over classes; all processors if not given. The result does not depend on it.

    Returns:
        One row per class: category_id, category, ap, ap_lower, ap_upper, support (ground truth that counts).
        `mean` holds ap, ap_lower, ap_upper and support of the mean over classes. Null where no ground truth
        counts; such classes are left out of the mean.

    Raises:
        QueryError: The evidence is of classification, or there is no such method.
        PolicyError: `iou` is not in [0, 1).

    Notes:
        By descending score, a prediction claims the ground truth of its class that it overlaps most, the first
        on ties. If that is taken already it is wrong, even where another one overlaps enough. Difficult objects
        (`is_ignored`, or a crowd) absorb any number of predictions. Intervals are percentiles over replicates
        in which every image (or cluster) weighs Poisson(1). Cost: the overlaps of each image once, and one pass
        over the predictions per replicate.

    Source: VOC devkit ``VOCevaldet.m``, ``VOCap.m``; rbgirshick/py-faster-rcnn ``voc_eval.py``.

    Example:
        >>> import cvfail as cf
        >>> truth = {"image_id": [1, 1], "category_id": [5, 5], "bbox": [[0, 0, 10, 10], [20, 20, 10, 10]]}
        >>> found = {"image_id": [1], "category_id": [5], "score": [0.9], "bbox": [[0, 0, 10, 10]]}
        >>> data = cf.from_frames(ground_truth=truth, predictions=found, box_format="xywh")
        >>> voc_average_precision(cf.evaluate(data).evidence).df.select("ap", "support").row(0)
        (0.5, 2)
    """
    _check(evidence, iou, method)
    parts = evidence.over_blocks(
        lambda block: _claimed(block.evidence, iou, legacy_plus_one), threads=threads
    )
    rankings = Claimed.joined(parts).by_category(evidence.categories.height)
    weights = cluster_weights(evidence, replicates=replicates, seed=seed)
    summary = _SUMMARIES[method]
    by_class = run_in_order(
        lambda ranking: ranking.summarise(summary, weights), rankings, threads=worker_count(threads)
    )
    samples = np.array(by_class).reshape(len(rankings), len(weights))
    pixel = "one pixel added to widths and heights" if legacy_plus_one else "boxes as stored"
    intervals = describe_intervals(replicates=replicates, confidence=confidence)
    return _table(
        evidence,
        samples,
        confidence=confidence,
        caption=f"PASCAL VOC average precision, {method}; first choice only, IoU > {iou:g}, {pixel}; "
        + intervals,
    )


def _check(evidence: Evidence, iou: float, method: str) -> None:
    if evidence.task != "detection":
        raise QueryError("VOC average precision is for detection. Hint: use metrics() for classification")
    if method not in _SUMMARIES:
        raise QueryError(f"method must be 'area' or '11-point'; found {method!r}")
    if not 0.0 <= iou < 1.0:
        raise PolicyError(f"iou must be in [0, 1): the overlap must be strictly above it; found {iou}")


def _claimed(evidence: Evidence, iou: float, legacy_plus_one: bool) -> Claimed:
    """What every prediction of some images is once all have claimed."""
    choices = FirstChoices.of(evidence, evidence.coding, extra_pixel=legacy_plus_one)
    counts = evidence.regular()
    claims = choices.claims(choices.overlap > iou, counts=counts, order=evidence.score_order)
    return Claimed.of(evidence, listed=~claims.neutral, correct=claims.correct, counts=counts)


def _table(
    evidence: Evidence, samples: NDArray[np.float64], *, confidence: float, caption: str
) -> VocAveragePrecision:
    support = count_positives(evidence)[:, 0, 0]
    mean = average_precision_columns(
        _mean_of_defined(samples)[np.newaxis], support.sum(keepdims=True), confidence=confidence
    )
    names = {
        "category_id": evidence.coding.category_keys,
        "category": pl.Series(evidence.category_names, dtype=pl.String),
    }
    by_class = average_precision_columns(samples, support, confidence=confidence)
    return VocAveragePrecision(
        pl.DataFrame(names).hstack(by_class),
        caption=caption,
        mean=ResultTable(mean, caption=f"mean over classes; {caption}"),
    )


def _mean_of_defined(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over classes, those without ground truth in a replicate left out; NaN where none has any."""
    defined = ~np.isnan(samples)
    count = defined.sum(axis=0)
    total = np.where(defined, samples, 0.0).sum(axis=0)
    return np.asarray(np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0))
