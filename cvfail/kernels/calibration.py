"""Sums over the bins of forecasts, in bootstrap replicates and in worlds in which every score is right."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.jit import kernel
from cvfail.kernels.philox import philox

_WORDS = 4294967296.0


@kernel
def weighted_cells(
    rows: NDArray[np.int64],
    starts: NDArray[np.int64],
    clusters: NDArray[np.int32],
    values: NDArray[np.float64],
    weights: NDArray[np.uint8],
    sums: NDArray[np.float64],
) -> None:
    """Add up numbers of rows per cell, each row as often as its cluster counts in each replicate.

    Args:
        rows: Row numbers by cell, shape (n,).
        starts: First place in `rows` of each cell, then the end of the last one, shape (C + 1,).
        clusters: Cluster code of each row, shape (rows of the table,).
        values: What each row adds, shape (V, rows of the table).
        weights: How often each cluster counts in each replicate, shape (clusters, B).
        sums: In zeros, out: the weights, then the weighted values, shape (C, 1 + V, B).

    Cost: rows times (1 + V) times replicates; the innermost loop runs over replicates, which lie side by side.
    """
    for cell in range(starts.size - 1):
        own = sums[cell]
        for place in range(starts[cell], starts[cell + 1]):
            row = rows[place]
            weight = weights[clusters[row]]
            for b in range(weight.size):
                own[0, b] += weight[b]
            for v in range(values.shape[0]):
                value = values[v, row]
                for b in range(weight.size):
                    own[1 + v, b] += weight[b] * value


@kernel
def chance_hits(
    rows: NDArray[np.int64],
    starts: NDArray[np.int64],
    scores: NDArray[np.float64],
    keys: NDArray[np.int64],
    seed: np.uint64,
    hits: NDArray[np.int32],
) -> None:
    """Count the rows of each cell that come true if each does with the probability that its score says.

    Args:
        rows: Row numbers by cell, shape (n,).
        starts: First place in `rows` of each cell, then the end of the last one, shape (C + 1,).
        scores: Probability of each row, shape (rows of the table,).
        keys: What the words of a row depend on beside the seed, shape (rows of the table,).
        seed: Key of the generator.
        hits: In zeros, out, shape (C, R): how many rows come true in each world.

    Source: a Philox word with counter (key, world // 4) is below 2³² · score. Cost: a block of the generator per
    four worlds and row.
    """
    worlds = hits.shape[1]
    for cell in range(starts.size - 1):
        own = hits[cell]
        for place in range(starts[cell], starts[cell + 1]):
            row = rows[place]
            limit = scores[row] * _WORDS
            for start in range(0, worlds, 4):
                words = philox(np.uint64(keys[row]), np.uint64(start // 4), seed)
                for lane in range(min(4, worlds - start)):
                    if np.float64(words[lane]) < limit:
                        own[start + lane] += 1


@kernel
def chance_labels(
    cumulative: NDArray[np.float64],
    cells: NDArray[np.int32],
    keys: NDArray[np.int64],
    seed: np.uint64,
    hits: NDArray[np.int32],
) -> None:
    """Count the labels that fall into each cell if labels are drawn with the probabilities of the classes.

    Args:
        cumulative: Probability of each class and those before it, shape (n, K).
        cells: Cell of each row and class, shape (n, K).
        keys: What the words of a row depend on beside the seed, shape (n,).
        seed: Key of the generator.
        hits: In zeros, out, shape (C, R): how many labels fall into each cell in each world.

    Source: inversion of the distribution function. Cost: log₂ K comparisons per world and row.
    """
    worlds = hits.shape[1]
    last = cumulative.shape[1] - 1
    for row in range(keys.size):
        own = cumulative[row]
        for start in range(0, worlds, 4):
            words = philox(np.uint64(keys[row]), np.uint64(start // 4), seed)
            for lane in range(min(4, worlds - start)):
                share = np.float64(words[lane]) / _WORDS * own[last]
                low, high = 0, last
                while low < high:
                    middle = (low + high) // 2
                    if own[middle] > share:
                        high = middle
                    else:
                        low = middle + 1
                hits[cells[row, low], start + lane] += 1
