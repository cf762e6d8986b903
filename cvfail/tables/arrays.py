"""A table's column as the array that a kernel takes."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

Scalar = TypeVar("Scalar", bound=np.generic)


def read_only(values: NDArray[Scalar]) -> NDArray[Scalar]:
    """The same array, contiguous and not writable, so that every kernel is compiled for one kind of input."""
    array = np.ascontiguousarray(values)
    if array.flags.writeable:
        array = array.view()
        array.flags.writeable = False
    return array


def column_array(frame: pl.DataFrame, name: str, dtype: type[Scalar]) -> NDArray[Scalar]:
    """A column without nulls as a contiguous read-only array; copies only where the dtype differs.

    Args:
        frame: Any table.
        name: One of its columns; holds no nulls.
        dtype: The numpy scalar type that the kernel expects.

    Returns:
        Array of shape (rows,).
    """
    return series_array(frame[name], dtype)


def series_array(series: pl.Series, dtype: type[Scalar]) -> NDArray[Scalar]:
    """A series without nulls as a contiguous read-only array; copies only where the dtype differs.

    Args:
        series: Holds no nulls.
        dtype: The numpy scalar type that the kernel expects.

    Returns:
        Array of shape (rows,).
    """
    return read_only(series.to_numpy().astype(dtype, copy=False))
