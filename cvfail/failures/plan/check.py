"""Whether a new model did what a plan asked for: the mode mended, false positives in bounds, nothing else broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from cvfail.evidence.evidence import Evidence
from cvfail.evidence.likeness import refuse_unlike
from cvfail.failures.conditions import Condition, slice_name, slice_of
from cvfail.failures.failure_mode import FailureMode
from cvfail.failures.paired_modes import PairedModes, side_by_side, sums_of_model
from cvfail.slices.membership import membership
from cvfail.slices.sliced_images import images_of
from cvfail.statistics.paired_contrast import paired_contrast
from cvfail.statistics.verdicts import Verdict, at_most, falls, overall
from cvfail.tables.result import ResultTable

if TYPE_CHECKING:
    from cvfail.failures.plan.plan import Plan

CHECK_SCHEMA = {
    "check": pl.String,
    "what": pl.String,
    "before": pl.Float64,
    "after": pl.Float64,
    "difference": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "limit": pl.Float64,
    "support": pl.Float64,
    "clusters": pl.Int64,
    "p_value": pl.Float64,
    "verdict": pl.String,
}


class PlanCheck(ResultTable):
    """The verdict on every line of a plan.

    Attributes:
        df: check (``fix``, ``false positives`` or ``watch``), what (mode, or where false positives are counted),
            before and after (rates; false positives per image), difference with lower and upper (paired by image),
            limit (that the difference may reach; of ``fix`` it must be below 0), support (units or images before),
            clusters, p_value (of no difference), verdict (pass, fail, investigate).
    """

    @property
    def verdict(self) -> Verdict:
        """The worst of all."""
        return overall(self.df["verdict"])

    def _shown(self) -> pl.DataFrame:
        return self.df.select(
            "check", "what", "before", "after", "difference", "lower", "upper", "limit", "verdict"
        )


def check_plan(
    plan: Plan, baseline: Evidence, candidate: Evidence, *, min_clusters: int = 10, confidence: float = 0.95
) -> PlanCheck:
    """Judge a new model by a plan.

    Args:
        plan: The plan.
        baseline: The model that the plan was made for.
        candidate: The new model on the same images and labels.
        min_clusters: With fewer images (or clusters) of a slice the verdict is ``investigate``.
        confidence: Coverage of the intervals.

    Returns:
        One row for the mode, two for false positives per image (in the slice, everywhere; one if the slice is
        everything, none of a classifier), one per watched mode; see `PlanCheck`.

    Raises:
        PolicyError: The two cannot be compared, or were matched in another way than the plan says.
        QueryError: An attribute or a class of the plan is unknown.

    Notes:
        False positives lie in the slice by what is known of them: conditions on attributes that only labelled objects
        have are left out for them. Images are those in which the conditions on images hold. Differences are
        linearised, with both models' sums of an image together; see `cvfail.statistics.paired_contrast`.
    """
    refuse_unlike(baseline, candidate)
    pair = PairedModes(baseline, candidate)
    asked = [("fix", plan.mode, None), *(("watch", mode, plan.margin) for mode in plan.watch)]
    modes = [_row(check, mode.name, pair.sums(mode), limit, confidence) for check, mode, limit in asked]
    places = dict.fromkeys([_told_of_predictions(plan.mode, baseline), ()])
    if plan.mode.task != "detection":
        places = {}
    counts = [
        _row(
            "false positives",
            f"per image | {slice_name(conditions)}",
            _false_positives(plan.mode, conditions, baseline, candidate),
            plan.max_false_positives,
            confidence,
        )
        for conditions in places
    ]
    enough = pl.col("clusters") >= min_clusters
    judged = pl.when(pl.col("check") == "fix").then(falls()).otherwise(at_most(pl.col("limit")))
    frame = pl.concat([modes[0], *counts, *modes[1:]]).with_columns(
        verdict=pl.when(enough).then(judged).otherwise(pl.lit("investigate"))
    )
    policy = baseline.describe(iou=plan.mode.iou, score=plan.mode.score)
    return PlanCheck(
        frame.select(pl.col(name).cast(dtype) for name, dtype in CHECK_SCHEMA.items()),
        caption=f"check of the plan for {plan.mode.name}; {policy}",
    )


def _row(check: str, what: str, sums: pl.DataFrame, limit: float | None, confidence: float) -> pl.DataFrame:
    contrast = paired_contrast(
        sums, numerators=("y1", "y2"), denominators=("n1", "n2"), cluster="cluster", confidence=confidence
    )
    return contrast.select(
        pl.lit(check).alias("check"),
        pl.lit(what).alias("what"),
        pl.col("first").alias("before"),
        pl.col("second").alias("after"),
        pl.col("estimate").alias("difference"),
        "lower",
        "upper",
        pl.lit(limit, dtype=pl.Float64).alias("limit"),
        "support",
        "clusters",
        "p_value",
    )


def _false_positives(mode: FailureMode, conditions: tuple[Condition, ...], *models: Evidence) -> pl.DataFrame:
    """False positives and images per cluster of both models, one under the other."""
    frames = []
    for number, evidence in enumerate(models, 1):
        point = mode.on(evidence)
        members = membership(point, slice_of(conditions)).wrong
        wrong = point.wrong if members is None else point.wrong & members
        images = images_of(evidence, slice_of(conditions))
        clusters = np.arange(len(evidence.cluster_ids))
        false = np.bincount(evidence.clusters[evidence.coding.image[wrong]], minlength=clusters.size)
        count = np.bincount(evidence.clusters[images], minlength=clusters.size)
        frames.append(sums_of_model(number, evidence, clusters, pl.Series(false), pl.Series(count)))
    return side_by_side(frames)


def _told_of_predictions(mode: FailureMode, evidence: Evidence) -> tuple[Condition, ...]:
    """The conditions of the mode's slice that false positives can meet."""
    point = mode.on(evidence)
    return tuple(one for one in mode.conditions if membership(point, slice_of([one])).wrong is not None)
