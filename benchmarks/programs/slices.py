"""The slices of images whose average precision is asked for one by one."""

from __future__ import annotations

from pathlib import Path

import polars as pl

ATTRIBUTES = ("time_of_day", "weather", "camera", "scene", "lens")


def image_slices(folder: Path) -> dict[str, list[int]]:
    """``camera=camera 1`` and so on, with the ids of their images: 20 of them, by attribute and level."""
    images = pl.read_parquet(folder / "images.parquet", columns=["image_id", *ATTRIBUTES])
    return {
        f"{name}={level}": images.filter(pl.col(name) == level)["image_id"].to_list()
        for name in ATTRIBUTES
        for level in sorted(images[name].unique())
    }
