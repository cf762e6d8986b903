"""Hoiem's sensitivity: normalised average precision of objects by their characteristics, best level against worst."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from cvfail.decomposition.groups import MEAN
from cvfail.decomposition.hoiem import Schema
from cvfail.decomposition.normalised_precision import NormalisedPrecision
from cvfail.decomposition.object_levels import levels_of, object_characteristics
from cvfail.decomposition.replay import Replay
from cvfail.errors import QueryError
from cvfail.evidence.evidence import Evidence
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.statistics.averaged import averaged_ratio
from cvfail.statistics.clustered import clustered_ratio
from cvfail.tables.result import ResultTable

_SHARE_OF_IMAGES = 0.15
_ESTIMATES = ("overall", "lowest", "highest", "sensitivity", "impact")

_KEY: Schema = {"code": pl.Int32}
_LEVEL_TYPES: Schema = {
    "characteristic": pl.String,
    "level": pl.String,
    "ap_n": pl.Float64,
    "ap_n_lower": pl.Float64,
    "ap_n_upper": pl.Float64,
    "support": pl.Int64,
}
_SUMMARY_TYPES: Schema = {
    "characteristic": pl.String,
    **dict.fromkeys(_ESTIMATES, pl.Float64),
    "lowest_level": pl.String,
    "highest_level": pl.String,
    "levels": pl.Int64,
    "support": pl.Int64,
}


class HoiemSensitivity(ResultTable):
    """How much each characteristic matters; `hoiem_sensitivity` says what the columns are.

    Attributes:
        levels: Normalised average precision of every level: category_id, category, characteristic, level, ap_n with
            ap_n_lower and ap_n_upper, support (objects). The rows ``(mean)`` are means over the classes that have
            objects of the level.
    """

    def __init__(self, df: pl.DataFrame, *, caption: str, levels: pl.DataFrame) -> None:
        super().__init__(df, caption=caption)
        self.levels = ResultTable(levels, caption=caption)


def hoiem_sensitivity(
    point: OperatingPoint,
    *,
    characteristics: Sequence[str] | None = None,
    positives: float | None = None,
    min_support: int = 10,
    confidence: float = 0.95,
) -> HoiemSensitivity:
    """Tell how much average precision depends on what the objects are like; the mean over classes stands last.

    Args:
        point: The evaluation; its overlap threshold counts, every score is taken.
        characteristics: ``area_percentile`` and ``aspect_percentile`` (the paper's bins, below) and names of
            attributes of images and ground truth; these two and all attributes of the ground truth if not given.
        positives: N, the number of objects that every level is treated as if it had; .15 times the number of
            images, as in the paper, if not given.
        min_support: Levels of a class with fewer objects are in `HoiemSensitivity.levels`, but neither lowest nor
            highest.
        confidence: Coverage of the intervals of the levels.

    Returns:
        One row per class and characteristic: category_id and category (null and ``(mean)`` for the mean),
        characteristic, overall (normalised AP of all objects of the class), lowest and highest (of the levels),
        sensitivity (highest - lowest), impact (highest - overall: what would be gained if every object were like
        the best), lowest_level and highest_level, levels (how many had enough objects), support. Sensitivity is null
        with fewer than two such levels. The means are over the classes that have a value.

    Raises:
        QueryError: The evaluation is of a classifier, a characteristic is unknown, or `positives` is not above 0.

    Notes:
        With the match at the point's overlap over every score, TP(l) the true positives of level l from a score on,
        n(l) its objects, and FP all false positives of the class::

            P_N  = TP(l)·N/n(l) / (TP(l)·N/n(l) + FP)       the same at any n(l): levels can be compared
            AP_N = 1/n(l) · Σ over found objects of the largest P_N at the object's rank or below

        which is the area below the interpolated curve, no mean over 101 recalls. True positives of other levels
        are left out. Intervals take the P_N as given and are clustered by image. The bins of a class are by rank
        among its objects: XS the lowest 10 % of the box areas, S the next 20 %, M the next 40 %, L the next 20 %, XL
        the highest 10 %; of width ÷ height likewise XT (extra tall), T, M, W, XW. Equal values are in one bin.
        Objects whose value is unknown are a level null, which is neither lowest nor highest. Classes without
        objects are left out.

    Source: Hoiem, Chodpathumwan and Dai, Diagnosing Error in Object Detectors, ECCV 2012, §3.2 and §3.3; its code
        averagePrecisionNormalized.m and analyzeTrueDetections.m. Cost: a pass over the predictions per
        characteristic.

    Example:
        >>> import cvfail as cf
        >>> truth = {"image_id": [1] * 4, "category_id": [1] * 4, "pose": ["front", "front", "side", "side"],
        ...          "bbox": [[0, 0, 9, 9], [20, 0, 9, 9], [40, 0, 9, 9], [60, 0, 9, 9]]}
        >>> found = {"image_id": [1] * 4, "category_id": [1] * 4, "score": [0.9, 0.8, 0.7, 0.6],
        ...          "bbox": [[0, 0, 9, 9], [20, 0, 9, 9], [90, 0, 9, 9], [40, 0, 9, 9]]}
        >>> data = cf.from_frames(ground_truth=truth, predictions=found, box_format="xywh")
        >>> told = cf.evaluate(data).hoiem_sensitivity(characteristics=["pose"], positives=1, min_support=1)
        >>> told.levels.df.head(2).select("level", "ap_n").rows()
        [('front', 1.0), ('side', 0.16666666666666666)]
    """
    evidence = point.evidence
    if evidence.task != "detection":
        raise QueryError("characteristics of objects are for detection. Hint: use metrics(by=...)")
    constant = _SHARE_OF_IMAGES * evidence.images.height if positives is None else positives
    if positives is not None and not positives > 0:
        raise QueryError(f"positives must be above 0; found {positives}")
    objects = NormalisedPrecision(Replay.of(OperatingPoint(evidence, point.iou, float("-inf"))), constant)
    names = object_characteristics(evidence) if characteristics is None else dict.fromkeys(characteristics)
    whole = objects.units(pl.repeat("", evidence.outcomes.rows("ground_truth"), eager=True))
    overall = _levels(whole, confidence).select("code", overall="ap_n", support="support")
    tables = [pl.DataFrame(schema=_KEY | _LEVEL_TYPES)]
    summaries = [pl.DataFrame(schema=_KEY | _SUMMARY_TYPES)]
    for name in names:
        levels = _levels(objects.units(levels_of(evidence, name)), confidence)
        levels = levels.with_columns(characteristic=pl.lit(name, pl.String))
        tables.append(levels.select(*_KEY, *_LEVEL_TYPES))
        summaries.append(_summary(levels, overall, min_support).select(*_KEY, *_SUMMARY_TYPES))
    caption = (
        f"normalised average precision by what objects are like; IoU >= {point.iou:g}, over every score, "
        f"N = {constant:g}, levels of at least {min_support} objects"
    )
    return HoiemSensitivity(
        _named(pl.concat(summaries), evidence), caption=caption, levels=_named(pl.concat(tables), evidence)
    )


def _levels(units: pl.DataFrame, confidence: float) -> pl.DataFrame:
    """AP_N of every level of every class, then of the mean over classes, whose code is null."""
    value, one = pl.col("precision"), pl.lit(1)
    by_class = clustered_ratio(
        units,
        numerator=value,
        denominator=one,
        cluster="cluster",
        by=["code", "place"],
        confidence=confidence,
    )
    mean = averaged_ratio(
        units,
        numerator=value,
        denominator=one,
        cluster="cluster",
        category="code",
        by=["place"],
        confidence=confidence,
    )
    frame = pl.concat([by_class, mean.with_columns(pl.lit(None, pl.Int32).alias("code"))], how="diagonal")
    names = units.select("place", "level").unique()
    return frame.join(names, on="place", how="left", nulls_equal=True, maintain_order="left").select(
        "code",
        "level",
        pl.col("support").cast(pl.Int64),
        ap_n="estimate",
        ap_n_lower="lower",
        ap_n_upper="upper",
    )


def _summary(levels: pl.DataFrame, overall: pl.DataFrame, min_support: int) -> pl.DataFrame:
    """One row per class, then the mean over classes, whose code is null."""
    value = pl.col("ap_n")
    extremes = (
        levels.filter(
            pl.col("code").is_not_null() & pl.col("level").is_not_null() & (pl.col("support") >= min_support)
        )
        .group_by("code", maintain_order=True)
        .agg(
            lowest=value.min(),
            highest=value.max(),
            lowest_level=pl.col("level").get(value.arg_min()),
            highest_level=pl.col("level").get(value.arg_max()),
            levels=pl.len().cast(pl.Int64),
        )
    )
    classes = (
        overall.filter(pl.col("code").is_not_null())
        .join(extremes, on="code", how="left", maintain_order="left")
        .with_columns(
            pl.col("levels").fill_null(0),
            sensitivity=pl.when(pl.col("levels") > 1).then(pl.col("highest") - pl.col("lowest")),
            impact=pl.col("highest") - pl.col("overall"),
        )
    )
    mean = classes.select(pl.col(_ESTIMATES).mean(), pl.col("support").sum())
    return pl.concat([classes, mean], how="diagonal").with_columns(
        pl.lit(levels["characteristic"].first(), pl.String).alias("characteristic")
    )


def _named(frame: pl.DataFrame, evidence: Evidence) -> pl.DataFrame:
    """The classes by id and name instead of their codes."""
    names = pl.DataFrame(
        {
            "code": pl.Series(range(evidence.categories.height), dtype=pl.Int32),
            "category_id": evidence.coding.category_keys,
            "category": pl.Series(evidence.category_names, dtype=pl.String),
        }
    )
    told = frame.join(names, on="code", how="left", maintain_order="left")
    return told.select("category_id", pl.col("category").fill_null(MEAN), pl.exclude("code", *names.columns))
