"""Boxes as shares of the image's size, as pixels."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from cvfail.errors import Problem
from cvfail.tables.declared import IMAGES
from cvfail.tables.findings import Findings
from cvfail.tables.raw import RawTable
from cvfail.tables.standard import converted, standardise

_SIZES = ("image_width", "image_height")


def in_pixels(
    frame: pl.DataFrame, columns: Sequence[str], images: RawTable | None, findings: Findings
) -> pl.DataFrame:
    """Numbers in 0..1 times the width or the height of their image.

    Args:
        frame: Rows with `image_id` and the four numbers of a box.
        columns: Their names; the first and third scale with the width, the others with the height.
        images: The images with their sizes.
        findings: Where images without a size go.

    Returns:
        The frame in pixels; rows of unknown images as they were, for validation to say.
    """
    ids = converted(frame["image_id"], IMAGES["image_id"]) if "image_id" in frame.columns else None
    known = _sizes(images)
    if known is None:
        _report(None, images, findings)
        return frame
    if ids is None or ids.dtype != known["image_id"].dtype:
        return frame
    sizes = ids.to_frame().join(known, on="image_id", how="left", maintain_order="left")
    needed = known.join(sizes, on="image_id", how="semi")
    without = needed.filter(pl.any_horizontal(pl.col(*_SIZES).is_null()))
    if not without.is_empty():
        _report(without["image_id"], images, findings)
    factors = [sizes[_SIZES[number % 2]].cast(pl.Float64).fill_null(1) for number in range(4)]
    return frame.with_columns(
        pl.col(column) * factor for column, factor in zip(columns, factors, strict=True)
    )


def _sizes(images: RawTable | None) -> pl.DataFrame | None:
    """`image_id`, `image_width`, `image_height`, one row per image; None if there are no such columns."""
    if images is None or not {"width", "height"} <= set(images.frame.columns):
        return None
    standard, _ = standardise(IMAGES, images)
    if not {"image_id", "width", "height"} <= set(standard.columns):
        return None
    named = standard.select("image_id", image_width="width", image_height="height")
    return named.unique("image_id", keep="first", maintain_order=True)


def _report(without: pl.Series | None, images: RawTable | None, findings: Findings) -> None:
    problem = Problem(
        source="images" if images is None else images.label,
        field="width, height",
        rule="normalised boxes need the width and the height of their image",
        found="no sizes" if without is None else f"{len(without)} images without, first {without[0]!r}",
        hint="pass images=… with image_id, width and height, or give the boxes in pixels",
    )
    findings.add_structural("images", problem)
