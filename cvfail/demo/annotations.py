"""Scenes as tables: images, and the objects in them with their true classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from cvfail.demo.boxes import Boxes
from cvfail.demo.scenes.camera import HEIGHT, WIDTH
from cvfail.demo.scenes.composing import Scene

CORNERS = ("left", "top", "right", "bottom")

IMAGE_ATTRIBUTES = ("time_of_day", "weather", "camera", "blur", "density", "annotator")


def image_table(scenes: Sequence[Scene]) -> pl.DataFrame:
    """One row per scene: image_id, file_name, width, height, the columns of `IMAGE_ATTRIBUTES`, captured."""
    conditions = [scene.conditions for scene in scenes]
    numbers = range(1, len(scenes) + 1)
    columns = {
        "image_id": pl.Series(numbers, dtype=pl.Int64),
        "file_name": [f"{number:06}.jpg" for number in numbers],
        "width": pl.Series([WIDTH] * len(scenes), dtype=pl.Int64),
        "height": pl.Series([HEIGHT] * len(scenes), dtype=pl.Int64),
        "time_of_day": [c.time_of_day for c in conditions],
        "weather": [c.weather for c in conditions],
        "camera": [c.camera for c in conditions],
        "blur": [c.blur for c in conditions],
        "density": [scene.density for scene in scenes],
        "annotator": [c.annotator for c in conditions],
        "captured": [c.captured.isoformat() for c in conditions],
    }
    texts = dict.fromkeys(("file_name", *IMAGE_ATTRIBUTES, "captured"), pl.String)
    return pl.DataFrame(columns, schema_overrides=texts)


def object_table(scenes: Sequence[Scene]) -> pl.DataFrame:
    """One row per object, then one per crowd region of its image, image after image.

    Returns:
        image_id, category (the true class), left, top, right, bottom, area, is_crowd, occlusion, truncation.
    """
    rows = [
        (number, item.category, *np.round(item.box, 2).tolist(), is_crowd, item.occlusion, item.truncation)
        for number, scene in enumerate(scenes, start=1)
        for item, is_crowd in [
            *((item, False) for item in scene.objects),
            *((item, True) for item in scene.regions),
        ]
    ]
    schema = {
        "image_id": pl.Int64,
        "category": pl.String,
        **dict.fromkeys(CORNERS, pl.Float64),
        "is_crowd": pl.Boolean,
        "occlusion": pl.String,
        "truncation": pl.String,
    }
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    area = (pl.col("right") - pl.col("left")) * (pl.col("bottom") - pl.col("top"))
    return frame.with_columns(area=area)


def corners(table: pl.DataFrame) -> Boxes:
    """The boxes of a table with columns left, top, right, bottom."""
    return table.select(CORNERS).to_numpy()
