"""The rates of a classifier from its evidence: one row per labelled image, with its attributes."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from cvfail.errors import QueryError
from cvfail.evidence.attributes import attributes
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.metrics.averages import Average, require_average
from cvfail.metrics.classification import classification_agreement, classification_metrics
from cvfail.tables.result import ResultTable

_CATEGORY = "category"


def classified_image_rates(
    point: OperatingPoint, *, by: Sequence[str] = (), average: Average = "micro", confidence: float = 0.95
) -> ResultTable:
    """Precision, recall, F1, specificity and accuracy of a classifier; see `classification_metrics`.

    Args:
        point: The evaluation of a classifier.
        by: Attributes of the images, and ``category`` for every class against the others.
        average: Inside a group: ``micro``, ``macro`` or ``weighted``.
        confidence: Coverage of the intervals.
    """
    require_average(average)
    by = list(dict.fromkeys(by))
    rows = _rows(point, [name for name in by if name != _CATEGORY])
    labels = point.evidence.category_names
    table = classification_metrics(rows, labels, by=by, average=average, confidence=confidence)
    return ResultTable(table, caption=_caption(point, f"{average} rates", confidence))


def classified_image_agreement(
    point: OperatingPoint, *, by: Sequence[str] = (), confidence: float = 0.95
) -> ResultTable:
    """Accuracy, balanced accuracy, Matthews' correlation and Cohen's kappa; see `classification_agreement`.

    Raises:
        QueryError: The evaluation is of a detector: without a count of true negatives there is no agreement.
    """
    if point.evidence.task != "classification":
        raise QueryError("agreement is for classification. Hint: use metrics() for detection")
    rows = _rows(point, by)
    table = classification_agreement(rows, point.evidence.category_names, by=by, confidence=confidence)
    return ResultTable(table, caption=_caption(point, "agreement", confidence))


def _rows(point: OperatingPoint, names: Sequence[str]) -> pl.DataFrame:
    """The labelled images: true, predicted, cluster_id, and the attributes asked for."""
    evidence = point.evidence
    labels = pl.Series(evidence.category_names, dtype=pl.String)
    truth, partner = evidence.coding.truth_category, point.cells.drop_nulls("ground_truth_index")
    predicted = pl.Series([None] * len(truth), dtype=pl.Int64)
    answered = partner.drop_nulls("prediction_index")
    predicted[answered["ground_truth_index"].to_numpy()] = answered["predicted_code"]
    return pl.DataFrame(
        [
            labels.gather(truth).alias("true"),
            labels.gather(predicted).alias("predicted"),
            pl.Series("cluster_id", evidence.clusters[evidence.coding.truth_image]),
            *(attribute.truth.alias(attribute.name) for attribute in attributes(evidence, names)),
        ]
    ).filter(pl.Series(evidence.regular()))


def _caption(point: OperatingPoint, what: str, confidence: float) -> str:
    unanswered = int((point.evidence.regular() & (point.partner < 0) & (point.repairs < 0)).sum())
    left_out = f"; {unanswered} images without an answer are left out" if unanswered else ""
    described = point.evidence.describe(score=point.score)
    return f"{what}; {described}; {confidence:.0%} intervals clustered by image{left_out}"
