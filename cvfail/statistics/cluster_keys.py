"""A 64-bit number for every cluster id, the same in every data set, on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from cvfail.errors import QueryError

ClusterIds = pl.Series | ArrayLike
"""Ids of images, videos or patients: integers or texts, each id once."""

_TEXTS = (pl.String, pl.Categorical, pl.Enum)


def cluster_keys(ids: ClusterIds) -> NDArray[np.uint64]:
    """The keys from which the random decisions about clusters are made: weights, halves, permutations.

    Args:
        ids: Integers or texts, shape (n,).

    Returns:
        One key per id, shape (n,). A key depends on its id alone: not on the other ids, their order or number.

    Raises:
        QueryError: Ids are neither integers nor texts, or one is null.

    Notes:
        An integer is its own key (a negative one modulo 2⁶⁴): keys are meant to be mixed by the generator that
        takes them. A text has the first 64 bits of its BLAKE2b digest, so that two of a million ids share a key
        with probability 3·10⁻⁸. Cost: about 1 µs per text.

    Source: RFC 7693 for BLAKE2b.

    Example:
        >>> cluster_keys([7, -1]).tolist()
        [7, 18446744073709551615]
        >>> hex(cluster_keys(["000000000139.jpg"])[0])
        '0x934aa933a9933d23'
    """
    series = id_series(ids)
    check_cluster_ids(series)
    if not series.len():
        return np.zeros(0, np.uint64)
    if series.dtype == pl.UInt64:
        return series.to_numpy().astype(np.uint64)
    if series.dtype.is_integer():
        return series.cast(pl.Int64).to_numpy().astype(np.uint64)
    digests = (blake2b(text.encode(), digest_size=8).digest() for text in series.cast(pl.String).to_list())
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)


def check_cluster_ids(ids: pl.Series) -> None:
    """Raise a `QueryError` if ids are neither integers nor texts, or one is null; no ids are fine."""
    if len(ids) and (ids.null_count() or not (ids.dtype.is_integer() or isinstance(ids.dtype, _TEXTS))):
        raise QueryError(
            f"cluster ids must be integers or texts without nulls; found {ids.dtype} with "
            f"{ids.null_count()} nulls"
        )


def id_series(ids: ClusterIds) -> pl.Series:
    """Ids as a series. Lists go to Polars as they are: numpy would cut zero characters off the end of a text."""
    if isinstance(ids, pl.Series):
        return ids
    return pl.Series("ids", ids if isinstance(ids, Sequence) else np.asarray(ids))
