"""What the scores mean: expected calibration errors of everything and of classes, in numbers and in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from cvfail.evidence.operating_point import OperatingPoint
from cvfail.report.estimates import estimate_of
from cvfail.report.reportable import Reportable
from cvfail.report.schema import Calibration, CalibrationError
from cvfail.report.score_bands import BANDS, Reliability
from cvfail.report.sentences import share

if TYPE_CHECKING:
    from cvfail.calibration.calibration_table import Calibration as CalibrationTable
    from cvfail.calibration.calibration_table import CalibrationOptions

MOST_CLASSES = 200
"""With more classes only everything together is looked at."""

_WORLDS = 200
_REPLICATES = 200
_CLOSE = 0.02
"""Mean score and share right that are nearer than this are told as equal."""


@dataclass(frozen=True)
class ScoreMeaning:
    """Calibration, and the bins behind it.

    Attributes:
        calibration: For the summary.
        everything: The bins of all predictions.
        classes: Those of each class, by its name.
    """

    calibration: Calibration
    everything: Reliability
    classes: Mapping[str, Reliability]


def nothing_known() -> ScoreMeaning:
    """Where predictions have no scores."""
    return ScoreMeaning(Calibration(sentences=[], errors=[]), {}, {})


def score_meaning(evaluation: Reportable, point: OperatingPoint, labels: list[str]) -> ScoreMeaning:
    """Measure calibration over every score, and from the operating point on.

    Args:
        evaluation: Answers `calibration`.
        point: The operating point of the report.
        labels: Class names in the order of their codes.
    """
    asked: CalibrationOptions = {"measures": ["ece"], "worlds": _WORLDS, "replicates": _REPLICATES}
    whole = evaluation.calibration(score=0.0, **asked)
    tables: list[tuple[CalibrationTable, float]] = [(whole, 0.0)]
    if point.score > 0:
        tables.append((evaluation.calibration(score=point.score, **asked), point.score))
    errors = [_error(table, table.df.row(0, named=True), None, score) for table, score in tables]
    classes: dict[str, Reliability] = {}
    if len(labels) <= MOST_CLASSES:
        few: CalibrationOptions = {
            "measures": ["ece"],
            "worlds": _WORLDS // 2,
            "replicates": 0,
            "by": "category",
        }
        by_class = evaluation.calibration(score=0.0, **few)
        bins = by_class.reliability(bins=BANDS).df.partition_by("category", as_dict=True)
        classes = {str(name): _by_bin(frame) for (name,), frame in bins.items()}
        codes = {name: code for code, name in enumerate(labels)}
        errors += [
            _error(by_class, row, codes[row["category"]], 0.0)
            for row in by_class.df.to_dicts()
            if row["support"]
        ]
    said = _sentences(errors[: len(tables)])
    return ScoreMeaning(
        Calibration(sentences=said, errors=errors), _by_bin(whole.reliability(bins=BANDS).df), classes
    )


def _by_bin(frame: pl.DataFrame) -> Reliability:
    return {row["bin"]: row for row in frame.to_dicts()}


def _error(
    table: CalibrationTable, row: Mapping[str, Any], label: int | None, score: float
) -> CalibrationError:
    place = 0 if label is None else table.groups.keys["category"].to_list().index(row["category"])
    own = table.forecasts.at(table.groups.rows[place]) if table.groups.rows else table.forecasts
    known = len(own) > 0
    return CalibrationError(
        label=label,
        score=score,
        error=estimate_of(row),
        mean_score=float(own.scores.mean()) if known else None,
        share_right=float(own.outcomes.mean()) if known else None,
        chance_upper=row["chance_upper"],
        beyond_chance=row["beyond_chance"],
    )


def _sentences(errors: list[CalibrationError]) -> list[str]:
    return [_sentence(entry) for entry in errors if entry["error"]["estimate"] is not None]


def _sentence(entry: CalibrationError) -> str:
    """How far scores are off, in which direction, and whether that is more than chance."""
    error, mean, right = entry["error"], entry["mean_score"] or 0.0, entry["share_right"] or 0.0
    which = f"score ≥ {entry['score']:g}" if entry["score"] else "every score"
    if abs(mean - right) < _CLOSE:
        direction = f"on average they are right: {share(mean)} said, {share(right)} come true"
    else:
        sure = "too sure" if mean > right else "not sure enough"
        direction = f"on average they are {sure}: {share(mean)} said, {share(right)} come true"
    bounds = ""
    if error["lower"] is not None and error["upper"] is not None:
        bounds = f", 95% interval {error['lower']:.3f} to {error['upper']:.3f}"
    chance = ""
    if entry["chance_upper"] is not None:
        verdict = "more than" if entry["beyond_chance"] else "no more than"
        chance = f"; {verdict} chance alone would give ({entry['chance_upper']:.3f})"
    off = f"Predictions of {which} are off by {error['estimate']:.3f} (expected calibration error{bounds}{chance})"
    return f"{off}; {direction}."
