"""What a report's summary holds, key by key: one JSON-able dict from which HTML and Markdown are made.

Everything here is an aggregate or a bounded choice of examples, so a summary of ten million detections is
as small as one of ten thousand. Undefined numbers are None. Entries refer to one another by their positions
in lists (``image``, ``truth``, ``true`` …), so that one picture serves every example that it shows.
"""

from __future__ import annotations

from cvfail.report.schema.breakdowns import ClassRow, SliceRow, SliceTable
from cvfail.report.schema.comparison import Comparison, Delta, FlipGroup, FlipSlice, FrozenMode
from cvfail.report.schema.confusion import Confusion, ConfusionCell
from cvfail.report.schema.curves import (
    BetterThresholds,
    Calibration,
    CalibrationError,
    Curves,
    RocCurve,
    ScoreBand,
    ScoreCurve,
    ThresholdChoice,
    ThresholdSteps,
    Track,
)
from cvfail.report.schema.error_types import ClassErrors, ErrorsOfClass, ErrorType
from cvfail.report.schema.failure_modes import Basis, Cause, FailureMode, Intervention, Remedy
from cvfail.report.schema.gallery import DrawnObject, Example, ImageEntry, Picture, PictureReport
from cvfail.report.schema.heatmaps import Heatmap, HeatmapCell, HeatmapLevel
from cvfail.report.schema.label_suspects import LabelSuspects, Suspect, SuspectKind
from cvfail.report.schema.numbers import AverageRow, Estimate, Headline, Rates
from cvfail.report.schema.queries import Queries
from cvfail.report.schema.setting import Counts, OperatingPoint, Source, Task
from cvfail.report.schema.summary import SCHEMA_VERSION, Summary

__all__ = [
    "SCHEMA_VERSION",
    "AverageRow",
    "Basis",
    "BetterThresholds",
    "Calibration",
    "CalibrationError",
    "Cause",
    "ClassErrors",
    "ClassRow",
    "Comparison",
    "Confusion",
    "ConfusionCell",
    "Counts",
    "Curves",
    "Delta",
    "DrawnObject",
    "ErrorType",
    "ErrorsOfClass",
    "Estimate",
    "Example",
    "FailureMode",
    "FlipGroup",
    "FlipSlice",
    "FrozenMode",
    "Headline",
    "Heatmap",
    "HeatmapCell",
    "HeatmapLevel",
    "ImageEntry",
    "Intervention",
    "LabelSuspects",
    "OperatingPoint",
    "Picture",
    "PictureReport",
    "Queries",
    "Rates",
    "Remedy",
    "RocCurve",
    "ScoreBand",
    "ScoreCurve",
    "SliceRow",
    "SliceTable",
    "Source",
    "Summary",
    "Suspect",
    "SuspectKind",
    "Task",
    "ThresholdChoice",
    "ThresholdSteps",
    "Track",
]
