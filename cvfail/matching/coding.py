"""The tables as flat arrays: dense codes, boxes, and rows grouped by image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.tables.arrays import read_only
from cvfail.tables.identifiers import encode, sorted_keys


class Tables(Protocol):
    """Anything that holds the four tables: a dataset or the evidence made from it."""

    @property
    def images(self) -> pl.DataFrame: ...  # noqa: D102
    @property
    def categories(self) -> pl.DataFrame: ...  # noqa: D102
    @property
    def ground_truth(self) -> pl.DataFrame: ...  # noqa: D102
    @property
    def predictions(self) -> pl.DataFrame: ...  # noqa: D102


@dataclass(frozen=True)
class Coding:
    """Codes of the images and categories of a dataset; a code is the rank of the id.

    Attributes:
        image_keys: The image ids, ascending; a code is a position in it.
        category_keys: The category ids, ascending.
        truth_image: Image code of each ground-truth row, shape (G,).
        truth_category: Category code of each ground-truth row.
        image: Image code of each prediction row, shape (D,).
        category: Category code of each prediction row.
    """

    image_keys: pl.Series
    category_keys: pl.Series
    truth_image: NDArray[np.int32]
    truth_category: NDArray[np.int32]
    image: NDArray[np.int32]
    category: NDArray[np.int32]

    @classmethod
    def of(cls, tables: Tables) -> Coding:
        """Encode the ids of validated tables."""
        truth, predicted = tables.ground_truth, tables.predictions
        return encoded(
            tables.images["image_id"],
            tables.categories["category_id"],
            truth=(truth["image_id"], truth["category_id"]),
            predicted=(predicted["image_id"], predicted["category_id"]),
        )


def encoded(
    images: pl.Series,
    categories: pl.Series,
    *,
    truth: tuple[pl.Series, pl.Series],
    predicted: tuple[pl.Series, pl.Series],
) -> Coding:
    """Codes from the id columns alone.

    Args:
        images: Ids of the images.
        categories: Ids of the categories.
        truth: Image and category ids of the ground truth.
        predicted: Image and category ids of the predictions.
    """
    image_keys, category_keys = sorted_keys(images), sorted_keys(categories)
    return Coding(
        image_keys=image_keys,
        category_keys=category_keys,
        truth_image=encode(truth[0], image_keys),
        truth_category=encode(truth[1], category_keys),
        image=encode(predicted[0], image_keys),
        category=encode(predicted[1], category_keys),
    )


def regular_truths(ground_truth: pl.DataFrame, *, area_range: tuple[float, float]) -> NDArray[np.bool_]:
    """Ground truth that must be found: neither ignored nor a crowd, its area in the range (both ends inclusive).

    The label of an image has no area and is in every range.
    """
    regular = ~pl.col("is_ignored")
    if "area" in ground_truth.columns:
        regular = regular & ~pl.col("is_crowd") & pl.col("area").is_between(*area_range)
    return read_only(ground_truth.select(regular=regular)["regular"].to_numpy())


def group_offsets(codes: NDArray[np.int32], groups: int) -> NDArray[np.int64]:
    """Where each group starts among rows sorted by group, shape (groups + 1,)."""
    return read_only(np.searchsorted(codes, np.arange(groups + 1, dtype=np.int32)).astype(np.int64))
