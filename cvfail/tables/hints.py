"""What a broken rule probably means, and what to type."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

import polars as pl

_SYNONYMS = {
    "score": ("confidence", "conf", "probability", "prob"),
    "image_id": ("image", "img_id", "file_name", "filename"),
    "category_id": ("category", "class", "class_id", "label", "cls"),
    "width": ("w", "box_width"),
    "height": ("h", "box_height"),
}


def missing_column_hint(name: str, present: Sequence[str]) -> str:
    """Name the column that was probably meant, and how to say so."""
    known = [synonym for synonym in _SYNONYMS.get(name, ()) if synonym in present]
    close = known or get_close_matches(name, present, n=1)
    meant = close[0] if close else "your_name"
    return f"add the column, or map yours: columns={{{name!r}: {meant!r}}}"


def wrong_dtype_hint(name: str, given: pl.DataType, *, is_id: bool) -> str:
    """How to bring a column to the right kind of values."""
    if is_id and given.is_float():
        return f"cast it: pl.col({name!r}).cast(pl.Int64); pandas makes floats of integers with gaps"
    if is_id:
        return f"cast it: pl.col({name!r}).cast(pl.String)"
    if given == pl.String:
        return f"the numbers are text: cast them, pl.col({name!r}).cast(pl.Float64)"
    return "convert the column before reading"


def number_hint(values: pl.Series, name: str) -> str:
    """What to do about numbers outside the legal range.

    Args:
        values: All numbers of the column.
        name: The declared name of the column.
    """
    if name != "score":
        return "boxes are x, y, width, height; corners x1, y1, x2, y2 need width = x2 - x1"
    finite = values.filter(values.is_finite())
    low, high = pl.Series(finite).min(), pl.Series(finite).max()
    if isinstance(low, float) and isinstance(high, float) and low >= 0 and high <= 100:
        return "these look like percentages: divide by 100" if high > 2 else "clip the scores to [0, 1]"
    return "these look like logits: apply the sigmoid (or softmax) first"


def unknown_image_hint(values: pl.Series, images: pl.DataFrame) -> str:
    """What to do about image ids that no image has.

    Args:
        values: The ids that are not known.
        images: The images.
    """
    if values.dtype == pl.String and values.is_in(images["file_name"].drop_nulls().implode()).any():
        return "these are file names: replace them by the image_id of the file"
    return "add the images, or leave the rows out with on_invalid='drop'"


def unknown_category_hint(unknown: pl.Series, values: pl.Series, categories: pl.DataFrame) -> str:
    """What to do about category ids that no category has.

    Args:
        unknown: The ids that are not known.
        values: All ids of the column.
        categories: The categories.
    """
    if unknown.dtype == pl.String and unknown.is_in(categories["name"].implode()).any():
        return "these are names: replace them by the category_id of the name"
    offset = offset_hint(values, categories["category_id"])
    return offset or "add the categories, or leave the rows out with on_invalid='drop'"


def offset_hint(values: pl.Series, known: pl.Series) -> str | None:
    """Explain ids 0..K-1 that meet categories counted from 1; None if that is not it.

    Args:
        values: The category ids that are used.
        known: The ids of the categories.

    Example:
        >>> offset_hint(pl.Series([0, 2, 1]), pl.Series([1, 2, 3]))
        'the ids count from 0, the categories from 1: add 1 to them'
    """
    used = values.drop_nulls()
    if not (used.dtype.is_integer() and known.dtype.is_integer()) or used.is_empty() or known.is_empty():
        return None
    first, last = used.min(), used.max()
    if first != 0 or known.min() != 1 or not isinstance(last, int) or last >= known.n_unique():
        return None
    if known.max() == known.n_unique():
        return "the ids count from 0, the categories from 1: add 1 to them"
    return "the ids count from 0 without gaps: replace k by the k-th of the sorted category ids"
