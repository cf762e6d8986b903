"""Which image files are to be measured, and which boxes in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.attributes.finished_parts import KEYS
from cvfail.attributes.measured_file import NO_BOXES, WantedFile
from cvfail.attributes.measured_images import Objects
from cvfail.errors import PolicyError, Problem, SchemaError
from cvfail.io.adapters import TableLike, as_polars
from cvfail.io.image_files import find_image, image_names
from cvfail.tables.arrays import read_only
from cvfail.tables.dataset import Dataset


@dataclass(frozen=True)
class WantedFiles:
    """The files to measure, one per image.

    Attributes:
        files: None where there is no file.
        keys: What finished measurements are found by; null where there is no file.
        problems: Why there is no file; null where there is one.
    """

    files: list[WantedFile | None]
    keys: pl.DataFrame
    problems: pl.Series

    @classmethod
    def of(
        cls, folder: Path, images: pl.DataFrame, boxes: Sequence[NDArray[np.float64]] | None
    ) -> WantedFiles:
        """Look the files up."""
        files: list[WantedFile | None] = []
        keys: list[tuple[Any, ...]] = []
        problems: list[str | None] = []
        for place, (name, width, height) in enumerate(
            images.select("file_name", "width", "height").iter_rows()
        ):
            path = None if name is None else find_image(folder, name)
            if path is None:
                files.append(None)
                keys.append((None, None, None, None))
                problems.append("the data has no file name" if name is None else "there is no such file")
                continue
            size = (float(width), float(height)) if width and height else None
            file = WantedFile(path, size, NO_BOXES if boxes is None else boxes[place])
            state = path.stat()
            files.append(file)
            keys.append((path.relative_to(folder).as_posix(), state.st_size, state.st_mtime_ns, file.digest))
            problems.append(None)
        return cls(files, pl.DataFrame(keys, schema=KEYS, orient="row"), pl.Series(problems, dtype=pl.String))


def wanted_images(folder: Path, data: Dataset | TableLike | None) -> pl.DataFrame:
    """The images in order: `file_name`, `width`, `height`, and `image_id` where it is known."""
    if data is None:
        given = pl.DataFrame({"file_name": pl.Series(image_names(folder), dtype=pl.String)})
    else:
        given = data.images if isinstance(data, Dataset) else as_polars(data, "images")
    if "file_name" not in given.columns or given["file_name"].dtype not in (pl.String, pl.Null):
        found = "columns " + ", ".join(given.columns) if given.columns else "no columns"
        rule = "images need a column file_name of text"
        raise SchemaError([Problem(source="images", field="file_name", rule=rule, found=found)])
    unknown = [
        pl.lit(None, pl.Int64).alias(name) for name in ("width", "height") if name not in given.columns
    ]
    return given.with_columns(pl.col("file_name").cast(pl.String), *unknown)


def wanted_boxes(
    images: pl.DataFrame, data: Dataset | TableLike | None, crops: Sequence[Objects]
) -> tuple[dict[Objects, pl.Series], list[NDArray[np.float64]] | None]:
    """Where each object stands among all boxes grouped by image, by table; and the boxes of each image."""
    unknown = [table for table in crops if table not in get_args(Objects)]
    if unknown:
        raise PolicyError(f"crops of {unknown[0]!r}: there are none. Hint: 'ground_truth', 'predictions'")
    if not crops:
        return {}, None
    if not isinstance(data, Dataset) or data.task != "detection":
        raise PolicyError("crops need a dataset for detection, whose boxes say what to cut out")
    places = images.select("image_id").with_row_index("image")
    objects = (
        pl.concat(
            data.frame(table)
            .select("image_id", "x", "y", "width", "height")
            .with_row_index("row")
            .with_columns(table=pl.lit(table))
            for table in dict.fromkeys(crops)
        )
        .join(places, on="image_id", how="left", maintain_order="left")
        .sort("image", maintain_order=True)
        .with_row_index("place")
    )
    rows = {table: objects.filter(table=table).sort("row")["place"] for table in dict.fromkeys(crops)}
    corners = objects.select("x", "y", "width", "height").to_numpy()
    ends = np.cumsum(np.bincount(objects["image"].to_numpy(), minlength=len(images)))
    return rows, np.split(read_only(corners), ends[:-1])
