"""Clusters of units: codes, a split in halves that never changes, and errors dealt out anew."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.errors import QueryError

Integers = NDArray[np.int64]


def cluster_codes(ids: pl.Series) -> tuple[Integers, pl.Series]:
    """The number of each unit's cluster, and the ids in the order of their numbers.

    Raises:
        QueryError: A unit has no cluster.

    Example:
        >>> codes, ids = cluster_codes(pl.Series("image_id", ["b", "a", "b"]))
        >>> codes.tolist(), ids.to_list()
        ([1, 0, 1], ['a', 'b'])
    """
    if ids.null_count():
        raise QueryError(
            f"{ids.null_count()} units have no {ids.name}. Hint: give every unit its image, or mark it as not valid"
        )
    distinct = ids.unique().sort()
    numbers = pl.DataFrame({"id": distinct, "code": np.arange(len(distinct), dtype=np.int64)})
    joined = pl.DataFrame({"id": ids}).join(numbers, on="id", how="left", maintain_order="left")
    return joined["code"].to_numpy(), distinct


def in_discovery_half(ids: pl.Series) -> NDArray[np.bool_]:
    """Whether each cluster is of the half in which slices are discovered; the other half confirms them.

    A bit of BLAKE2b of the id's text: the same in every run, subset and order of the data.

    Example:
        >>> in_discovery_half(pl.Series(["a", "b", "c", "d"])).tolist()
        [True, False, False, True]
    """
    texts = ids.cast(pl.String).to_list()
    return np.array([blake2b(text.encode(), digest_size=1).digest()[0] & 1 == 0 for text in texts], np.bool_)


def deal_errors(errors: NDArray[np.float64], clusters: Integers, *, seed: int) -> NDArray[np.float64]:
    """Errors as they would be if they had nothing to do with any attribute.

    The clusters are put in random order, the units of each too, and the errors of this sequence are laid on the
    units of the clusters in another random order. The errors of one image so stay side by side and land in one
    image, or in a few where images differ in size: errors that come together still come together, whereas a shuffle
    of single units would make every image alike and every interval too narrow. Shuffling inside an image breaks the
    bond to attributes of objects. The second order matters: images with neighbouring ids often are of one place or
    event, which would take the errors of a crowded image as a whole. The number of errors stays.

    Args:
        errors: Error of each unit, shape (n,).
        clusters: Number of each unit's cluster, shape (n,).
        seed: Of the random order.

    Returns:
        The errors dealt out, shape (n,).

    Example:
        >>> deal_errors(np.array([1.0, 1.0, 0.0, 0.0]), np.array([0, 0, 1, 1]), seed=1).tolist()
        [1.0, 1.0, 0.0, 0.0]
    """
    random = np.random.default_rng(seed)
    count = int(clusters.max(initial=-1)) + 1
    turn, seat = random.permutation(count), random.permutation(count)
    source = np.lexsort((random.random(errors.size), turn[clusters]))
    target = np.argsort(seat[clusters], kind="stable")
    dealt = np.empty_like(errors)
    dealt[target] = errors[source]
    return dealt
