"""Bins of scores: of equal width, of equal mass, and jointly with the place of the box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cvfail.errors import PolicyError
from cvfail.tables.arrays import read_only

Numbers = NDArray[np.float64]
Rows = NDArray[np.int64]
Closed = Literal["left", "right"]

MOST_BINS = 10_000


@dataclass(frozen=True)
class Cells:
    """Rows by the bin that they are in; bins without rows are left out.

    Attributes:
        rows: Row numbers, those of a bin side by side, shape (n,).
        starts: Where each bin starts in `rows`, then n, shape (C + 1,).
        code: Number of each bin, ascending, shape (C,).
    """

    rows: Rows
    starts: Rows
    code: Rows

    def __len__(self) -> int:
        return self.code.size

    @property
    def counts(self) -> Rows:
        """Rows of each bin, shape (C,)."""
        return np.diff(self.starts)

    def sums(self, values: Numbers) -> Numbers:
        """The sum of a column over each bin, shape (C,)."""
        return np.add.reduceat(values[self.rows], self.starts[:-1]) if len(self) else np.zeros(0)

    def where(self, chosen: NDArray[np.bool_]) -> Cells:
        """Some of the bins."""
        counts = self.counts
        starts = np.r_[0, np.cumsum(counts[chosen])].astype(np.int64)
        return Cells(read_only(self.rows[np.repeat(chosen, counts)]), read_only(starts), self.code[chosen])

    @classmethod
    def of(cls, codes: NDArray[np.int64], rows: Rows) -> Cells:
        """Group rows by the number of their bin; rows of a bin keep their order."""
        order = np.argsort(codes, kind="stable")
        ordered = codes[order]
        first = np.flatnonzero(np.r_[True, np.diff(ordered) != 0]) if codes.size else np.zeros(0, np.int64)
        starts = np.append(first, codes.size).astype(np.int64)
        return cls(read_only(rows[order]), read_only(starts), ordered[first])


def equal_width_edges(bins: int) -> Numbers:
    """The edges of bins of equal width over [0, 1], shape (bins + 1,).

    Raises:
        PolicyError: The number of bins is not 1 to 10000.
    """
    if not 1 <= bins <= MOST_BINS:
        raise PolicyError(f"bins must be 1 to {MOST_BINS}; found {bins}. Hint: 15 is the default")
    return np.linspace(0.0, 1.0, bins + 1)


def equal_mass_edges(scores: ArrayLike, bins: int) -> Numbers:
    """The edges of bins that hold about as many scores each; equal scores stay in one bin.

    Args:
        scores: In [0, 1], shape (n,).
        bins: How many bins are wanted; fewer come out where quantiles coincide.

    Returns:
        Ascending without repeats, from 0 to 1: quantiles of type 7 in between.

    Raises:
        PolicyError: The number of bins is not 1 to 10000.

    Example:
        >>> equal_mass_edges([0.1, 0.2, 0.9, 0.9, 0.9], 4).tolist()
        [0.0, 0.2, 0.9, 1.0]
    """
    shares = equal_width_edges(bins)
    values = np.asarray(scores, np.float64)
    if not values.size:
        return np.array([0.0, 1.0])
    return np.unique(np.r_[0.0, np.quantile(values, shares[1:-1], method="linear"), 1.0])


def bin_of(scores: ArrayLike, edges: Numbers, *, closed: Closed = "left") -> NDArray[np.int64]:
    """The bin of each score.

    Args:
        scores: In [0, 1], shape (n,).
        edges: Ascending, from 0 to 1.
        closed: ``left`` for [a, b), the last bin closed at both ends; ``right`` for (a, b], the first one so.

    Returns:
        Numbers from 0, shape (n,).

    Raises:
        PolicyError: `closed` is neither.

    Example:
        >>> edges = equal_width_edges(4)
        >>> bin_of([0.0, 0.25, 1.0], edges).tolist(), bin_of([0.0, 0.25, 1.0], edges, closed="right").tolist()
        ([0, 1, 3], [0, 0, 3])
    """
    if closed not in {"left", "right"}:
        raise PolicyError(f"closed must be 'left' or 'right'; found {closed!r}")
    side: Literal["left", "right"] = "right" if closed == "left" else "left"
    place = np.searchsorted(edges, np.asarray(scores, np.float64), side=side)
    return np.clip(place - 1, 0, edges.size - 2).astype(np.int64)


def joint_bins(
    scores: Numbers, boxes: Numbers, bins: int, columns: Sequence[int], closed: Closed
) -> NDArray[np.int64]:
    """The cell of each score and box in a grid of as many bins in every dimension.

    Args:
        scores: Shape (n,).
        boxes: Position and size as shares of the image, shape (n, 4).
        bins: Per dimension.
        columns: Columns of `boxes` that are dimensions.
        closed: As of `bin_of`.

    Returns:
        Mixed radix numbers, shape (n,); what lies outside the image goes to the nearest bin.

    Raises:
        PolicyError: There are more than 2⁴⁰ cells.
    """
    edges = equal_width_edges(bins)
    if bins ** (1 + len(columns)) > 2**40:
        raise PolicyError(f"{bins} bins in {1 + len(columns)} dimensions are too many. Hint: bins=5")
    code = bin_of(scores, edges, closed=closed)
    for column in columns:
        code = code * bins + bin_of(boxes[:, column], edges, closed=closed)
    return code
