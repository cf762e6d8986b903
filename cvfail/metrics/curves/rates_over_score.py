"""Precision, recall, F-β, false positives per image and cost at every score threshold, with bands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.evidence.operating_point import OperatingPoint
from cvfail.metrics.curves.bands import Band, interval_arrays
from cvfail.metrics.curves.curve_options import check_curve, describe_curve, repeated_keys
from cvfail.metrics.curves.grouped_scores import GroupedScores, ScoredGroup
from cvfail.metrics.curves.score_curve import f_score
from cvfail.metrics.ranking import cluster_weights
from cvfail.tables.parallel import run_in_order, worker_count
from cvfail.tables.result import ResultTable

Columns = Mapping[str, NDArray[np.generic]]

_NEVER_UNDEFINED = ("threshold", "tp", "fp", "fn", "support", "images")


def score_curve(
    point: OperatingPoint,
    *,
    by: Sequence[str] = (),
    beta: float = 1.0,
    false_positive_cost: float = 1.0,
    missed_cost: float = 1.0,
    points: int | None = 100,
    replicates: int = 200,
    confidence: float = 0.95,
    seed: int = 0,
    threads: int | None = None,
) -> ResultTable:
    """What each score threshold gives: the curve of precision against recall, and all others over the score.

    Args:
        point: The evaluation; its score threshold is not looked at.
        by: Attributes of images or ground truth, ``category``, ``size``; a curve for each combination of levels.
        beta: Of the F-score.
        false_positive_cost: Of a false positive.
        missed_cost: Of an object that is not found.
        points: At most so many thresholds per curve; None for every distinct score.
        replicates: Bootstrap replicates of the images for the bands; 0 for none.
        confidence: Of the bands, at each threshold by itself.
        seed: Of the weights.
        threads: Threads over curves; all processors if not given.

    Returns:
        One row per group and threshold, from the highest score on: the columns of `by`, threshold, tp, fp, fn,
        and precision, recall, f_score, false_positives_per_image, cost_per_image each with ``_lower`` and ``_upper``;
        support (objects), images. Null where undefined; precision and what depends on false
        positives is null where these have no value of an attribute. Groups without predictions have no rows.

    Notes:
        A threshold keeps all predictions of its score. Images are all of the group's, also those without objects.

    Source: VOC devkit for precision and recall; bands: Poisson bootstrap by cluster in Wilson's form, see
    `wilson_of_replicates`. Cost: one sort, and one pass for each replicate.

    Example:
        >>> import cvfail as cf
        >>> box = [[5, 5, 4, 4]]
        >>> truth = {"image_id": [1, 2], "category_id": [1, 1], "bbox": box * 2}
        >>> found = {"image_id": [1, 2, 3], "category_id": [1] * 3, "score": [0.9, 0.5, 0.7], "bbox": box * 3}
        >>> images = {"image_id": [1, 2, 3]}
        >>> data = cf.from_frames(ground_truth=truth, predictions=found, images=images, box_format="xywh")
        >>> curve = cf.evaluate(data).curve("score")
        >>> curve.df.select("threshold", "precision", "recall").rows()
        [(0.9, 1.0, 0.5), (0.7, 0.5, 0.5), (0.5, 0.6666666666666666, 1.0)]
    """
    check_curve(points=points, replicates=replicates, confidence=confidence)
    grouped = GroupedScores.of(point, by, threads=threads)
    weights = cluster_weights(point.evidence, replicates=replicates, seed=seed)

    def counted(group: ScoredGroup) -> Band:
        return Band.of(group, weights, points=points)

    groups = grouped.groups or GroupedScores.of(point, (), threads=threads).groups
    bands = run_in_order(counted, groups, threads=worker_count(threads))
    prices = (false_positive_cost, missed_cost)
    frame = _frame(list(map(partial(_rows, beta=beta, prices=prices, confidence=confidence), bands)))
    if grouped.rule == "none":
        known = ("tp", "fn", "recall", "recall_lower", "recall_upper", "threshold", "support", "images")
        frame = frame.with_columns(
            pl.lit(None, dtype).alias(name) for name, dtype in frame.schema.items() if name not in known
        )
    frame = frame if grouped.groups else frame.clear()
    keys = repeated_keys(grouped.keys, [band.thresholds.size for band in bands if grouped.groups])
    return ResultTable(
        pl.concat([keys, frame], how="horizontal") if keys.width else frame,
        caption=describe_curve(point, "curve over scores", replicates=replicates, confidence=confidence),
    )


def _frame(groups: Sequence[Columns]) -> pl.DataFrame:
    """One frame of all groups, made at once: with a thousand classes a frame for each would take seconds."""
    columns = {name: np.concatenate([group[name] for group in groups]) for name in groups[0]}
    return pl.DataFrame(
        [
            pl.Series(name, values).fill_nan(None)
            if name not in _NEVER_UNDEFINED
            else pl.Series(name, values)
            for name, values in columns.items()
        ]
    )


def _rows(band: Band, *, beta: float, prices: tuple[float, float], confidence: float) -> Columns:
    """The thresholds of one group, undefined numbers as NaN."""
    found, wrong, objects = band.found, band.wrong, band.objects
    counts = {"tp": found[0], "fp": wrong[0], "fn": objects[0] - found[0]}
    cost = prices[0] * wrong + prices[1] * (objects - found)
    precision = band.share(found, found + wrong, confidence=confidence)
    recall = band.share(found, objects, confidence=confidence)
    harmonic = band.share_of(f_score(found, wrong, objects, beta=beta), units=objects, confidence=confidence)
    rate = band.rate(wrong, confidence=confidence)
    size = band.thresholds.size
    return {
        "threshold": band.thresholds,
        **counts,
        **interval_arrays("precision", precision),
        **interval_arrays("recall", recall),
        **interval_arrays("f_score", harmonic),
        **interval_arrays("false_positives_per_image", rate),
        **interval_arrays("cost_per_image", band.mean(cost, confidence=confidence)),
        "support": np.full(size, objects[0, 0]),
        "images": np.full(size, band.images[0, 0]),
    }
