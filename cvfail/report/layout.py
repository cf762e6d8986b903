"""Where things lie: the objects of each image that examples refer to, and the crop of each example."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from cvfail.evidence.evidence import Evidence
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.report.drawn_objects import ImageObjects, drawn_objects
from cvfail.report.schema import DrawnObject, Example, ImageEntry

Box = tuple[float, float, float, float]

_CONTEXT = 1.7
"""Side of a crop over the side of its subject."""

_SMALLEST_CROP = 96.0
"""Pixels that a crop is at least wide, so that one sees where a small object is."""

_UNKNOWN_SIZE = (400.0, 300.0)


@dataclass(frozen=True)
class Unit:
    """A prediction row, a ground-truth row, or both with their overlap.

    Attributes:
        prediction: Row of a prediction.
        truth: Row of an annotated object.
        overlap: Of the two.
        other: Row of a second annotated object.
        baseline: Row of a prediction of the baseline.
        compared: Whether the baseline's other predictions are drawn around it.
    """

    prediction: int | None
    truth: int | None
    overlap: float | None
    other: int | None = None
    baseline: int | None = None
    compared: bool | None = None

    def image(self, point: OperatingPoint, baseline: OperatingPoint | None = None) -> int:
        """The code of the image that it lies in, which the baseline has in common."""
        coding = point.evidence.coding
        if self.truth is not None:
            return int(coding.truth_image[self.truth])
        if self.prediction is None and baseline is not None:
            return int(baseline.evidence.coding.image[self.baseline])
        return int(coding.image[self.prediction])


def lay_out(
    point: OperatingPoint, units: Sequence[Unit], *, baseline: OperatingPoint | None = None
) -> tuple[list[Example], list[ImageEntry]]:
    """Place units on their images.

    Args:
        point: Whose rows the units name.
        units: What is shown.
        baseline: Another model on the same images, whose rows `Unit.baseline` names.

    Returns:
        The examples, one per unit, and the images that they refer to in the order of first use. An image
        whose size is not known reaches as far as its boxes.
    """
    codes = [unit.image(point, baseline) for unit in units]
    used = list(dict.fromkeys(codes))
    subjects = [("truth", unit.truth) for unit in units if unit.truth is not None]
    subjects += [("truth", unit.other) for unit in units if unit.other is not None]
    subjects += [("prediction", unit.prediction) for unit in units if unit.prediction is not None]
    subjects += [("baseline", unit.baseline) for unit in units if unit.baseline is not None]
    compared = [code for code, unit in zip(codes, units, strict=True) if unit.compared]
    objects = drawn_objects(point, used, subjects, baseline=baseline, compared=compared)
    images = _images(point.evidence, used, objects)
    position = {code: place for place, code in enumerate(used)}
    examples = [
        _example(unit, position[code], images[position[code]], objects[code])
        for unit, code in zip(units, codes, strict=True)
    ]
    return examples, images


def lay_out_images(point: OperatingPoint, codes: Sequence[int]) -> tuple[list[Example], list[ImageEntry]]:
    """Whole images as examples without a subject, with what is drawn of them; one of each per code, all different."""
    images = _images(point.evidence, list(codes), drawn_objects(point, codes, []))
    nothing = {
        "truth": None,
        "prediction": None,
        "other": None,
        "overlap": None,
        "window": None,
        "picture": None,
    }
    return [Example(image=place, **nothing) for place in range(len(images))], images  # type: ignore[typeddict-item]


def crop_window(boxes: Sequence[Box], size: tuple[float, float]) -> Box:
    """A window of 4 : 3 around boxes with some context, inside the image where it fits and never larger.

    Args:
        boxes: x, y, width, height in pixels, at least one.
        size: Width and height of the image.

    Example:
        >>> crop_window([(0, 0, 100, 30)], (640, 480))
        (0.0, 0.0, 170.0, 127.5)
    """
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[0] + box[2] for box in boxes), max(box[1] + box[3] for box in boxes)
    wanted = max((right - left) * _CONTEXT, (bottom - top) * _CONTEXT * 4 / 3, _SMALLEST_CROP)
    width = min(wanted, max(size[0], size[1] * 4 / 3))
    height = width * 3 / 4
    x = _inside((left + right - width) / 2, width, size[0])
    y = _inside((top + bottom - height) / 2, height, size[1])
    return round(x, 2), round(y, 2), round(width, 2), round(height, 2)


def _inside(start: float, length: float, total: float) -> float:
    """A start moved so that the stretch lies in [0, total]; centred where it is longer than that."""
    return min(max(start, 0.0), total - length) if length <= total else (total - length) / 2


def _images(evidence: Evidence, used: list[int], objects: dict[int, ImageObjects]) -> list[ImageEntry]:
    table = evidence.images.sort("image_id").select(
        "width", "height", name=pl.coalesce("file_name", pl.col("image_id").cast(pl.String))
    )[used]
    images = []
    for code, (width, height, name) in zip(used, table.iter_rows(), strict=True):
        content = objects[code]
        reach = _reach(content.drawn)
        images.append(
            ImageEntry(
                file_name=name,
                width=width or reach[0],
                height=height or reach[1],
                size_known=bool(width and height),
                picture=None,
                objects=content.drawn,
                hidden=content.hidden,
            )
        )
    return images


def _reach(objects: Sequence[DrawnObject]) -> tuple[float, float]:
    boxes = [entry["box"] for entry in objects if entry["box"] is not None]
    if not boxes:
        return _UNKNOWN_SIZE
    return max(1.0, *(box[0] + box[2] for box in boxes)), max(1.0, *(box[1] + box[3] for box in boxes))


def _example(unit: Unit, position: int, image: ImageEntry, objects: ImageObjects) -> Example:
    truth = None if unit.truth is None else objects.place["truth", unit.truth]
    prediction = None if unit.prediction is None else objects.place["prediction", unit.prediction]
    other = None if unit.other is None else objects.place["truth", unit.other]
    baseline = None if unit.baseline is None else objects.place["baseline", unit.baseline]
    places = (truth, prediction, other, baseline)
    drawn = [objects.drawn[place]["box"] for place in places if place is not None]
    boxes: list[Box] = [(box[0], box[1], box[2], box[3]) for box in drawn if box is not None]
    window = list(crop_window(boxes, (image["width"], image["height"]))) if boxes else None
    return Example(
        image=position,
        truth=truth,
        prediction=prediction,
        other=other,
        baseline=baseline,
        overlap=round(unit.overlap, 4) if len(boxes) > 1 and unit.overlap is not None else None,
        window=window,
        picture=None,
    )
