"""Curves over scores: of everything and of each class, thin enough for a page, with what lies behind their points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.evidence.operating_point import OperatingPoint
from cvfail.evidence.probabilities import has_probabilities
from cvfail.report.calibration import ScoreMeaning
from cvfail.report.gallery import TakesExamples
from cvfail.report.reportable import Reportable
from cvfail.report.schema import Curves, Estimate, RocCurve, ScoreCurve, Track
from cvfail.report.score_bands import ScoreBands

MOST_CLASSES = 60
"""Classes with a curve of their own: those with most objects."""

MOST_PROBABILITIES = 10_000_000
"""Images times classes up to which classes are told from all others by their probability."""

Counted = tuple[int, int, int]
"""Found, wrong and missed ones."""

_POINTS, _CLASS_POINTS = 150, 60
_REPLICATES = 200

CLASS_REPLICATES = 50
"""Behind the bands of single classes, which are made of a variance and drawn, not printed."""

MOST_FOR_CLASS_BANDS = 2_000_000
"""Predictions, or probabilities, up to which single classes have bands: above it they would take seconds."""

_DIGITS = 4


def curves(
    evaluation: Reportable,
    point: OperatingPoint,
    labels: Sequence[str],
    meaning: ScoreMeaning,
    gallery: TakesExamples,
    *,
    best: float | None,
) -> Curves:
    """All curves of the report.

    Args:
        evaluation: Answers `curve` and `curve_area`.
        point: The operating point of the report.
        labels: Class names in the order of their codes.
        meaning: The bins behind the bands of the scores.
        gallery: Takes the examples of the bands.
        best: The threshold with the highest F1 of everything.
    """
    objects = np.bincount(
        point.evidence.coding.truth_category[point.evidence.regular()], minlength=len(labels)
    )
    shown = np.sort(np.argsort(-objects, kind="stable")[:MOST_CLASSES]).tolist()
    bands = ScoreBands.of(point, shown)
    marks = [point.score, *([] if best is None else [best])] if point.evidence.task == "detection" else []
    whole = evaluation.curve("score", points=_POINTS, replicates=_REPLICATES).df
    area = evaluation.curve_area(by=(), replicates=_REPLICATES).df.row(0, named=True)
    everything = _curve(None, _with_marks(whole, _counts_at(evaluation, marks)), area, point)
    everything["bands"] = bands.bands(None, meaning.everything, gallery)
    replicates = CLASS_REPLICATES if len(evaluation.evidence.predictions) <= MOST_FOR_CLASS_BANDS else 0
    by_class = evaluation.curve("score", by="category", points=_CLASS_POINTS, replicates=replicates).df
    areas = {row["category"]: row for row in evaluation.curve_area(by="category", replicates=0).df.to_dicts()}
    frames = by_class.partition_by("category", as_dict=True)
    counted = _counts_of_classes(point, objects) if marks else []
    classes = []
    for label in shown:
        frame = frames.get((labels[label],))
        if frame is None:
            continue
        marked = _with_marks(frame, {point.score: counted[label]} if marks else {})
        made = _curve(label, marked, areas[labels[label]], point)
        made["bands"] = bands.bands(label, meaning.classes.get(labels[label], {}), gallery)
        classes.append(made)
    note = ""
    if len(labels) > MOST_CLASSES:
        note = f"Of {len(labels):,} classes the {MOST_CLASSES} with most objects have curves of their own."
    roc = _roc(evaluation, point, labels, shown)
    return Curves(note=note, best=best, everything=everything, classes=classes, roc=roc)


def no_curves() -> Curves:
    """Where predictions have no scores."""
    return Curves(note="", best=None, everything=None, classes=[], roc=[])


def _counts_at(evaluation: Reportable, marks: Sequence[float]) -> dict[float, Counted]:
    """Found, wrong and missed ones of everything at some thresholds."""
    rows = {mark: evaluation.metrics(score=mark).df.row(0, named=True) for mark in dict.fromkeys(marks)}
    return {mark: (row["tp"], row["fp"], row["fn"]) for mark, row in rows.items()}


def _counts_of_classes(point: OperatingPoint, objects: NDArray[np.int64]) -> list[Counted]:
    """The same of each class at the operating point."""
    category = point.evidence.coding.category
    found, wrong = (
        np.bincount(category[rows], minlength=objects.size) for rows in (point.correct, point.wrong)
    )
    return list(zip(found.tolist(), wrong.tolist(), (objects - found).tolist(), strict=True))


def _with_marks(frame: pl.DataFrame, marks: Mapping[float, Counted]) -> pl.DataFrame:
    """The curve with the thresholds that are marked on it, which have no band."""
    known = set(frame["threshold"].to_list())
    rows = []
    for mark, (found, wrong, missed) in marks.items():
        if mark in known or found + wrong == 0 or frame.is_empty():
            continue
        images, objects = frame["images"][0], found + missed
        rows.append(
            {
                "threshold": mark,
                "tp": found,
                "fp": wrong,
                "fn": missed,
                "precision": found / (found + wrong),
                "recall": found / objects if objects else None,
                "f_score": 2 * found / (found + wrong + objects),
                "false_positives_per_image": wrong / images if images else None,
                "support": frame["support"][0],
                "images": images,
            }
        )
    if not rows:
        return frame
    known_columns = {name: dtype for name, dtype in frame.schema.items() if name in rows[0]}
    return pl.concat([frame, pl.DataFrame(rows, schema=known_columns)], how="diagonal").sort(
        "threshold", descending=True
    )


def _curve(
    label: int | None, frame: pl.DataFrame, area: Mapping[str, Any], point: OperatingPoint
) -> ScoreCurve:
    detection = point.evidence.task == "detection"
    coverage = None
    if not detection and label is None:
        kept = (frame["tp"] + frame["fp"]) / frame["support"]
        coverage = kept.cast(pl.Float64).round(_DIGITS).fill_nan(None).to_list()
    return ScoreCurve(
        label=label,
        support=area["support"],
        area=_area(area),
        threshold=frame["threshold"].to_list(),
        precision=_track(frame, "precision"),
        recall=_track(frame, "recall"),
        f1=_track(frame, "f_score"),
        false_positives_per_image=_track(frame, "false_positives_per_image") if detection else None,
        coverage=coverage,
        bands=[],
    )


def _area(row: Mapping[str, Any]) -> Estimate:
    return Estimate(estimate=row["area"], lower=row["lower"], upper=row["upper"], support=row["support"])


def _track(frame: pl.DataFrame, name: str) -> Track:
    def numbers(column: str) -> list[float | None]:
        return frame[column].cast(pl.Float64).round_sig_figs(_DIGITS).to_list()

    lower, upper = numbers(f"{name}_lower"), numbers(f"{name}_upper")
    known = any(bound is not None for bound in lower)
    return Track(estimate=numbers(name), lower=lower if known else [], upper=upper if known else [])


def _roc(
    evaluation: Reportable, point: OperatingPoint, labels: Sequence[str], shown: Sequence[int]
) -> list[RocCurve]:
    """Each class against all others, where a classifier gave probabilities."""
    evidence = point.evidence
    size = len(evidence.images) * len(labels)
    if evidence.task != "classification" or not has_probabilities(evidence) or size > MOST_PROBABILITIES:
        return []
    replicates = CLASS_REPLICATES if size <= MOST_FOR_CLASS_BANDS else 0
    frames = evaluation.curve("roc", by="category", points=_CLASS_POINTS, replicates=replicates).df.filter(
        pl.col("threshold").is_finite()
    )
    areas = {
        row["category"]: row
        for row in evaluation.curve_area("roc", by="category", replicates=_REPLICATES).df.to_dicts()
    }
    parts = frames.partition_by("category", as_dict=True)
    return [
        _roc_curve(label, parts[labels[label],], areas[labels[label]])
        for label in shown
        if (labels[label],) in parts
    ]


def _roc_curve(label: int, frame: pl.DataFrame, area: Mapping[str, Any]) -> RocCurve:
    precision = (frame["tp"] / (frame["tp"] + frame["fp"])).round_sig_figs(_DIGITS).fill_nan(None)
    return RocCurve(
        label=label,
        support=area["support"],
        area=_area(area),
        threshold=frame["threshold"].to_list(),
        true_positive_rate=_track(frame, "true_positive_rate"),
        false_positive_rate=_track(frame, "false_positive_rate")["estimate"],
        precision=precision.to_list(),
    )
