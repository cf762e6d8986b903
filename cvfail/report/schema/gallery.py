"""The examples: rows behind numbers, the images that they lie in, and their pictures."""

from __future__ import annotations

from typing import Literal, TypedDict


class DrawnObject(TypedDict):
    """An annotated or predicted object of an image, as it is drawn.

    Attributes:
        kind: ``truth`` is drawn solid, ``prediction`` dashed, and a prediction of the ``baseline`` dotted.
        label: Position in ``labels``.
        box: x, y, width, height in pixels of the image; None for classification.
        score: Of a prediction.
    """

    kind: Literal["truth", "prediction", "baseline"]
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
    """One row behind a number: a pair, a missed object, a detection on nothing, or what became of one of them.

    Attributes:
        image: Position in ``images``.
        truth: Position in the image's ``objects``; None where nothing is there.
        prediction: Position in the image's ``objects``; None for a missed object.
        other: Position in the image's ``objects`` of a second label in the same place; None without one.
        baseline: Position in the image's ``objects`` of a prediction of the baseline; None without one.
        overlap: IoU of the two, None unless there are two boxes.
        window: x, y, width, height of the crop, 4 : 3, around the subject; None for classification.
        picture: Position in ``pictures`` of a sharper picture of the window; None without one.
    """

    image: int
    truth: int | None
    prediction: int | None
    other: int | None
    baseline: int | None
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
        over_size: Pictures that were made and left out because the page may not be larger.
        missing: Up to 20 file names that were not found or not readable.
        missing_count: All of them.
    """

    asked: bool
    made: int
    left_out: int
    over_size: int
    missing: list[str]
    missing_count: int
