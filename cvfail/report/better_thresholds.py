"""What other thresholds would bring: the best one of everything, and the best one of each class, against today's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cvfail.metrics.confusion_over_score import ConfusionOverScore
from cvfail.metrics.curves.score_curve import f_score
from cvfail.report.reportable import Reportable
from cvfail.report.schema import BetterThresholds, Estimate, ThresholdChoice
from cvfail.report.sentences import share
from cvfail.report.threshold_steps import counts_at

_REPLICATES = 100
_SPLITS = 2
COMMAND = "cvfail thresholds RUN --by category --save thresholds.toml"


def no_thresholds() -> BetterThresholds:
    """For a classifier, whose threshold rejects answers instead of finding more."""
    return BetterThresholds(sentences=[], everything=None, classes=[], command="")


def better_thresholds(
    evaluation: Reportable, changes: ConfusionOverScore, score: float, labels: Sequence[str]
) -> BetterThresholds:
    """Choose thresholds by F1.

    Args:
        evaluation: Answers `operating_points`.
        changes: Counts at thresholds, the operating point among them.
        score: The threshold of the operating point.
        labels: Class names in the order of their codes.
    """
    right, wrong, missed = counts_at(changes, score)
    now = f_score(right, wrong, right + missed, beta=1.0)
    total = f_score(right.sum(), wrong.sum(), (right + missed).sum(), beta=1.0)
    whole = evaluation.operating_points(replicates=_REPLICATES, splits=_SPLITS).df.row(0, named=True)
    frame = evaluation.operating_points(by="category", replicates=_REPLICATES, splits=_SPLITS).df
    codes = {name: code for code, name in enumerate(labels)}
    rows = [row for row in frame.to_dicts() if row["support"] or wrong[codes[row["category"]]]]
    everything = _choice(None, whole, float(total))
    classes = [_choice(codes[row["category"]], row, float(now[codes[row["category"]]])) for row in rows]
    sums = frame.select("tp", "fp", "fn").sum().row(0, named=True)
    then = f_score(sums["tp"], sums["fp"], (right + missed).sum(), beta=1.0)
    return BetterThresholds(
        sentences=_sentences(everything, float(then), score),
        everything=everything,
        classes=classes,
        command=COMMAND,
    )


def _choice(label: int | None, row: Mapping[str, Any], now: float) -> ThresholdChoice:
    known = {
        name: row[name] if row[name] is not None and np.isfinite(row[name]) else None
        for name in ("threshold", "threshold_lower", "threshold_upper")
    }
    return ThresholdChoice(
        label=label,
        threshold=known["threshold"],
        lower=known["threshold_lower"],
        upper=known["threshold_upper"],
        f1_now=None if np.isnan(now) else now,
        f1_then=row["f_score"],
        held_out=Estimate(
            estimate=row["held_out"],
            lower=row["held_out_lower"],
            upper=row["held_out_upper"],
            support=row["support"],
        ),
        support=row["support"],
        source=row["source"],
        reason=row["reason"],
    )


def _sentences(everything: ThresholdChoice, by_class: float, score: float) -> list[str]:
    """F1 now, with the best common threshold, and with one for each class."""
    if everything["threshold"] is None or everything["f1_now"] is None:
        return []
    held_out = everything["held_out"]["estimate"]
    elsewhere = "" if held_out is None else f", {share(held_out)} on images not used to choose it"
    return [
        f"F1 is {share(everything['f1_now'])} at score ≥ {score:g}. The best threshold for all classes, "
        f"{everything['threshold']:.3f}, gives {share(everything['f1_then'])}{elsewhere}.",
        f"A threshold for each class gives {share(by_class)} on these images; chosen and counted on the same images, "
        "that is an upper end. What a class keeps on other images stands in the table.",
    ]
