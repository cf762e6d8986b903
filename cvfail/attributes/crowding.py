"""Attributes of objects among others: overlap, neighbours, how many there are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.attributes.joining import with_columns
from cvfail.errors import PolicyError
from cvfail.matching.coding import regular_truths
from cvfail.tables.arrays import column_array, read_only
from cvfail.tables.dataset import Dataset
from cvfail.tables.identifiers import encode, sorted_keys
from cvfail.tables.parallel import image_blocks, run_in_order, worker_count
from cvfail.tables.result import ResultTable

if TYPE_CHECKING:
    from cvfail.kernels.crowding import Crowding

CROWDING_COLUMNS = ("max_iou_same", "max_iou_any", "max_ioa", "n_overlapping", "n_near", "n_same_class")
"""What `with_crowding` adds to objects."""

_BLOCKS_PER_THREAD = 8


def with_crowding(data: Dataset, *, predictions: bool = False, threads: int | None = None) -> Dataset:
    """Add how crowded objects stand to the ground truth, and how many there are to the images.

    Args:
        data: A dataset for detection; not modified.
        predictions: Whether predictions get the same columns, about the other predictions of their image whatever
            their score. They depend on the model: use them to describe it, not to compare models.
        threads: Threads over blocks of images; all processors if not given. The result does not depend on it.

    Returns:
        A new dataset. Other objects are the other *regular* ones of the image, neither crowd nor ignored. Ground
        truth has gained `max_iou_same` and `max_iou_any`, the largest IoU with another object of the same class
        and of any, `max_ioa`, the largest intersection over the object's own area, `n_overlapping`, the number of
        others with an IoU above 0, `n_near`, that of others whose centre is nearer than √(width · height) of the
        object, and `n_same_class`, that of others of its class. They are 0 where there is no other object. Images
        have gained `n_objects`, the number of their regular objects.

    Raises:
        PolicyError: The dataset has no boxes.
        SchemaError: A table has a column of one of these names already.

    Notes:
        Cost: half the square of the objects of each image.

    Example:
        >>> import cvfail as cf
        >>> boxes = [[0, 0, 10, 10], [0, 0, 10, 5]]
        >>> objects = {"image_id": [1, 1], "category_id": [1, 2], "bbox": boxes, "score": [0.5, 0.5]}
        >>> data = cf.from_frames(ground_truth=objects, predictions=objects, box_format="xywh")
        >>> with_crowding(data).ground_truth.select("max_iou_same", "max_iou_any", "max_ioa", "n_near").rows()
        [(0.0, 0.5, 0.5, 1), (0.0, 0.5, 1.0, 1)]
    """
    if data.task != "detection":
        raise PolicyError("only boxes can be crowded; this dataset is for classification")
    regular = regular_truths(data.ground_truth, area_range=(-np.inf, np.inf))
    crowded = _crowding(data, "ground_truth", regular, threads)
    counts = data.images.select("image_id").join(
        data.ground_truth.filter(pl.Series(regular))
        .group_by("image_id")
        .agg(n_objects=pl.len().cast(pl.Int64)),
        on="image_id",
        how="left",
        maintain_order="left",
    )
    images = with_columns(data.images, "images", counts.select(pl.col("n_objects").fill_null(0)))
    truth = with_columns(data.ground_truth, "ground_truth", crowded)
    if not predictions:
        return replace(data, images=images, ground_truth=truth)
    all_count = read_only(np.ones(len(data.predictions), np.bool_))
    among = _crowding(data, "predictions", all_count, threads)
    found = with_columns(data.predictions, "predictions", among)
    return replace(data, images=images, ground_truth=truth, predictions=found)


def object_density(data: Dataset) -> ResultTable:
    """The number of regular objects of each class in each image that has any.

    Args:
        data: Any dataset.

    Returns:
        `image_id`, `category_id`, `category` and `n_objects`, by image and class; classes without objects in an
        image have no row.

    Example:
        >>> import cvfail as cf
        >>> objects = {"image_id": [1, 1], "category_id": [3, 3], "bbox": [[0, 0, 1, 1]] * 2, "score": [0.5, 0.5]}
        >>> data = cf.from_frames(ground_truth=objects, predictions=objects, box_format="xywh")
        >>> object_density(data).df.row(0)
        (1, 3, '3', 2)
    """
    regular = regular_truths(data.ground_truth, area_range=(-np.inf, np.inf))
    names = data.categories.select("category_id", category="name")
    df = (
        data.ground_truth.filter(pl.Series(regular))
        .group_by("image_id", "category_id")
        .agg(n_objects=pl.len().cast(pl.Int64))
        .join(names, on="category_id", how="left")
        .select("image_id", "category_id", "category", "n_objects")
        .sort("image_id", "category_id")
    )
    return ResultTable(df, caption="regular objects, neither crowd nor ignored, by image and class")


def measured_crowding(
    frame: pl.DataFrame,
    category: NDArray[np.int32],
    offsets: NDArray[np.int64],
    order: NDArray[np.int64],
    counts: NDArray[np.bool_],
    *,
    threads: int | None = None,
) -> Crowding:
    """Measure every box against some others of its image.

    Args:
        frame: Boxes: x, y, width, height, one row each.
        category: Class code of each row, shape (n,).
        offsets: Where the rows of each image start in `order`, shape (images + 1,).
        order: Rows by image, shape (n,).
        counts: Rows that count as others, shape (n,).
        threads: Over blocks of images; all processors if not given. The result does not depend on it.

    Returns:
        One array per measure, shape (n,); see `cvfail.kernels.crowding`.

    Notes:
        Cost: half the square of the boxes of each image.
    """
    from cvfail.kernels.boxes import Boxes
    from cvfail.kernels.crowding import Crowding, measure_crowding

    boxes = Boxes(*(column_array(frame, name, np.float64) for name in Boxes._fields))
    largest, numbers = np.zeros((3, len(frame))), np.zeros((3, len(frame)), np.int32)
    out = Crowding(largest[0], largest[1], largest[2], numbers[0], numbers[1], numbers[2])
    workers = worker_count(threads)
    work = np.concatenate([[0], np.cumsum(np.diff(offsets) ** 2)])
    blocks = image_blocks(work, count=workers * _BLOCKS_PER_THREAD if workers > 1 else 1)
    run_in_order(
        lambda block: measure_crowding(*block, offsets, order, boxes, category, counts, out),
        blocks,
        threads=workers,
    )
    return out


def _crowding(data: Dataset, table: str, counts: NDArray[np.bool_], threads: int | None) -> pl.DataFrame:
    """The columns of `CROWDING_COLUMNS` for each row of a table of boxes."""
    from cvfail.kernels.ordering import group_rows

    frame = data.frame(table)
    images = sorted_keys(data.images["image_id"])
    category = encode(frame["category_id"], sorted_keys(data.categories["category_id"]))
    offsets, order = map(read_only, group_rows(encode(frame["image_id"], images), len(images)))
    out = measured_crowding(frame, category, offsets, order, counts, threads=threads)
    return pl.DataFrame(out._asdict()).cast({pl.Int32: pl.Int64}).select(CROWDING_COLUMNS)
