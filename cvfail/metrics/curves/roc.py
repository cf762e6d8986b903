"""Receiver operating characteristic and detection error tradeoff of images, with bands and areas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.errors import PolicyError
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.metrics.curves.bands import Band, interval_columns
from cvfail.metrics.curves.curve_options import check_curve, describe_curve, repeated_keys
from cvfail.metrics.curves.grouped_scores import GroupedScores, ScoredGroup
from cvfail.metrics.curves.scored_images import ScoredImages
from cvfail.metrics.ranking import cluster_weights
from cvfail.statistics.replicates import wilson_of_replicates
from cvfail.tables.arrays import read_only
from cvfail.tables.parallel import run_in_order, worker_count
from cvfail.tables.result import ResultTable

Numbers = NDArray[np.float64]

Area = Literal["precision_recall", "roc"]
"""The area below precision against recall, step by step, or below the receiver operating characteristic."""


def roc_curve(
    point: OperatingPoint,
    *,
    by: Sequence[str] = (),
    points: int | None = 100,
    replicates: int = 200,
    confidence: float = 0.95,
    seed: int = 0,
    threads: int | None = None,
) -> ResultTable:
    """Which images are told to show something, at every threshold.

    Args:
        point: The evaluation; its score threshold is not looked at.
        by: ``category`` (each class against all others) and attributes of the images.
        points: At most so many thresholds per curve; None for every distinct score.
        replicates: Bootstrap replicates of the images for the bands; 0 for none.
        confidence: Of the bands, at each threshold by itself.
        seed: Of the weights.
        threads: Threads over curves; all processors if not given.

    Returns:
        One row per group and threshold, from the highest score on: the columns of `by`, threshold (-inf for images
        without a prediction), tp, fp, fn, tn (images), and true_positive_rate, false_positive_rate,
        false_negative_rate (miss rate) each with ``_lower`` and ``_upper``; false_positive_deviate and
        false_negative_deviate, the normal quantiles of the two, which are the axes of a detection error tradeoff;
        support (positive images), negatives. Null where undefined.

    Raises:
        QueryError: An attribute is unknown, or a classifier gave no probabilities.

    Notes:
        Units are images: of a detector with its highest score of the class, positive if there is an object of the
        class, found or not; of a classifier with the probability of the class. See `ScoredImages`.

    Source: Fawcett, An introduction to ROC analysis (2006); Martin et al., The DET curve (1997).
    """
    check_curve(points=points, replicates=replicates, confidence=confidence)
    scored = ScoredImages.of(point, by, threads=threads)
    weights = cluster_weights(point.evidence, replicates=replicates, seed=seed)
    groups = scored.groups or ScoredImages.of(point, (), threads=threads).groups
    bands = run_in_order(
        lambda group: Band.of(group, weights, points=points), groups, threads=worker_count(threads)
    )
    frame = pl.concat([_rows(band, confidence=confidence) for band in bands])
    frame = frame if scored.groups else frame.clear()
    keys = repeated_keys(scored.keys, [band.thresholds.size for band in bands if scored.groups])
    return ResultTable(
        pl.concat([keys, frame], how="horizontal") if keys.width else frame,
        caption=describe_curve(point, "images by their score", replicates=replicates, confidence=confidence),
    )


def curve_area(
    point: OperatingPoint,
    *,
    area: Area = "precision_recall",
    by: Sequence[str] = ("category",),
    replicates: int = 200,
    confidence: float = 0.95,
    seed: int = 0,
    threads: int | None = None,
) -> ResultTable:
    """The area below a curve.

    Args:
        point: The evaluation; its score threshold is not looked at.
        area: ``precision_recall``: the sum of precision over the steps of recall, of predictions and objects,
            without envelope and interpolation, ties in one piece; so it is not COCO's average precision. ``roc``:
            of images.
        by: ``category`` and attributes of the images; of ``precision_recall`` also ``size`` and attributes of ground
            truth.
        replicates: Bootstrap replicates of the images for the intervals; 0 for none.
        confidence: Of the intervals.
        seed: Of the weights.
        threads: Threads over groups; all processors if not given.

    Returns:
        One row per group: the columns of `by`, area, lower, upper, support (objects, or positive images). Null
        without objects, for ``roc`` also without negatives, and for ``precision_recall`` where false positives have
        no value of an attribute.

    Raises:
        PolicyError: There is no such area.
    """
    if area not in get_args(Area):
        raise PolicyError(f"area must be one of {', '.join(get_args(Area))}; found {area!r}")
    check_curve(points=None, replicates=replicates, confidence=confidence)
    grouped: GroupedScores | ScoredImages
    if area == "roc":
        grouped, known = ScoredImages.of(point, by, threads=threads), True
    else:
        grouped = GroupedScores.of(point, by, threads=threads)
        known = grouped.rule != "none"
    weights = read_only(cluster_weights(point.evidence, replicates=replicates, seed=seed))
    samples = run_in_order(
        lambda group: _areas(group, weights, area) if known else np.full(len(weights), np.nan),
        grouped.groups,
        threads=worker_count(threads),
    )
    values = np.array(samples).reshape(len(grouped.groups), -1)
    interval = wilson_of_replicates(
        values[:, 0],
        values[:, 1:],
        clusters=[group.units_in for group in grouped.groups],
        units=[group.objects for group in grouped.groups],
        confidence=confidence,
    )
    columns = [
        pl.Series(name, bound, dtype=pl.Float64).fill_nan(None)
        for name, bound in zip(("area", "lower", "upper"), interval, strict=True)
    ]
    support = pl.Series("support", [group.objects for group in grouped.groups], dtype=pl.Int64)
    said = (
        "area below the receiver operating characteristic" if area == "roc" else "step-wise average precision"
    )
    return ResultTable(
        pl.concat([grouped.keys, pl.DataFrame([*columns, support])], how="horizontal"),
        caption=describe_curve(point, said, replicates=replicates, confidence=confidence),
    )


def _rows(band: Band, *, confidence: float) -> pl.DataFrame:
    from scipy.special import ndtri

    found, wrong, positives = band.found, band.wrong, band.objects
    negatives = band.images - positives
    missed = positives - found
    hit, alarm, miss = (
        band.share(above, below, confidence=confidence)
        for above, below in ((found, positives), (wrong, negatives), (missed, positives))
    )
    size = band.thresholds.size
    counts = {"tp": found[0], "fp": wrong[0], "fn": missed[0], "tn": negatives[0] - wrong[0]}
    deviates = {
        name: np.where(np.isfinite(values), values, np.nan)
        for name, values in (
            ("false_positive_deviate", ndtri(alarm.estimate)),
            ("false_negative_deviate", ndtri(miss.estimate)),
        )
    }
    return pl.DataFrame(
        [
            pl.Series("threshold", band.thresholds),
            *(pl.Series(name, values, dtype=pl.Int64) for name, values in counts.items()),
            *interval_columns("true_positive_rate", hit),
            *interval_columns("false_positive_rate", alarm),
            *interval_columns("false_negative_rate", miss),
            *(pl.Series(name, values).fill_nan(None) for name, values in deviates.items()),
            pl.Series("support", np.full(size, positives[0, 0])),
            pl.Series("negatives", np.full(size, negatives[0, 0])),
        ]
    )


def _areas(group: ScoredGroup, weights: NDArray[np.uint8], area: Area) -> Numbers:
    """The area under each set of weights; NaN where undefined, shape (1 + B,)."""
    from cvfail.kernels.curve_areas import curve_areas

    precision, roc = np.empty((2, len(weights)))
    positives = weights[:, group.truth_clusters].sum(axis=1, dtype=np.int64)
    curve_areas(group.scores, group.right, group.clusters, weights, read_only(positives), precision, roc)
    return roc if area == "roc" else precision
