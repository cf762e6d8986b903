"""Where things lie: the objects of each image that examples refer to, and the crop of each example."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.evidence.evidence import Evidence
from cvfail.evidence.operating_point import OperatingPoint
from cvfail.report.schema import DrawnObject, Example, ImageEntry

MOST_NEIGHBOURS = 40
"""Objects drawn beside the subjects of an image; the others are counted."""

Box = tuple[float, float, float, float]

_CONTEXT = 1.7
"""Side of a crop over the side of its subject."""

_SMALLEST_CROP = 96.0
"""Pixels that a crop is at least wide, so that one sees where a small object is."""

_UNKNOWN_SIZE = (400.0, 300.0)
_BOX = ("x", "y", "width", "height")


@dataclass(frozen=True)
class Unit:
    """A prediction row, a ground-truth row, or both with their overlap."""

    prediction: int | None
    truth: int | None
    overlap: float | None


def lay_out(point: OperatingPoint, units: Sequence[Unit]) -> tuple[list[Example], list[ImageEntry]]:
    """Place units on their images.

    Returns:
        The examples, one per unit, and the images that they refer to in the order of first use. An image
        whose size is not known reaches as far as its boxes.
    """
    coding = point.evidence.coding
    codes = [
        int(coding.truth_image[u.truth] if u.truth is not None else coding.image[u.prediction]) for u in units
    ]
    used = list(dict.fromkeys(codes))
    objects = _objects(point, used, units)
    images = _images(point.evidence, used, objects)
    position = {code: place for place, code in enumerate(used)}
    examples = [
        _example(unit, position[code], images[position[code]], objects[code])
        for unit, code in zip(units, codes, strict=True)
    ]
    return examples, images


def crop_window(boxes: Sequence[Box], size: tuple[float, float]) -> Box:
    """A window of 4 : 3 around boxes with some context, moved inside the image where it fits.

    Args:
        boxes: x, y, width, height in pixels, at least one.
        size: Width and height of the image.

    Example:
        >>> crop_window([(0, 0, 100, 30)], (640, 480))
        (0.0, 0.0, 170.0, 127.5)
    """
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[0] + box[2] for box in boxes), max(box[1] + box[3] for box in boxes)
    width = max((right - left) * _CONTEXT, (bottom - top) * _CONTEXT * 4 / 3, _SMALLEST_CROP)
    height = width * 3 / 4
    x = _inside((left + right - width) / 2, width, size[0])
    y = _inside((top + bottom - height) / 2, height, size[1])
    return round(x, 2), round(y, 2), round(width, 2), round(height, 2)


def _inside(start: float, length: float, total: float) -> float:
    """A start moved so that the stretch lies in [0, total]; centred where it is longer than that."""
    return min(max(start, 0.0), total - length) if length <= total else (total - length) / 2


@dataclass(frozen=True)
class _ImageObjects:
    """What is drawn of an image: the objects, the place of each among them, and how many are left out."""

    drawn: list[DrawnObject]
    place: dict[tuple[str, int], int]
    hidden: int


def _objects(point: OperatingPoint, used: list[int], units: Sequence[Unit]) -> dict[int, _ImageObjects]:
    subjects = {("truth", unit.truth) for unit in units} | {("prediction", unit.prediction) for unit in units}
    evidence = point.evidence
    coding = evidence.coding
    images = len(coding.image_keys)
    rows: dict[int, list[dict[str, Any]]] = {code: [] for code in used}
    for row in _rows(evidence.ground_truth, "truth", coding.truth_image, coding.truth_category, used, images):
        rows[row["image"]].append(row)
    kept = _rows(evidence.predictions, "prediction", coding.image, coding.category, used, images, point.kept)
    for row in kept:
        rows[row["image"]].append(row)
    return {code: _drawn(rows[code], subjects) for code in used}


def _rows(
    frame: pl.DataFrame,
    kind: str,
    image: NDArray[np.int32],
    label: NDArray[np.int32],
    used: list[int],
    images: int,
    kept: NDArray[np.bool_] | None = None,
) -> list[dict[str, Any]]:
    """The rows of a table that lie in the used images, largest or surest first."""
    wanted = np.zeros(images, np.bool_)
    wanted[used] = True
    here = wanted[image] if kept is None else wanted[image] & kept
    boxes = [name for name in _BOX if name in frame.columns]
    order = ["score"] if kind == "prediction" else ["area"] if "area" in frame.columns else []
    chosen = (
        frame.with_row_index("row")
        .select(
            "row",
            *boxes,
            *order,
            pl.Series("image", image),
            pl.Series("label", label),
            pl.lit(kind).alias("kind"),
        )
        .filter(pl.Series(here))
    )
    return (chosen.sort(order, descending=True, nulls_last=True) if order else chosen).to_dicts()


def _drawn(rows: list[dict[str, Any]], subjects: set[tuple[str, int | None]]) -> _ImageObjects:
    """Subjects first, then as many neighbours as are drawn."""
    chosen = sorted(rows, key=lambda row: (row["kind"], row["row"]) not in subjects)
    count = sum((row["kind"], row["row"]) in subjects for row in rows) + MOST_NEIGHBOURS
    chosen = chosen[:count]
    place = {(row["kind"], row["row"]): index for index, row in enumerate(chosen)}
    return _ImageObjects([_drawn_object(row) for row in chosen], place, len(rows) - len(chosen))


def _drawn_object(row: dict[str, Any]) -> DrawnObject:
    kind: Literal["truth", "prediction"] = row["kind"]
    score = row.get("score")
    box = [round(row[name], 2) for name in _BOX] if "x" in row else None
    return DrawnObject(
        kind=kind, label=row["label"], box=box, score=None if score is None else round(score, 4)
    )


def _images(evidence: Evidence, used: list[int], objects: dict[int, _ImageObjects]) -> list[ImageEntry]:
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


def _example(unit: Unit, position: int, image: ImageEntry, objects: _ImageObjects) -> Example:
    truth = None if unit.truth is None else objects.place["truth", unit.truth]
    prediction = None if unit.prediction is None else objects.place["prediction", unit.prediction]
    drawn = [objects.drawn[place]["box"] for place in (truth, prediction) if place is not None]
    boxes: list[Box] = [(box[0], box[1], box[2], box[3]) for box in drawn if box is not None]
    window = list(crop_window(boxes, (image["width"], image["height"]))) if boxes else None
    both = len(boxes) == 2 and unit.overlap is not None
    return Example(
        image=position,
        truth=truth,
        prediction=prediction,
        overlap=round(unit.overlap, 4) if both and unit.overlap is not None else None,
        window=window,
        picture=None,
    )
