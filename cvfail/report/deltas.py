"""Rows of a comparison as rows of a summary."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Literal

import polars as pl

from cvfail.comparison.comparison import Comparison as ComparedModels
from cvfail.report.estimates import FEWEST_CLUSTERS
from cvfail.report.schema import Delta, Estimate, Task

CHANGED_LEVEL = 0.05
"""A difference with a q-value below it is told as one."""

MOST_CHANGED = 60

LOWER_IS_BETTER = frozenset({"false_positives_per_image", "error_rate"})

_OVERALL: Mapping[Task, tuple[str, ...]] = {
    "detection": ("ap", "ap50", "recall", "precision", "f1", "false_positives_per_image"),
    "classification": ("recall", "macro_recall", "macro_precision", "macro_f1"),
}
_APART = ("ap", "recall", "precision", "f1", "false_positives_per_image")

_STYLES: Mapping[str, Literal["score", "rate", "number"]] = {
    "ap": "score",
    "ap50": "score",
    "false_positives_per_image": "number",
}


def overall_deltas(models: ComparedModels, task: Task) -> list[Delta]:
    """The metrics of everything, those that the report shows first."""
    rows = {row["metric"]: row for row in models.df.filter(level="overall").to_dicts()}
    return [delta(rows[name]) for name in _OVERALL[task] if name in rows]


def changed_deltas(models: ComparedModels, *, without: Collection[str]) -> tuple[list[Delta], int]:
    """Classes and slices that differ, the surest first, and how many further ones there are.

    Args:
        models: The comparison.
        without: Names of slices that were chosen for having changed.
    """
    rows = models.changed(level=CHANGED_LEVEL).df.filter(
        pl.col("level").is_in(["class", "slice"])
        & pl.col("metric").is_in(_APART)
        & ~pl.col("slice").fill_null("").is_in(list(without))
    )
    return [delta(row) for row in rows.head(MOST_CHANGED).to_dicts()], max(0, len(rows) - MOST_CHANGED)


def delta(row: Mapping[str, Any]) -> Delta:
    """One row."""
    metric, difference, q_value = row["metric"], row["difference"], row["q_value"]
    support = row["support"]
    name = {"class": row["category"], "slice": row["slice"], "failure mode": row["slice"]}.get(row["level"])
    return Delta(
        level=row["level"],
        name=name or "",
        metric=metric,
        style=_STYLES.get(metric, "rate"),
        lower_is_better=metric in LOWER_IS_BETTER,
        baseline=row["baseline"],
        candidate=row["candidate"],
        difference=Estimate(
            estimate=difference,
            lower=row["lower"],
            upper=row["upper"],
            support=None if support is None else round(support),
        ),
        p_value=row["p_value"],
        q_value=q_value,
        detectable=row["detectable"],
        clusters=row["clusters"],
        thin=row["clusters"] < FEWEST_CLUSTERS,
        change=_change(difference, q_value, lower_is_better=metric in LOWER_IS_BETTER),
    )


def _change(
    difference: float | None, q_value: float | None, *, lower_is_better: bool
) -> Literal["better", "worse", "unclear"]:
    if difference is None or q_value is None or q_value >= CHANGED_LEVEL or difference == 0.0:
        return "unclear"
    return "better" if (difference < 0.0) == lower_is_better else "worse"
