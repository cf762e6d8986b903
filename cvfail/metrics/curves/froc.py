"""Free-response operating characteristic: what is found at so many false positives per image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.errors import PolicyError, QueryError
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.metrics.curves.bands import Band, interval_columns
from cvfail.metrics.curves.curve_options import check_curve, describe_curve, repeated_keys
from cvfail.metrics.curves.grouped_scores import GroupedScores, ScoredGroup
from cvfail.metrics.ranking import cluster_weights
from cvfail.statistics.proportions import Interval
from cvfail.statistics.replicates import wilson_of_replicates
from cvfail.tables.parallel import run_in_order, worker_count
from cvfail.tables.result import ResultTable

Numbers = NDArray[np.float64]

TARGETS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""False positives per image at which sensitivity is averaged, as in nodule detection."""


class FrocTable(ResultTable):
    """Sensitivities, and their mean.

    Attributes:
        df: One row per group and target; see `froc`.
        caption: Policy.
        mean: One row per group: its keys, estimate, lower, upper (the mean sensitivity over all targets, known as
            competition performance metric), support.
    """

    def __init__(self, df: pl.DataFrame, *, caption: str, mean: pl.DataFrame) -> None:
        super().__init__(df, caption=caption)
        self.mean = mean


def froc(
    point: OperatingPoint,
    *,
    by: Sequence[str] = (),
    targets: Sequence[float] = TARGETS,
    interpolate: bool = False,
    replicates: int = 200,
    confidence: float = 0.95,
    seed: int = 0,
    threads: int | None = None,
) -> FrocTable:
    """Sensitivity at given numbers of false positives per image.

    Args:
        point: The evaluation; its score threshold is not looked at.
        by: ``category``, ``size`` and attributes of the images; not those that ground truth alone has.
        targets: False positives per image, over all images, also those without objects.
        interpolate: Whether sensitivity is read on straight lines between thresholds, as LUNA16 does, instead of at
            the best threshold that keeps within the target.
        replicates: Bootstrap replicates of the images for the intervals; 0 for none.
        confidence: Of the intervals.
        seed: Of the weights.
        threads: Threads over groups; all processors if not given.

    Returns:
        One row per group and target: the columns of `by`, target, threshold (the highest that finds as much; null
        if none keeps within the target), sensitivity with ``_lower`` and ``_upper`` (0 without a threshold),
        false_positives_per_image there, false_alarm_rate with ``_lower`` and ``_upper``: the share of images
        without an object of the group on which there is a false positive; specificity, 1 - this; support (objects),
        images, empty_images (those without an object).

    Raises:
        PolicyError: A target is negative, or there is none.
        QueryError: The evaluation is of a classifier, or false positives have no value of an attribute.

    Source: Bunch et al., A free-response approach to the measurement and characterization of radiographic observer
    performance (1978); targets: van Ginneken et al., Medical Image Analysis 14 (2010) 707-722.

    Example:
        >>> import cvfail as cf
        >>> box = [[5, 5, 4, 4]]
        >>> truth = {"image_id": [1, 2], "category_id": [1, 1], "bbox": box * 2}
        >>> found = {"image_id": [1, 2, 3], "category_id": [1] * 3, "score": [0.9, 0.5, 0.7], "bbox": box * 3}
        >>> images = {"image_id": [1, 2, 3]}
        >>> data = cf.from_frames(ground_truth=truth, predictions=found, images=images, box_format="xywh")
        >>> table = cf.evaluate(data).curve("froc", targets=[0.25, 0.5])
        >>> table.df.select("target", "threshold", "sensitivity", "false_alarm_rate").rows()
        [(0.25, 0.9, 0.5, 0.0), (0.5, 0.5, 1.0, 1.0)]
    """
    check_curve(points=None, replicates=replicates, confidence=confidence)
    if point.evidence.task != "detection":
        raise QueryError("false positives per image are of a detector. Hint: curve('roc') for a classifier")
    wanted = sorted(set(map(float, targets)))
    if not wanted or not all(0.0 <= target < np.inf for target in wanted):
        raise PolicyError(f"targets are numbers of false positives per image >= 0; found {list(targets)}")
    grouped = GroupedScores.of(point, by, threads=threads)
    if grouped.rule == "none":
        raise QueryError(
            f"false positives have no value of {', '.join(by)}. Hint: curve('score') has the recall of these"
        )
    weights = cluster_weights(point.evidence, replicates=replicates, seed=seed)

    def answered(group: ScoredGroup) -> tuple[pl.DataFrame, pl.DataFrame]:
        return _of_group(group, weights, wanted, interpolate=interpolate, confidence=confidence)

    groups = grouped.groups or GroupedScores.of(point, (), threads=threads).groups
    parts = run_in_order(answered, groups, threads=worker_count(threads))
    frame = pl.concat([rows for rows, _ in parts])
    mean = pl.concat([row for _, row in parts])
    if not grouped.groups:
        frame, mean = frame.clear(), mean.clear()
    keys = repeated_keys(grouped.keys, [len(wanted)] * len(grouped.groups))
    if keys.width:
        frame = pl.concat([keys, frame], how="horizontal")
        mean = pl.concat([grouped.keys, mean], how="horizontal")
    reading = "on straight lines" if interpolate else "at thresholds"
    said = f"sensitivity by false positives per image, read {reading}"
    return FrocTable(
        frame,
        caption=describe_curve(point, said, replicates=replicates, confidence=confidence),
        mean=mean,
    )


