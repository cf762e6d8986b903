"""What a report's summary holds, key by key: one JSON-able dict from which HTML and Markdown are made.

Everything here is an aggregate or a bounded choice of examples, so a summary of ten million detections is
as small as one of ten thousand. Undefined numbers are None. Entries refer to one another by their positions
in lists (``image``, ``truth``, ``true`` …), so that one picture serves every example that it shows.
"""

from __future__ import annotations

from typing import Literal, TypedDict

SCHEMA_VERSION = 1
"""Raised when a key changes its meaning or goes; new keys do not raise it."""

Task = Literal["detection", "classification"]


class Estimate(TypedDict):
    """A number that never travels alone.

    Attributes:
        estimate: The value, None where it is undefined (0 / 0).
        lower: Lower end of the 95 % interval, clustered by image; None where there is none.
        upper: Upper end of it.
        support: Rows that the number rests on: objects, detections or images.
    """

    estimate: float | None
    lower: float | None
    upper: float | None
    support: int | None


class Headline(TypedDict):
    """One number of the first screen.

    Attributes:
        name: Short name: ``AP``, ``Recall``.
        explanation: What it is, in one plain sentence.
        style: ``score`` is printed as 0.421, ``rate`` as 42.1 %.
        group: ``ranking`` (all scores) or ``operating_point``.
        value: The number.
    """

    name: str
    explanation: str
    style: Literal["score", "rate"]
    group: Literal["ranking", "operating_point"]
    value: Estimate


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


class Rates(TypedDict):
    """What every row of rates has.

    Attributes:
        precision: Of what was predicted, the share that is right.
        recall: Of what is there, the share that was found.
        f1: Their harmonic mean.
    """

    precision: Estimate
    recall: Estimate
    f1: Estimate


class AverageRow(Rates):
    """Rates over all classes; ``micro`` pools them, ``macro`` is their mean."""

    average: Literal["micro", "macro"]


class ConfusionCell(TypedDict):
    """One cell that is not zero; ``true`` and ``predicted`` are positions in ``labels``."""

    true: int
    predicted: int
    count: int
    examples: list[int]


class Confusion(TypedDict):
    """The confusion matrix, rows true, columns predicted, zeros left out.

    Attributes:
        background: Position of ``(background)`` in ``labels``; None for classification.
        row_totals: Per label, how many are truly of it (background: detections on nothing).
        column_totals: Per label, how many were predicted as it (background: missed objects).
        cells: The cells that are not zero.
        pairs: Positions in ``cells`` of the most confused pairs of classes, worst first.
    """

    background: int | None
    row_totals: list[int]
    column_totals: list[int]
    cells: list[ConfusionCell]
    pairs: list[int]


class ErrorType(TypedDict):
    """One error type: how often, and what fixing all of it would add to AP.

    Attributes:
        name: ``classification``, ``localisation``, ``both``, ``duplicate``, ``background``, ``missed``.
        explanation: What it is, in one plain sentence.
        count: Errors of the type at the operating point.
        share: Of all errors.
        delta_ap: AP gained if the type were fixed, None where it was not computed.
        examples: Positions in ``examples``.
    """

    name: str
    explanation: str
    count: int
    share: float | None
    delta_ap: float | None
    examples: list[int]


class FailureMode(TypedDict):
    """An error type that is more frequent in one slice than in the rest.

    Attributes:
        rank: 1 is the first to look at.
        title: What happens and where, in one line.
        what: What happens: ``Missed``, ``Wrong class`` …
        sentence: The evidence in one plain sentence.
        error_type: As in ``error_types``.
        slice: The slice, ``time_of_day=night & size=small``.
        unit: What the rate is over: ``objects``, ``objects and such errors`` (for false alarms) or ``images``.
        support: Units in the slice.
        errors: Units of the slice with the error.
        rate: ``errors / support``.
        rest_rate: The same rate outside the slice.
        difference: ``rate − rest_rate`` with interval.
        excess: Errors beyond what the rest's rate would give, with interval.
        q_value: False discovery rate at which the mode would be reported.
        significant: Whether it is reported at 5 %.
        examples: Positions in ``examples``.
    """

    rank: int
    title: str
    what: str
    sentence: str
    error_type: str
    slice: str
    unit: str
    support: int
    errors: int
    rate: float | None
    rest_rate: float | None
    difference: Estimate
    excess: Estimate
    q_value: float | None
    significant: bool
    examples: list[int]


