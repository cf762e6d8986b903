"""The Parquet tables as the arrays that the peers take."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

BOX = ("x", "y", "width", "height")


def ground_truth(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / "ground_truth.parquet")


def boxes(frame: pl.DataFrame) -> np.ndarray:
    """Rows of x, y, width, height."""
    return frame.select(BOX).to_numpy(order="c")


def results(folder: Path) -> np.ndarray:
    """Rows of image, x, y, width, height, score, class: the array that COCO's `loadRes` takes."""
    frame = pl.read_parquet(folder / "predictions.parquet")
    return frame.select("image_id", *BOX, "score", "category_id").cast(pl.Float64).to_numpy(order="c")


def images(folder: Path) -> list[dict]:
    frame = pl.read_parquet(folder / "images.parquet", columns=["image_id", "width", "height"])
    return frame.rename({"image_id": "id"}).to_dicts()


def categories(folder: Path) -> list[dict]:
    return pl.read_parquet(folder / "categories.parquet").rename({"category_id": "id"}).to_dicts()


def annotations(folder: Path) -> list[dict]:
    """Ground truth as the dictionaries of COCO's JSON, for tools that take nothing else."""
    frame = ground_truth(folder).select(
        pl.col("ground_truth_id").alias("id"),
        "image_id",
        "category_id",
        pl.concat_list(BOX).alias("bbox"),
        "area",
        pl.col("is_crowd").cast(pl.Int64).alias("iscrowd"),
    )
    return frame.to_dicts()
