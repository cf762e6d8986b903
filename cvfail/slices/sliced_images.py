"""Which images a slice is about, whatever its objects are."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.evidence.attributes import as_levels
from cvfail.evidence.evidence import Evidence
from cvfail.slices.predicates import NULL, AttributeValue, Part, Slice, columns_of


def images_of(evidence: Evidence, slice_: Slice) -> NDArray[np.bool_]:
    """The images in which the conditions on images hold; conditions on objects are left aside.

    Args:
        evidence: The tables.
        slice_: What must hold.

    Returns:
        By image code, shape (images,).

    Example:
        >>> import cvfail as cf
        >>> images = {"image_id": [1, 2], "light": ["day", "night"]}
        >>> truth = {"image_id": [1], "category_id": [1], "bbox": [[0, 0, 9, 9]]}
        >>> found = truth | {"score": [0.9]}
        >>> data = cf.from_frames(images=images, ground_truth=truth, predictions=found, box_format="xywh")
        >>> images_of(cf.evaluate(data).evidence, Slice("light=night & size=small")).tolist()
        [False, True]
    """
    inside = np.ones(evidence.images.height, np.bool_)
    for part in slice_.parts:
        if _is_of_images(evidence, part):
            inside &= _holds(evidence.images.sort("image_id"), part)
    return inside


def is_of_images(evidence: Evidence, slice_: Slice) -> bool:
    """Whether all conditions are on images, so that the slice is all that some images have."""
    return all(_is_of_images(evidence, part) for part in slice_.parts)


def _is_of_images(evidence: Evidence, part: Part) -> bool:
    return set(columns_of(part)) <= set(evidence.images.columns)


def _holds(images: pl.DataFrame, part: Part) -> NDArray[np.bool_]:
    if isinstance(part, AttributeValue):
        values = images[part.attribute]
        texts = as_levels(values).cast(pl.String)
        if part.value == NULL:
            return values.is_null().to_numpy()
        if part.value in texts or not values.dtype.is_numeric():
            return texts.eq_missing(pl.Series([part.value], dtype=pl.String)).to_numpy()
        return (values == float(part.value)).fill_null(value=False).to_numpy()
    answer = images.with_columns(part.alias("unit:in"))["unit:in"]
    return answer.fill_null(value=False).to_numpy()
