"""Dense codes for the ids of images and categories."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.tables.arrays import read_only
from cvfail.tables.parallel import run_in_order, worker_count

_RUN = 1 << 15
"""So few ids are encoded together that what is computed on the way stays in the cache."""

_SHARE = 1 << 20
"""So many ids are the work of one thread."""

_TABLE_SLACK = 4
"""A lookup table may have this many entries per key before a binary search is used instead."""


def sorted_keys(ids: pl.Series) -> pl.Series:
    """The distinct ids ascending: integers by value, strings by code point; a code is a position in it."""
    return ids.unique().sort()


def encode(ids: pl.Series, keys: pl.Series) -> NDArray[np.int32]:
    """The position of each id in the sorted keys.

    Args:
        ids: Any number of ids, integers or strings, of the keys' type.
        keys: Distinct ids, ascending, as from `sorted_keys`.

    Returns:
        Codes of shape (len(ids),); -1 for an id that is not among the keys.

    Example:
        >>> encode(pl.Series([30, 10, 99]), pl.Series([10, 20, 30])).tolist()
        [2, 0, -1]
    """
    if len(ids) == 0 or len(keys) == 0:
        return read_only(np.full(len(ids), -1, np.int32))
    if keys.dtype.is_integer():
        return read_only(_encode_integers(ids.to_numpy(), keys.to_numpy()))
    codes = ids.cast(pl.Enum(keys), strict=False).to_physical().cast(pl.Int32).fill_null(-1)
    return read_only(codes.to_numpy())


def _encode_integers(ids: NDArray[np.int64], keys: NDArray[np.int64]) -> NDArray[np.int32]:
    low, high = int(keys[0]), int(keys[-1])
    codes = np.empty(ids.size, np.int32)
    table: NDArray[np.int32] | None = None
    if high - low < _TABLE_SLACK * keys.size + 1024:
        table = np.full(high - low + 2, -1, np.int32)
        table[keys - low] = np.arange(keys.size, dtype=np.int32)

    def encode_rows(first: int) -> None:
        for start in range(first, min(first + _SHARE, ids.size), _RUN):
            part, out = ids[start : start + _RUN], codes[start : start + _RUN]
            if table is None:
                position = np.minimum(np.searchsorted(keys, part), keys.size - 1)
                out[:] = np.where(keys[position] == part, position, -1)
                continue
            position = part - low
            if part.min() < low or part.max() > high:
                position[(part < low) | (part > high)] = high - low + 1
            np.take(table, position, out=out, mode="clip")

    run_in_order(encode_rows, range(0, ids.size, _SHARE), threads=worker_count(None))
    return codes
