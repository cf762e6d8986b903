"""A simulation as COCO files: instances with attributes, and results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from cvfail.demo.models.catalogue import CATEGORIES
from cvfail.demo.simulation import Simulation
from cvfail.tables.writing import write_whole

_SUPERCATEGORIES = ("vehicle", "vehicle", "vehicle", "person", "person", "sign")


def write_instances(simulation: Simulation, path: Path) -> None:
    """Write ground truth: images with their attributes, annotations with theirs, categories."""
    boxed = _with_box(simulation.objects, "label").select(
        pl.int_range(1, pl.len() + 1).alias("id"),
        "image_id",
        "category_id",
        "bbox",
        pl.col("area").round(2),
        pl.col("is_crowd").cast(pl.Int64).alias("iscrowd"),
        pl.struct("occlusion", "truncation").alias("attributes"),
    )
    categories = [
        {"id": number, "name": name, "supercategory": above}
        for number, (name, above) in enumerate(zip(CATEGORIES, _SUPERCATEGORIES, strict=True), start=1)
    ]
    content = {
        "info": {"description": "cvfail demo: simulated street scenes", "version": "1"},
        "images": simulation.images.rename({"image_id": "id"}).to_dicts(),
        "annotations": boxed.to_dicts(),
        "categories": categories,
    }
    _write(content, path)


def write_results(simulation: Simulation, path: Path, *, retrained: bool = False) -> None:
    """Write predictions, of the second detector if `retrained`."""
    boxed = _with_box(simulation.retrained if retrained else simulation.predictions, "category")
    _write(boxed.select("image_id", "category_id", "bbox", "score").to_dicts(), path)


def _with_box(table: pl.DataFrame, category: str) -> pl.DataFrame:
    """The table with category_id and the box as COCO has it: [x, y, width, height], two decimals."""
    width, height = pl.col("right") - pl.col("left"), pl.col("bottom") - pl.col("top")
    return table.with_columns(
        pl.col(category)
        .replace_strict(list(CATEGORIES), range(1, len(CATEGORIES) + 1), return_dtype=pl.Int64)
        .alias("category_id"),
        pl.concat_list("left", "top", width.round(2), height.round(2)).alias("bbox"),
    )


def _write(content: Any, path: Path) -> None:  # noqa: ANN401
    encoded = msgspec.json.encode(content)
    write_whole(path, lambda target: target.write_bytes(encoded))
