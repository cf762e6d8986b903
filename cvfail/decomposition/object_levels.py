"""Levels of objects by what they are like: attributes, and bins of size and shape by rank within a class."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cvfail.evidence.attributes import attribute, attribute_names
from cvfail.evidence.evidence import Evidence

AREA_PERCENTILE = "area_percentile"
ASPECT_PERCENTILE = "aspect_percentile"
BINS = {
    AREA_PERCENTILE: ("XS", "S", "M", "L", "XL"),
    ASPECT_PERCENTILE: ("XT", "T", "M", "W", "XW"),
}
"""Labels of the bins, from small to large areas and from tall to wide boxes."""

_TENTHS = (1, 3, 7, 9)
"""Tenths of the objects of a class that the bins are cut at."""


def object_characteristics(evidence: Evidence) -> list[str]:
    """The two bins by rank, then the attributes of the ground truth that have levels."""
    own = set(evidence.attributes("ground_truth")) - set(evidence.attributes("images"))
    return [*BINS, *(name for name in attribute_names(evidence) if name in own)]


def levels_of(evidence: Evidence, name: str) -> pl.Series:
    """The level of each ground-truth row, text or an enumeration in its order; null where unknown.

    Args:
        evidence: Whose ground truth.
        name: One of `BINS`, or an attribute of images or ground truth.

    Raises:
        QueryError: There is no such attribute.
    """
    if name not in BINS:
        return attribute(evidence, name).truth
    width, height = (evidence.outcomes.column("ground_truth", side) for side in ("width", "height"))
    values = width * height if name == AREA_PERCENTILE else _ratio(width, height)
    regular = evidence.regular() & values.is_not_null().to_numpy()
    places = bins_by_rank(values.fill_null(0.0).to_numpy(), evidence.coding.truth_category, regular)
    codes = pl.Series(name, places, dtype=pl.UInt32)
    return codes.set(pl.Series(~regular), None).cat.to(pl.Enum(BINS[name]))


def bins_by_rank(
    values: NDArray[np.float64], classes: NDArray[np.int32], counts: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Cut values at the 10 %, 30 %, 70 % and 90 % smallest of each class.

    Args:
        values: Shape (G,).
        classes: Class code of each value, shape (G,).
        counts: Which values are cut, shape (G,).

    Returns:
        0 to 4, shape (G,); 0 where `counts` is false.

    Notes:
        Of n values the k-th smallest closes a bin, with k the share times n, rounded half up; a value that equals
        it is in that bin. k = 0 leaves a bin empty.

    Example:
        >>> ten = np.arange(10.0)
        >>> bins_by_rank(ten, np.zeros(10, np.int32), np.ones(10, np.bool_)).tolist()
        [0, 1, 1, 2, 2, 2, 2, 3, 3, 4]
    """
    rows = np.flatnonzero(counts)
    rows = rows[np.lexsort((values[rows], classes[rows]))]
    bins = np.zeros(values.size, np.int64)
    edges = np.flatnonzero(np.diff(classes[rows], prepend=-1, append=-1))
    for start, stop in pairwise(edges.tolist()):
        own = rows[start:stop]
        for tenths in _TENTHS:
            place = (tenths * own.size + 5) // 10
            bins[own] += values[own] > values[own[place - 1]] if place else 1
    return bins


def _ratio(width: pl.Series, height: pl.Series) -> pl.Series:
    """Width over height; null where a box has no height."""
    return pl.select(pl.when(height > 0).then(width / height)).to_series()
