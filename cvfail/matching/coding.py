"""The tables as flat arrays: dense codes, boxes, and rows grouped by image."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.tables.arrays import column_array, read_only
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


class Coding:
    """Codes of the images and categories of some tables; a code is the rank of the id.

    Args:
        images: Ids of the images.
        categories: Ids of the categories.
        column: Gives a column of ``ground_truth`` or ``predictions``; is asked when codes are needed first.

    Attributes:
        image_keys: The image ids, ascending; a code is a position in it.
        category_keys: The category ids, ascending.
    """

    def __init__(
        self, images: pl.Series, categories: pl.Series, column: Callable[[str, str], pl.Series]
    ) -> None:
        self.image_keys, self.category_keys = sorted_keys(images), sorted_keys(categories)
        self._column = column

    @classmethod
    def of(cls, tables: Tables) -> Coding:
        """The codes of validated tables."""
        frames = {"ground_truth": tables.ground_truth, "predictions": tables.predictions}
        return cls(
            tables.images["image_id"],
            tables.categories["category_id"],
            lambda table, name: frames[table][name],
        )

    @cached_property
    def truth_image(self) -> NDArray[np.int32]:
        """Image code of each ground-truth row, shape (G,)."""
        return encode(self._column("ground_truth", "image_id"), self.image_keys)

    @cached_property
    def truth_category(self) -> NDArray[np.int32]:
        """Category code of each ground-truth row, shape (G,)."""
        return encode(self._column("ground_truth", "category_id"), self.category_keys)

    @cached_property
    def image(self) -> NDArray[np.int32]:
        """Image code of each prediction row, shape (D,)."""
        return encode(self._column("predictions", "image_id"), self.image_keys)

    @cached_property
    def category(self) -> NDArray[np.int32]:
        """Category code of each prediction row, shape (D,)."""
        return encode(self._column("predictions", "category_id"), self.category_keys)


def regular_truths(ground_truth: pl.DataFrame, *, area_range: tuple[float, float]) -> NDArray[np.bool_]:
    """Ground truth that must be found: neither ignored nor a crowd, its area in the range (both ends inclusive).

    The label of an image has no area and is in every range.
    """
    regular = ~column_array(ground_truth, "is_ignored", np.bool_)
    if "area" in ground_truth.columns:
        area = column_array(ground_truth, "area", np.float64)
        regular &= ~column_array(ground_truth, "is_crowd", np.bool_)
        regular &= (area >= area_range[0]) & (area <= area_range[1])
    return read_only(regular)


def group_offsets(codes: NDArray[np.int32], groups: int) -> NDArray[np.int64]:
    """Where each group starts among rows sorted by group, shape (groups + 1,)."""
    return read_only(np.searchsorted(codes, np.arange(groups + 1, dtype=np.int32)).astype(np.int64))
