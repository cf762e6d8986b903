"""Poisson(1) counts as a pure function of seed, key and replicate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cvfail.kernels.jit import kernel
from cvfail.kernels.philox import philox


@kernel
def poisson_counts(
    keys: NDArray[np.uint64], seed: np.uint64, table: NDArray[np.uint64], weights: NDArray[np.uint8]
) -> None:
    """Fill in how often each key is drawn in each replicate.

    The four words at the counter (key, block) are those of replicates 4·block to 4·block + 3. A word has the
    weight k if k entries of the table are not above it.

    Args:
        keys: Keys of the clusters, shape (n,).
        seed: Key of the generator.
        table: Ascending, 2³² · P(Poisson(1) <= k) at place k.
        weights: Out, shape (B, n).

    Source: inversion of a distribution function, Devroye, Non-Uniform Random Variate Generation (1986) §III.2.
    Cost: one block of the generator per four weights.
    """
    replicates = weights.shape[0]
    for start in range(0, replicates, 4):
        for i in range(keys.size):
            words = philox(keys[i], np.uint64(start // 4), seed)
            for lane in range(min(4, replicates - start)):
                weights[start + lane, i] = _count(table, words[lane])


@kernel
def _count(table: NDArray[np.uint64], word: np.uint64) -> int:
    """How many entries of an ascending table are not above a word; most words pass one or two."""
    count = 0
    while count < table.size and table[count] <= word:
        count += 1
    return count
