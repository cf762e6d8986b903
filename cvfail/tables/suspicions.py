"""Legal input that is probably not what was meant: corners read as sizes, boxes in 0..1, shifted classes."""

from __future__ import annotations

import polars as pl

from cvfail.tables.dataset import Dataset
from cvfail.tables.hints import offset_hint

_MANY_BOXES = 20
"""From so many boxes on, a pattern that all of them show is no coincidence."""

_SOME_BOXES = 5
"""From so many boxes on, a pattern that does not fit the image's size is no coincidence."""

_SMALL = 2
"""No image and no box in pixels is this small."""

_BEYOND = 1.1
"""A box is far outside if it ends beyond this multiple of the image's size."""

_SHARE_BEYOND = 0.25


class InputWarning(UserWarning):
    """The input is legal, but looks as if something else was meant."""


def suspicions(data: Dataset) -> list[str]:
    """What looks wrong in a valid dataset, with the remedy, one sentence per finding.

    Args:
        data: A valid dataset, whose categories are those of the input alone.

    Returns:
        Sentences that name the table; empty if nothing looks wrong.
    """
    found = []
    if data.task == "detection":
        for table in ("ground_truth", "predictions"):
            boxes = data.frame(table).select("image_id", "x", "y", "width", "height")
            advice = _box_advice(boxes, data)
            if advice:
                found.append(f"{_name(table, data)}: {advice}")
    shifted = _shifted_categories(data)
    if shifted:
        found.append(f"{_name('predictions', data)}: {shifted}")
    return found


def _name(table: str, data: Dataset) -> str:
    source = data.source[table]
    return table if source == "frame" else source


def _box_advice(boxes: pl.DataFrame, data: Dataset) -> str | None:
    if boxes.is_empty():
        return None
    if _look_normalised(boxes, data):
        return (
            f"all {boxes.height} boxes lie within 0..1 and look normalised; multiply them by the size of "
            "the image, or read frames with from_frames(..., normalised=True)"
        )
    if _look_like_corners(boxes, data.images):
        return (
            "the boxes look like corners x1, y1, x2, y2, but were read as x, y, width, height; "
            "write width = x2 - x1, or read frames with from_frames(..., box_format='xyxy')"
        )
    return None


def _look_normalised(boxes: pl.DataFrame, data: Dataset) -> bool:
    """Whether all numbers lie in 0..1, not only whole ones, in many boxes or beside larger things."""
    numbers = pl.col("x", "y", "width", "height")
    inside, is_fraction = boxes.select(
        inside=pl.all_horizontal(numbers.is_between(0, 1.01)).all(),
        is_fraction=pl.any_horizontal(numbers != numbers.round()).any(),
    ).row(0)
    if not (inside and is_fraction):
        return False
    widths = (data.images["width"], data.ground_truth["width"], data.predictions["width"])
    is_small_world = all((series <= _SMALL).all() for series in widths)
    return boxes.height >= _MANY_BOXES or not is_small_world


def _look_like_corners(boxes: pl.DataFrame, images: pl.DataFrame) -> bool:
    """Whether every width exceeds x and every height y, and many boxes would end far outside the image."""
    ordered = boxes.select(((pl.col("width") > pl.col("x")) & (pl.col("height") > pl.col("y"))).all()).item()
    if not ordered:
        return False
    sizes = images.select("image_id", image_width="width", image_height="height")
    known = boxes.join(sizes.drop_nulls(), on="image_id")
    if known.is_empty():
        return boxes.height >= _MANY_BOXES
    too_wide = pl.col("x") + pl.col("width") > _BEYOND * pl.col("image_width")
    too_high = pl.col("y") + pl.col("height") > _BEYOND * pl.col("image_height")
    share = known.select((too_wide | too_high).mean()).item()
    return known.height >= _SOME_BOXES and bool(share > _SHARE_BEYOND)


def _shifted_categories(data: Dataset) -> str | None:
    """Whether predictions count classes from 0 where the categories count from 1."""
    known = data.categories["category_id"]
    if data.predictions["category_id"].dtype != known.dtype:
        return None
    return offset_hint(data.predictions["category_id"], known)