def _of_group(
    group: ScoredGroup,
    weights: NDArray[np.uint8],
    targets: Sequence[float],
    *,
    interpolate: bool,
    confidence: float,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of all targets, and their mean."""
    band = Band.of(group, weights, points=None)
    samples = np.array([_sensitivity(band, row, targets, interpolate) for row in range(len(weights))])
    place = np.searchsorted(band.wrong[0] / max(group.images, 1), targets, side="right") - 1
    if band.thresholds.size:
        found = np.where(place >= 0, band.found[0][place], -1)
        first = np.searchsorted(band.found[0], found, side="left")
        place = np.where(place >= 0, first, -1)
    thresholds = np.where(place >= 0, np.append(band.thresholds, np.nan)[place], np.nan)
    wrong = np.where(place >= 0, np.append(band.wrong[0], 0)[place], 0)
    sensitivity = band.share_of(samples, units=band.objects, confidence=confidence)
    alarm, empty = _false_alarms(group, weights, thresholds, confidence)
    size = len(targets)
    frame = pl.DataFrame(
        [
            pl.Series("target", list(targets), dtype=pl.Float64),
            pl.Series("threshold", thresholds, dtype=pl.Float64).fill_nan(None),
            *interval_columns("sensitivity", sensitivity),
            pl.Series("false_positives_per_image", wrong / group.images if group.images else [None] * size),
            *interval_columns("false_alarm_rate", alarm),
            pl.Series("specificity", 1.0 - alarm.estimate, dtype=pl.Float64).fill_nan(None),
            pl.Series("support", [group.objects] * size, dtype=pl.Int64),
            pl.Series("images", [group.images] * size, dtype=pl.Int64),
            pl.Series("empty_images", [empty] * size, dtype=pl.Int64),
        ]
    )
    whole = band.share_of(samples.mean(axis=1)[:, None], units=band.objects, confidence=confidence)
    columns = [
        pl.Series(name, value, dtype=pl.Float64).fill_nan(None)
        for name, value in zip(("estimate", "lower", "upper"), whole, strict=True)
    ]
    return frame, pl.DataFrame([*columns, pl.Series("support", [group.objects], dtype=pl.Int64)])


def _sensitivity(band: Band, row: int, targets: Sequence[float], interpolate: bool) -> Numbers:
    """What is found within each target under one set of weights; NaN without objects or images."""
    objects, images = int(band.objects[row, 0]), int(band.images[row, 0])
    if not objects or not images:
        return np.full(len(targets), np.nan)
    rate = np.append(0.0, band.wrong[row] / images)
    recall = np.append(0.0, band.found[row] / objects)
    if interpolate:
        last = np.append(rate[1:] != rate[:-1], True)
        return np.asarray(np.interp(targets, rate[last], recall[last]), np.float64)
    return np.asarray(recall[np.searchsorted(rate, targets, side="right") - 1])


def _false_alarms(
    group: ScoredGroup, weights: NDArray[np.uint8], thresholds: Numbers, confidence: float
) -> tuple[Interval, int]:
    """The share of images without objects that have a false positive at each threshold; and how many there are."""
    empty = np.setdiff1d(group.image_codes, group.truth_images)
    highest = np.full(group.cluster_of_image.size, -np.inf)
    wrong = ~group.right
    np.maximum.at(highest, group.row_images[wrong], group.scores[wrong])
    alarm = highest[empty][:, None] >= np.nan_to_num(thresholds, nan=np.inf)
    clusters = group.cluster_of_image[empty]
    drawn = weights[:, clusters].sum(axis=1, dtype=np.int64)[:, None]
    above = np.stack([weights[:, clusters[own]].sum(axis=1, dtype=np.int64) for own in alarm.T], axis=1)
    values = np.divide(above, drawn, out=np.full(above.shape, np.nan), where=drawn > 0)
    interval = wilson_of_replicates(
        values[0],
        values[1:].T,
        clusters=np.unique(clusters).size,
        units=max(empty.size, 1),
        confidence=confidence,
    )
    return interval, int(empty.size)
