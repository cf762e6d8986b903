"""Attributes of boxes: relative size, aspect, contact with the border, position in the image."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from cvfail.attributes.binning import bin_expression
from cvfail.attributes.joining import with_columns
from cvfail.errors import PolicyError
from cvfail.tables.dataset import Dataset

BORDER_TOLERANCE = 1.0
"""A side that comes this close to the border of the image, in pixels, touches it."""

ASPECT_EDGES = (3 / 4, 4 / 3)
ASPECT_LABELS = ("tall", "square", "wide")
"""Half-open classes of width over height: [0, 3/4), [3/4, 4/3), [4/3, ∞)."""

RELATIVE_SIZE_EDGES = (0.05, 0.1, 0.2, 0.4)
RELATIVE_SIZE_LABELS = ("< 5 %", "5 – 10 %", "10 – 20 %", "20 – 40 %", "≥ 40 %")
"""Half-open classes of √(box area / image area); each edge is four times the area of the one before."""

POSITIONS = (
    *("top left", "top", "top right"),
    *("left", "centre", "right"),
    *("bottom left", "bottom", "bottom right"),
)
"""The cells of a 3 × 3 grid over the image, row by row."""

SIDES = ("left", "top", "right", "bottom")
BORDERS = tuple(
    " ".join(side for bit, side in enumerate(SIDES) if code >> bit & 1) or "none" for code in range(16)
)
"""What `border` can be: ``"none"``, ``"left"``, ``"top"``, ``"left top"``, …; bit i of the place is side i."""

GEOMETRY_COLUMNS = (
    "box_area",
    "relative_size",
    "aspect_ratio",
    "aspect",
    "border",
    "border_sides",
    "position",
)
"""What `with_geometry` adds."""

_IMAGE = ("image_width", "image_height")


def with_geometry(data: Dataset) -> Dataset:
    """Add attributes of the box to ground truth and predictions.

    Args:
        data: A dataset for detection; not modified.

    Returns:
        A new dataset. Both tables have gained `box_area` (width × height, px²), `relative_size` (√ of the box's
        area over the image's), `aspect_ratio` (width / height) and its class `aspect` (tall < 3/4 ≤ square < 4/3 ≤
        wide), `border` (the sides of the image that the box touches, within 1 px: ``"none"``, ``"left"``, ``"left
        top"``, …), `border_sides` (how many, 0 to 4) and `position` (the cell of a 3 × 3 grid that has the box's
        centre; centres outside of the image belong to the nearest cell).

    Raises:
        PolicyError: The dataset has no boxes.
        SchemaError: A table has a column of one of these names already.

    Notes:
        Relative size, border and position are null where the size of the image is unknown or 0; the aspect where
        the height of the box is 0. Cost: one join and one pass.

    Source: tidecv 1.0.1 for the edges of the aspect, here half-open.

    Example:
        >>> import cvfail as cf
        >>> objects = {"image_id": [1], "category_id": [1], "bbox": [[0, 40, 50, 20]], "score": [0.5]}
        >>> images = {"image_id": [1], "width": [100], "height": [100]}
        >>> data = cf.from_frames(ground_truth=objects, predictions=objects, images=images, box_format="xywh")
        >>> with_geometry(data).predictions.select("aspect", "border", "position").row(0)
        ('wide', 'left', 'left')
    """
    if data.task != "detection":
        raise PolicyError("only boxes have a geometry; this dataset is for classification")
    return replace(
        data,
        ground_truth=with_columns(
            data.ground_truth, "ground_truth", _geometry(data.ground_truth, data.images)
        ),
        predictions=with_columns(data.predictions, "predictions", _geometry(data.predictions, data.images)),
    )


def _geometry(frame: pl.DataFrame, images: pl.DataFrame) -> pl.DataFrame:
    """The columns of `GEOMETRY_COLUMNS` for each row of a table of boxes."""
    sizes = images.select("image_id", image_width="width", image_height="height")
    boxes = frame.select("image_id", "x", "y", "width", "height").join(
        sizes, on="image_id", how="left", maintain_order="left"
    )
    return boxes.select(
        box_area=box_area(),
        relative_size=relative_size(),
        aspect_ratio=aspect_ratio(),
        aspect=aspect_class(aspect_ratio()),
        border=border(),
        border_sides=border_sides(),
        position=position(),
    )


def box_area() -> pl.Expr:
    """Area of the box in px², over `width` and `height`."""
    return pl.col("width") * pl.col("height")


def relative_size() -> pl.Expr:
    """√(w·h / (W·H)), over `width`, `height`, `image_width` and `image_height`; null where the latter are unknown."""
    area = _known("image_width") * _known("image_height")
    return (box_area() / area).sqrt()


def relative_size_class(size: pl.Expr) -> pl.Expr:
    """Relative size in the classes of `RELATIVE_SIZE_LABELS`."""
    return bin_expression(size, RELATIVE_SIZE_EDGES, RELATIVE_SIZE_LABELS)


def aspect_ratio() -> pl.Expr:
    """Width over height; null where the height is 0."""
    return pl.when(pl.col("height") > 0).then(pl.col("width") / pl.col("height"))


def aspect_class(ratio: pl.Expr) -> pl.Expr:
    """An aspect ratio as tall, square or wide."""
    return bin_expression(ratio, ASPECT_EDGES, ASPECT_LABELS)


def border_sides(*, tolerance: float = BORDER_TOLERANCE) -> pl.Expr:
    """How many sides of the image the box touches, 0 to 4."""
    return pl.sum_horizontal([touched.cast(pl.Int64) for touched in _touched(tolerance)], ignore_nulls=False)


def border(*, tolerance: float = BORDER_TOLERANCE) -> pl.Expr:
    """The sides of the image that the box touches, as one of `BORDERS`.

    Args:
        tolerance: A box's side that is this many pixels from the image's, or nearer, or outside, touches it.
    """
    code = pl.sum_horizontal(
        [touched.cast(pl.UInt32) * 2**bit for bit, touched in enumerate(_touched(tolerance))],
        ignore_nulls=False,
    )
    return code.cat.to(pl.Enum(BORDERS))


def position() -> pl.Expr:
    """The cell of a 3 × 3 grid over the image that has the centre of the box, as one of `POSITIONS`."""
    column, row = _third("x", "width"), _third("y", "height")
    return (3 * row + column).cat.to(pl.Enum(POSITIONS))


def _third(start: str, extent: str) -> pl.Expr:
    """Which third of the image's extent the centre of the box lies in: 0, 1 or 2."""
    centre = (pl.col(start) + pl.col(extent) / 2) / _known(f"image_{extent}")
    return (3 * centre).floor().clip(0, 2).cast(pl.UInt32)


def _touched(tolerance: float) -> list[pl.Expr]:
    """Whether the box touches each of `SIDES`; null where the size of the image is unknown."""
    x, y, width, height = (pl.col(name) for name in ("x", "y", "width", "height"))
    touched = (
        x <= tolerance,
        y <= tolerance,
        x + width >= pl.col("image_width") - tolerance,
        y + height >= pl.col("image_height") - tolerance,
    )
    return [pl.when(_is_size_known()).then(touches) for touches in touched]


def _is_size_known() -> pl.Expr:
    return pl.all_horizontal(pl.col(name).fill_null(0) > 0 for name in _IMAGE)


def _known(name: str) -> pl.Expr:
    """A size of the image; null where it is 0, which is no size."""
    return pl.when(pl.col(name) > 0).then(pl.col(name))
