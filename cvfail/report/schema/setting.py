"""What was looked at, at which threshold, and where it came from."""

from __future__ import annotations

from typing import Literal, TypedDict

Task = Literal["detection", "classification"]


class OperatingPoint(TypedDict):
    """At which threshold the numbers hold, and by which rule detections were matched.

    Attributes:
        score: Detections below this score are not counted; None where labels have no score.
        iou: Overlap from which a detection matches an object; None for classification.
        policy: The matching policy in one line, as every other output prints it.
        rules: The same in plain sentences.
    """

    score: float | None
    iou: float | None
    policy: str
    rules: list[str]


class Source(TypedDict):
    """Where a table came from: its name and the file, or ``frame``."""

    table: str
    origin: str


class Counts(TypedDict):
    """How much was looked at.

    Attributes:
        images: Images, with or without objects.
        ground_truth: Regular annotated objects (classification: labels).
        ignored_ground_truth: Crowds and ignored objects, which count neither way.
        predictions: All predictions, before any threshold.
        kept_predictions: Predictions at the operating point.
        classes: Categories.
    """

    images: int
    ground_truth: int
    ignored_ground_truth: int
    predictions: int
    kept_predictions: int
    classes: int
