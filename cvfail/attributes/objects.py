"""All attributes of the objects of a dataset in one table."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from cvfail.attributes.crowding import CROWDING_COLUMNS, with_crowding
from cvfail.attributes.geometry import GEOMETRY_COLUMNS, with_geometry
from cvfail.attributes.image_folder import image_attributes
from cvfail.attributes.measured_images import OBJECT_KEYS, Objects
from cvfail.errors import PolicyError
from cvfail.tables.dataset import Dataset
from cvfail.tables.result import ResultTable


def object_attributes(
    data: Dataset,
    table: Objects = "ground_truth",
    *,
    folder: str | Path | None = None,
    work: str | Path | None = None,
    threads: int | None = None,
    progress: bool = True,
) -> ResultTable:
    """Geometry, crowding and, from pictures, the quality of objects, keyed by their ids.

    Args:
        data: A dataset for detection.
        table: ``"ground_truth"``, or ``"predictions"``, which have no crowding.
        folder: The image files; without it there is no quality.
        work: Folder for finished measurements; see `image_attributes`.
        threads: All processors if not given. The result does not depend on it.
        progress: Whether a bar on stderr shows how far it is; only on a terminal.

    Returns:
        `ground_truth_id` or `prediction_id`, then the columns of `with_geometry`, of `with_crowding` and, with the
        prefix ``crop_``, of `image_quality`; one row per object, in order. `with_attributes` joins it.

    Raises:
        PolicyError: There is no such table, or the dataset has no boxes.
        MissingFileError, FormatError, MissingDependencyError: As `image_attributes`.

    Example:
        >>> import cvfail as cf
        >>> objects = {"image_id": [1], "category_id": [1], "bbox": [[0, 40, 50, 20]], "score": [0.5]}
        >>> data = cf.from_frames(ground_truth=objects, predictions=objects, box_format="xywh")
        >>> object_attributes(data).df.select("ground_truth_id", "aspect", "n_near").row(0)
        (0, 'wide', 0)
    """
    if table not in OBJECT_KEYS:
        raise PolicyError(f"{table!r} holds no objects. Hint: 'ground_truth' or 'predictions'")
    key = OBJECT_KEYS[table]
    columns = [with_geometry(_bare(data)).frame(table).select(GEOMETRY_COLUMNS)]
    caption = "geometry of boxes"
    if table == "ground_truth":
        columns.append(with_crowding(_bare(data), threads=threads).ground_truth.select(CROWDING_COLUMNS))
        caption += ", crowding among regular objects"
    if folder is not None:
        measured = image_attributes(
            folder, data, crops=[table], work=work, threads=threads, progress=progress
        )
        crops = measured.ground_truth if table == "ground_truth" else measured.predictions
        columns.append(crops.df.drop(key))
        caption += f", {crops.caption}"
    return ResultTable(
        pl.concat([data.frame(table).select(key), *columns], how="horizontal"), caption=caption
    )


def _bare(data: Dataset) -> Dataset:
    """The dataset without attributes, whose names could be those of the new ones."""
    frames = {
        name: data.frame(name).drop(data.attributes(name))
        for name in ("images", "ground_truth", "predictions")
    }
    return Dataset(task=data.task, categories=data.categories, source=data.source, **frames)
