"""What measuring a folder of images gives: a table of images, and tables of the objects in them."""

from __future__ import annotations

from typing import Literal

import polars as pl

from cvfail.attributes.image_quality import QUALITY_COLUMNS
from cvfail.attributes.joining import Key, with_attributes
from cvfail.tables.dataset import Dataset
from cvfail.tables.result import ResultTable

Objects = Literal["ground_truth", "predictions"]

OBJECT_KEYS: dict[Objects, Key] = {"ground_truth": "ground_truth_id", "predictions": "prediction_id"}

CROP_COLUMNS = tuple(f"crop_{name}" for name in QUALITY_COLUMNS)
"""Quality of an object: of the part of the picture inside its box."""


class ImageAttributes(ResultTable):
    """Attributes of images, and of the objects whose crops were measured.

    Attributes:
        df: One row per image: `image_id` where ids are known, `file_name`, facts, quality, `file_problem`.
        ground_truth: One row per annotated object: `ground_truth_id` and quality; no rows if not asked for.
        predictions: One row per prediction: `prediction_id` and quality; no rows if not asked for.
        problems: The images without quality: `file_name`, `problem`.
        caption: How many images were measured, and what kept the others.
    """

    def __init__(self, df: pl.DataFrame, *, crops: dict[Objects, pl.DataFrame], caption: str) -> None:
        super().__init__(df, caption=caption)
        self.problems = df.filter(pl.col("file_problem").is_not_null()).select(
            "file_name", problem="file_problem"
        )
        self.ground_truth, self.predictions = (
            ResultTable(
                crops.get(table, _no_crops(key)),
                caption=f"quality inside the boxes of {table.replace('_', ' ')}; {caption}",
            )
            for table, key in OBJECT_KEYS.items()
        )

    def joined(self, data: Dataset) -> Dataset:
        """The dataset with everything that was measured as attributes of its images and objects."""
        data = with_attributes(data, self.df, on="image_id" if "image_id" in self.df.columns else "file_name")
        for table, key in OBJECT_KEYS.items():
            crops = getattr(self, table).df
            if len(crops):
                data = with_attributes(data, crops, on=key)
        return data


def _no_crops(key: Key) -> pl.DataFrame:
    return pl.DataFrame(schema={key: pl.Int64, **dict.fromkeys(CROP_COLUMNS, pl.Float64)})
