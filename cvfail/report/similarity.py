"""An order of classes in which those that are taken for one another stand together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MOST_OPTIMAL = 200
"""Up to so many classes the leaves are turned so that neighbours are as alike as the tree allows; it costs n³."""


def similarity_order(counts: NDArray[np.int64], *, background: bool) -> list[int]:
    """The positions of the classes, those that are confused next to each other.

    Args:
        counts: The confusion matrix, rows true, shape (n, n).
        background: Whether the last row and column are the background, which is no class.

    Returns:
        All positions of classes once. Classes without any confusion come last, as they stood.

    Notes:
        Two classes are as alike as the mean share of either that is taken for the other; the leaves of an
        average-linkage tree over that are the order. It begins with the end that holds the lower position.

    Source: Bar-Joseph, Gifford and Jaakkola, Bioinformatics 17 (2001) S22-S29, for the turning of the leaves.

    Example:
        >>> similarity_order(np.array([[9, 0, 3, 0], [0, 9, 0, 0], [2, 0, 9, 0], [0, 0, 0, 9]]), background=False)
        [0, 2, 1, 3]
    """
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    size = len(counts) - background
    likeness = (shares + shares.T)[:size, :size] / 2
    np.fill_diagonal(likeness, 0.0)
    confused = np.flatnonzero(likeness.any(axis=1))
    alone = np.setdiff1d(np.arange(size), confused)
    return [*confused[_leaves(likeness[np.ix_(confused, confused)])].tolist(), *alone.tolist()]


def _leaves(likeness: NDArray[np.float64]) -> NDArray[np.int64]:
    """The leaves of the tree of at least two things, or of none."""
    if not len(likeness):
        return np.empty(0, np.int64)
    from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering

    distance = 1.0 - np.sqrt(likeness)[np.triu_indices(len(likeness), 1)]
    tree = linkage(distance, "average")
    if len(likeness) <= MOST_OPTIMAL:
        tree = optimal_leaf_ordering(tree, distance)
    leaves = np.asarray(leaves_list(tree), np.int64)
    return leaves if leaves[0] < leaves[-1] else leaves[::-1]