class ClassRow(Rates):
    """One class at the operating point, with its AP where the task has one.

    Attributes:
        label: Position in ``labels``.
        ap: Average precision over the IoU ladder (None for classification).
        ap50: Average precision at IoU 0.5 (None for classification).
        specificity: Of the other classes, how much was not predicted as this one (None for detection).
        support: Objects of the class.
        predicted: Predictions of the class.
        thin: Too few images for the interval to be trusted.
    """

    label: int
    ap: Estimate | None
    ap50: float | None
    specificity: Estimate | None
    support: int
    predicted: int
    thin: bool


class SliceRow(Rates):
    """One value of an attribute.

    Attributes:
        value: The value as text; None where the attribute is missing.
        support: Objects in the slice.
        predicted: Predictions in the slice; None where the attribute says nothing about wrong ones.
        errors: Errors in the slice: what its examples are chosen from.
        clusters: Images (or videos, patients) that they come from.
        thin: Too few images for the interval to be trusted.
        examples: Positions in ``examples``: errors in the slice.
    """

    value: str | None
    support: int
    predicted: int | None
    errors: int
    clusters: int
    thin: bool
    examples: list[int]


class SliceTable(TypedDict):
    """All values of one attribute; ``note`` says how false positives were attributed to them."""

    attribute: str
    note: str
    rows: list[SliceRow]


class DrawnObject(TypedDict):
    """An annotated or predicted object of an image, as it is drawn.

    Attributes:
        kind: ``truth`` is drawn solid, ``prediction`` dashed.
        label: Position in ``labels``.
        box: x, y, width, height in pixels of the image; None for classification.
        score: Of a prediction.
    """

    kind: Literal["truth", "prediction"]
    label: int
    box: list[float] | None
    score: float | None


class ImageEntry(TypedDict):
    """An image that examples refer to.

    Attributes:
        file_name: As given; the id as text where no name was given.
        width: Pixels; the extent of the boxes where the size is not known.
        height: Pixels.
        size_known: Whether width and height were given, rather than taken from boxes or file.
        picture: Position in ``pictures`` of the whole image; None without one.
        objects: What is drawn: the subjects of all its examples, and others as context up to a limit.
        hidden: Objects left out by that limit.
    """

    file_name: str
    width: float
    height: float
    size_known: bool
    picture: int | None
    objects: list[DrawnObject]
    hidden: int


class Example(TypedDict):
    """One row behind a number: a pair, a missed object, or a detection on nothing.

    Attributes:
        image: Position in ``images``.
        truth: Position in the image's ``objects``; None where nothing is there.
        prediction: Position in the image's ``objects``; None for a missed object.
        overlap: IoU of the two, None unless there are two boxes.
        window: x, y, width, height of the crop, 4 : 3, around the subject; None for classification.
        picture: Position in ``pictures`` of a sharper picture of the window; None without one.
    """

    image: int
    truth: int | None
    prediction: int | None
    overlap: float | None
    window: list[float] | None
    picture: int | None


class Picture(TypedDict):
    """A JPEG as ``data:`` address, and the part of the image (x, y, width, height, pixels) that it shows."""

    uri: str
    window: list[float]


class PictureReport(TypedDict):
    """How the pictures went.

    Attributes:
        asked: Whether an images folder was given.
        made: Pictures in the summary.
        left_out: Examples without a picture because of the limit.
        missing: Up to 20 file names that were not found or not readable.
        missing_count: All of them.
    """

    asked: bool
    made: int
    left_out: int
    missing: list[str]
    missing_count: int


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
        verdict: One to three plain sentences with the main numbers.
        headline: The numbers of the first screen.
        averages: Micro and macro averages at the operating point.
        failure_modes: Ranked, the significant ones first.
        error_types: Most frequent first; empty for classification.
        confusion: The matrix and its most confused pairs.
        classes: One row per class.
        slices: One table per attribute.
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
    headline: list[Headline]
    averages: list[AverageRow]
    failure_modes: list[FailureMode]
    error_types: list[ErrorType]
    confusion: Confusion
    classes: list[ClassRow]
    slices: list[SliceTable]
    examples: list[Example]
    images: list[ImageEntry]
    pictures: list[Picture]
    picture_report: PictureReport
    caveats: list[str]
