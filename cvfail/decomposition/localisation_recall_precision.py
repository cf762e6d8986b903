"""Localisation recall precision: one error rate of boxes, false positives and misses, and its best threshold."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.decomposition.groups import MEAN, By, grouped
from cvfail.decomposition.repaired_curves import Mask
from cvfail.decomposition.replay import Replay
from cvfail.errors import PolicyError, QueryError
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.statistics.averaged import averaged_ratio
from cvfail.statistics.clustered import clustered_ratio
from cvfail.tables.result import ResultTable

_AT_SCORE = ("localisation", "false_positive", "false_negative")
_OPTIMAL = ("optimal_lrp", *(f"optimal_{name}" for name in _AT_SCORE), "optimal_score")
_NUMBERS = ("lrp", "lrp_lower", "lrp_upper", *_AT_SCORE, *_OPTIMAL)


def localisation_recall_precision(
    point: OperatingPoint, *, by: By = (), confidence: float = 0.95
) -> ResultTable:
    """LRP at the operating point and at its best threshold, by class, with the mean over classes as the last row.

    Args:
        point: The evaluation at an overlap and a score threshold.
        by: Attributes or declared slices, as of `error_types`; ``category`` is always told apart.
        confidence: Coverage of the intervals.

    Returns:
        The columns of `by` (``slice`` for declared slices), then category_id and category (null and ``(mean)`` for
        the mean); at the operating point lrp with lrp_lower and lrp_upper, and its components localisation,
        false_positive and false_negative; at the score that makes LRP least optimal_lrp, the components
        optimal_localisation, optimal_false_positive and optimal_false_negative, and optimal_score; support (ground
        truth that counts) and fp_rule, see `error_types`.

    Raises:
        PolicyError: The overlap threshold is 1, at which LRP has no meaning.
        QueryError: The evaluation is of a classifier, or `by` has no meaning.

    Notes:
        With the COCO match at overlap τ, and a true positive's overlap IoU::

            LRP = (Σ_TP (1 - IoU)/(1 - τ) + FP + FN) / (TP + FP + FN)
            localisation   = mean over true positives of 1 - IoU
            false_positive = FP / (TP + FP)             1 - precision
            false_negative = FN / (TP + FN)             1 - recall

        All are in [0, 1]; less is better. The least LRP is sought over the distinct scores, since no threshold
        parts equal ones; of equal values the highest score. Of a class without a true positive the optimal LRP
        is 1 with nothing put out: false_negative 1, the other components and the score null. A class without
        ground truth is null throughout and not in the means, which leave out nulls. Intervals are of the LRP at
        the operating point alone, clustered by image; the optimum has none.

    Source: Oksuz et al., arXiv 2011.10772; kemaloksuz/LRP-Error cocoeval.py, which seeks over ranks. Cost: a pass
        over the predictions of each group.
    """
    if point.evidence.task != "detection":
        raise QueryError("LRP is for detection. Hint: use metrics() for classification")
    overlap = point.evidence.policy.iou_thresholds[point.threshold]
    if overlap >= 1.0 - 1e-9:
        raise PolicyError("LRP has no meaning at an overlap threshold of 1. Hint: iou=0.5")
    everything = OperatingPoint(point.evidence, point.iou, -np.inf)
    replay, counted = Replay.of(everything), Replay.of(point)
    errors = (1.0 - _overlaps(everything)) / (1.0 - overlap)
    groups, _ = grouped(everything, replay, by, columns={"category_id", *_NUMBERS})
    tables = []
    for group in groups:
        table = _table(group.of(counted), group.of(replay), errors, overlap, confidence)
        tables.append(
            table.with_columns(
                *(pl.lit(value, pl.String).alias(name) for name, value in group.key.items()),
                pl.lit(group.rule).alias("fp_rule"),
            )
        )
    keys = list(groups[0].key) if groups else []
    frame = _empty(point) if not tables else pl.concat(tables)
    columns = (*keys, "category_id", "category", *_NUMBERS, "support", "fp_rule")
    caption = f"localisation recall precision; {point.evidence.describe(iou=point.iou, score=point.score)}"
    return ResultTable(
        frame.select(columns), caption=f"{caption}; {confidence:.0%} intervals clustered by image"
    )


def _overlaps(point: OperatingPoint) -> NDArray[np.float64]:
    """The overlap of each true positive with its object, else 0, shape (D,)."""

    def of_block(part: OperatingPoint) -> NDArray[np.float64]:
        rows, _, overlaps = part.hits
        values = np.zeros(part.kept.size)
        values[rows] = overlaps
        return values

    return np.concatenate(point.over_blocks(of_block))


def _table(
    counted: Replay, replay: Replay, errors: NDArray[np.float64], overlap: float, confidence: float
) -> pl.DataFrame:
    """All classes of one group and their mean."""
    evidence = replay.evidence
    truths = evidence.coding.truth_category
    positives = np.bincount(truths[replay.found | replay.unfound], minlength=evidence.categories.height)
    optima = _optima(replay, errors, positives, overlap)
    frame = pl.DataFrame(
        {
            "category_id": evidence.coding.category_keys,
            "category": pl.Series(evidence.category_names, dtype=pl.String),
            **_components(counted, errors, positives, overlap),
            **dict(zip(_OPTIMAL, optima, strict=True)),
            "support": positives,
        }
    ).with_columns(pl.selectors.float().fill_nan(None), pl.int_range(pl.len()).cast(pl.Int32).alias("_code"))
    units = _units(counted, errors, positives > 0)
    one = pl.lit(1)
    by_class = clustered_ratio(
        units, numerator="error", denominator=one, cluster="cluster", by=["code"], confidence=confidence
    )
    frame = frame.join(
        by_class.select("code", lrp="estimate", lrp_lower="lower", lrp_upper="upper"),
        left_on="_code",
        right_on="code",
        how="left",
        maintain_order="left",
    )
    mean = averaged_ratio(
        units,
        numerator="error",
        denominator=one,
        cluster="cluster",
        category="code",
        confidence=confidence,
    ).row(0, named=True)
    bounds = {"lrp": mean["estimate"], "lrp_lower": mean["lower"], "lrp_upper": mean["upper"]}
    last = frame.select(
        pl.lit(None).cast(frame["category_id"].dtype).alias("category_id"),
        pl.lit(MEAN).alias("category"),
        *(pl.lit(value, pl.Float64).alias(name) for name, value in bounds.items()),
        *(pl.col(name).mean() for name in (*_AT_SCORE, *_OPTIMAL)),
        pl.col("support").sum(),
    ).head(1)
    return pl.concat([frame.select(last.columns), last])


def _units(replay: Replay, errors: NDArray[np.float64], chosen: Mask) -> pl.DataFrame:
    """One row per true positive, false positive and unfound object of some classes: error, class, cluster."""
    coding, clusters = replay.evidence.coding, replay.evidence.clusters
    rows = np.flatnonzero((replay.correct | replay.wrong) & chosen[coding.category])
    truths = np.flatnonzero(replay.unfound)
    return pl.DataFrame(
        {
            "code": np.concatenate([coding.category[rows], coding.truth_category[truths]]),
            "cluster": clusters[np.concatenate([coding.image[rows], coding.truth_image[truths]])],
            "error": np.concatenate(
                [np.where(replay.correct, errors, 1.0)[rows], np.ones(truths.size)],
            ),
        }
    )


def _components(
    replay: Replay, errors: NDArray[np.float64], positives: NDArray[np.int64], overlap: float
) -> dict[str, NDArray[np.float64]]:
    """The components of each class at the operating point; NaN where undefined."""
    category, kinds = replay.evidence.coding.category, positives.size
    right, wrong = (np.bincount(category[rows], minlength=kinds) for rows in (replay.correct, replay.wrong))
    lost = np.bincount(category[replay.correct], errors[replay.correct], minlength=kinds) * (1.0 - overlap)
    exists = positives > 0
    values = (
        _ratio(lost, np.where(exists, right, 0)),
        _ratio(wrong, np.where(exists, right + wrong, 0)),
        _ratio(positives - right, positives),
    )
    return dict(zip(_AT_SCORE, values, strict=True))


def _ratio(numerator: NDArray[np.generic], denominator: NDArray[np.generic]) -> NDArray[np.float64]:
    above, below = np.asarray(numerator, np.float64), np.asarray(denominator, np.float64)
    return np.asarray(np.divide(above, below, out=np.full(below.shape, np.nan), where=below > 0))


def _optima(
    replay: Replay, errors: NDArray[np.float64], positives: NDArray[np.int64], overlap: float
) -> NDArray[np.float64]:
    """What `_OPTIMAL` names of every class, shape (5, K); NaN where undefined."""
    evidence = replay.evidence
    order = evidence.score_order
    order = order[(replay.correct | replay.wrong)[order]]
    order = order[np.argsort(evidence.coding.category[order], kind="stable")]
    edges = np.searchsorted(evidence.coding.category[order], np.arange(positives.size + 1))
    values = np.full((len(_OPTIMAL), positives.size), np.nan)
    for code in np.flatnonzero(positives > 0):
        rows = order[edges[code] : edges[code + 1]]
        values[:, code] = _optimum(
            evidence.scores[rows], replay.correct[rows], errors[rows], int(positives[code]), overlap
        )
    return values


def _optimum(
    scores: NDArray[np.float64], right: Mask, errors: NDArray[np.float64], positives: int, overlap: float
) -> tuple[float, float, float, float, float]:
    """The least LRP of one class over its distinct scores, descending, with components and the score."""
    if not right.any():
        return 1.0, np.nan, np.nan, 1.0, np.nan
    last = np.flatnonzero(np.append(scores[1:] != scores[:-1], True))
    found, lost = np.cumsum(right)[last], np.cumsum(np.where(right, errors, 0.0))[last]
    wrong = last + 1 - found
    lrp = (lost + wrong + (positives - found)) / (positives + wrong)
    best = int(np.argmin(np.where(found > 0, lrp, np.inf)))
    return (
        float(lrp[best]),
        float(lost[best] / found[best] * (1.0 - overlap)),
        float(wrong[best] / (found[best] + wrong[best])),
        float(1.0 - found[best] / positives),
        float(scores[last[best]]),
    )


def _empty(point: OperatingPoint) -> pl.DataFrame:
    """No group at all."""
    numbers = [pl.Series(name, [], dtype=pl.Float64) for name in _NUMBERS]
    texts = [pl.Series(name, [], dtype=pl.String) for name in ("category", "fp_rule")]
    ids = point.evidence.coding.category_keys.clear().alias("category_id")
    return pl.DataFrame([ids, *texts, *numbers, pl.Series("support", [], dtype=pl.Int64)])
