"""Precision, recall and F1 at an operating point, overall and by any attribute, clustered by image."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from cvfail.evidence.attributes import Attribute, Rule, attributes
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.metrics.averages import Average, require_average
from cvfail.statistics.averaged import averaged_ratio
from cvfail.statistics.clustered import clustered_ratio
from cvfail.statistics.grouping import aggregate, attach
from cvfail.tables.result import ResultTable

CLUSTER = "unit:cluster"
_CATEGORY = "unit:category"

RATES = {
    "precision": (pl.col("tp"), pl.col("tp") + pl.col("fp")),
    "recall": (pl.col("tp"), pl.col("tp") + pl.col("fn")),
    "f1": (2 * pl.col("tp"), 2 * pl.col("tp") + pl.col("fp") + pl.col("fn")),
}
"""Numerator and denominator of each rate, summed over units; all three are ratios of sums over images."""


def rates(
    point: OperatingPoint,
    *,
    by: Sequence[str] = (),
    average: Average = "micro",
    confidence: float = 0.95,
) -> ResultTable:
    """Precision, recall and F1 per group.

    Args:
        point: The evaluation at an overlap and a score threshold.
        by: Attributes of images or ground truth, ``category``, ``size``; null is a group of its own.
        average: Inside a group, pool all classes (``micro``), or average over classes, each the same
            (``macro``) or by its ground truth (``weighted``). Undefined classes are left out of an average.
        confidence: Coverage of the intervals.

    Returns:
        The columns of `by`, then tp, fp, fn, and for precision, recall and f1 the estimate, ``_lower`` and
        ``_upper``; support (regular ground truth), predicted (tp + fp), clusters (images with any unit),
        design_effect (of recall), fp_rule. Rates are null where nothing can be counted.

    Notes:
        A found object counts in the group of the ground truth, whatever the prediction's own box says. A false
        positive counts in the group of its image or class (``exact``), of its own box (``own_geometry``), or,
        for attributes that only ground truth has, in none: then precision and F1 are null (``none``).

    Source: intervals: ratio estimator clustered by image, Wilson with the effective number of units.
    """
    require_average(average)
    chosen = attributes(point.evidence, list(dict.fromkeys(by)))
    rule = _rule(chosen)
    keys = [attribute.name for attribute in chosen]
    grain = [*keys, *([_CATEGORY] if average != "micro" else []), CLUSTER]
    units = pl.concat(point.over_blocks(lambda part: cluster_counts(part, keys, grain)))
    frame = aggregate(
        units,
        keys,
        pl.col("tp", "fp", "fn").sum().cast(pl.Int64),
        pl.col(CLUSTER).n_unique().cast(pl.Int64).alias("clusters"),
    )
    for name, (numerator, denominator) in RATES.items():
        ratio = _ratio(units, numerator, denominator, keys, average, confidence)
        columns = [
            pl.col("estimate").alias(name),
            *(pl.col(b).alias(f"{name}_{b}") for b in ("lower", "upper")),
        ]
        extra = ["design_effect"] if name == "recall" and average == "micro" else []
        frame = attach(frame, ratio.select(*keys, *columns, *extra), keys)
    return ResultTable(_finish(frame, keys, rule), caption=_caption(point, average, confidence))


def cluster_counts(point: OperatingPoint, keys: Sequence[str], grain: Sequence[str]) -> pl.DataFrame:
    """tp, fp and fn of each group and cluster of a block, and class if asked: all that rates need."""
    units = rate_units(point, attributes(point.evidence, keys))
    return units.group_by(grain, maintain_order=True).agg(pl.col("tp", "fp", "fn").sum())


def rate_units(point: OperatingPoint, chosen: Sequence[Attribute]) -> pl.DataFrame:
    """One row per regular ground truth (tp or fn) and per false positive: groups, class, cluster, and 0 or 1.

    False positives are left out where an attribute has no value on them.
    """
    evidence = point.evidence
    clusters = pl.Series(CLUSTER, evidence.clusters)
    coding = evidence.coding
    truths = pl.DataFrame(
        [
            *(attribute.truth.alias(attribute.name) for attribute in chosen),
            pl.Series(_CATEGORY, coding.truth_category),
            clusters.gather(coding.truth_image),
            pl.Series("tp", point.found).cast(pl.Int64),
            pl.Series("fn", ~point.found).cast(pl.Int64),
        ]
    ).filter(pl.Series(evidence.regular()))
    if any(attribute.prediction is None for attribute in chosen):
        return truths.with_columns(fp=pl.lit(0, pl.Int64))
    wrong = pl.DataFrame(
        [
            *(
                attribute.prediction.alias(attribute.name)
                for attribute in chosen
                if attribute.prediction is not None
            ),
            pl.Series(_CATEGORY, coding.category),
            clusters.gather(coding.image),
            pl.Series("fp", point.wrong).cast(pl.Int64),
        ]
    ).filter(pl.Series(point.wrong))
    return pl.concat([truths, wrong], how="diagonal").with_columns(pl.col("tp", "fp", "fn").fill_null(0))


def _ratio(
    units: pl.DataFrame,
    numerator: pl.Expr,
    denominator: pl.Expr,
    by: Sequence[str],
    average: Average,
    confidence: float,
) -> pl.DataFrame:
    if average == "micro":
        return clustered_ratio(
            units,
            numerator=numerator,
            denominator=denominator,
            cluster=CLUSTER,
            by=by,
            confidence=confidence,
        )
    return averaged_ratio(
        _of_classes_with_truth(units),
        numerator=numerator,
        denominator=denominator,
        cluster=CLUSTER,
        category=_CATEGORY,
        weight=pl.col("tp") + pl.col("fn") if average == "weighted" else None,
        by=by,
        confidence=confidence,
    )


def _of_classes_with_truth(units: pl.DataFrame) -> pl.DataFrame:
    """Leave out classes that were predicted but never annotated: they have no part in an average over classes."""
    return units.filter((pl.col("tp") + pl.col("fn")).sum().over(_CATEGORY) > 0)


def _rule(chosen: Sequence[Attribute]) -> Rule:
    rules = {attribute.rule for attribute in chosen}
    return "none" if "none" in rules else "own_geometry" if "own_geometry" in rules else "exact"


def _finish(frame: pl.DataFrame, keys: list[str], rule: Rule) -> pl.DataFrame:
    """Order the columns and blank what the rule leaves undefined."""
    frame = frame.with_columns(
        support=pl.col("tp") + pl.col("fn"), predicted=pl.col("tp") + pl.col("fp"), fp_rule=pl.lit(rule)
    )
    if rule == "none":
        unknown = [name for name in frame.columns if name.startswith(("precision", "f1"))]
        frame = frame.with_columns(pl.lit(None, pl.Float64).alias(name) for name in unknown).with_columns(
            pl.lit(None, pl.Int64).alias(name) for name in ("fp", "predicted")
        )
    if "design_effect" not in frame.columns:
        frame = frame.with_columns(design_effect=pl.lit(None, pl.Float64))
    bounds = [f"{name}{suffix}" for name in RATES for suffix in ("", "_lower", "_upper")]
    last = ["support", "predicted", "clusters", "design_effect", "fp_rule"]
    return frame.select(*keys, "tp", "fp", "fn", *bounds, *last)


def _caption(point: OperatingPoint, average: Average, confidence: float) -> str:
    return f"{average} rates; {point.describe()}; {confidence:.0%} intervals clustered by image"
