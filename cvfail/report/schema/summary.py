"""The whole."""

from __future__ import annotations

from typing import TypedDict

from cvfail.report.schema.breakdowns import ClassRow, SliceTable
from cvfail.report.schema.comparison import Comparison
from cvfail.report.schema.confusion import Confusion
from cvfail.report.schema.curves import BetterThresholds, Calibration, Curves, ThresholdSteps
from cvfail.report.schema.error_types import ErrorsOfClass, ErrorType
from cvfail.report.schema.failure_modes import FailureMode
from cvfail.report.schema.gallery import Example, ImageEntry, Picture, PictureReport
from cvfail.report.schema.heatmaps import Heatmap
from cvfail.report.schema.label_suspects import LabelSuspects
from cvfail.report.schema.numbers import AverageRow, Headline
from cvfail.report.schema.queries import Queries
from cvfail.report.schema.setting import Counts, OperatingPoint, Source, Task

SCHEMA_VERSION = 1
"""Raised when a key changes its meaning or goes; new keys do not raise it."""


class Summary(TypedDict):
    """Everything a report shows.

    Attributes:
        schema_version: `SCHEMA_VERSION`.
        cvfail_version: The version that made it.
        title: Heading of the report.
        task: ``detection`` or ``classification``.
        labels: Class names; for detection ``(background)`` last.
        operating_point: Threshold and matching rule.
        sources: Where the tables came from.
        counts: How much was looked at.
        verdict: A few plain sentences with the main numbers.
        comparison: This run against a baseline; None without one.
        headline: The numbers of the first screen.
        averages: Micro and macro averages at the operating point.
        failure_modes: Ranked, the significant ones first.
        error_types: Most frequent first; empty for classification.
        errors_by_class: One row per class that has objects or errors; empty for classification.
        label_suspects: Labels that are probably wrong.
        confusion: The matrix and its most confused pairs.
        curves: Rates over the score.
        calibration: What the scores mean.
        better_thresholds: What other thresholds would bring.
        threshold_steps: The matrix at every threshold of a grid.
        classes: One row per class.
        slices: One table per attribute.
        heatmaps: Two attributes at once: every attribute by size, or class by attribute.
        queries: The rows behind the numbers as SQL.
        examples: The rows behind the numbers.
        images: The images that they lie in.
        pictures: What is known of those images as pixels.
        picture_report: How the pictures went.
        caveats: What the numbers do not say, in plain sentences.
    """

    schema_version: int
    cvfail_version: str
    title: str
    task: Task
    labels: list[str]
    operating_point: OperatingPoint
    sources: list[Source]
    counts: Counts
    verdict: list[str]
    comparison: Comparison | None
    headline: list[Headline]
    averages: list[AverageRow]
    failure_modes: list[FailureMode]
    error_types: list[ErrorType]
    errors_by_class: list[ErrorsOfClass]
    label_suspects: LabelSuspects
    confusion: Confusion
    curves: Curves
    calibration: Calibration
    better_thresholds: BetterThresholds
    threshold_steps: ThresholdSteps
    classes: list[ClassRow]
    slices: list[SliceTable]
    heatmaps: list[Heatmap]
    queries: Queries
    examples: list[Example]
    images: list[ImageEntry]
    pictures: list[Picture]
    picture_report: PictureReport
    caveats: list[str]
