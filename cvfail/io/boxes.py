"""Boxes of any format as x, y, width, height in pixels."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import polars as pl

from cvfail.io.box_lists import unpacked_boxes
from cvfail.io.box_scaling import in_pixels
from cvfail.tables.findings import Findings
from cvfail.tables.raw import RawTable

BoxFormat = Literal["xywh", "xyxy", "cxcywh"]
"""Left, top, width, height; left, top, right, bottom; centre, width, height."""

BOX_PARTS: dict[BoxFormat, tuple[str, str, str, str]] = {
    "xywh": ("x", "y", "width", "height"),
    "xyxy": ("x1", "y1", "x2", "y2"),
    "cxcywh": ("cx", "cy", "width", "height"),
}
"""The columns that hold a box in each format."""

_COLUMNS = BOX_PARTS["xywh"]

_TO_XYWH: dict[BoxFormat, list[pl.Expr]] = {
    "xywh": [],
    "xyxy": [pl.col("width") - pl.col("x"), pl.col("height") - pl.col("y")],
    "cxcywh": [pl.col("x") - pl.col("width") / 2, pl.col("y") - pl.col("height") / 2],
}
"""How the four numbers of each format, standing in these columns, become what the names say."""


def with_boxes(
    raw: RawTable,
    table: str,
    *,
    box_format: BoxFormat,
    findings: Findings,
    normalised: bool = False,
    images: RawTable | None = None,
) -> RawTable:
    """A table with the columns `x`, `y`, `width`, `height` in pixels.

    Args:
        raw: The table; its boxes are in the four columns of the format, or in `bbox`, a column of lists.
        table: Its declared name.
        box_format: What the four numbers are.
        findings: Where the problems go.
        normalised: Whether the numbers are shares of the image's size.
        images: The images with their sizes; needed for normalised boxes.

    Returns:
        The table. Columns that are missing or hold no numbers stay so, for validation to say.
    """
    parts = BOX_PARTS[box_format]
    if "bbox" in raw.frame.columns and not set(parts) <= set(raw.frame.columns):
        raw = unpacked_boxes(raw, table, _COLUMNS, findings)
    else:
        raw = _gathered(raw, parts)
    columns = [raw.frame[name] for name in _COLUMNS if name in raw.frame.columns]
    if len(columns) < len(_COLUMNS) or not all(column.dtype.is_numeric() for column in columns):
        return raw
    frame = raw.frame.with_columns(pl.col(*_COLUMNS).cast(pl.Float64))
    if normalised:
        frame = in_pixels(frame, _COLUMNS, images, findings)
    return replace(raw, frame=frame.with_columns(_TO_XYWH[box_format]))


def _gathered(raw: RawTable, parts: tuple[str, ...]) -> RawTable:
    """The four numbers of a format, whatever they mean, in the columns `x`, `y`, `width`, `height`."""
    others = [name for name in raw.frame.columns if name not in parts and name not in _COLUMNS]
    pairs = list(zip(_COLUMNS, parts, strict=True))
    numbers = [pl.col(part).alias(column) for column, part in pairs if part in raw.frame.columns]
    fields = {**raw.fields, **{column: raw.field(part) for column, part in pairs}}
    return replace(raw, frame=raw.frame.select(*others, *numbers), fields=fields)
